"""Part files: rows as whole Parquet files, and the manifest that names those of a segment. Loads no Beam."""

import io
import json
import uuid
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from transforms import s3
from transforms.outcomes import Outcome
from transforms.records import SegmentSpec
from transforms.s3 import use_endpoint
from transforms.schemas import TABLES
from transforms.store_files import MANIFESTS, Files, files_of

Row = dict[str, Any]
SORTED_BY = {
    "items": ("uri", "member_path"),
    "frames": ("content_sha256", "frame_index", "detector"),
    "marks": ("content_sha256", "offset", "layer", "kind", "locator"),
}
WRITTEN_TO = (*SORTED_BY, MANIFESTS)
"""Folders of the store to which workers write."""
_STATISTICS = ("content_sha256", "uri", "segment_id", "scan_id")


@dataclass(frozen=True, slots=True)
class Part:
    """One part file.

    Attributes:
        path: Relative to its table.
        stats: Delta's file statistics.
        counts: Item rows by ``outcome:reason``.
        levels: Item rows by ``detector:level``.
        bytes: Of the items; a container's own are those of its members, and what is gone has none.
    """

    table: str
    path: str
    size_bytes: int
    stats: dict[str, Any]
    counts: dict[str, int]
    levels: dict[str, int] = field(default_factory=dict)
    bytes: int = 0


def write_part(store: str, table: str, segment_id: str, rows: list[Row]) -> Part:
    """Writes rows, sorted, as one Parquet file under the table's folder; after the call the file is complete.

    Args:
        store: Root of the store, a path or an ``s3://`` address.
        table: A key of ``TABLES``.
        segment_id: Names the sub-folder.
        rows: At least one.
    """
    order, schema = SORTED_BY.get(table, ()), TABLES[table]
    rows = [{name: row.get(name) for name in schema.names} for row in rows]
    rows.sort(key=lambda row: tuple((row[name] is not None, row[name]) for name in order))
    data = pa.Table.from_pylist(rows, schema)
    buffer = io.BytesIO()
    pq.write_table(data, buffer, compression="zstd")
    path = f"{segment_id[:16]}/part-{uuid.uuid4().hex}.parquet"
    written_to(store).put(f"{table}/{path}", buffer.getvalue())
    items = rows if table == "items" else []
    counts = Counter(f"{row['outcome']}:{row['reason'] or ''}" for row in items)
    levels = Counter(f"{score['detector']}:{score['level']}" for row in items for score in row["scores"] or ())
    size = sum(row["size_bytes"] or 0 for row in items if row["outcome"] != Outcome.GONE and row["members"] is None)
    return Part(table, path, buffer.tell(), _statistics(data), dict(counts), dict(levels), size)


def _statistics(data: pa.Table) -> dict[str, Any]:
    bounds = {
        name: pc.min_max(data[name]).as_py()
        for name in _STATISTICS
        if name in data.column_names and data[name].null_count < len(data)
    }
    return {
        "numRecords": len(data),
        "minValues": {name: bound["min"] for name, bound in bounds.items()},
        "maxValues": {name: bound["max"] for name, bound in bounds.items()},
    }


def manifest_path(segment_id: str) -> str:
    """Where in a store a segment's manifest lies between the end of its pipeline and its commit."""
    return f"{MANIFESTS}/{segment_id}.json"


def write_manifest(spec: SegmentSpec, parts: Iterable[Part]) -> str:
    """Writes the list of part files that make up the segment; with it the segment can be committed by anyone."""
    use_endpoint(spec.s3_endpoint)
    path = manifest_path(spec.segment_id)
    manifest = {
        "scan_id": spec.scan_id,
        "segment_id": spec.segment_id,
        "examination": spec.examination,
        "started_at": spec.started_at.isoformat(),
        "segment": dict(spec.extra),
        "parts": [asdict(part) for part in sorted(parts, key=lambda part: (part.table, part.path))],
    }
    written_to(spec.store).put(path, json.dumps(manifest, indent=1).encode())
    return path


def written_to(root: str) -> Files:
    """The files below the place to which workers write: a store, or where its rows are staged."""
    if "://" not in root or root.startswith(s3.SCHEME):
        return files_of(root)
    from transforms.beam_files import BeamFiles  # noqa: PLC0415  (loads Beam)

    return BeamFiles(root)
