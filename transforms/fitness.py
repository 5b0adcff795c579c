"""Whether a worker, wherever it runs, can do the work: the driver's versions, the store, the folders of the sources.

Without this a worker that lacks the archive's mount would record every file as vanished, and say it of the files.
"""

import importlib.metadata
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

_TOLD = re.compile(r"UnfitWorkerError: (.*?\.) \(worker (.*?)\)")


class UnfitWorkerError(RuntimeError):
    """A worker that cannot do the work; the message is one sentence for people, and says which worker."""


@dataclass(frozen=True, slots=True)
class WorkerNeeds:
    """What a worker has to have.

    Attributes:
        versions: By package, those of the driver, None for what is not installed; rows depend on them.
        writable: Folders below which the worker writes.
        readable: Folders that hold what it reads, none of them empty.
    """

    versions: Mapping[str, str | None]
    writable: tuple[str, ...]
    readable: tuple[str, ...]

    def check(self) -> None:
        """Nothing, if the worker that calls it has all of it.

        Raises:
            UnfitWorkerError: It has not.
        """
        told = next(self._lacks(), None)
        if told is not None:
            raise UnfitWorkerError(f"{told} (worker {os.uname().nodename}, user {os.getuid()})")

    def _lacks(self) -> Iterator[str]:
        for package, version in self.versions.items():
            here = _version(package)
            if here != version:
                ours, theirs = version or "not installed", here or "not installed"
                yield f"{package} is {ours} where the driver runs and {theirs} on a worker: install the same on both."
        for folder in self.writable:
            if not Path(folder).is_dir():
                yield f"A worker does not see {folder}, where rows go: mount it at the same path on every worker."
            elif not os.access(folder, os.W_OK | os.X_OK):
                yield f"A worker may not write to {folder}, where rows go: give its user the right (docs/runners.md)."
        for folder in self.readable:
            if not _holds_something(folder):
                yield f"A worker does not see what is in {folder}: mount the sources at the same paths on every worker."


def told_of_unfit(text: str) -> str | None:
    """The sentence of an ``UnfitWorkerError`` in the error that a runner made of it, or None."""
    found = _TOLD.search(text)
    return f"{found[1]} The worker is {found[2]}." if found else None


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _holds_something(folder: str) -> bool:
    try:
        with os.scandir(folder) as entries:
            return next(entries, None) is not None
    except OSError:
        return False
