"""How long a nightly scan takes when nothing changed: `aiqyn scan` over real files that the store holds already.

    python -m benchmarks.rescan [--items 100000] [--runs 5]

The store is drawn: one small picture is scanned, and its row is written anew for every other file, with that file's own
path, time, hash and perceptual hash. A first scan over all of them is not timed; it judges what was drawn and must find
nothing to examine. Writes ``benchmarks/results/rescan.json``; status 1: a run examined something, or the median is over
the target.
"""

import argparse
import hashlib
import json
import os
import shutil
import statistics
import sys
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pyarrow.parquet as pq

from benchmarks.corpus import OUT, jpeg
from benchmarks.measured import record
from benchmarks.process_tree import Cost, measure
from benchmarks.sides.environments import ROOT
from examples.media.pictures import photograph
from pipelines.store import Store
from transforms.part_files import write_part

MOST_SECONDS: Final = 20
_FOLDER: Final = 1000
_SEGMENT: Final = 20_000
_FIGURES: Final = ("wall_s", "cpu_s", "peak_mb", "other_cpu_s")


def scan(source: Path, store: Path) -> tuple[Cost, dict[str, Any]]:
    """A scan in a process of its own: what it cost, and its summary.

    Raises:
        SystemExit: It did not end well.
    """
    summary, log = store.with_suffix(".json"), store.with_suffix(".log")
    told = ["scan", str(source), "--store", str(store), "--summary", str(summary)]
    cost = measure([sys.executable, "-m", "pipelines.cli", *told], log, cwd=ROOT)
    if cost.status:
        raise SystemExit(f"aiqyn {' '.join(told)} ended with {cost.status}: {log.read_text('utf-8')[-2000:]}")
    return cost, json.loads(summary.read_text("utf-8"))


def make_files(source: Path, count: int) -> None:
    """So many files of one small picture, 1,000 a folder."""
    shutil.rmtree(source, ignore_errors=True)
    content = jpeg(photograph("cat", 1024), (240, 180), 0)
    for number in range(count):
        path = source / f"{number // _FOLDER:06}" / f"{number:09}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def draw_store(source: Path, root: Path) -> None:
    """A store that holds every file of the source, unchanged, as scans leave it."""
    shutil.rmtree(root, ignore_errors=True)
    sample = OUT / "rescan-sample"
    shutil.rmtree(sample, ignore_errors=True)
    scan(next(source.glob("*/*.jpg")), sample)
    (row,) = (row for file in Store(sample).files("items") for row in pq.read_table(file).to_pylist())
    store = Store.create(root)
    paths = sorted(source.glob("*/*.jpg"))
    for number, start in enumerate(range(0, len(paths), _SEGMENT)):
        segment = f"{number:064x}"
        rows = list(_rows(row, source, paths[start : start + _SEGMENT], segment))
        told = {"scan_id": "drawn", "segment_id": segment, "sequence": number, "committed_at": datetime.now(UTC)}
        for table, own in {"items": rows, "segments": [told | {"items": len(rows), "examined": len(rows)}]}.items():
            store.commit_parts(table, segment, [asdict(write_part(str(root), table, segment, own))])


def _rows(row: dict[str, Any], source: Path, paths: list[Path], segment: str) -> Iterator[dict[str, Any]]:
    for path in paths:
        digest = hashlib.sha256(path.name.encode()).hexdigest()
        likeness = (digest * 2)[: len(row["perceptual_hash"])]
        own = {"scan_id": "drawn", "segment_id": segment, "source": str(source), "uri": str(path)}
        yield (
            row
            | own
            | {
                "content_sha256": digest,
                "perceptual_hash": likeness,
                "mtime_ns": path.stat().st_mtime_ns,
            }
        )


def main() -> int:
    """Prints the figures; 1 if they are not as they should be."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results")
    given = parser.parse_args()
    source, store = OUT / f"rescan-files-{given.items}", OUT / f"rescan-store-{given.items}"
    OUT.mkdir(exist_ok=True)
    make_files(source, given.items)
    draw_store(source, store)
    runs = []
    for number in range(1 + given.runs):
        load = os.getloadavg()[0]
        cost, summary = scan(source, store)
        counts = summary["counts"]
        if counts["unchanged"] != given.items or counts["planned"]:
            raise SystemExit(f"void: a scan found {counts['unchanged']:,} of {given.items:,} files unchanged")
        print(f"{number}/{given.runs}: {cost.wall_s:.1f} s, CPU {cost.cpu_s:.1f} s", file=sys.stderr, flush=True)
        figures = {figure: getattr(cost, figure) for figure in _FIGURES}
        runs.append(figures | {"load_before": load, "stage_seconds": summary["stage_seconds"]})
    counted = runs[1:]
    medians = {figure: round(statistics.median(run[figure] for run in counted), 2) for figure in _FIGURES}
    record("rescan", {"items": given.items, "target_s": MOST_SECONDS, "medians": medians, "runs": runs}, given.out)
    print(json.dumps(medians))
    return int(medians["wall_s"] > MOST_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
