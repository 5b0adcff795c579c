"""Families of detectors: ways from pictures to a network, behind one interface."""

from pathlib import Path
from typing import Protocol

import pandas as pd
import torch
from torch import nn

from pipelines.detector.fit import DescentFamily
from pipelines.detector.head import HeadFamily
from pipelines.detector.settings import Descent, Head, Settings, Tick
from transforms.detect.device import CPU
from transforms.detect.package import DetectorError, load_package


class Family(Protocol):
    """One way to train networks that are alike but for the pictures they saw."""

    @property
    def settings(self) -> Settings:
        """What decides the weights."""

    def fit(self, rows: pd.DataFrame, run: str) -> nn.Module:
        """Train a network, or go on where a killed process stopped.

        Args:
            rows: The pictures to train on, of both classes.
            run: Names what is kept in the work folder; `settings.FINAL` for the network to ship.

        Returns:
            The network in eval mode, on the processor.
        """

    def describe(self) -> str:
        """The recipe in words, for the card."""


def open_family(
    settings: Settings,
    pictures: pd.DataFrame,
    work: Path,
    tick: Tick,
    trunk: Path | None = None,
    device: torch.device = CPU,
) -> Family:
    """The family that settings belong to.

    Args:
        settings: `Descent` or `Head`.
        pictures: All pictures that will be trained on.
        work: Folder for checkpoints.
        tick: Progress.
        trunk: For a head, a safetensors file with the trunk; by default that of `aiqyn-lite`, if it is of its kind.
        device: Where networks, or a head's trunk, compute.

    Raises:
        DetectorError: `missing_trunk` when no file is given and no shipped detector has such a trunk.
        TypeError: The settings are of no family.
    """
    if isinstance(settings, Descent):
        return DescentFamily(settings, work, tick, device)
    if isinstance(settings, Head):
        return HeadFamily(settings, trunk or _shipped_trunk(settings), pictures, work, tick, device)
    raise TypeError(f"{type(settings).__name__} belongs to no family; use Descent or Head")


def _shipped_trunk(settings: Head) -> Path:
    if settings.architecture != Head.architecture:
        raise DetectorError(
            "missing_trunk",
            f"no shipped detector has a trunk of architecture '{settings.architecture}'; write one with "
            f"'aiqyn detector trunk --architecture {settings.architecture}' and give it as --trunk",
        )
    return load_package("aiqyn-lite").weights_path
