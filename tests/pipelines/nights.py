"""Stores made night by night from rows, without a scan."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pipelines.store import Store
from tests.conftest import rows
from transforms.part_files import write_part

MONDAY = datetime(2026, 11, 2, 12, tzinfo=UTC)


def place(uri: str, content: str | None = None, **facts: Any) -> dict[str, Any]:
    """A row of items; ``score`` is that of the detector d."""
    known = {"uri": uri, "content_sha256": content or uri, "outcome": "examined", "media_type": "image/jpeg"}
    known |= {"size_bytes": 10, "examination": "e", "layers": [], "depicts_person": False}
    score = facts.pop("score", 0.25)
    return known | {"scores": [answer("d", score)] if score is not None else []} | facts


def answer(detector: str, calibrated: float | None) -> dict[str, Any]:
    level = "not_assessable" if calibrated is None else "none"
    return {"detector": detector, "digest": "0" * 8, "calibrated": calibrated, "level": level}


def failed(uri: str, reason: str, outcome: str = "failed", **facts: Any) -> dict[str, Any]:
    return (
        place(uri, outcome=outcome, reason=reason, detail=f"It is {reason}.", score=None, depicts_person=None) | facts
    )


def gone(uri: str, **facts: Any) -> dict[str, Any]:
    return failed(uri, "vanished", "gone") | facts


def ruling(uri: str, outcome: str, *codes: str, policy: str = "kz", **facts: Any) -> dict[str, Any]:
    """A verdict; of the place's row in the same night."""
    evidence = [{"code": code, "article": "1", "marks": [], "detail": None} for code in codes]
    known = {"uri": uri, "outcome": outcome, "policy": policy, "evidence": evidence}
    synthesis = "suspected" if outcome == "review" else "declared"
    return known | {"reasons": [f"1:{code}" for code in codes], "synthesis": synthesis} | facts


class Nights:
    """A store into which scans are written row by row; each is a night, the first one that of 2 November 2026."""

    def __init__(self, root: Path | str) -> None:
        self.store = Store.create(root)
        self._scans = 0

    def scan(self, items: Sequence[dict[str, Any]], rulings: Sequence[dict[str, Any]] = (), **facts: Any) -> str:
        """One that ended: a segment if it has rows, verdicts of these rows, its record."""
        self._scans += 1
        name, at = f"scan {self._scans}", MONDAY + timedelta(days=self._scans - 1)
        if items:
            self._commit(name, items, at)
        self.judge(name, rulings, at)
        times = {"started_at": at, "finished_at": at, "recorded_at": at + timedelta(hours=1)}
        facts = {"status": "complete", "verdicts": self.store.version("verdicts")} | facts
        self.store.record_scan({"scan_id": name} | times | facts)
        return name

    def judge(self, night: str, rulings: Sequence[dict[str, Any]], at: datetime = MONDAY) -> None:
        number = self.store.version("verdicts") + 1
        known = {"segment_id": night, "scan_id": night, "sequence": number, "judged_at": at}
        if rulings:
            self.write("verdicts", f"{night} {number}", [known | one for one in rulings])

    def _commit(self, name: str, items: Sequence[dict[str, Any]], at: datetime) -> None:
        self.write("items", name, [{"scan_id": name, "segment_id": name} | one for one in items])
        number = self.store.version("segments") + 1
        segment = {"scan_id": name, "segment_id": name, "sequence": number, "committed_at": at}
        self.write("segments", name, [segment])

    def write(self, table: str, transaction: str, rows: list[dict[str, Any]]) -> None:
        part = asdict(write_part(str(self.store.root), table, transaction.replace(" ", "-"), rows))
        self.store.commit_parts(table, transaction, [part])

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        return rows(self.store.root, sql)
