"""Judges places as the store knows them: no file is opened, verdicts are appended and none is removed.

One way for scans and for ``aiqyn judge``: verdicts need all marks of a content, and those of one that was examined
earlier lie in the tables only. What is judged is named by the segment of its row, so that an interrupted run leaves
rows without a verdict, which the next one judges.
"""

import json
import time
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

import configs
from pipelines.ignore import NOTHING_IGNORED, IgnoreList
from pipelines.parts import in_parts, in_ranges
from pipelines.policy_config import LoadedPolicy
from pipelines.store import Store
from pipelines.tables import bounded
from transforms.policy.judge import VERSION, judge
from transforms.policy.policy import Policy
from transforms.policy.requirements import FACTS
from transforms.policy.rows import item_facts, verdict_columns, with_marks
from transforms.schemas import VERDICTS

_BATCH = 50_000
_PLACE = ("scan_id", "segment_id", "content_sha256", "uri", "member_path", "examination")
_MOST_REMEMBERED = 20_000

_KEY = "hash(uri, member_path) AS key"
_PLACES = f"SELECT segment_id, uri, member_path, outcome, reason, {_KEY} FROM items"
_VERDICTS = f"""
SELECT segment_id, uri, member_path, policy_sha256, judged_with, as_of, decided_by, sequence, {_KEY}
FROM verdicts WHERE policy = '{{}}'
"""
_DUE_ITEMS = """
CREATE OR REPLACE TEMP TABLE places_latest AS
SELECT scan_id, segment_id, content_sha256, uri, member_path, examination, outcome, reason, media_type, scores, layers,
       depicts_person, presented_as_product, publisher, published_at, captured_at
FROM items SEMI JOIN (FROM due WHERE sequence BETWEEN $first AND $last) AS due
    ON due.place = place(items.segment_id, items.uri, items.member_path)
WHERE segment_id IN (SELECT segment_id FROM segments WHERE sequence BETWEEN $first AND $last)
"""
_MARKS = """
CREATE TEMP TABLE marks AS SELECT * REPLACE (left(value, 100) AS value) FROM marks
WHERE says IN ('ai', 'ai_part', 'not_ai') OR (says = 'capture' AND "class" IN ('cryptographic', 'declared'))
   OR layer = 'watermark' OR kind IN ('tc260.aigc', 'c2pa.soft_binding')
"""
"""Those that policies look at: most photographs have others, a camera's fields, that tell them nothing."""


@dataclass(slots=True)
class Judged:
    """What a run judged.

    Attributes:
        outcomes: New verdicts by policy and outcome.
        suppressed: How many of them an ignore file covers.
        seconds: Spent.
    """

    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    suppressed: int = 0
    seconds: float = 0.0


def judge_store(
    store: Store,
    policies: Sequence[LoadedPolicy],
    as_of: date,
    *,
    ignored: IgnoreList = NOTHING_IGNORED,
    is_asked: bool = False,
) -> Judged:
    """Judges every place that has no verdict yet, or none under these policies as they read now.

    A verdict that depends on the day of judging is made anew when the rule came into force, or ended, since. Of one
    that is committed a second call changes nothing. The caller keeps others from judging meanwhile;
    segments may be committed.

    Args:
        store: Open.
        policies: Each makes one verdict of each place.
        as_of: The day on which, or as if on which, it is judged.
        ignored: What is suppressed.
        is_asked: Whether that day was asked for, so that all that was judged as of another is judged again.
    """
    started, judged = time.monotonic(), Judged()
    for loaded in policies:
        run = _Run(store, loaded, as_of, ignored, judged)
        parts = [run.write(batch) for batch in _due(store, loaded, as_of, ignored, is_asked=is_asked)]
        if parts:
            store.commit_parts("verdicts", run.judgement, parts)
    judged.seconds = time.monotonic() - started
    return judged


def _due(
    store: Store, loaded: LoadedPolicy, as_of: date, ignored: IgnoreList, *, is_asked: bool
) -> Iterator[pa.RecordBatch]:
    """Batches of places to judge, with their facts as JSON; memory is bounded, what goes beyond it is on disk."""
    parameters = {
        "sha256": loaded.sha256,
        "judged_with": _judged_with(ignored, as_of),
        "as_of": as_of,
        "is_asked": is_asked,
        "days": days_of(loaded.policy),
    }
    keyed = {"items": _PLACES, "verdicts": _VERDICTS.format(loaded.policy.id)}
    asked = (*keyed.values(), _sql("judge_due.sql"), _MARKS, _DUE_ITEMS, _sql("judge.sql"))
    with bounded(store, asked=" ".join(asked)) as tables:
        tables.execute("CREATE TEMP TABLE due (place UHUGEINT, sequence BIGINT)")
        for _ in in_parts(tables, keyed):
            tables.execute("INSERT INTO due " + _sql("judge_due.sql"), parameters)
        counts = tables.execute("SELECT sequence, count(*) FROM due GROUP BY ALL ORDER BY ALL").fetchall()
        if counts:
            tables.execute(_MARKS)
        for first, last in in_ranges(counts):
            tables.execute(_DUE_ITEMS, {"first": first, "last": last})
            yield from tables.sql(_sql("judge.sql"), params={"facts": sorted(FACTS)}).to_arrow_reader(_BATCH)


