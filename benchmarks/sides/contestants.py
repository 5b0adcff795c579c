"""Who competes: the command of each, and where its answers lie when it has ended."""

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.corpus import OUT
from benchmarks.sides.contestant import CORES, command
from benchmarks.sides.corpora import KINDS, Corpus
from benchmarks.sides.legs import DECODE, MODEL, Told, profile_of, told_as

LIMIT: Final = "bare"
"""What all others are compared with."""
_QUIET: Final = {
    "OMP_WAIT_POLICY": "PASSIVE",  # as `aiqyn` sets it for itself: threads that wait do not spin
    "RAY_USAGE_STATS_ENABLED": "0",
    "DO_NOT_TRACK": "true",
    "PYTHONDONTWRITEBYTECODE": "",
}
_COMPLETE: Final = {0, 3}
"""Statuses of a scan that is complete; 3: some items could not be examined, as is right here."""


@dataclass(frozen=True, slots=True)
class Contestant:
    """One of them.

    Attributes:
        title: As tables have it.
        engine: Whose virtual environment it runs in; None: this one.
        module: Of this package; None: it is `aiqyn scan`.
    """

    title: str
    module: str | None
    engine: str | None = None

    def takes(self, leg: str) -> bool:
        """Whether it takes part: the model alone only bare loops can run."""
        return leg != MODEL or (self.module or "").startswith("bare")


CONTESTANTS: Final = {
    "bare_one": Contestant("bare loop, one core", "bare_one"),
    LIMIT: Contestant(f"bare loop, all {CORES} cores", "bare"),
    "aiqyn": Contestant("Aiqyn", None),
    "pool": Contestant("multiprocessing", "pool"),
    "ray": Contestant("Ray Data", "ray_data", "ray"),
    "daft": Contestant("Daft", "daft_udf", "daft"),
}


class Entry:
    """A contestant about to do a leg of a corpus."""

    def __init__(self, name: str, python: str, kind: str, corpus: Corpus, leg: str) -> None:
        self.name = name
        self.out = OUT / "sides" / name
        self._leg = leg
        module = CONTESTANTS[name].module
        if module is None:
            self.statuses, self._files = _COMPLETE, "store/items/**/*.parquet"
            self.command = [python, *_scan(corpus.folder, leg, self.out / "store")]
        else:
            self.statuses, self._files = {0}, "told.jsonl"
            told = corpus.folder, leg, KINDS[kind].batch, corpus.frames, self.out / "told.jsonl"
            self.command = [python, *command(module, *told)]

    @property
    def environment(self) -> dict[str, str]:
        """Variables of its processes."""
        return os.environ | _QUIET | {"PYTHONPATH": str(Path(__file__).resolve().parents[2])}

    def clear(self) -> None:
        """Removes what an earlier run left."""
        shutil.rmtree(self.out, ignore_errors=True)
        self.out.mkdir(parents=True)

    def has_answered(self) -> bool:
        """Whether the first answer is there: a line, or a part file."""
        return any(path.stat().st_size for path in self.out.glob(self._files))

    def answers(self) -> list[Told]:
        """What it told of each item."""
        if CONTESTANTS[self.name].module is None:
            return _answers_of_store(self.out / "store")
        if self._leg == MODEL:
            return []
        return [json.loads(line) for line in (self.out / "told.jsonl").read_text("utf-8").splitlines()]

    def rows_written(self) -> int | None:
        """How many item rows lie in Parquet files, where the contestant wrote them itself; None where it wrote none."""
        import pyarrow.parquet as pq

        files = list(self.out.glob("told.parts/items/**/*.parquet"))
        return sum(pq.read_metadata(file).num_rows for file in files) if files else None


def _scan(folder: Path, leg: str, store: Path) -> list[str]:
    told = ["-m", "pipelines.cli", "scan", str(folder), "--store", str(store), "--profile", profile_of(leg)]
    if leg == DECODE:
        from benchmarks.sides.no_network import no_network

        told += ["--detector", str(no_network(OUT / "no-network"))]
    return told


def _answers_of_store(root: Path) -> list[Told]:
    from pipelines.store import Store
    from pipelines.tables import connect

    asked = """
        SELECT regexp_extract(uri, '[^/]*$'), outcome, reason, frames_examined, score, perceptual_hash
        FROM items_latest
    """
    with connect(Store(root)) as tables:
        return [told_as(*row) for row in tables.execute(asked).fetchall()]
