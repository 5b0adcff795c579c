"""Stores made by hand for reports: rows are written, nothing is scanned."""

from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from pipelines.store import Store
from transforms.part_files import write_part

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
DIGEST = "d" * 64
SHARED = ("scan_id", "segment_id", "content_sha256", "examination")


def content_of(name: str) -> str:
    return sha256(name.encode("utf-8", "surrogatepass")).hexdigest()


def item(uri: str, **facts: Any) -> dict[str, Any]:
    """A row of ``items``; ``score`` and ``level`` stand for the answer of one detector."""
    score, level = facts.pop("score", 0.1), facts.pop("level", "none")
    answers = [{"detector": "made", "digest": DIGEST, "raw": 0.0, "calibrated": score, "level": level}]
    shared = {"source": "/archive", "media_type": "image/jpeg", "outcome": "examined", "layers": [], "mtime_ns": 7}
    more = {"width": 640, "height": 480, "frames_examined": 1, "depicts_person": False, "size_bytes": 1000}
    row = shared | more | {"uri": uri, "content_sha256": content_of(uri), "scores": answers, "examination": "e"} | facts
    return row | ({} if row["outcome"] == "examined" else {"scores": None, "depicts_person": None})


def mark(row: dict[str, Any], kind: str = "generator.made_up", **facts: Any) -> dict[str, Any]:
    shared = {"layer": "png_text", "kind": kind, "says": "ai", "class": "implicit", "locator": kind, "facts": {}}
    return {name: row[name] for name in ("content_sha256", "examination")} | shared | facts


def frames(row: dict[str, Any], *scores: float | None) -> list[dict[str, Any]]:
    shared = {"content_sha256": row["content_sha256"], "detector": "made", "detector_digest": DIGEST}
    return [shared | {"frame_index": i, "timestamp_ms": 500.0 * i, "score": score} for i, score in enumerate(scores)]


def verdict(row: dict[str, Any], outcome: str, synthesis: str = "suspected", **facts: Any) -> dict[str, Any]:
    """What a policy made of an item."""
    code = {"declared": "declared_by_mark", "traced": "trace_found"}.get(synthesis, "detector_suspects")
    shared = {"policy": "kz", "policy_sha256": "0" * 64, "as_of": date(2026, 11, 1), "decided_on": date(2026, 11, 1)}
    told = {"decided_by": "as_of", "scope": "unknown", "machine_mark": "not_found", "visible_warning": "not_found"}
    evidence = [{"code": code, "article": "1(4)", "marks": [], "detail": None}]
    names = ("content_sha256", "uri", "member_path", "examination")
    row_of = {name: row.get(name) for name in names}
    return row_of | shared | told | {"synthesis": synthesis, "outcome": outcome, "evidence": evidence} | facts


def add_scan(
    store: Store,
    name: str,
    items: list[dict[str, Any]],
    verdicts: list[dict[str, Any]] | None = None,
    *,
    marks: list[dict[str, Any]] | None = None,
    frames: list[dict[str, Any]] | None = None,
    day: int = 0,
    sources: tuple[str, ...] = ("/archive",),
) -> None:
    """One scan of one segment, as it looks when it has ended."""
    segment, started = sha256(name.encode()).hexdigest(), NOON + timedelta(days=day)
    of = {"scan_id": name, "segment_id": segment}
    tables = {"items": items, "marks": marks or [], "frames": frames or []}
    for table, rows in tables.items():
        if rows:
            _append(store, table, segment, [row | of for row in rows])
    counts = {out: sum(row["outcome"] == out for row in items) for out in ("examined", "failed", "not_checked", "gone")}
    row = of | counts | {"items": len(items), "sequence": store.version("segments") + 1, "committed_at": started}
    _append(store, "segments", segment, [row])
    if verdicts:
        number = store.version("verdicts") + 1
        _append(store, "verdicts", segment, [of | {"sequence": number} | row for row in verdicts])
    scan = {"scan_id": name, "status": "complete", "started_at": started, "finished_at": started + timedelta(minutes=5)}
    more = {"sources": list(sources), "inputs": len(items), "unchanged": 0, "recorded_at": started}
    store.record_scan(scan | more | counts | {"verdicts": store.version("verdicts")})


def _append(store: Store, table: str, commit: str, rows: list[dict[str, Any]]) -> None:
    store.commit_parts(table, commit, [asdict(write_part(str(store.root), table, commit, rows))])


def new_store(root: Path) -> Store:
    return Store.create(root)
