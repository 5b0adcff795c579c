"""From a manifest to a detector package: held-out folds, calibration, final network, figures."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import pandas as pd
import torch
from torch import nn

from pipelines.detector import packaging
from pipelines.detector.augment import TREATMENTS
from pipelines.detector.data import LOW_WEIGHT, held_out_folds, trainable
from pipelines.detector.device import CPU
from pipelines.detector.evaluate import figures, predict
from pipelines.detector.families import Family, open_family
from pipelines.detector.settings import FINAL, Settings, Tick
from transforms.detect.package import DetectorConfig, DetectorError

HELD_OUT = "leave one source out"
DEV = "dev, final network"
CALIBRATE = "calibrate"
FORBIDDEN = "forbidden"
MEASURED = {"dev": DEV, FORBIDDEN: "never trained on (licence), final network"}
"""What the shipped network is measured on; `forbidden` are pictures that no shipped weights may be trained on."""


@dataclass(frozen=True)
class Run:
    """One call of the trainer.

    Attributes:
        rows: The manifest, as `data.read_manifest` gives it.
        out: The package folder to write.
        work: Folder from which a killed run goes on.
        settings: The family and what decides its weights.
        tick: Progress.
        trunk: For a head, where its trunk lies; see `families.open_family`.
        treatments: Keys of `augment.TREATMENTS`, after each of which pictures are scored.
        device: Where networks compute.
    """

    rows: pd.DataFrame
    out: Path
    work: Path
    settings: Settings
    tick: Tick
    trunk: Path | None = None
    treatments: tuple[str, ...] = tuple(TREATMENTS)
    device: torch.device = CPU

    @property
    def family(self) -> Family:
        """The family of the run's settings, over all pictures that may be trained on."""
        return open_family(self.settings, trainable(self.rows), self.work, self.tick, self.trunk, self.device)


def use_threads(threads: int) -> None:
    """Give torch this many threads and OpenCV one: results are the same for the same number only."""
    torch.set_num_threads(threads)
    cv2.setNumThreads(1)


def train(run: Run) -> DetectorConfig:
    """Train and measure a detector and write its package; a killed run goes on from its checkpoints.

    Args:
        run: The package takes the name of the folder `run.out`.

    Returns:
        What stands in `detector.yaml`.

    Raises:
        DetectorError: `invalid_name`, `too_few_sources`, and what the family and `load_rgb` raise.
    """
    if not packaging.is_name(run.out.name):
        raise DetectorError(
            "invalid_name",
            f"'{run.out.name}' cannot name a detector; use small letters, digits, '.', '_', '-'",
        )
    chosen, family = trainable(run.rows), run.family
    held_out = leave_one_source_out(run, family)
    network = family.fit(chosen, FINAL)
    packaging.write_weights(network, run.out)
    calibration = pd.concat([held_out, _score_split(run, network, CALIBRATE)], ignore_index=True)
    recipe = describe(family, chosen)
    config = packaging.configure(run.out, network, run.settings, chosen, calibration, recipe=recipe)
    skill = figures(held_out, config, HELD_OUT)
    for split, where in MEASURED.items():
        found = _score_split(run, network, split)
        if found["label"].nunique() == 2:
            skill += figures(found, config, where)
    config = config.model_copy(update={"skill": skill})
    packaging.write_package(config, run.out)
    return config


def leave_one_source_out(run: Run, family: Family | None = None) -> pd.DataFrame:
    """Score each source with a network that was trained without it and without a real source.

    Args:
        run: What is trained.
        family: The run's family, where it is open already.

    Returns:
        As `evaluate.predict`, with a column `fold`.
    """
    chosen, family = trainable(run.rows), family or run.family
    parts = []
    for number, fold in enumerate(held_out_folds(chosen)):
        held = chosen["source"].isin(fold.sources)
        network = family.fit(chosen[~held].reset_index(drop=True), f"fold-{number}")
        found = predict(
            network, run.settings.input, chosen[held], run.treatments, run.tick, packaging.SCOPE, run.device
        )
        parts.append(found.assign(fold=number))
    return pd.concat(parts, ignore_index=True)


def describe(family: Family, chosen: pd.DataFrame) -> str:
    """The recipe in words, for the card."""
    folds = "; ".join(f"{', '.join(f.ai)} with {', '.join(f.real)}" for f in held_out_folds(chosen))
    return (
        f"{family.describe()} Both classes got the same random resize, colour, crop, blur, flip and JPEG or WebP "
        f"encoding (quality 60 to 95, several chroma subsamplings). Held out together: {folds}. AI sources of "
        "different folds can share generators, so this measures unseen sources, not always unseen generators. The "
        "pairs differ in content too (faces, objects, paintings, landscapes), so a high AUC can be content; `all` "
        f"pools every source and the networks of all folds. {_rarely_drawn(chosen)}Videos of the manifest were "
        "neither trained on nor measured."
    )


def _rarely_drawn(chosen: pd.DataFrame) -> str:
    names = sorted(set(LOW_WEIGHT) & set(chosen["source"]))
    if not names:
        return ""
    return f"Drawn rarely, and no measure of skill, for painterly style or one prompt: {', '.join(names)}. "


def _score_split(run: Run, network: nn.Module, split: str) -> pd.DataFrame:
    """Scores of the pictures that have no part in training: a split, or those whose licence forbids it."""
    pictures = run.rows[~run.rows["is_video"]]
    forbidden = (pictures["split"] == "train") & (pictures["may_ship_weights"] != "yes")
    rows = pictures[forbidden if split == FORBIDDEN else pictures["split"] == split]
    return predict(network, run.settings.input, rows, run.treatments, run.tick, packaging.SCOPE, run.device)
