"""Scans a sample into a store that is thrown away, and says what each place of it took."""

import logging
import os
import tempfile
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from rich.console import Console

from pipelines.due import Due, DueItems, estimate_seconds
from pipelines.errors import Interrupted
from pipelines.plan import Plan
from pipelines.process_memory import Peak, watched
from pipelines.scan import Scan
from pipelines.scan_options import ScanOptions
from pipelines.store import Store
from pipelines.tables import connect
from transforms.cores import share_of_cores
from transforms.costs import read_costs

_BATCHES = 8
_DEVICE = "cpu"
"""Where the sample is scored: what a graphics card would take over is told apart."""
_LOG = logging.getLogger("aiqyn.estimate")


@dataclass(frozen=True, slots=True)
class Sampled:
    """What the scan of one place of the sample took, and found.

    Attributes:
        examine_seconds: Processor time of the examiner children; of a content in several places, a share of it.
        model_seconds: Processor time of the networks, likewise.
        network_inputs: Frames and crops that networks were given, likewise.
        content_sha256: None where it could not be read.
    """

    due: Due
    examine_seconds: float
    model_seconds: float
    network_inputs: float
    outcome: str
    media_type: str | None
    content_sha256: str | None
    duration_ms: float | None


@dataclass(frozen=True, slots=True)
class Overheads:
    """Processor seconds of a scan that no single place causes by its content.

    Attributes:
        start: Once: loading libraries and networks.
        segment: Of each segment: starting children, the pipeline, the commit.
        place: Of each place: hashing, rows, shuffles, verdicts.
    """

    start: float
    segment: float
    place: float


@dataclass(frozen=True, slots=True)
class StoreSize:
    """Bytes of the tables.

    Attributes:
        place: Of each place: its rows, compressed.
        segment: Of each segment: frames of part files and the commits.
    """

    place: float
    segment: float


@dataclass(frozen=True, slots=True)
class Measured:
    """All that a sample tells.

    Attributes:
        cpu_seconds: Of the scan of the sample, all processes together.
        wall_seconds: Of the same.
        cores: That this process may use.
        peak: Memory.
    """

    sample: tuple[Sampled, ...]
    overheads: Overheads
    store: StoreSize
    cpu_seconds: float
    wall_seconds: float
    cores: int
    peak: Peak

    @property
    def busy_cores(self) -> float:
        """Processor seconds in one second of it."""
        return self.cpu_seconds / self.wall_seconds if self.wall_seconds else 0.0


def measure(options: ScanOptions, sample: Sequence[Due], console: Console) -> Measured:
    """Scans the sample as ``options`` say, but for their store: three times into stores of its own, which are removed.

    The first scan, of the cheapest place alone, loads everything; the second one, of the same place, tells what a
    segment takes in itself; the third one is of all. What the sources hold is only read.

    Args:
        options: Of the scan whose cost is asked for.
        sample: What is due, in the plan's order; at least one place.
        console: For the scans' progress.

    Raises:
        Interrupted: By Ctrl-C or SIGTERM.
    """
    cheapest = min(sample, key=lambda due: estimate_seconds(due.place))
    with tempfile.TemporaryDirectory(prefix="aiqyn-estimate-") as folder:
        runs = []
        for name, due in (("cold", [cheapest]), ("warm", [cheapest]), ("all", list(sample))):
            _LOG.debug("Scanning %d places of the sample (%s)", len(due), name)
            runs.append(_Run(options, Path(folder) / name, due, console))
        cold, warm, whole = runs
        per_input = seconds_per_input(options)
        sampled = _sampled(sample, whole, per_input)
        return Measured(
            sample=tuple(sampled),
            overheads=_overheads(cold, warm, whole, sampled, per_input),
            store=_store_size(whole.store, len(sample), whole.segments),
            cpu_seconds=whole.cpu_seconds,
            wall_seconds=whole.wall_seconds,
            cores=share_of_cores(1),
            peak=whole.peak,
        )


