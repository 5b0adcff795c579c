"""Whether memory stays flat: peak resident memory of a scan's whole process tree, on few pictures and on many.

    python benchmarks/memory.py [--few 200] [--many 2000]

Proportional set size is summed over the tree, so that pages shared between processes count once.
"""

import argparse
import json
import os
import shutil
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks import corpus  # noqa: E402
from benchmarks.process_tree import measure  # noqa: E402


def peak_of_scan(pictures: int) -> float:
    """Peak megabytes of the process tree of one scan."""
    source, store = corpus.pictures(pictures, small=True), corpus.OUT / "memory-store"
    shutil.rmtree(store, ignore_errors=True)
    command = [sys.executable, "-m", "pipelines.cli", "scan", str(source), "--store", str(store)]
    cost = measure(command, store.with_suffix(".log"), cwd=ROOT)
    if cost.status:
        raise SystemExit(f"the scan of {pictures} pictures ended with {cost.status}")
    return cost.peak_mb


def main() -> None:
    """Both scans and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--few", type=int, default=200)
    parser.add_argument("--many", type=int, default=2000)
    arguments = parser.parse_args()
    peaks = {count: peak_of_scan(count) for count in (arguments.few, arguments.many)}
    ratio = peaks[arguments.many] / peaks[arguments.few]
    for count, peak in peaks.items():
        print(f"{count:>6} pictures: peak {peak:,.0f} MB")
    print(f"ratio {ratio:.2f} ({os.cpu_count()} cores)")
    result = {"peak_mb": peaks, "ratio": ratio}
    (corpus.OUT / "memory.json").write_text(json.dumps(result, indent=1), "utf-8")


if __name__ == "__main__":
    main()
