"""Examiner children that stand from before Beam is loaded until the last segment has ended.

Loading Beam and torch takes one core some seconds: meanwhile children start on the others, and examine the first files.
While one segment ends, which takes one core, they examine the first files of the next.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

from transforms.examine.options import ExamineOptions
from transforms.examine.pool import ChildPool
from transforms.examine.prefetching import PrefetchingPool
from transforms.examine.settings import ExamineSettings


@dataclass(frozen=True, slots=True)
class _Standing:
    settings: ExamineSettings
    options: ExamineOptions
    pool: PrefetchingPool


_STANDING: list[_Standing] = []
"""Of this process, newest last."""


@contextmanager
def standing_pool(settings: ExamineSettings, options: ExamineOptions) -> Iterator[PrefetchingPool]:
    """A pool that ``pool_for`` gives whoever asks, in this process, for the same; closed in the end."""
    with closing(PrefetchingPool(settings, options)) as pool:
        standing = _Standing(settings, options, pool)
        _STANDING.append(standing)
        try:
            yield pool
        finally:
            _STANDING.remove(standing)


def pool_for(settings: ExamineSettings, options: ExamineOptions) -> ChildPool:
    """The pool that stands for that, or one of the caller's own; to be handed to ``leave``."""
    for one in reversed(_STANDING):
        if (one.settings, one.options) == (settings, options):
            return one.pool
    return PrefetchingPool(settings, options)


def leave(pool: ChildPool) -> None:
    """Closes the pool unless it stands."""
    if all(pool is not one.pool for one in _STANDING):
        pool.close()
