"""What every contestant that is not Aiqyn agrees on: its command line, and one line of JSON an item as it is done."""

import argparse
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

CORES: Final = len(os.sched_getaffinity(0))


@dataclass(frozen=True, slots=True)
class Task:
    """What a contestant is to do.

    Attributes:
        files: To read.
        batch: Files that an engine hands to a worker at once.
        leg: Of `work`.
        out: File of the answers.
        parts: Folder of the Parquet files, for the leg ``row``.
        frames: To score, for the leg ``model``.
    """

    files: list[str]
    batch: int
    leg: str
    out: Path
    parts: Path | None
    frames: int

    @property
    def batches(self) -> list[list[str]]:
        """The files, so many at once."""
        return [self.files[start : start + self.batch] for start in range(0, len(self.files), self.batch)]


def command(module: str, folder: Path, leg: str, batch: int, frames: int, out: Path) -> list[str]:
    """Arguments of Python that run a contestant."""
    told = {"--folder": folder, "--leg": leg, "--batch": batch, "--frames": frames, "--out": out}
    return ["-m", f"benchmarks.sides.{module}", *(str(word) for pair in told.items() for word in pair)]


def task() -> Task:
    """The task of the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--leg", required=True)
    parser.add_argument("--batch", type=int, required=True)
    parser.add_argument("--frames", type=int, required=True)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    parts = given.out.with_suffix(".parts") if given.leg == "row" else None
    files = sorted(str(path) for path in given.folder.iterdir())
    return Task(files, given.batch, given.leg, given.out, parts, given.frames)


def write(out: Path, lines: Iterable[str]) -> None:
    """Adds answers to the file, each as soon as it is known."""
    with out.open("ab", buffering=0) as file:
        for line in lines:
            file.write(f"{line}\n".encode())  # one write each: several processes may share the file


def run(contest: Callable[[Task], None]) -> None:
    """Has a contestant do the task of the command line."""
    contest(task())
