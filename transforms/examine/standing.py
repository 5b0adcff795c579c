"""Examiner children that stand from before Beam is loaded until the last segment has ended.

Loading Beam and torch takes one core some seconds: meanwhile children start on the others, and examine the first files.
"""

import sys
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from contextlib import closing, contextmanager
from typing import Final

from transforms.cores import share_of_cores
from transforms.examine.options import ExamineOptions
from transforms.examine.pool import ChildPool, Examined
from transforms.examine.settings import ExamineSettings
from transforms.records import Place

_FRAMES_AHEAD: Final = 32
"""How many frames each child may be ahead of whoever is going to ask for them: they wait in memory."""


class StandingPool(ChildPool):
    """A pool that examines files before it is asked to."""

    def __init__(self, settings: ExamineSettings, options: ExamineOptions) -> None:
        cores = share_of_cores(options.workers)
        command = (sys.executable, *options.command[1:])  # a worker's own interpreter, wherever it lies
        super().__init__(settings, options.children or cores, command, options.known, cores)
        self._made_for = settings, options
        self._ahead = threading.Lock()
        self._coming: Iterator[Place] = iter(())
        self._room = 0
        self._begun: dict[tuple[str, str | None], Future[Examined]] = {}

    def is_for(self, settings: ExamineSettings, options: ExamineOptions) -> bool:
        """Whether it was made for that."""
        return self._made_for == (settings, options)

    def begin(self, places: Iterable[Place]) -> None:
        """Examines files in that order until one is asked for, or they have given as many frames as may wait."""
        with self._ahead:
            self._coming, self._room = iter(places), self.size * _FRAMES_AHEAD
            self._begun.clear()
        for _ in range(self.size):
            self._begin_next()

    def _begin_next(self, done: "Future[Examined] | None" = None) -> None:
        if done and (done.cancelled() or done.exception()):
            return
        with self._ahead:
            self._room -= len(done.result().frames) if done else 0
            place = next(self._coming, None) if self._room > 0 else None
            if place is None:
                return
            future = super().submit(place)
            self._begun[place.path, place.member_path] = future
        future.add_done_callback(self._begin_next)

    def submit(self, place: Place) -> "Future[Examined]":
        """See ``ChildPool``. A file that was begun is not begun again."""
        with self._ahead:
            self._coming = iter(())  # whoever asks goes on from here
            begun = self._begun.pop((place.path, place.member_path), None)
        return begun or super().submit(place)

    def close(self) -> None:
        """See ``ChildPool``."""
        with self._ahead:
            self._coming = iter(())
        super().close()


_STANDING: list[StandingPool] = []
"""Of this process, newest last."""


@contextmanager
def standing_pool(settings: ExamineSettings, options: ExamineOptions) -> Iterator[StandingPool]:
    """A pool that ``pool_for`` gives whoever asks, in this process, for the same; closed in the end."""
    with closing(StandingPool(settings, options)) as pool:
        _STANDING.append(pool)
        try:
            yield pool
        finally:
            _STANDING.remove(pool)


def pool_for(settings: ExamineSettings, options: ExamineOptions) -> ChildPool:
    """The pool that stands for that, or one of the caller's own; to be handed to ``leave``."""
    standing = (pool for pool in reversed(_STANDING) if pool.is_for(settings, options))
    return next(standing, None) or StandingPool(settings, options)


def leave(pool: ChildPool) -> None:
    """Closes the pool unless it stands."""
    if pool not in _STANDING:
        pool.close()
