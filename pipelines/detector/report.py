"""What `aiqyn detector evaluate` writes: figures of a package, or of its recipe on held-out sources."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from pipelines.detector.augment import TREATMENTS
from pipelines.detector.data import trainable
from pipelines.detector.evaluate import figures, predict
from pipelines.detector.fit import Settings, Tick
from pipelines.detector.train import DEV, HELD_OUT, Run, leave_one_source_out
from transforms.detect.package import DetectorError, DetectorPackage, Skill
from transforms.detect.scoring import load_network


@dataclass(frozen=True)
class Report:
    """Figures, with all that says what was measured."""

    detector: str
    version: str
    digest: str
    measured_on: str
    pictures: int
    skipped_videos: int
    skill: list[Skill]


def split_report(
    package: DetectorPackage,
    rows: pd.DataFrame,
    split: str,
    tick: Tick,
    treatments: tuple[str, ...] = tuple(TREATMENTS),
) -> Report:
    """Measure a package's network on the pictures of one split.

    Args:
        package: From `load_package`.
        rows: From `data.read_manifest`.
        split: Such as `dev`.
        tick: Progress.
        treatments: Keys of `augment.TREATMENTS`.

    Raises:
        DetectorError: `empty_split` when the split lacks pictures of either class.
    """
    chosen = rows[rows["split"] == split]
    pictures = chosen[~chosen["is_video"]]
    if pictures["label"].nunique() < 2:
        raise DetectorError(
            "empty_split",
            f"split '{split}' needs AI and real pictures; it has {len(pictures)} of one class or none",
        )
    found = predict(load_network(package), package.config.input, pictures, treatments, tick)
    measured_on = DEV if split == "dev" else f"{split}, final network"
    skill = figures(found, package.config, measured_on)
    return _report(package, measured_on, skill, pictures=len(pictures), videos=int(chosen["is_video"].sum()))


def held_out_report(package: DetectorPackage, rows: pd.DataFrame, settings: Settings, work: Path, tick: Tick) -> Report:
    """Train a package's architecture again on each fold and measure it on the sources that were left out.

    Args:
        package: Its operating points are the ones that are measured.
        rows: From `data.read_manifest`.
        settings: How each fold is trained; `epochs` is the number of epochs of a fold.
        work: Folder for checkpoints.
        tick: Progress.
    """
    run = Run(rows, package.directory, work, settings, settings.epochs, tick)
    skill = figures(leave_one_source_out(run), package.config, HELD_OUT)
    skipped = int(rows.loc[rows["split"] == "train", "is_video"].sum())
    return _report(package, HELD_OUT, skill, pictures=len(trainable(rows)), videos=skipped)


def _report(package: DetectorPackage, measured_on: str, skill: list[Skill], *, pictures: int, videos: int) -> Report:
    config = package.config
    return Report(config.name, config.version, package.digest, measured_on, pictures, videos, skill)
