"""What the pipeline costs: a whole scan against a bare loop with the same decoder, model and batch, run in pairs.

    python benchmarks/overhead.py [--pairs 5] [--pictures 500] [--videos 20]

Each contestant is a fresh process, start-up included:

    bare      one process, one file after another; torch has all cores
    bare x N  N processes on one core each, the files dealt out: what the machine can do without a framework
    aiqyn     `aiqyn scan` into a new store: children, Beam, Parquet, commits

A run counts only if every contestant gives the same scores (within 1e-5) for the same number of items.
"""

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

from benchmarks import corpus  # noqa: E402

CORES: Final = len(os.sched_getaffinity(0))
BATCH: Final = 16
Scores = dict[str, float | None]


def bare_loop(files: list[str], threads: int) -> Scores:
    """Item scores by file name: decode, batch, score, roll up; nothing else."""
    import cv2
    import numpy as np
    import torch

    import configs
    from pipelines.profile import load_profile
    from transforms.detect.calibration import calibrate, roll_up
    from transforms.detect.package import load_package
    from transforms.detect.scoring import load_network, score_views
    from transforms.examine.content import examine_content
    from transforms.examine.face_model import read_face_model
    from transforms.examine.faces import FaceFinder
    from transforms.examine.settings import DetectorNeeds, ExamineSettings
    from transforms.examine.views import FrameViews

    cv2.setNumThreads(1)
    torch.set_num_threads(threads)
    package, profile = load_package(configs.DEFAULT_DETECTOR), load_profile("default")
    network = load_network(package)
    needs = DetectorNeeds(package.config.input, package.config.scope)
    settings = ExamineSettings(profile.sampling, profile.limits, (needs,), profile.faces)
    finder = FaceFinder(read_face_model()) if profile.faces.enabled else None
    raws: dict[str, list[float]] = {}
    waiting: list[tuple[str | None, Any]] = []

    def score() -> None:
        for (name, _), raw in zip(
            waiting, score_views(network, np.stack([views for _, views in waiting]), BATCH), strict=True
        ):
            if name is not None:
                raws[name].append(float(raw))
        waiting.clear()

    for path in files:
        name = Path(path).name

        def keep(frame: FrameViews, name: str = name) -> None:
            raws.setdefault(name, [])
            for (_, face), views in frame.views.items():
                waiting.append((name if face is None else None, views))  # crops of faces are no part of the score
                if len(waiting) == BATCH:
                    score()

        with open(path, "rb") as file:  # noqa: PTH123
            examine_content(file, name, settings, keep, finder)
    if waiting:
        score()
    return {
        name: calibrate(roll_up(found, package.config), package.config) if found else None
        for name, found in raws.items()
    }


def run(command: list[str]) -> dict[str, float]:
    """Wall and processor seconds of a command and all its children."""
    before, started = os.times(), time.monotonic()
    subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return {"wall_s": time.monotonic() - started, "cpu_s": cpu}


def contestants(folders: list[Path]) -> dict[str, tuple[list[str], Path]]:
    """Each contestant's command and where its scores lie."""
    store, out = corpus.OUT / "overhead-store", corpus.OUT
    sources = [str(folder) for folder in folders]
    here = [sys.executable, __file__, "--sources", *sources]
    return {
        "bare": ([*here, "--bare", str(out / "bare.json"), "--processes", "1"], out / "bare.json"),
        f"bare x {CORES}": ([*here, "--bare", str(out / "many.json"), "--processes", str(CORES)], out / "many.json"),
        "aiqyn": ([sys.executable, "-m", "pipelines.cli", "scan", *sources, "--store", str(store)], store),
    }


def read_scores(place: Path) -> Scores:
    """A contestant's scores by file name; None where every frame is out of the detector's scope."""
    if place.suffix == ".json":
        return dict(json.loads(place.read_text("utf-8")))
    from pipelines.store import Store
    from pipelines.tables import connect

    with connect(Store(place)) as tables:
        found = tables.execute(
            "SELECT regexp_extract(uri, '[^/]*$'), score FROM items_latest WHERE frames_examined > 0"
        )
        return dict(found.fetchall())


