"""Whether a scan costs the same for each item however many there are: time and peak memory of 1,000 to 100,000.

    python benchmarks/flat.py [--items 1000 10000 100000]

Pictures of 192 × 192 are decoded and cut, and their views carried to a detector that answers 0; marks, faces and labels
are off. So almost all that is timed is the pipeline. One scan of a single picture tells what start-up takes. Peak
memory is the proportional set size of the process tree. Writes benchmarks/results/flat.json.
"""

import argparse
import shutil
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks import corpus  # noqa: E402
from benchmarks.measured import Point, record, run  # noqa: E402
from benchmarks.sides.legs import DECODE, profile_of  # noqa: E402
from benchmarks.sides.no_network import no_network  # noqa: E402

_SIDE: Final = 192


def scan(count: int) -> Point:
    """One scan of so many pictures into a new store."""
    source, store = corpus.squares(count, _SIDE), corpus.OUT / "flat-store"
    shutil.rmtree(store, ignore_errors=True)
    told = ["--profile", profile_of(DECODE), "--detector", str(no_network(corpus.OUT / "no-network"))]
    point = run([sys.executable, "-m", "pipelines.cli", "scan", str(source), "--store", str(store), *told])
    shutil.rmtree(store)
    return {"items": count} | point


def main() -> None:
    """Measures and records; each point is told as it is there."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    given = parser.parse_args()
    points = []
    scan(1)  # so that all is in the page cache
    for count in [1, *given.items]:
        points.append(scan(count))
        print(points[-1], flush=True)
    record("flat", {"points": points})


if __name__ == "__main__":
    main()
