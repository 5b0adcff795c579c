"""`aiqyn detector fuse`: from detectors that were trained here to one that adds up what they say."""

from pathlib import Path
from typing import Annotated

import typer

from pipelines.detector.console import errors, progress, show_skill
from pipelines.detector.options import Device, Manifests, Seed, Threads, Treatment, Treatments, Work

app = typer.Typer()


@app.command()
def fuse(
    members: Annotated[
        list[str], typer.Argument(help="Two or more detectors: names of shipped ones, or package folders.")
    ],
    *,
    data: Manifests,
    out: Annotated[Path, typer.Option(help="The package folder to write; its name becomes the fusion's.")],
    work: Work = None,
    treatment: Treatments = None,
    seed: Seed = 7,
    threads: Threads = 1,
    device: Device = "auto",
) -> None:
    """Weigh and calibrate the sum of detectors' logits on sources that were held out, and write it with its card.

    In WORK each member has a folder of its name. What 'train --work WORK/NAME' left there is not computed again.
    """
    from pipelines.detector.data import read_manifests
    from pipelines.detector.fuse import FusionOrder, fuse_packages
    from pipelines.detector.train import use_threads
    from transforms.detect.device import choose_device
    from transforms.detect.package import load_package

    use_threads(threads)
    with errors(), progress() as tick:
        folder = work or out.with_name(out.name + ".work")
        packages = [load_package(member) for member in members]
        order = FusionOrder(
            packages,
            read_manifests(data),
            out,
            folder,
            tick,
            seed,
            tuple(treatment or Treatment),
            choose_device(device),
        )
        config = fuse_packages(order)
    show_skill(f"{config.name} {config.version}", config.skill)
