"""Writing a detector package: thresholds from held-out scores, `detector.yaml`, weights, card."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import yaml
from numpy.typing import NDArray
from safetensors.torch import save_file
from torch import nn

from pipelines.detector import card, metrics
from pipelines.detector.data import draw_shares
from pipelines.detector.fit import Settings
from transforms.detect import package
from transforms.detect.calibration import apply_platt
from transforms.detect.preprocess import InputSpec, synthetic_views
from transforms.detect.scoring import score_views

WEIGHTS_NAME = "weights.safetensors"
VERSION = "0.1.0"
TARGETS = {"elevated": 0.05, "suspected": 0.01}
SELF_TEST_TOLERANCE = 1e-3


def is_name(name: str) -> bool:
    """Whether a detector may have this name."""
    return re.fullmatch(package.NAME_PATTERN, name) is not None


def write_weights(network: nn.Module, out: Path) -> None:
    """Write a network's tensors into a package folder, which is made where it is missing."""
    out.mkdir(parents=True, exist_ok=True)
    save_file(network.state_dict(), out / WEIGHTS_NAME)


def configure(
    out: Path,
    network: nn.Module,
    settings: Settings,
    chosen: pd.DataFrame,
    held_out: pd.DataFrame,
    *,
    recipe: str,
) -> package.DetectorConfig:
    """Calibrate on held-out scores and put together all of `detector.yaml` but the measured skill.

    Args:
        out: The package folder; the weights lie there already.
        network: The final network, in eval mode.
        settings: What it was trained with.
        chosen: The rows it was trained on.
        held_out: Scores of the folds' networks, as `train.leave_one_source_out` gives them.
        recipe: How it was trained, in words.
    """
    raws, labels = held_out["raw"].to_numpy(np.float64), held_out["label"].to_numpy(np.int64)
    scale, bias = metrics.fit_platt(raws, labels)
    real = int((chosen["label"] == 0).sum())
    calibration = package.Calibration(
        method="platt",
        scale=round(scale, 6),
        bias=round(bias, 6),
        fitted_on="Platt scaling on the held-out scores of all folds and treatments, both classes weighing "
        f"the same ({len(chosen) - real} AI, {real} real pictures); the folds' networks, not the shipped one",
    )
    answer = score_views(network, synthetic_views(settings.input)[None], 1)
    return package.DetectorConfig(
        name=out.name,
        version=VERSION,
        licence="Apache-2.0",
        description="A compact convolutional network that looks for traces of generation in pictures. A "
        "first version, trained on few pictures: read the figures below before you rely on it.",
        architecture=package.Architecture(name=settings.architecture, params=settings.params),
        input=settings.input,
        rollup=package.RollUp(),
        calibration=calibration,
        operating_points=_operating_points(held_out, calibration),
        training=recipe,
        training_data=_training_data(chosen),
        skill=[],
        blind_spots=_blind_spots(settings.input),
        weights=package.Weights(file=WEIGHTS_NAME, sha256=package.sha256_file(out / WEIGHTS_NAME)),
        self_test=package.SelfTest(raw=round(float(answer[0]), 6), tolerance=SELF_TEST_TOLERANCE),
    )


def write_package(config: package.DetectorConfig, out: Path) -> None:
    """Write `detector.yaml`, a line for each figure, and the card beside the weights."""
    plain = config.model_dump(mode="json")
    skill = plain.pop("skill")
    text = yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, width=110)
    text += "skill:\n" if skill else "skill: []\n"
    for figure in skill:
        text += "- " + yaml.safe_dump(figure, sort_keys=False, default_flow_style=True, width=10_000)
    (out / package.CONFIG_NAME).write_text(text, "utf-8")
    (out / "CARD.md").write_text(card.render(config), "utf-8")


def _operating_points(held_out: pd.DataFrame, calibration: package.Calibration) -> list[package.OperatingPoint]:
    real = held_out[held_out["label"] == 0]
    scores: list[NDArray[np.float64]] = [
        np.array([apply_platt(raw, calibration) for raw in part["raw"]]) for _, part in real.groupby("treatment")
    ]
    points = []
    for level, target in TARGETS.items():
        # The worst treatment decides: an archive's files were re-encoded by others, nobody knows how.
        wanted = max(metrics.threshold_for(part, target) for part in scores)
        threshold = float(np.clip(np.ceil(wanted * 1e6) / 1e6, 0.0, 1.0))
        hits, n = max((int((part >= threshold).sum()), len(part)) for part in scores)
        point = {
            "level": level,
            "threshold": threshold,
            "target_false_alarm_rate": target,
            "false_alarm_rate": round(hits / n, 4),
            "interval": [round(end, 4) for end in metrics.wilson(hits, n)],
            "n": n,
            "measured_on": "the held-out real pictures on which the threshold was chosen, worst treatment",
        }
        points.append(package.OperatingPoint.model_validate(point))
    return points


def _training_data(chosen: pd.DataFrame) -> list[package.TrainingSource]:
    shares = chosen.assign(share=draw_shares(chosen))
    return [
        package.TrainingSource(
            source=str(source),
            label="ai" if part["label"].iloc[0] else "real",
            n=len(part),
            licence="; ".join(sorted(part["licence"].unique())),
            drawn=round(float(part["share"].sum()), 4),
        )
        for source, part in shares.groupby("source")
    ]


def _blind_spots(spec: InputSpec) -> list[str]:
    return [
        "Generators and cameras that are not among the training sources; a new generator may be invisible.",
        "Generative adversarial networks, unless the table above names one.",
        "Videos: no video frame was trained on or measured, and video codecs remove fine traces.",
        "Drawings, paintings, screenshots, scans, rendered graphics: hardly any real ones were trained on.",
        f"Pictures whose short side is under {spec.size} pixels: they are continued by reflection.",
        f"Fine traces in larger pictures: a short side over {spec.short_side} pixels is scaled down first.",
        "Most of a picture: only its views are seen, so a small generated part is likely missed.",
        "Photographs with strong noise reduction, sharpening or beauty filters.",
        "Evasion: resizing, noise or re-photographing can be enough.",
    ]
