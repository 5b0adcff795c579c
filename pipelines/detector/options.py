"""Options that several detector commands share."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

import typer

Manifests = Annotated[
    list[Path],
    typer.Option("--data", help="A manifest (CSV or Parquet), paths relative to its folder; may be given again."),
]
Work = Annotated[
    Path | None,
    typer.Option(help="Folder for checkpoints, from which a killed run goes on; by default beside OUT."),
]
Seed = Annotated[int, typer.Option(min=0, help="Seed; the same seed, threads and device give the same weights.")]
DeviceName = Literal["auto", "cpu", "cuda"]
Device = Annotated[DeviceName, typer.Option(help="Where to compute; auto: on CUDA where torch sees it, else the CPU.")]
Threads = Annotated[int, typer.Option(min=1, help="Threads of torch.")]


class Treatment(StrEnum):
    """What is done to a picture before it is scored; see `augment.TREATMENTS`."""

    as_is = "as_is"
    jpeg90 = "jpeg90"
    jpeg75 = "jpeg75"
    half = "half"
    screenshot = "screenshot"


Treatments = Annotated[
    list[Treatment] | None,
    typer.Option(help="Score only after this treatment; may be given again. By default all five."),
]
