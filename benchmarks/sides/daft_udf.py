"""Daft, native runner: a UDF process for each core loads the model once, batches of files go through it."""

import daft

from benchmarks.sides.contestant import CORES, Task, run, write


def daft_udf(task: Task) -> None:
    """Rows come to the driver as they are done."""

    @daft.cls(max_concurrency=CORES, use_process=True)
    class Worker:
        def __init__(self, task: Task) -> None:
            from benchmarks.sides.work import Work

            self._work = Work(task.leg, task.parts)

        @daft.method.batch(return_dtype=daft.DataType.string(), batch_size=task.batch)
        def told(self, paths: daft.Series) -> list[str]:
            return self._work(paths.to_pylist())

    daft.set_runner_native()
    files = daft.from_pydict({"path": task.files}).into_batches(task.batch)
    rows = files.select(Worker(task).told(daft.col("path")).alias("told"))
    write(task.out, (row["told"] for row in rows.iter_rows()))


if __name__ == "__main__":
    run(daft_udf)
