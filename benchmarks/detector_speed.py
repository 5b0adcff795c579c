"""What the detector costs per frame on one core, next to decoding, and what each way to run it faster would change.

    python benchmarks/detector_speed.py [--detector NAME] [--data MANIFEST] [--pictures 120] [--json OUT]

Processor time of one thread. All are timed in turn, round after round, and compared with FP32 of the same round, so
that a busy machine slows all of them. Without a manifest the pictures are the benchmarks' own, and there is no AUC.
"""

import argparse
import json
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import configs  # noqa: E402
from benchmarks import corpus  # noqa: E402
from benchmarks.samples import spread_over_sources  # noqa: E402
from benchmarks.variants import Run, Variant, variants  # noqa: E402
from examples.media.pictures import photograph  # noqa: E402
from examples.media.videos import video  # noqa: E402
from pipelines.detector.augment import TREATMENTS  # noqa: E402
from pipelines.detector.data import load_rgb, read_manifest  # noqa: E402
from pipelines.detector.ranking import Estimate, ranking  # noqa: E402
from transforms.detect.calibration import calibrate  # noqa: E402
from transforms.detect.package import DetectorConfig, load_package  # noqa: E402
from transforms.detect.preprocess import InputSpec, prepare  # noqa: E402
from transforms.detect.scope import ScopeRules, assess  # noqa: E402
from transforms.detect.scoring import load_network, score_views  # noqa: E402
from transforms.examine.face_model import read_face_model  # noqa: E402
from transforms.examine.faces import FaceFinder  # noqa: E402
from transforms.examine.frames import Pixels  # noqa: E402
from transforms.examine.pictures import open_picture, sample_picture  # noqa: E402
from transforms.examine.settings import Limits, Sampling  # noqa: E402
from transforms.examine.videos import open_video, sample_video  # noqa: E402

BATCH: Final = 16
BATCHES: Final = (1, 8, 16)
TREATED: Final = ("as_is", "jpeg75")
CALIBRATION_FRAMES: Final = 16
SHIPS: Final = (
    "FP32 ships: its scores are the ones that thresholds were set on, whatever processor and batch. Those of bf16 and "
    "INT8 are others, and need thresholds of their own."
)


