"""Ray Data: an actor for each core loads the model once, `map_batches` gives it files.

Decoding and scoring share an actor, so that no frame crosses Ray's object store: on one machine its best form.
"""

import logging
from typing import Any

import ray

from benchmarks.sides.contestant import CORES, Task, run, write


class _Actor:
    def __init__(self, task: Task) -> None:
        from benchmarks.sides.work import Work

        self._work = Work(task.leg, task.parts)

    def __call__(self, batch: dict[str, Any]) -> dict[str, list[str]]:
        return {"told": self._work([str(path) for path in batch["path"]])}


def ray_data(task: Task) -> None:
    """Rows come to the driver as they are done."""
    ray.init(num_cpus=CORES, include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)
    ray.data.DataContext.get_current().enable_progress_bars = False
    files = ray.data.from_items([{"path": path} for path in task.files], override_num_blocks=len(task.batches))
    told = files.map_batches(
        _Actor,
        fn_constructor_args=(task,),
        batch_size=task.batch,
        num_cpus=1,
        compute=ray.data.ActorPoolStrategy(size=CORES),
    )
    write(task.out, (row["told"] for row in told.iter_rows()))


if __name__ == "__main__":
    run(ray_data)
