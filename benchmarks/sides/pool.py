"""Plain `multiprocessing`: a pool with a process for each core, batches as they come."""

import itertools
import multiprocessing

from benchmarks.sides.contestant import CORES, Task, run, write

_WORK = None


def _prepare(task: Task) -> None:
    global _WORK  # noqa: PLW0603  (a pool's workers have no other place for what they load once)
    from benchmarks.sides.work import Work

    _WORK = Work(task.leg, task.parts)


def _do(batch: list[str]) -> list[str]:
    return _WORK(batch)


def pool(task: Task) -> None:
    """Workers are forked before anything is loaded."""
    with multiprocessing.Pool(CORES, _prepare, (task,)) as workers:
        write(task.out, itertools.chain.from_iterable(workers.imap_unordered(_do, task.batches)))


if __name__ == "__main__":
    run(pool)