def check_equal(all_scores: dict[str, Scores], expected: int) -> None:
    """Refuses a run whose contestants did not do the same work."""
    reference = all_scores["bare"]
    for name, scores in all_scores.items():
        if len(scores) != expected or scores.keys() != reference.keys():
            raise SystemExit(f"void: {name} examined {len(scores)} of {expected} items")
        if {item for item in scores if scores[item] is None} != {item for item in reference if reference[item] is None}:
            raise SystemExit(f"void: {name} holds other items for out of scope")
        worst = max(abs(score - (reference[item] or 0.0)) for item, score in scores.items() if score is not None)
        if worst > 1e-5:
            raise SystemExit(f"void: a score of {name} is {worst:.2g} off")


def compare(pairs: int, pictures: int, videos: int) -> None:
    """Runs all contestants ``pairs`` times in turn and prints medians, spreads and ratios."""
    folders = [corpus.pictures(pictures), corpus.videos(videos)]
    figures: dict[str, list[dict[str, float]]] = {}
    for pair in range(pairs + 1):  # the first is a warm-up
        all_scores = {}
        for name, (command, place) in contestants(folders).items():
            shutil.rmtree(corpus.OUT / "overhead-store", ignore_errors=True)
            figure = run(command)
            all_scores[name] = read_scores(place)
            if pair:
                figures.setdefault(name, []).append(figure)
        check_equal(all_scores, pictures + videos)
    report(figures, pictures, videos)


def report(figures: dict[str, list[dict[str, float]]], pictures: int, videos: int) -> None:
    """Prints the table and writes ``benchmarks/out/overhead.json``."""
    items = pictures + videos
    print(f"{pictures} pictures, {videos} videos; {len(figures['bare'])} rounds; {CORES} cores, {platform.machine()}")
    print(f"{'':12}{'wall s':>9}{'min…max':>15}{'cpu s':>9}{'items/s':>9}{'wall / bare':>13}{'min…max':>13}")
    ratios = {}
    for name, runs in figures.items():
        walls = [one["wall_s"] for one in runs]
        paired = [one["wall_s"] / bare["wall_s"] for one, bare in zip(runs, figures["bare"], strict=True)]
        ratios[name] = statistics.median(paired)
        print(
            f"{name:12}{statistics.median(walls):9.1f}{f'{min(walls):.1f}…{max(walls):.1f}':>15}"
            f"{statistics.median(one['cpu_s'] for one in runs):9.1f}{items / statistics.median(walls):9.1f}"
            f"{ratios[name]:13.2f}{f'{min(paired):.2f}…{max(paired):.2f}':>13}"
        )
    result = {"pictures": pictures, "videos": videos, "cores": CORES, "runs": figures, "wall_over_bare": ratios}
    (corpus.OUT / "overhead.json").write_text(json.dumps(result, indent=1), "utf-8")


def run_bare(sources: list[str], output: Path, processes: int) -> None:
    """The bare contestants: one process, or several that share the files out."""
    files = [str(path) for source in sources for path in sorted(Path(source).iterdir()) if path.suffix]
    if processes == 1:
        output.write_text(json.dumps(bare_loop(files, CORES)), "utf-8")
        return
    shares = [
        subprocess.Popen([sys.executable, __file__, "--bare", f"{output}.{index}", "--files", *files[index::processes]])
        for index in range(processes)
    ]
    scores: Scores = {}
    for index, share in enumerate(shares):
        if share.wait():
            raise SystemExit(f"share {index} failed")
        scores |= json.loads(Path(f"{output}.{index}").read_text("utf-8"))
    output.write_text(json.dumps(scores), "utf-8")


def main() -> None:
    """The comparison, or one bare contestant of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--pictures", type=int, default=500)
    parser.add_argument("--videos", type=int, default=20)
    parser.add_argument("--bare", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--sources", nargs="+", help=argparse.SUPPRESS)
    parser.add_argument("--files", nargs="+", help=argparse.SUPPRESS)
    parser.add_argument("--processes", type=int, default=1, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.files:
        arguments.bare.write_text(json.dumps(bare_loop(arguments.files, 1)), "utf-8")
    elif arguments.bare:
        run_bare(arguments.sources, arguments.bare, arguments.processes)
    else:
        compare(arguments.pairs, arguments.pictures, arguments.videos)


if __name__ == "__main__":
    main()
