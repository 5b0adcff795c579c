"""Calibrating a package on a user's own pictures: the same network, new scale, thresholds, figures and card."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from pipelines.detector import packaging
from pipelines.detector.augment import TREATMENTS
from pipelines.detector.evaluate import figures, predict
from pipelines.detector.metrics import auc
from pipelines.detector.operating import calibrate_scores, shortfalls
from pipelines.detector.pack import check_place
from pipelines.detector.settings import Tick
from transforms.detect.package import DetectorConfig, DetectorError, load_package
from transforms.detect.scoring import load_network

TOO_FEW = "Calibrated on too few pictures"


@dataclass(frozen=True)
class Order:
    """One calibration.

    Attributes:
        detector: Name or folder of the package, calibrated or not.
        rows: The manifest, from `data.read_manifest`.
        split: Which rows to calibrate on.
        out: The new package folder; its name becomes the detector's.
        allow_few: Calibrate on fewer pictures than the targets need; the card says so.
        tick: Progress.
    """

    detector: str
    rows: pd.DataFrame
    split: str
    out: Path
    allow_few: bool
    tick: Tick


def calibrate_package(order: Order) -> DetectorConfig:
    """Score the pictures after every treatment, choose thresholds on them and write a new package.

    Returns:
        What stands in the new `detector.yaml`; figures of the old calibration are not among it.

    Raises:
        DetectorError: `invalid_name`, `exists`, `empty_split`, `too_few_pictures`, `no_skill`, `cannot_write`, and what
            `load_network`, `predict` and `calibrate_scores` raise.
    """
    check_place(order.out)
    package = load_package(order.detector, calibrated=False)
    rows = order.rows[(order.rows["split"] == order.split) & ~order.rows["is_video"]].reset_index(drop=True)
    _few(rows, order)
    old = package.config
    predictions = predict(load_network(package), old.input, rows, tuple(TREATMENTS), order.tick, old.scope)
    as_is = predictions[(predictions["treatment"] == next(iter(TREATMENTS))) & predictions["raw"].notna()]
    few = _few(as_is, order)
    _check_skill(as_is, old)
    calibration, points, abstention = calibrate_scores(predictions, f"{old.name} {old.version}")
    config = old.model_copy(
        update={
            "name": order.out.name,
            "description": old.description + (f" {TOO_FEW}: {'; '.join(few)}." if few else ""),
            "calibration": calibration,
            "operating_points": points,
            "abstention": abstention,
            "training": f"{old.training} {_how(predictions, order.split)}",
            "blind_spots": [*_blind_spots(predictions), *(old.blind_spots if old.skill else [])],
        }
    )
    measured_on = f"split {order.split}, on which the thresholds were chosen"
    config = config.model_copy(update={"skill": figures(predictions, config, measured_on)})
    try:
        order.out.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(package.weights_path, order.out / old.weights.file)
        packaging.write_package(config, order.out)
    except OSError as e:
        raise DetectorError("cannot_write", f"{order.out} cannot be written: {e.strerror or e}; name another") from e
    load_network(load_package(str(order.out)))
    return config


def _few(rows: pd.DataFrame, order: Order) -> list[str]:
    """What is missing, asked before scoring and again of the pictures that got a score."""
    ai, real = int((rows["label"] == 1).sum()), int((rows["label"] == 0).sum())
    if not ai or not real:
        raise DetectorError(
            "empty_split",
            f"split '{order.split}' has {ai} AI and {real} real pictures that can be scored; it needs both, "
            "name another split or add pictures that are in the detector's scope",
        )
    few = shortfalls(real, ai)
    if few and not order.allow_few:
        raise DetectorError(
            "too_few_pictures",
            f"split '{order.split}': {'; '.join(few)}; add pictures, or say --allow-few and have the card say so",
        )
    return few


def _check_skill(scored: pd.DataFrame, config: DetectorConfig) -> None:
    value = auc(scored["raw"].to_numpy("float64"), scored["label"].to_numpy("int64"))
    if value < 0.5:
        raise DetectorError(
            "no_skill",
            f"{config.name} scores AI pictures below real ones (AUC {value:.2f}), so no threshold can help; "
            "check the labels and, for two classes, ai_index",
        )


def _how(predictions: pd.DataFrame, split: str) -> str:
    first = predictions[predictions["treatment"] == predictions["treatment"].iloc[0]]
    counts = first.groupby(["label", "source"]).size()
    named = "; ".join(f"{'AI' if label else 'real'} {source}: {n}" for (label, source), n in counts.items())
    missing = int(first["raw"].isna().sum())
    return (
        f"Calibrated on the split '{split}' of a manifest, each picture after {len(TREATMENTS)} treatments: {named}."
        + (f" {missing} are out of the detector's scope and were left out." if missing else "")
    )


def _blind_spots(predictions: pd.DataFrame) -> list[str]:
    sources = {
        label: ", ".join(sorted(predictions.loc[predictions["label"] == label, "source"].unique())) for label in (0, 1)
    }
    return [
        f"Generators other than those of {sources[1]}: nothing was measured on them.",
        f"Real pictures other than those of {sources[0]}: their false alarms can be more.",
        "Videos: no video frame was measured.",
        "The figures flatter: they are of the pictures on which the thresholds were chosen. Another split does not.",
    ]
