"""The bare loop, on all cores: what the machine can do. A process for each core takes the next file when it is free.

It isolates nothing, keeps no order, commits nothing, and one decoder that crashes ends it all.
"""

import json
import multiprocessing
import os
from collections.abc import Iterator
from multiprocessing.sharedctypes import Synchronized

from benchmarks.sides.contestant import CORES, Task, run, write
from benchmarks.sides.legs import MODEL


def bare(task: Task, cores: int = CORES) -> None:
    """Each process starts with nothing loaded: a fork of one that has threads may hang."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cores])
    taken = multiprocessing.Value("q", 0)
    loops = [multiprocessing.Process(target=_loop, args=(task, taken, cores)) for _ in range(cores)]
    for loop in loops:
        loop.start()
    for loop in loops:
        loop.join()
    if any(loop.exitcode for loop in loops):
        raise SystemExit(f"processes of the bare loop ended with {[loop.exitcode for loop in loops]}")


def _loop(task: Task, taken: Synchronized, cores: int) -> None:
    from benchmarks.sides.work import Work

    work = Work(task.leg, task.parts)
    if task.leg == MODEL:
        work.score_only(-(-task.frames // cores))
    else:
        write(task.out, map(json.dumps, work.stream(_next(task.files, taken))))


def _next(files: list[str], taken: Synchronized) -> Iterator[str]:
    while True:
        with taken.get_lock():
            number = taken.value
            taken.value = number + 1
        if number >= len(files):
            return
        yield files[number]


if __name__ == "__main__":
    run(bare)
