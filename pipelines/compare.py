"""The inventory against what the store holds, part by part: memory is bounded, what goes beyond it is on disk."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pyarrow as pa

from pipelines.held import SCHEMA
from pipelines.parts import in_parts
from pipelines.scan_part import WHOLE, ScanPart
from pipelines.store import Store
from pipelines.tables import bounded

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

NAMED = pa.schema([("uri", pa.string())])
KEYS = pa.schema([("uri", pa.string()), ("member_path", pa.string())])


@dataclass(frozen=True, slots=True)
class Inventory:
    """What was found, each a table.

    Attributes:
        listed: Of ``held.SCHEMA``; of rows with the same key the one with the highest ``position`` holds.
        absent: Likewise: named, and not there. Of a place that is listed, too, the listed one holds.
        named: Column ``uri``, each once: what is gone although no source covers it.
        left_out: Of ``KEYS``, each once: what is not gone although it was not listed.
        roots: How everything begins that the sources cover.
        part: Of the places, those that were looked for.
    """

    listed: pa.Table
    absent: pa.Table = field(default_factory=SCHEMA.empty_table)
    named: pa.Table = field(default_factory=NAMED.empty_table)
    left_out: pa.Table = field(default_factory=KEYS.empty_table)
    roots: Sequence[str] = ()
    part: ScanPart = WHOLE


@dataclass(frozen=True, slots=True)
class Retries:
    """What is due again although nothing about it changed: what failed, what was skipped as a near-duplicate."""

    failed: bool = False
    skipped: bool = True

    @property
    def condition(self) -> str:
        """The same in SQL, of a row of ``items``."""
        chosen = [_FAILED] * self.failed + [_SKIPPED] * self.skipped
        return " OR ".join(chosen) or "false"


@contextmanager
def compared(
    store: Store, inventory: Inventory, examination: str, retries: Retries
) -> "Iterator[tuple[DuckDBPyConnection, int]]":
    """Tables of the differences, ``due`` and ``vanished``, for that time, and how many inputs there are.

    Args:
        store: May not be there yet.
        inventory: What was found.
        examination: From ``examination_digest``.
        retries: What is due again.
    """
    asked = {"examination": [examination], "roots": [list(inventory.roots)]}
    items = _ITEMS.format(is_to_retry=retries.condition, is_in_part=inventory.part.condition("items.uri"))
    with bounded(store, asked=items) as tables:
        tables.register("asked", pa.table(asked, _ASKED))
        for name in ("listed", "absent", "named", "left_out"):
            tables.register(name, getattr(inventory, name))
        tables.execute(_TABLES)
        inputs = 0
        for _ in in_parts(tables, {"items": items, "inventory": _INVENTORY}):
            for step in (_LATEST, _CURRENT, _NOT_THERE, _DUE, _VANISHED):
                tables.execute(step)
            inputs += tables.execute("SELECT count(*) FROM current").fetchall()[0][0]
        yield tables, inputs


_ASKED = pa.schema([("examination", pa.string()), ("roots", pa.list_(pa.string()))])

_INVENTORY = """
SELECT *, hash(uri, member_path) AS key
FROM (SELECT *, false AS is_absent FROM listed UNION ALL SELECT *, true FROM absent)
"""

_ITEMS = """
SELECT items.source, items.uri, items.member_path, items.size_bytes, items.mtime_ns, items.content_sha256,
       items.scan_id, items.etag, items.outcome, items.reason, items.beside, segment.sequence,
       items.examination <> asked.examination AS is_outdated, {is_to_retry} AS is_to_retry,
       named.uri IS NOT NULL AS is_named, file.uri IS NOT NULL OR member.uri IS NOT NULL AS is_left_out,
       hash(items.uri, items.member_path) AS key
FROM items JOIN stored_segments AS segment USING (segment_id) CROSS JOIN asked
LEFT JOIN named ON named.uri = items.uri
LEFT JOIN (FROM left_out WHERE member_path IS NULL) AS file ON file.uri = items.uri
LEFT JOIN (FROM left_out WHERE member_path IS NOT NULL) AS member
    ON member.uri = items.uri AND member.member_path = items.member_path
