"""Marks near-duplicates: which pictures of a store look the same, and which of them stands for the others.

What is marked depends only on which contents the store knows now, and not on the order, the night or the segment in
which they were examined: of pictures that look the same the one with the most pixels stands for the others, of equal
ones the one with the lowest hash. Nothing is opened; only what changed since the last time is appended.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from pipelines.parts import in_parts
from pipelines.store import Store
from pipelines.tables import bounded
from transforms.near_duplicates import HASH_BYTES, VERSION, Hashes, Known, is_telling, stand_ins
from transforms.schemas import NEAR_DUPLICATES

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_TABLE = "near_duplicates"
_MARKED = f"{_TABLE} {VERSION}"
"""The transaction whose number is how many commits of segments had been made when the store was last marked."""
_BATCH = 100_000

_ITEMS = """
SELECT items.uri, items.member_path, items.content_sha256, items.outcome, items.width, items.height,
       CASE WHEN items.media_type LIKE 'image/%' AND items.duration_ms IS NULL AND items.frames_examined = 1
            THEN items.perceptual_hash END AS perceptual_hash,
       items.examination, coalesce(len(list_filter(items.scores, lambda one: one.level = 'failed')), 0) = 0 AS is_whole,
       segment.sequence, hash(items.uri, items.member_path) AS key
FROM items JOIN stored_segments AS segment USING (segment_id)
"""
_PICTURES = f"""
INSERT INTO found
SELECT content_sha256, width::BIGINT * height AS pixels, unhex(perceptual_hash), examination, is_whole FROM (
    FROM items QUALIFY row_number() OVER (PARTITION BY uri, member_path ORDER BY sequence DESC) = 1
)
WHERE outcome = 'examined' AND len(perceptual_hash) = {2 * HASH_BYTES}
"""
_RANKED = """
CREATE TEMP TABLE pictures AS
SELECT row_number() OVER (ORDER BY pixels DESC, content_sha256) - 1 AS rank, *
FROM (SELECT content_sha256, max(pixels) AS pixels, any_value(bytes) AS bytes FROM found GROUP BY ALL)
"""
_CHANGED = """
SELECT content_sha256, now.duplicate_of
FROM (
    SELECT own.content_sha256, other.content_sha256 AS duplicate_of
    FROM marked JOIN pictures AS own ON own.rank = marked.own JOIN pictures AS other ON other.rank = marked.other
) AS now
FULL JOIN (FROM stand_ins WHERE duplicate_of IS NOT NULL) AS before USING (content_sha256)
WHERE now.duplicate_of IS DISTINCT FROM before.duplicate_of
ORDER BY content_sha256
"""


_KNOWN = """
SELECT unhex(content_sha256) AS content, any_value(bytes) AS bytes FROM found
ANTI JOIN (FROM stand_ins WHERE duplicate_of IS NOT NULL) AS other USING (content_sha256)
WHERE examination = $examination AND is_whole
GROUP BY content_sha256 ORDER BY content_sha256
"""


def mark_near_duplicates(store: Store, scan_id: str) -> int:
    """Brings the table up to date with what the store knows now; how many contents changed.

    A store to which no segment was committed since is left as it is. The caller holds the store's lock.

    Args:
        store: Open.
        scan_id: Which the new rows are said to be of.
    """
    commits = store.version("segments")
    if store.transaction(_TABLE, _MARKED) == commits:
        return 0
    with bounded(store, asked=_ITEMS + _CHANGED) as tables:
        _find(tables)
        shared = {"scan_id": scan_id, "sequence": store.version(_TABLE) + 1, "marked_at": datetime.now(UTC)}
        parts = [
            store.save_part(_TABLE, scan_id[:16], pa.table(_columns(batch, shared), NEAR_DUPLICATES))
            for batch in tables.sql(_CHANGED).to_arrow_reader(_BATCH)
        ]
    store.commit_parts(_TABLE, _MARKED, parts, commits)
    return sum(part["stats"]["numRecords"] for part in parts)


def write_known(store: Store, examination: str, file: Path) -> int:
    """Writes the pictures that stand for themselves and need not be examined again, as ``Known``; how many there are.

    Args:
        store: Open.
        examination: Under which they were examined.
        file: Where to.
    """
    with bounded(store, asked=_ITEMS + _KNOWN) as tables:
        _gather(tables)
        known = tables.sql(_KNOWN, params={"examination": examination}).to_arrow_table()
    hashes = Hashes.read(_packed(known["bytes"].combine_chunks(), HASH_BYTES))
    contents = np.frombuffer(_packed(known["content"].combine_chunks(), 32), np.uint8).reshape(-1, 32)
    telling = is_telling(hashes).nonzero()[0]
    with file.open("wb") as out:
        out.writelines(Known(hashes[telling], contents[telling]).pieces())
    return len(telling)


def _gather(tables: "DuckDBPyConnection") -> None:
    """Makes the table ``found`` of the pictures at all places as they are known now."""
    tables.execute(
        "CREATE TEMP TABLE found "
        "(content_sha256 VARCHAR, pixels BIGINT, bytes BLOB, examination VARCHAR, is_whole BOOLEAN)"
    )
    for _ in in_parts(tables, {"items": _ITEMS}):
        tables.execute(_PICTURES)


def _find(tables: "DuckDBPyConnection") -> None:
    """Makes the tables ``pictures``, in order of precedence, and ``marked``: which of them stands for which."""
    _gather(tables)
    tables.execute(_RANKED)
    batches = tables.sql("SELECT bytes FROM pictures ORDER BY rank").to_arrow_reader(_BATCH)
    hashes = Hashes.read(b"".join(_packed(batch.column("bytes"), HASH_BYTES) for batch in batches))
    telling = is_telling(hashes).nonzero()[0]
    hashes = hashes[telling]
    found = stand_ins(hashes)
    own = (found != np.arange(len(found))).nonzero()[0]
    tables.register("marked", pa.table({"own": telling[own], "other": telling[found[own]]}))


def _packed(values: pa.Array, width: int) -> memoryview:
    """The bytes of binary values of one width, one behind the other."""
    fixed = values.cast(pa.binary(width))
    return memoryview(fixed.buffers()[1])[fixed.offset * width :][: len(fixed) * width]


def _columns(batch: pa.RecordBatch, shared: dict[str, Any]) -> Sequence[pa.Array]:
    return [
        pa.repeat(pa.scalar(shared[field.name], field.type), len(batch))
        if field.name in shared
        else batch.column(field.name)
        for field in NEAR_DUPLICATES
    ]