def _sql(name: str) -> str:
    return (configs.ROOT / name).read_text("utf-8")


def _judged_with(ignored: IgnoreList, as_of: date) -> str:
    digest = ignored.digest(as_of)
    return f"judge {VERSION}" if digest is None else f"judge {VERSION}, ignore file {digest}"


def days_of(policy: Policy) -> list[date]:
    """The days on which what the policy asks for changes."""
    effective = policy.effective
    grace = [effective.grace.until] if effective.grace else []
    return [effective.from_, *grace, *([effective.until] if effective.until else [])]


class _Run:
    """One policy over one store: a part file for each batch, made visible by one commit."""

    def __init__(self, store: Store, loaded: LoadedPolicy, as_of: date, ignored: IgnoreList, judged: Judged) -> None:
        self.judgement = uuid.uuid4().hex
        self._store, self._policy, self._as_of = store, loaded.policy, as_of
        self._ignored, self._judged = ignored, judged
        self._remembered: dict[str, dict[str, Any]] = {}
        self._shared = {
            "policy": loaded.policy.id,
            "policy_sha256": loaded.sha256,
            "judged_with": _judged_with(ignored, as_of),
            "judgement": self.judgement,
            "sequence": store.version("verdicts") + 1,
            "judged_at": datetime.now(UTC),
        }

    def write(self, batch: pa.RecordBatch) -> dict[str, Any]:
        """The verdicts of a batch as a part file; its path, size and statistics."""
        facts = batch.column("facts").dictionary_encode()
        unique = [self._verdict(text) for text in facts.dictionary.to_pylist()]
        made = pa.Table.from_pylist(unique, _MADE).take(facts.indices)
        evidence = _evidence(unique, facts.indices, batch.column("mark_ids"))
        suppressed = self._ignored.match(batch, self._policy.id, self._as_of)
        columns = {name: batch.column(name) for name in _PLACE} | {name: made.column(name) for name in _MADE.names}
        columns |= {
            name: pa.repeat(pa.scalar(value, VERDICTS.field(name).type), len(batch))
            for name, value in self._shared.items()
        }
        columns |= {"suppressed_by": suppressed, "evidence": evidence}
        table = pa.table([columns[name] for name in VERDICTS.names], VERDICTS)
        self._count(table)
        return self._store.save_part("verdicts", self.judgement[:16], table)

    def _verdict(self, text: str) -> dict[str, Any]:
        """The columns of a verdict; many items are alike to a policy, so that theirs are remembered."""
        if text not in self._remembered:
            if len(self._remembered) >= _MOST_REMEMBERED:
                self._remembered.clear()
            self._remembered[text] = verdict_columns(judge(item_facts(json.loads(text)), self._policy, self._as_of))
        return self._remembered[text]

    def _count(self, table: pa.Table) -> None:
        for pair in table.column("outcome").value_counts().to_pylist():
            self._judged.outcomes[self._policy.id, pair["values"]] += pair["counts"]
        self._judged.suppressed += len(table) - table.column("suppressed_by").null_count


def _evidence(unique: Sequence[dict[str, Any]], indices: pa.Array, mark_ids: pa.Array) -> pa.Array:
    """The column ``evidence``: items with the same facts share theirs, but for the names of their marks."""
    told = [verdict["evidence"] for verdict in unique]
    rows = indices.to_numpy(zero_copy_only=False).astype("int32")
    marked = pc.list_value_length(mark_ids).to_numpy(zero_copy_only=False).nonzero()[0]
    for row, own in zip(marked.tolist(), mark_ids.take(pa.array(marked)).to_pylist(), strict=True):
        told.append(with_marks(told[rows[row]], own))
        rows[row] = len(told) - 1
    return pa.array(told, VERDICTS.field("evidence").type).take(pa.array(rows))


_GIVEN = ("policy", "policy_sha256", "judged_with", "judgement", "sequence", "judged_at", "suppressed_by", "evidence")
_MADE = pa.schema([field for field in VERDICTS if field.name not in {*_PLACE, *_GIVEN}])
