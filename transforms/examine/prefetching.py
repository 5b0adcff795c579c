"""A pool of examiner children that examines files before it is asked to."""

import logging
import sys
import threading
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import Future
from typing import Final

from transforms.cores import share_of_cores
from transforms.examine.options import ExamineOptions
from transforms.examine.pool import ChildPool, Examined
from transforms.examine.settings import ExamineSettings
from transforms.records import Place

_BYTES_AHEAD: Final = 48 * 2**20
"""How much of views each child may be ahead of whoever is going to ask for them: they wait in memory."""
_LOG = logging.getLogger("aiqyn.examine")
_Key = tuple[str, str | None]


class PrefetchingPool(ChildPool):
    """See ``ChildPool``; what was begun ahead is handed out when it is asked for.

    Args:
        settings: What children have to know.
        options: How many children there are, and how they are started.
    """

    def __init__(self, settings: ExamineSettings, options: ExamineOptions) -> None:
        cores = share_of_cores(options.workers)
        command = (sys.executable, *options.command[1:])  # a worker's own interpreter, wherever it lies
        super().__init__(settings, options.children or cores, command, options.known, cores)
        self._ahead = threading.Lock()
        self._coming: Iterator[Place] = iter(())
        self._room = 0
        self._begun: dict[_Key, Future[Examined]] = {}
        self._unasked = 0
        self._following: Callable[[], Iterable[Place]] | None = None

    def begin(self, places: Collection[Place], following: Callable[[], Iterable[Place]] | None = None) -> None:
        """Examines files in that order until one is asked for, or as many bytes of views as may wait are there.

        Args:
            places: What is going to be asked for. What else was begun is forgotten.
            following: Tells what is going to be asked for after these; called, in a thread of the pool, when each of
                these was asked for and a child has nothing to do.
        """
        keys = {_key(place) for place in places}
        with self._ahead:
            self._begun = {key: future for key, future in self._begun.items() if key in keys}
            self._unasked, self._following = len(places), following
            self._await(places)
        self._begin_some()

    def submit(self, place: Place) -> "Future[Examined]":
        """See ``ChildPool``. A file that was begun is not begun again."""
        with self._ahead:
            self._coming = iter(())  # whoever asks goes on from here
            begun = self._begun.pop(_key(place), None)
            self._unasked -= 1
            following = self._following if self._unasked == 0 else None
        future = begun or super().submit(place)
        if following:
            self._threads.submit(self._begin_following, following).add_done_callback(_tell_failure)
        return future

    def close(self) -> None:
        """See ``ChildPool``."""
        with self._ahead:
            self._coming, self._following = iter(()), None
        super().close()

    def _begin_following(self, following: Callable[[], Iterable[Place]]) -> None:
        places = following()
        with self._ahead:
            if self._following is not following:
                return
            self._await(places)
        self._begin_some()

    def _await(self, places: Iterable[Place]) -> None:
        waiting = sum(_bytes_of(future) for future in self._begun.values())
        self._coming, self._room = iter(places), self.size * _BYTES_AHEAD - waiting

    def _begin_some(self) -> None:
        for _ in range(self.size):
            self._begin_next()

    def _begin_next(self, done: "Future[Examined] | None" = None) -> None:
        if done and (done.cancelled() or done.exception()):
            return
        with self._ahead:
            self._room -= _bytes_of(done) if done else 0
            coming = (place for place in self._coming if _key(place) not in self._begun)
            place = next(coming, None) if self._room > 0 else None
            if place is None:
                return
            future = super().submit(place)
            self._begun[_key(place)] = future
        future.add_done_callback(self._begin_next)


def _tell_failure(done: "Future[None]") -> None:
    if not done.cancelled() and (error := done.exception()):
        _LOG.warning("What comes next could not be told (%s); it is examined when it is asked for.", error)


def _key(place: Place) -> _Key:
    return place.path, place.member_path


def _bytes_of(future: "Future[Examined]") -> int:
    """Of the views that wait in it: none of what is not done."""
    if not future.done() or future.cancelled() or future.exception():
        return 0
    return sum(views.nbytes for frame in future.result().frames for views in frame.views.values())
