"""Memory of this process and of all that it started, while something runs (Linux)."""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_PAUSE_SECONDS = 0.25


@dataclass(slots=True)
class Peak:
    """The most that was seen; grows while it is watched.

    Attributes:
        bytes: Of the process and all that descend from it, together.
        own_bytes: Of the process alone.
        child_bytes: Of the largest other one.
        cpu_seconds: What watching took, which is no cost of what was watched.
    """

    bytes: int = 0
    own_bytes: int = 0
    child_bytes: int = 0
    cpu_seconds: float = 0.0


@contextmanager
def watched(process: int | None = None) -> Iterator[Peak]:
    """Looks four times a second for as long.

    Args:
        process: Whose tree; None: this one's.
    """
    root = process or os.getpid()
    peak, stop = Peak(), threading.Event()

    def watch() -> None:
        while True:
            found = {one: resident_bytes(one) for one in tree(root)}
            own = found.pop(root, 0)
            peak.bytes = max(peak.bytes, own + sum(found.values()))
            peak.own_bytes = max(peak.own_bytes, own)
            peak.child_bytes = max([peak.child_bytes, *found.values()])
            peak.cpu_seconds = time.thread_time()
            if stop.wait(_PAUSE_SECONDS):
                return

    thread = threading.Thread(target=watch, name="memory", daemon=True)
    thread.start()
    try:
        yield peak
    finally:
        stop.set()
        thread.join()


def tree(root: int) -> list[int]:
    """A process and all that descend from it."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
            except OSError:
                continue  # it ended while we looked
            parents.setdefault(parent, []).append(int(entry.name))
    found = [root]
    for process in found:
        found += parents.get(process, [])
    return found


def resident_bytes(process: int) -> int:
    """Proportional set size of one process: pages that several share count once over all of them."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0  # it ended while we looked
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) * 1024
