"""Writing a detector package: thresholds from held-out scores, `detector.yaml`, weights, card."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import yaml
from safetensors.torch import save_file
from torch import nn

from pipelines.detector import card
from pipelines.detector.data import draw_shares
from pipelines.detector.operating import calibrate_scores
from pipelines.detector.settings import Settings
from transforms.detect import package
from transforms.detect.calibration import apply_platt
from transforms.detect.preprocess import InputSpec, synthetic_views
from transforms.detect.scope import ScopeRules
from transforms.detect.scoring import score_views

WEIGHTS_NAME = "weights.safetensors"
SELF_TEST_TOLERANCE = 1e-3
SCOPE = ScopeRules(min_short_side=160)
"""What no network of ours stands behind: they were trained on views of 160 pixels and more."""

ROLLUP = package.RollUp(rule="trimmed_mean", share=0.2)


def is_name(name: str) -> bool:
    """Whether a detector may have this name."""
    return re.fullmatch(package.NAME_PATTERN, name) is not None


def write_weights(network: nn.Module, out: Path) -> None:
    """Write a network's tensors into a package folder, which is made where it is missing."""
    out.mkdir(parents=True, exist_ok=True)
    save_file(network.state_dict(), out / WEIGHTS_NAME)
    # safetensors writes for its owner only; a package is for whoever may read its folder.
    (out / WEIGHTS_NAME).chmod(0o644)


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
        held_out: Scores of pictures by networks that never saw their source.
        recipe: How it was trained, in words.
    """
    calibration, points, abstention = calibrate_scores(
        held_out, "the networks that were trained without a picture's source"
    )
    answer = score_views(network, synthetic_views(settings.input)[None], 1)
    return package.DetectorConfig(
        name=out.name,
        version=settings.version,
        licence=settings.licence,
        description="Looks for traces of generation in pictures; trained on few pictures, so read the figures below "
        "before you rely on it.",
        architecture=package.Architecture(name=settings.architecture, params=settings.params),
        input=settings.input,
        scope=SCOPE,
        rollup=ROLLUP,
        calibration=calibration,
        abstention=abstention,
        operating_points=points,
        format_shift=format_shift(held_out, calibration),
        training=recipe,
        training_data=_training_data(chosen),
        skill=[],
        blind_spots=_blind_spots(settings.input),
        weights=package.Weights(file=WEIGHTS_NAME, sha256=package.sha256_file(out / WEIGHTS_NAME)),
        self_test=package.SelfTest(raw=round(float(answer[0]), 6), tolerance=SELF_TEST_TOLERANCE),
    )


def write_package(config: package.AnswerConfig, out: Path) -> None:
    """Write `detector.yaml`, a line for each figure, and the card beside the weights."""
    plain = config.model_dump(mode="json")
    skill = plain.pop("skill")
    plain = {name: plain[name] for name in sorted(plain, key=_place)}
    text = yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, width=110)
    text += "skill:\n" if skill else "skill: []\n"
    for figure in skill:
        text += "- " + yaml.safe_dump(figure, sort_keys=False, default_flow_style=True, width=10_000)
    (out / package.CONFIG_NAME).write_text(text, "utf-8")
    (out / "CARD.md").write_text(card.render(config), "utf-8")


def _place(field: str) -> int:
    """Who it is comes first, then what it asks, then what it answers; the weights last."""
    first = ("name", "version", "licence", "description", "architecture", "input", "scope", "fuses")
    return first.index(field) if field in first else len(first) + (field in ("weights", "self_test"))


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


def format_shift(predictions: pd.DataFrame, calibration: package.Calibration) -> package.FormatShift | None:
    """How far JPEG at quality 90 moves calibrated scores; None unless both were scored.

    Args:
        predictions: As `evaluate.predict` gives them, of pictures whose source the network did not see.
        calibration: Of those scores.
    """
    if not {"as_is", "jpeg90"} <= set(predictions["treatment"]):
        return None
    scores = predictions.pivot_table(index="path", columns="treatment", values="raw")[["as_is", "jpeg90"]].dropna()
    moved = scores.map(lambda raw: apply_platt(raw, calibration)).diff(axis=1)["jpeg90"].abs()
    return package.FormatShift(
        quality=90,
        share=1.0,
        shift=min(1.0, float(np.ceil(moved.max() * 1e3) / 1e3)),
        n=len(moved),
        measured_on="pictures of sources that the network did not see, their files against JPEG of the same pixels",
    )


def _blind_spots(spec: InputSpec) -> list[str]:
    return [
        "Generators and cameras that are not among the training sources; a new generator may be invisible.",
        "Generative adversarial networks: none was trained on.",
        "Face swaps, retouching and in-painting: no partly generated picture was trained on or measured.",
        "Videos: no video frame was trained on, and video codecs remove fine traces.",
        (
            "Drawings, paintings, screenshots, scans, rendered graphics that pass the checks of scope: hardly any real "
            "ones were trained on."
        ),
        f"Pictures whose short side is under {spec.size} pixels: they are continued by reflection.",
        f"Fine traces in larger pictures: a short side over {spec.short_side} pixels is scaled down first.",
        "Parts of a picture that lie in no view: a small generated part is likely missed.",
        "Photographs with strong noise reduction, sharpening or beauty filters.",
        "Evasion: resizing, noise or re-photographing can be enough.",
    ]
