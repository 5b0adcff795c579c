"""Processor cores: how many this process may use, and whose turn it is to compute on them."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final


def share_of_cores(workers: int) -> int:
    """Cores for one of ``workers`` that share this machine, at least 1."""
    return max(1, len(os.sched_getaffinity(0)) // workers)


class Turns:
    """Has no more files examined at a time than scoring leaves cores for.

    Where more compute than there are cores, the kernel has them take turns of a few milliseconds, and each finds the
    caches full of another's data. So a file is begun when a core is free. Scoring, for which files are examined, never
    waits.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._free = 0

    def add(self, cores: int) -> None:
        """From now on there are so many more cores, or fewer."""
        with self._changed:
            self._free += cores
            self._changed.notify_all()

    @contextmanager
    def at_once(self, cores: int = 1) -> Iterator[None]:
        """Computes on so many cores, free or not."""
        self.add(-cores)
        try:
            yield
        finally:
            self.add(cores)

    @contextmanager
    def when_free(self, has_ended: Callable[[], bool]) -> Iterator[None]:
        """Computes on a core once one is free, or ``has_ended``, which is asked again after each ``add``."""
        with self._changed:
            self._changed.wait_for(lambda: self._free > 0 or has_ended())
            self._free -= 1
        try:
            yield
        finally:
            self.add(1)


TURNS: Final = Turns()
"""Of this process, its threads and its children."""