def timed(tasks: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Processor milliseconds of each task in each round, one after another in every round; an extra round warms up."""
    found: dict[str, list[float]] = {name: [] for name in tasks}
    for number in range(rounds + 1):
        for name, task in tasks.items():
            started = time.process_time()
            task()
            if number:
                found[name].append((time.process_time() - started) * 1000)
    return found


def against(reference: list[float], other: list[float]) -> tuple[float, float, float]:
    """Median, least and greatest ratio of two tasks' times of the same rounds."""
    ratios = [one / base for one, base in zip(other, reference, strict=True)]
    return statistics.median(ratios), min(ratios), max(ratios)


def batch_change(run: Callable[[NDArray[np.uint8], int], NDArray[np.float32]], frames: NDArray[np.uint8]) -> float:
    """The most that a frame's raw logit changes with the size of its batch and with its place in it.

    Args:
        run: Scores frames in batches of a size.
        frames: uint8 (N, V, S, S, 3).
    """
    order = np.random.default_rng(0).permutation(len(frames))
    reference = run(frames, BATCHES[-1])
    changes = [np.abs(run(frames, size) - reference).max() for size in BATCHES]
    changes += [np.abs(run(frames[order], size) - reference[order]).max() for size in BATCHES]
    return float(max(changes))


def compare(found: list[Variant], frames: NDArray[np.uint8], config: DetectorConfig, labels: Any) -> list[dict]:
    """What each variant's scores are, the first one's being the reference.

    Args:
        found: From ``variants``.
        frames: uint8 (N, V, S, S, 3).
        config: The detector's, for calibrated scores.
        labels: int64 (N,), 1 for AI; None where nobody knows.
    """
    rows, reference = [], None
    for variant in found:
        run = _scorer(variant.run)
        raws = run(frames, BATCH).astype(np.float64)
        scores = np.array([calibrate(raw, config) for raw in raws])
        reference = (raws, scores) if reference is None else reference
        auc: Estimate | None = None if labels is None else ranking(raws, labels, ("auc",))["auc"]
        rows.append(
            {
                "variant": variant.name,
                "auc": auc and auc.value,
                "auc_interval": auc and auc.interval,
                "raw_change_max": float(np.abs(raws - reference[0]).max()),
                "score_change_max": float(np.abs(scores - reference[1]).max()),
                "score_change_mean": float(np.abs(scores - reference[1]).mean()),
                "batch_change": batch_change(run, frames[:BATCH]),
                "note": variant.note,
            }
        )
    return rows


def decoders(folder: Path) -> tuple[dict[str, Callable[[], object]], dict[str, int], dict[str, Pixels]]:
    """Decoding as a scan does it: the tasks, how many frames each yields, and one frame of each.

    Args:
        folder: Where a 12-megapixel JPEG and a 1080p video are written.
    """
    scene = photograph("astronaut", 1024).convert("RGB").resize((4000, 3000), Image.Resampling.BICUBIC)
    grain = np.random.default_rng(0).integers(-4, 5, (3000, 4000, 1), np.int16)
    picture = Image.fromarray((np.asarray(scene, np.int16) + grain).clip(0, 255).astype(np.uint8))
    picture.save(folder / "12mp.jpg", quality=90)
    video(folder / "1080p.mp4", seconds=4, size=(1920, 1080), gop=50, scene=picture)
    data, sampling, limits = (folder / "12mp.jpg").read_bytes(), Sampling(), Limits()

    def jpeg() -> list[Pixels]:
        return [frame.rgb for frame in sample_picture(*open_picture(data, "image/jpeg", limits), sampling, limits)]

    def h264() -> list[Pixels]:
        with (folder / "1080p.mp4").open("rb") as file:
            return [frame.rgb for frame in sample_video(open_video(file, "video/mp4", limits), sampling)]

    tasks: dict[str, Callable[[], list[Pixels]]] = {"12 MP JPEG": jpeg, "1080p H.264": h264}
    frames = {name: task() for name, task in tasks.items()}
    return (
        {**tasks},
        {name: len(found) for name, found in frames.items()},
        {name: found[0] for name, found in frames.items()},
    )


def besides(rgb: Pixels, spec: InputSpec, scope: ScopeRules, finder: FaceFinder) -> dict[str, Callable[[], object]]:
    """What else a scan does with a decoded frame."""
    return {
        "prepare (cutting views)": lambda: prepare(rgb, spec),
        "scope assessment": lambda: assess(rgb, scope),
        "face finding": lambda: finder.find(rgb),
    }


def table(header: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """A Markdown table."""
    lines = [header, ("---",) * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def measure_frames(network: nn.Module, spec: InputSpec, scope: ScopeRules, rounds: int) -> dict[str, dict[str, float]]:
    """Milliseconds per frame of everything a scan does with it, by kind of file."""
    finder = FaceFinder(read_face_model())
    found: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as name:
        tasks, counts, frames = decoders(Path(name))
        for kind, task in tasks.items():
            views = np.stack([prepare(frames[kind], spec)] * BATCH)
            work = {
                "decoding": task,
                **besides(frames[kind], spec, scope, finder),
                "detector": lambda views=views: score_views(network, views, BATCH),
            }
            frames_each = {"decoding": counts[kind], "detector": BATCH}
            times = timed(work, rounds)
            found[kind] = {what: statistics.median(ms) / frames_each.get(what, 1) for what, ms in times.items()}
    return found


def report(costs: dict[str, dict[str, float]], rows: list[dict], missing: dict[str, str], sample: str) -> str:
    """Both tables and the conclusion, as Markdown."""
    parts = [
        table(
            ("ms per frame", *costs),
            [(what, *(f"{costs[kind][what]:.1f}" for kind in costs)) for what in next(iter(costs.values()))],
        ),
        f"{sample}. Times are ratios to FP32 of the same round: median (least…greatest).",
        table(
            ("variant", "time", "AUC", "raw change", "score change, mean", "most", "with the batch", "note"),
            [_row(row) for row in rows] + [(name, *["not available"] + [""] * 5, why) for name, why in missing.items()],
        ),
        SHIPS,
    ]
    return "\n\n".join(parts)


def _row(row: dict[str, Any]) -> tuple[str, ...]:
    ratio, least, greatest = row["time"]
    auc = "" if row["auc"] is None else "{:.3f} ({:.3f}…{:.3f})".format(row["auc"], *row["auc_interval"])
    return (
        row["variant"],
        f"{ratio:.2f} ({least:.2f}…{greatest:.2f})",
        auc,
        f"{row['raw_change_max']:.1g}",
        f"{row['score_change_mean']:.1g}",
        f"{row['score_change_max']:.1g}",
        f"{row['batch_change']:.1g}",
        row["note"],
    )


def _scorer(run: Run) -> Callable[[NDArray[np.uint8], int], NDArray[np.float32]]:
    class Wrapped(nn.Module):
        def forward(self, views: Tensor) -> Tensor:
            return run(views)

    return lambda frames, size: score_views(Wrapped(), frames, size)


def _sample(manifest: Path | None, count: int, spec: InputSpec) -> tuple[NDArray[np.uint8], Any, NDArray[np.uint8]]:
    """Frames to compare on, their labels if known, and other frames to calibrate on."""
    if manifest is None:
        paths = sorted(map(str, corpus.pictures(count + CALIBRATION_FRAMES).iterdir()))
        labels = None
    else:
        rows = spread_over_sources(read_manifest(manifest), count + CALIBRATION_FRAMES)
        rows = rows.sample(frac=1, random_state=0)  # a calibration set of both classes
        paths, labels = rows["path"].tolist(), rows["label"].to_numpy(np.int64)
        labels = np.tile(labels[CALIBRATION_FRAMES:], len(TREATED))
    pictures = [load_rgb(path) for path in paths]
    treated = [TREATMENTS[name](rgb) for name in TREATED for rgb in pictures[CALIBRATION_FRAMES:]]
    return (
        np.stack([prepare(rgb, spec) for rgb in treated]),
        labels,
        np.concatenate([prepare(rgb, spec) for rgb in pictures[:CALIBRATION_FRAMES]]),
    )


def main() -> None:
    """Both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--detector", default=configs.DEFAULT_DETECTOR, help="name or folder")
    parser.add_argument("--data", type=Path, help="manifest of labelled pictures, for the AUC")
    parser.add_argument("--pictures", type=int, default=120, help="so many of them are scored")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--json", type=Path, help="write all figures there, too")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    config = load_package(arguments.detector).config
    network, spec = load_network(load_package(arguments.detector)), config.input
    frames, labels, calibration = _sample(arguments.data, arguments.pictures, spec)
    found, missing = variants(network, torch.from_numpy(calibration))
    views = torch.from_numpy(np.resize(frames, (BATCH, *frames.shape[1:])).reshape(-1, *frames.shape[2:]))
    with torch.inference_mode():
        times = timed({one.name: lambda one=one: one.run(views) for one in found}, arguments.rounds)
    rows = compare(found, frames, config, labels)
    for row in rows:
        row["ms"] = statistics.median(times[row["variant"]]) / BATCH
        row["time"] = against(times[found[0].name], times[row["variant"]])
    costs = measure_frames(network, spec, config.scope or ScopeRules(), arguments.rounds)
    sample = f"{len(frames)} frames ({' and '.join(TREATED)}), {config.name} {config.version}, {platform.machine()}"
    print(report(costs, rows, missing, sample))
    if arguments.json:
        result = {"costs_ms": costs, "variants": rows, "not_available": missing, "sample": sample}
        arguments.json.write_text(json.dumps(result, indent=1), "utf-8")


if __name__ == "__main__":
    main()
