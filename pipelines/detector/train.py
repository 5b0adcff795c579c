"""From a manifest to a detector package: held-out folds, calibration, final network, figures."""

from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import pandas as pd
import torch

from pipelines.detector import packaging
from pipelines.detector.augment import TREATMENTS
from pipelines.detector.data import LOW_WEIGHT, Fold, held_out_folds, trainable
from pipelines.detector.evaluate import figures, predict
from pipelines.detector.fit import Settings, Tick, fit
from transforms.detect.package import DetectorConfig, DetectorError

HELD_OUT = "leave one source out"
DEV = "dev, final network"
NEVER_TRAINED = "never trained on (licence), final network"


@dataclass(frozen=True)
class Run:
    """One call of the trainer: where media and results lie, and how much is trained."""

    rows: pd.DataFrame
    out: Path
    work: Path
    settings: Settings
    fold_epochs: int
    tick: Tick


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
        DetectorError: `invalid_name`, `too_few_sources`, and what `fit` and `load_rgb` raise.
    """
    if not packaging.is_name(run.out.name):
        raise DetectorError(
            "invalid_name",
            f"'{run.out.name}' cannot name a detector; use small letters, digits, '.', '_', '-'",
        )
    chosen = trainable(run.rows)
    held_out = leave_one_source_out(run)
    network = fit(chosen, run.settings, run.work / "final.safetensors", run.tick)
    packaging.write_weights(network, run.out)
    recipe = describe(run, chosen)
    config = packaging.configure(run.out, network, run.settings, chosen, held_out, recipe=recipe)
    skill = figures(held_out, config, HELD_OUT)
    pictures = run.rows[~run.rows["is_video"]]
    # These rows are measured on and never trained on.
    unused = (pictures["split"] == "train") & (pictures["may_ship_weights"] != "yes")
    for name, rows in ((DEV, pictures[pictures["split"] == "dev"]), (NEVER_TRAINED, pictures[unused])):
        if rows["label"].nunique() == 2:
            found = predict(network, run.settings.input, rows, tuple(TREATMENTS), run.tick)
            skill += figures(found, config, name)
    config = config.model_copy(update={"skill": skill})
    packaging.write_package(config, run.out)
    return config


def leave_one_source_out(run: Run) -> pd.DataFrame:
    """Score each source with a network that was trained without it and without a real source.

    Returns:
        As `evaluate.predict`, with a column `fold`.
    """
    chosen = trainable(run.rows)
    parts = [_score_fold(run, chosen, fold, i) for i, fold in enumerate(held_out_folds(chosen))]
    return pd.concat(parts, ignore_index=True)


def describe(run: Run, chosen: pd.DataFrame) -> str:
    """The recipe in words, for the card."""
    settings = run.settings
    folds = "; ".join(f"{', '.join(f.ai)} with {', '.join(f.real)}" for f in held_out_folds(chosen))
    return (
        f"From scratch, {settings.epochs} epochs of {settings.samples} views, seed {settings.seed}, "
        f"{torch.get_num_threads()} thread(s), torch {torch.__version__.split('+')[0]}. Both classes got the "
        "same random resize, colour, crop, blur, flip and JPEG or WebP encoding (quality 60 to 95, several "
        f"chroma subsamplings). The networks of the folds had {run.fold_epochs} epochs each. Held out "
        f"together: {folds}. AI sources of different folds can share generators, so this measures unseen "
        "sources, not always unseen generators. The pairs differ in content too (faces, objects, paintings, "
        "landscapes), so a high AUC can be content; `all` pools every source and the networks of all folds. "
        f"{_rarely_drawn(chosen)}Videos of the manifest were neither trained on nor measured."
    )


def _rarely_drawn(chosen: pd.DataFrame) -> str:
    names = sorted(set(LOW_WEIGHT) & set(chosen["source"]))
    if not names:
        return ""
    return f"Drawn rarely, and no measure of skill, for painterly style or one prompt: {', '.join(names)}. "


def _score_fold(run: Run, chosen: pd.DataFrame, fold: Fold, number: int) -> pd.DataFrame:
    held = chosen["source"].isin(fold.sources)
    settings = replace(run.settings, epochs=run.fold_epochs)
    checkpoint = run.work / f"fold-{number}.safetensors"
    network = fit(chosen[~held].reset_index(drop=True), settings, checkpoint, run.tick)
    return predict(network, settings.input, chosen[held], tuple(TREATMENTS), run.tick).assign(fold=number)
