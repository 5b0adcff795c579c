"""A fusion of detectors that were trained here: weights, calibration and figures from sources that were held out."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import numpy as np
import pandas as pd
import torch

from pipelines.detector import packaging
from pipelines.detector.augment import TREATMENTS
from pipelines.detector.data import trainable
from pipelines.detector.operating import calibrate_scores
from pipelines.detector.pack import check_place
from pipelines.detector.settings import Tick, settings_of
from pipelines.detector.train import (
    CALIBRATE,
    Run,
    describe_protocol,
    leave_one_source_out,
    measured_skill,
    score_split,
)
from transforms.detect.device import CPU
from transforms.detect.fusion import fuse
from transforms.detect.package import DetectorError, DetectorPackage, FusionConfig, Member
from transforms.detect.scoring import load_network

VERSION = "0.1.0"

_T = TypeVar("_T")

_BLIND_SPOTS = (
    "Whatever all members are blind to; and what one sees alone can fall below the sum's thresholds: look at each "
    "member's own score, too."
)


@dataclass(frozen=True)
class FusionOrder:
    """One fusion to compute.

    Attributes:
        members: At least two detectors with networks of their own, trained by this release's recipes.
        rows: The manifest that they were trained on, as `data.read_manifest` gives it.
        out: The package folder to write; its name becomes the fusion's.
        work: Folder with one of each member's name in it; what `train` left there is read back.
        tick: Progress.
        seed: With which the members were trained.
        treatments: Keys of `augment.TREATMENTS`, after each of which pictures are scored.
        device: Where networks compute.
    """

    members: Sequence[DetectorPackage]
    rows: pd.DataFrame
    out: Path
    work: Path
    tick: Tick
    seed: int = 7
    treatments: tuple[str, ...] = field(default=tuple(TREATMENTS))
    device: torch.device = CPU


def fuse_packages(order: FusionOrder) -> FusionConfig:
    """Train each member's recipe again without each source, weigh, calibrate and measure the sum, write its package.

    Returns:
        What stands in `detector.yaml`.

    Raises:
        DetectorError: `invalid_name`, `exists`, `few_members`, `other_recipe`, `no_spread`, `cannot_write`, and what
            `train.leave_one_source_out`, `load_network` and `calibrate_scores` raise.
    """
    check_place(order.out)
    _check_names([package.config.name for package in order.members])
    runs = [member_run(order, package) for package in order.members]
    held_out = [leave_one_source_out(run) for run in runs]
    members = weigh(order.members, held_out)
    networks = [load_network(package) for package in order.members]

    def scores_of(split: str) -> pd.DataFrame:
        own = [score_split(run, network, split) for run, network in zip(runs, networks, strict=True)]
        return fuse_predictions(members, own)

    config = _configure(order, members, fuse_predictions(members, held_out), scores_of)
    try:
        order.out.mkdir(parents=True, exist_ok=True)
        packaging.write_package(config, order.out)
    except OSError as e:
        raise DetectorError("cannot_write", f"{order.out} cannot be written: {e.strerror or e}; name another") from e
    return config


def weigh(packages: Sequence[DetectorPackage], held_out: Sequence[pd.DataFrame]) -> list[Member]:
    """Weights that give every member the same say: one over the standard deviation of its logits.

    Labels have no part in it, so that the weights cannot fit them.

    Args:
        packages: The members' packages.
        held_out: For each its scores of the same pictures, as `train.leave_one_source_out` gives them.

    Raises:
        DetectorError: `no_spread` where a member says the same of every picture, or nothing.
    """
    found = []
    for package, predictions in zip(packages, held_out, strict=True):
        spread = float(np.nanstd(predictions["raw"])) if predictions["raw"].notna().any() else 0.0
        if not 0.0 < spread < np.inf:
            raise DetectorError(
                "no_spread", f"{package.config.name} tells no held-out picture from another; leave it out"
            )
        weight = float(f"{1.0 / spread:.6g}")
        found.append(Member(name=package.config.name, digest=package.digest, weight=weight))
    return found


def fuse_predictions(members: Sequence[Member], predictions: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """The fusion's scores of pictures that its members scored.

    Args:
        members: With their weights.
        predictions: Of each member, as `evaluate.predict` gives them, of the same pictures and treatments.

    Returns:
        Likewise; `raw` is NaN where a member's is.

    Raises:
        ValueError: The members did not score the same pictures in the same order.
    """
    first = predictions[0]
    for other in predictions[1:]:
        if not first.drop(columns="raw").equals(other.drop(columns="raw")):
            raise ValueError("members' predictions are of other pictures, or in another order; score the same rows")
    raws = zip(*(one["raw"] for one in predictions), strict=True)
    return first.assign(raw=[fuse(members, of_picture) for of_picture in raws])


def member_run(order: FusionOrder, package: DetectorPackage) -> Run:
    """The run by which a member's recipe is trained again.

    Raises:
        DetectorError: `other_recipe` where this release has another one, and what `settings_of` raises.
    """
    config = package.config
    settings = settings_of(config, order.seed)
    if (config.version, config.scope) != (settings.version, packaging.SCOPE):
        raise DetectorError(
            "other_recipe",
            f"{config.name} {config.version} was not trained by this release's recipe ({settings.version}), so its "
            "held-out scores cannot be had again; train it anew, then fuse",
        )
    work = order.work / config.name
    return Run(
        order.rows, package.directory, work, settings, order.tick, package.weights_path, order.treatments, order.device
    )


def _configure(
    order: FusionOrder, members: list[Member], held_out: pd.DataFrame, scores_of: Callable[[str], pd.DataFrame]
) -> FusionConfig:
    calibration, points, abstention = calibrate_scores(
        pd.concat([held_out, scores_of(CALIBRATE)], ignore_index=True),
        "the sums of networks that were trained without a picture's source",
    )
    own = [package.config for package in order.members]
    names = " and ".join(member.name for member in members)
    config = FusionConfig(
        name=order.out.name,
        version=VERSION,
        licence=" AND ".join(_distinct(part for one in own for part in one.licence.split(" AND "))),
        description=f"Adds up what {names} say of a picture; they were trained on few pictures, so read the figures "
        "below before you rely on it.",
        fuses=members,
        rollup=packaging.ROLLUP,
        calibration=calibration,
        abstention=abstention,
        operating_points=points,
        format_shift=packaging.format_shift(held_out, calibration),
        training=f"Nothing was trained but the members, {names}: see their cards. Weights, thresholds and the figures "
        "for unseen sources come from the members' recipes trained again without each source; the weights from the "
        f"spread of those logits, whatever their labels. {describe_protocol(trainable(order.rows))}",
        training_data=_distinct(source for one in own for source in one.training_data),
        skill=[],
        blind_spots=[*_distinct(spot for one in own for spot in one.blind_spots), _BLIND_SPOTS],
    )
    return config.model_copy(update={"skill": measured_skill(config, held_out, scores_of)})


def _check_names(names: list[str]) -> None:
    if len(set(names)) < max(2, len(names)):
        raise DetectorError(
            "few_members", f"a fusion needs two different detectors at least; given: {', '.join(names)}"
        )


def _distinct(values: Iterable[_T]) -> list[_T]:
    return list(dict.fromkeys(values))
