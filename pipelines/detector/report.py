"""What `aiqyn detector evaluate` finds: a package, or its recipe on held-out sources, as a record."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from pipelines.detector import breakdown
from pipelines.detector.augment import TREATMENTS
from pipelines.detector.baserates import base_rates
from pipelines.detector.clips import predict_videos
from pipelines.detector.evaluate import assessed, calibrated_scores, figures, predict
from pipelines.detector.record import Evaluation, Point, Sample, Videos
from pipelines.detector.reliability import reliability
from pipelines.detector.settings import Settings, Tick
from pipelines.detector.train import DEV, HELD_OUT, Run, leave_one_source_out
from pipelines.profile import load_profile
from transforms.detect.calibration import level
from transforms.detect.device import CPU, device_name
from transforms.detect.package import EXPORTED, AnswerConfig, DetectorError, DetectorPackage, Package
from transforms.detect.scoring import load_network

_KEYS = ("outcomes", "ranking", "rates")
"""The fields that pictures and videos share."""


def split_report(
    package: DetectorPackage,
    rows: pd.DataFrame,
    split: str,
    tick: Tick,
    treatments: tuple[str, ...] = tuple(TREATMENTS),
    device: torch.device = CPU,
) -> Evaluation:
    """Measure a package's network on the pictures and videos of one split.

    Args:
        package: From `load_package`.
        rows: From `data.read_manifest`.
        split: Such as `dev`.
        tick: Progress.
        treatments: Keys of `augment.TREATMENTS`.
        device: Where scores are computed; a program of a user's own, whose graph names devices, stays on the processor.

    Raises:
        DetectorError: `empty_split` when the split lacks pictures of either class, unless it has no picture and
            videos of both; what `predict` and `predict_videos` raise.
    """
    chosen = rows[rows["split"] == split]
    pictures, videos = chosen[~chosen["is_video"]], chosen[chosen["is_video"]]
    measured = videos if pictures.empty else pictures
    if measured["label"].nunique() < 2:
        raise DetectorError(
            "empty_split",
            f"split '{split}' needs AI and real pictures, or no picture and AI and real videos; it has "
            f"{len(pictures)} pictures and {len(videos)} videos",
        )
    config, network = package.config, load_network(package)
    device = CPU if config.architecture.name == EXPORTED else device
    # Videos first: one that cannot be read is told before the pictures' minutes are spent.
    clips = predict_videos(network, config, videos, treatments, tick, device)
    found = predict(network, config.input, pictures, treatments, tick, config.scope, device)
    measured_on = DEV if split == "dev" else f"{split}, final network"
    return measure(found, package, measured_on, videos=clips, tick=tick, device=device)


def held_out_report(
    package: DetectorPackage,
    rows: pd.DataFrame,
    settings: Settings,
    work: Path,
    tick: Tick,
    treatments: tuple[str, ...] = tuple(TREATMENTS),
    device: torch.device = CPU,
) -> Evaluation:
    """Train a package's architecture again on each fold and measure it on the sources that were left out.

    Args:
        package: Its operating points are the ones that are measured.
        rows: From `data.read_manifest`.
        settings: How each fold is trained.
        work: Folder for checkpoints.
        tick: Progress.
        treatments: Keys of `augment.TREATMENTS`.
        device: Where networks are trained and scores computed.
    """
    run = Run(rows, package.directory, work, settings, tick, package.weights_path, treatments, device)
    skipped = int(rows.loc[rows["split"] == "train", "is_video"].sum())
    return measure(leave_one_source_out(run), package, HELD_OUT, skipped_videos=skipped, tick=tick, device=device)


def measure(
    predictions: pd.DataFrame,
    package: Package,
    measured_on: str,
    *,
    videos: pd.DataFrame | None = None,
    skipped_videos: int = 0,
    tick: Tick | None = None,
    device: torch.device = CPU,
) -> Evaluation:
    """All figures of a set of predictions, pictures and videos apart.

    Args:
        predictions: Of pictures, as `evaluate.predict` gives them: the same items after each treatment. A raw score
            that is NaN is counted as not assessable and left out of every other figure.
        package: Whose calibration and operating points are measured.
        measured_on: Which network on which data, in words.
        videos: The same of videos, as `clips.predict_videos` gives them.
        skipped_videos: How many videos were left out.
        tick: Called as (what, treatments done, treatments in all).
        device: Where the scores were computed.
    """
    config = package.config
    points = [
        Point(level=p.level, threshold=p.threshold, target_false_alarm_rate=p.target_false_alarm_rate)
        for p in config.operating_points
    ]
    names = [str(name) for name in predictions["treatment"].unique()]
    parts: dict[str, list[Any]] = {key: [] for key in (*_KEYS, "reliability", "roc", "histograms")}
    for done, name in enumerate(names, 1):
        for key, entries in _part(predictions[predictions["treatment"] == name], name, config, points).items():
            parts[key] += entries
        if tick:
            tick("measuring", done, len(names))
    return Evaluation(
        detector=config.name,
        version=config.version,
        digest=package.digest,
        measured_on=measured_on,
        device=device_name(device),
        pictures=int((predictions["treatment"] == names[0]).sum()) if names else 0,
        skipped_videos=skipped_videos,
        sample=_sample(predictions, names),
        treatments=names,
        operating_points=points,
        skill=figures(predictions, config, measured_on),
        base_rates=base_rates(parts["rates"]),
        **parts,
        videos=None if videos is None or videos.empty else _measure_videos(videos, config, points, measured_on),
    )


def _measure_videos(found: pd.DataFrame, config: AnswerConfig, points: list[Point], measured_on: str) -> Videos:
    names = [str(name) for name in found["treatment"].unique()]
    parts = [_part(found[found["treatment"] == name], name, config, points) for name in names]
    measured_on = f"{measured_on}, videos"
    return Videos(
        measured_on=measured_on,
        videos=int((found["treatment"] == names[0]).sum()),
        frames=load_profile("default").sampling.frames,
        rollup=config.rollup,
        sample=_sample(found, names),
        treatments=names,
        skill=figures(found, config, measured_on),
        **{key: [entry for part in parts for entry in part[key]] for key in _KEYS},
    )


def _sample(found: pd.DataFrame, treatments: list[str]) -> list[Sample]:
    """Every item once: all went through every treatment."""
    return breakdown.sample(found[found["treatment"] == treatments[0]]) if treatments else []


def _part(whole: pd.DataFrame, name: str, config: AnswerConfig, points: list[Point]) -> dict[str, list[Any]]:
    """The fields of the record that are lists over treatments."""
    part = assessed(whole)
    scores, labels = calibrated_scores(part, config), part["label"].to_numpy(np.int64)
    levels = pd.Series([level(score, config) for score in scores], index=part.index, dtype=object)
    both = 0 < labels.sum() < len(labels)
    return {
        "outcomes": breakdown.outcomes(name, whole, levels, [point.level for point in points]),
        "ranking": breakdown.rankings(name, part),
        "rates": breakdown.rates(name, part, scores, points),
        "reliability": [reliability(name, scores, labels)] if len(part) else [],
        "roc": [breakdown.roc(name, part["raw"].to_numpy(np.float64), labels)] if both else [],
        "histograms": breakdown.histograms(name, scores, labels),
    }