class _Run:
    """One scan into a new store."""

    def __init__(self, options: ScanOptions, folder: Path, due: list[Due], console: Console) -> None:
        self.store = folder / "store"
        costs = folder / "costs"
        self.places = len(due)
        folder.mkdir()
        own = replace(options, store=str(self.store), dry_run=False, device=_DEVICE, costs=str(costs))
        scan = Scan(own, console)
        with watched() as self.peak:
            before, started = _cpu_seconds(), time.monotonic()
            summary = scan.run(Plan(len(due), 0, DueItems.of(due)))
            self.wall_seconds = time.monotonic() - started
            spent = _cpu_seconds() - before
        if summary.was_interrupted:
            raise Interrupted
        self.cpu_seconds = spent - self.peak.cpu_seconds
        self.segments = summary.committed
        self.costs = list(read_costs(costs))

    @property
    def examine_seconds(self) -> float:
        return sum(one.cpu_seconds for one in self.costs)

    def model_seconds(self, per_input: Mapping[int, float]) -> float:
        return sum(per_input[index] * number for one in self.costs for index, number in one.inputs.items())


def _cpu_seconds() -> float:
    """Of this process and of its children that have ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def _overheads(
    cold: _Run, warm: _Run, whole: _Run, sampled: Sequence[Sampled], per_input: Mapping[int, float]
) -> Overheads:
    """The rest of what was measured; a noisy machine may leave less than nothing, which is taken for nothing."""
    segment = max(0.0, warm.cpu_seconds - warm.examine_seconds - warm.model_seconds(per_input))
    by_content = sum(one.examine_seconds + one.model_seconds for one in sampled)
    rest = whole.cpu_seconds - by_content - segment * whole.segments
    start = max(0.0, cold.cpu_seconds - warm.cpu_seconds)
    return Overheads(start, segment, max(0.0, rest) / whole.places)


def _sampled(sample: Sequence[Due], run: _Run, per_input: Mapping[int, float]) -> list[Sampled]:
    taken: defaultdict[tuple[str, str | None], list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
    for one in run.costs:
        model = sum(per_input[index] * number for index, number in one.inputs.items())
        for place in one.places:
            for at, amount in enumerate((one.cpu_seconds, model, sum(one.inputs.values()))):
                taken[place][at] += amount / len(one.places)
    found = _rows(run.store)
    results = []
    for due in sample:
        key = (due.place.uri, due.place.member_path)
        examine, model, inputs = taken[key]
        results.append(Sampled(due, examine, model, inputs, *found[key]))
    return results


def _rows(store: Path) -> dict[tuple[str, str | None], tuple[Any, ...]]:
    with connect(Store.open(str(store)), asked="items_latest") as tables:
        rows = tables.execute(_FOUND).fetchall()
    return {(uri, member): tuple(facts) for uri, member, *facts in rows}


_FOUND = "SELECT uri, member_path, outcome, media_type, content_sha256, duration_ms FROM items_latest"


def seconds_per_input(options: ScanOptions) -> dict[int, float]:
    """Processor seconds that each detector's network takes for a frame, by the detector's index among the networks.

    Measured apart from the scan, in full batches, since a scan's networks and the rest of its process run together.
    """
    import numpy as np

    from pipelines.chosen import load_detectors
    from transforms.detect.device import frames_per_batch
    from transforms.detect.package import DetectorPackage
    from transforms.detect.preprocess import synthetic_views
    from transforms.detect.scorer import Scorer

    batch_size = options.batch_size or frames_per_batch(_DEVICE)
    packages = [one for one in load_detectors(options.detectors).values() if isinstance(one, DetectorPackage)]
    found = {}
    for index, package in enumerate(packages):
        scorer = Scorer(package, batch_size, options.threads or share_of_cores(1))
        batch = np.stack([synthetic_views(package.config.input)] * batch_size)
        scorer.score(batch)
        started = time.process_time()
        for _ in range(_BATCHES):
            scorer.score(batch)
        found[index] = (time.process_time() - started) / (_BATCHES * batch_size)
    return found


def _store_size(store: Path, places: int, segments: int) -> StoreSize:
    """What grows with the rows is what their columns take; the rest of the files comes with each segment."""
    files = [file for file in store.rglob("*") if file.is_file()]
    columns = sum(_column_bytes(file) for file in files if file.suffix == ".parquet")
    rest = sum(file.stat().st_size for file in files) - columns
    return StoreSize(columns / places, rest / max(1, segments))


def _column_bytes(file: Path) -> int:
    told = pq.read_metadata(file)
    groups = (told.row_group(index) for index in range(told.num_row_groups))
    return sum(group.column(index).total_compressed_size for group in groups for index in range(group.num_columns))
