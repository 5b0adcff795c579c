"""From a manifest to a detector package: held-out folds, calibration, final network, figures."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import pandas as pd
import torch
from torch import nn

from pipelines.detector import packaging
from pipelines.detector.augment import TREATMENTS
from pipelines.detector.data import LOW_WEIGHT, held_out_folds, trainable
from pipelines.detector.evaluate import figures
from pipelines.detector.families import Family, open_family
from pipelines.detector.remembered import predict_once
from pipelines.detector.settings import FINAL, Settings, Tick
from transforms.detect.device import CPU
from transforms.detect.package import AnswerConfig, DetectorConfig, DetectorError, Skill

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
    calibration = pd.concat([held_out, score_split(run, network, CALIBRATE)], ignore_index=True)
    recipe = describe(family, chosen)
    config = packaging.configure(run.out, network, run.settings, chosen, calibration, recipe=recipe)
    skill = measured_skill(config, held_out, lambda split: score_split(run, network, split))
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
        parts.append(_score(run, network, chosen[held]).assign(fold=number))
    return pd.concat(parts, ignore_index=True)


def score_split(run: Run, network: nn.Module, split: str) -> pd.DataFrame:
    """Scores of the pictures that have no part in training.

    Args:
        run: Its pictures and treatments.
        network: The final network, in eval mode.
        split: A split of the manifest, or `FORBIDDEN`: those whose licence forbids training.

    Returns:
        As `evaluate.predict`.
    """
    pictures = run.rows[~run.rows["is_video"]]
    forbidden = (pictures["split"] == "train") & (pictures["may_ship_weights"] != "yes")
    return _score(run, network, pictures[forbidden if split == FORBIDDEN else pictures["split"] == split])


def measured_skill(
    config: AnswerConfig, held_out: pd.DataFrame, scores_of: Callable[[str], pd.DataFrame]
) -> list[Skill]:
    """The figures of a card.

    Args:
        config: With calibration and operating points.
        held_out: As `leave_one_source_out` gives them.
        scores_of: The final network's scores of a split of `MEASURED`; one without both classes gives no figures.
    """
    skill = figures(held_out, config, HELD_OUT)
    for split, where in MEASURED.items():
        found = scores_of(split)
        if found["label"].nunique() == 2:
            skill += figures(found, config, where)
    return skill


def describe(family: Family, chosen: pd.DataFrame) -> str:
    """The recipe in words, for the card."""
    return f"{family.describe()} {describe_protocol(chosen)}"


def describe_protocol(chosen: pd.DataFrame) -> str:
    """How pictures were treated, and what was held out together, in words."""
    folds = "; ".join(f"{', '.join(f.ai)} with {', '.join(f.real)}" for f in held_out_folds(chosen))
    return (
        "Both classes got the same random resize, colour, crop, blur, flip and JPEG or WebP "
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


def _score(run: Run, network: nn.Module, pictures: pd.DataFrame) -> pd.DataFrame:
    spec = run.settings.input
    return predict_once(
        network, spec, pictures, run.treatments, run.tick, run.work, scope=packaging.SCOPE, device=run.device
    )
