"""WriteParts: rows become Parquet part files and, last of all, a manifest that names exactly those files.

Part files carry uuid names and come into being whole, so a retried bundle or a killed worker leaves at worst a file
that no manifest names and no reader sees.
"""

import time
from collections.abc import Iterator

import apache_beam as beam
from apache_beam.pvalue import AsList
from apache_beam.transforms.window import GlobalWindow
from apache_beam.utils.windowed_value import WindowedValue

from transforms.assemble import Rows
from transforms.metrics import record_ms
from transforms.part_files import SORTED_BY, Row, write_manifest, write_part
from transforms.records import SegmentSpec
from transforms.s3 import use_endpoint


class WriteParts(beam.PTransform):
    """``Rows`` → part files under the store, then the segment's manifest; yields the manifest's path."""

    def __init__(self, spec: SegmentSpec) -> None:
        super().__init__()
        self._spec = spec

    def expand(self, rows: beam.PCollection) -> beam.PCollection:
        """See the class."""
        parts = rows | "WriteFiles" >> beam.ParDo(_WritePartsFn(self._spec))
        manifest = rows.pipeline | "OneManifest" >> beam.Create([self._spec], reshuffle=False)
        return manifest | "WriteManifest" >> beam.Map(write_manifest, AsList(parts))


class _WritePartsFn(beam.DoFn):
    """Buffers small rows over a bundle: one part per table and bundle."""

    def __init__(self, spec: SegmentSpec) -> None:
        self._spec = spec
        self._rows: dict[str, list[Row]] = {}

    def setup(self) -> None:
        use_endpoint(self._spec.s3_endpoint)

    def start_bundle(self) -> None:
        self._rows = {table: [] for table in SORTED_BY}

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
