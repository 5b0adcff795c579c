"""WriteParts: rows become Parquet part files and, last of all, a manifest that names exactly those files.

Part files carry uuid names and come into being whole, so a retried bundle or a killed worker leaves at worst a file
that no manifest names and no reader sees.
"""

import io
import json
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

import apache_beam as beam
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from apache_beam.transforms.window import GlobalWindow
from apache_beam.utils.windowed_value import WindowedValue

from transforms.assemble import Row, Rows
from transforms.beam_files import written_to
from transforms.metrics import record_ms
from transforms.outcomes import Outcome
from transforms.records import SegmentSpec
from transforms.s3 import use_endpoint
from transforms.schemas import TABLES
from transforms.store_files import MANIFESTS

_ORDER = {
    "items": ("uri", "member_path"),
    "frames": ("content_sha256", "frame_index", "detector"),
    "marks": ("content_sha256", "offset", "layer", "kind", "locator"),
}
WRITTEN_TO = (*_ORDER, MANIFESTS)
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


class WriteParts(beam.PTransform):
    """``Rows`` → part files under the store, then the segment's manifest; yields the manifest's path."""

    def __init__(self, spec: SegmentSpec) -> None:
        super().__init__()
        self._spec = spec

    def expand(self, rows: beam.PCollection) -> beam.PCollection:
        """See the class."""
        return (
            rows
            | "WriteFiles" >> beam.ParDo(_WritePartsFn(self._spec))
            | "AllParts" >> beam.combiners.ToList()
            | "WriteManifest" >> beam.Map(write_manifest, self._spec)
        )


class _WritePartsFn(beam.DoFn):
    """Buffers small rows over a bundle: one part per table and bundle."""

    def __init__(self, spec: SegmentSpec) -> None:
        self._spec = spec
        self._rows: dict[str, list[Row]] = {}

    def setup(self) -> None:
        use_endpoint(self._spec.s3_endpoint)

    def start_bundle(self) -> None:
        self._rows = {table: [] for table in _ORDER}

    def process(self, rows: Rows) -> None:
        self._rows["items"] += rows.items
        self._rows["frames"] += rows.frames
        self._rows["marks"] += rows.marks

    def finish_bundle(self) -> Iterator[WindowedValue]:
        window = GlobalWindow()
        for table, rows in self._rows.items():
            if rows:
                started = time.monotonic()
                part = write_part(self._spec.store, table, self._spec.segment_id, rows)
                record_ms("write", "part_ms", time.monotonic() - started)
                yield WindowedValue(part, window.max_timestamp(), [window])


def write_part(store: str, table: str, segment_id: str, rows: list[Row]) -> Part:
    """Writes rows, sorted, as one Parquet file under the table's folder; after the call the file is complete.

    Args:
        store: Root of the store, a path or an ``s3://`` address.
        table: A key of ``TABLES``.
        segment_id: Names the sub-folder.
        rows: At least one.
    """
    order, schema = _ORDER.get(table, ()), TABLES[table]
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


def write_manifest(parts: list[Part], spec: SegmentSpec) -> str:
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
