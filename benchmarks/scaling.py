"""What a scan costs against how much there is, and against how many work on it; what a store costs as it grows.

    python benchmarks/scaling.py [--items 100 1000 10000 100000] [--workers 1 2] [--rows 10000 … 10000000]

**Items**: `aiqyn scan` of so many small pictures, 192 × 192, into a new store: just large enough that the detector
scores them, so that every layer runs. **Workers**: the same of `--worker-items`, by 1 and 2 worker processes, on as
many cores as workers. **Rows**: over drawn stores (`benchmarks/plan.py`): comparing an inventory of as many, in which
1 in 100 is new and 1 has changed; a query that counts `items_latest`; `aiqyn judge` where no verdict is there yet, and
where all are.

Each point is a run of its own: processor and wall seconds of the whole process tree, start-up included, and its peak
memory. Points are added to benchmarks/results/scaling.json; one that is there gives way. Name no number to leave a
series as it is: `--rows` alone. `benchmarks/capacity.py` draws the plots.
"""

import argparse
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks import corpus, plan  # noqa: E402
from benchmarks.measured import RESULTS, Point, keep, run  # noqa: E402

FILE: Final = RESULTS / "scaling.json"
_SIDE: Final = 192
_AIQYN: Final = (sys.executable, "-m", "pipelines.cli")
_COUNT: Final = "SELECT outcome, count(*) AS items FROM items_latest GROUP BY ALL"


def scan(count: int, workers: int | None = None) -> Point:
    """One scan of so many pictures into a new store; by workers on as many cores, where they are named."""
    source, store = corpus.squares(count, _SIDE), corpus.OUT / "scaling-store"
    shutil.rmtree(store, ignore_errors=True)
    command = [*_AIQYN, "scan", str(source), "--store", str(store)]
    if workers:
        command += ["--running-mode", "multi_processing", "--workers", str(workers)]
    point = run(command, workers)
    size = sum(file.stat().st_size for file in store.rglob("*") if file.is_file())
    shutil.rmtree(store)
    return {"items": count, "store_bytes": size} | ({"workers": workers} if workers else {}) | point


def of_rows(count: int, judged: int) -> Iterator[tuple[str, Point]]:
    """Each figure of a store with so many rows, with its series."""
    store = corpus.OUT / f"scaling-rows-{count}"
    plan.build_store(store, count)
    compared = run([sys.executable, plan.__file__, "--run", "joined", str(store), str(count)])
    yield "compare", {"rows": count} | compared
    yield "query", {"rows": count} | run([*_AIQYN, "query", "--store", str(store), _COUNT])
    if count <= judged:
        for series in ("judge", "judge_again"):
            yield series, {"rows": count} | run([*_AIQYN, "judge", "--store", str(store)])
    shutil.rmtree(store)


def main() -> None:
    """Measures what is asked for; every point is kept as soon as it is there."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, nargs="*", default=[100, 1_000, 10_000, 100_000])
    parser.add_argument("--workers", type=int, nargs="*", default=[1, 2])
    parser.add_argument("--worker-items", type=int, default=1_000)
    parser.add_argument("--rows", type=int, nargs="*", default=[10_000, 100_000, 1_000_000, 10_000_000])
    parser.add_argument("--judged", type=int, default=10_000_000, help="stores of more rows are not judged")
    given = parser.parse_args()
    for count in given.items:
        _keep("items", "items", scan(count))
    for workers in given.workers:
        _keep("workers", "workers", scan(given.worker_items, workers))
    for count in given.rows:
        for series, point in of_rows(count, given.judged):
            _keep(series, "rows", point)


def _keep(series: str, key: str, point: Point) -> None:
    keep(FILE, series, key, [point])
    print(series, point, flush=True)


if __name__ == "__main__":
    main()