WHERE {is_in_part}
"""

_FAILED = """coalesce(
    items.outcome = 'failed' OR items.reason = 'decoder_missing'
    OR len(list_filter(items.scores, lambda one: one.level = 'failed')) > 0
    OR len(list_filter(items.layers, lambda note: note.layer = 'caption' AND (
        note.status = 'failed' OR starts_with(note.detail, 'unreadable:') OR starts_with(note.detail, 'vanished:')
    ))) > 0, false)"""
_SKIPPED = "coalesce(items.reason = 'near_duplicate', false)"

_TABLES = """
CREATE TEMP TABLE due (
    source VARCHAR, uri VARCHAR, member_path VARCHAR, size_bytes BIGINT, mtime_ns BIGINT, ordinal BIGINT, etag VARCHAR,
    whole VARCHAR, scan_id VARCHAR, why VARCHAR
);
CREATE TEMP TABLE vanished (
    source VARCHAR, uri VARCHAR, member_path VARCHAR, size_bytes BIGINT, mtime_ns BIGINT, scan_id VARCHAR,
    content_sha256 VARCHAR, is_named BOOLEAN
)
"""

_ONE_EACH = """
CREATE OR REPLACE TEMP TABLE {table} AS
WITH doubled AS (SELECT uri, member_path FROM {rows} GROUP BY ALL HAVING count(*) > 1)
SELECT one.* FROM {rows} AS one
ANTI JOIN doubled ON doubled.uri = one.uri AND doubled.member_path IS NOT DISTINCT FROM one.member_path
UNION ALL
SELECT * FROM (
    SELECT one.* FROM {rows} AS one
    SEMI JOIN doubled ON doubled.uri = one.uri AND doubled.member_path IS NOT DISTINCT FROM one.member_path
    QUALIFY row_number() OVER (PARTITION BY one.uri, one.member_path ORDER BY {order}) = 1
)
"""
"""Of rows with the same key one; few are doubled, and to number all of them would take half of the time."""

_LATEST = _ONE_EACH.format(table="latest", rows="items", order="one.sequence DESC")

_CURRENT = _ONE_EACH.format(table="current", rows="inventory", order="one.is_absent, one.position DESC")

_NOT_THERE = """
DELETE FROM current USING latest
WHERE current.is_absent AND latest.reason IS DISTINCT FROM 'not_found'
  AND latest.uri = current.uri AND latest.member_path IS NOT DISTINCT FROM current.member_path
"""
"""What is absent and was seen is no input, but gone."""

_DUE = """
INSERT INTO due
SELECT current.source, current.uri, current.member_path, current.size_bytes, current.mtime_ns, current.ordinal,
       current.etag, current.whole, latest.scan_id,
       CASE WHEN latest.uri IS NULL THEN 'new'
            WHEN latest.outcome = 'gone' THEN 'back again'
            WHEN latest.size_bytes IS DISTINCT FROM current.size_bytes
              OR latest.mtime_ns IS DISTINCT FROM current.mtime_ns
              OR latest.etag <> current.etag THEN 'changed or touched'
            WHEN latest.is_outdated THEN 'other detectors, faces, sampling or limits'
            WHEN latest.beside IS DISTINCT FROM current.beside_digest THEN 'text beside it changed'
            WHEN latest.reason = 'changed_during_scan' OR latest.is_to_retry THEN 'to be tried again' END AS why
FROM current LEFT JOIN latest
  ON latest.uri = current.uri AND latest.member_path IS NOT DISTINCT FROM current.member_path
WHERE why IS NOT NULL
"""

_VANISHED = """
INSERT INTO vanished
SELECT latest.source, latest.uri, latest.member_path, latest.size_bytes, latest.mtime_ns, latest.scan_id,
       latest.content_sha256, latest.is_named
FROM latest CROSS JOIN asked
ANTI JOIN current ON current.uri = latest.uri AND current.member_path IS NOT DISTINCT FROM latest.member_path
WHERE NOT latest.is_left_out AND latest.outcome <> 'gone' AND latest.reason IS DISTINCT FROM 'not_found'
  AND (latest.is_named OR len(list_filter(asked.roots, lambda root: starts_with(latest.uri, root))) > 0)
"""
