"""`aiqyn detector manifest`, `labels`, `pack` and `calibrate`: from labelled files to a package of one's own."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from pipelines.detector.console import errors, progress
from pipelines.s3_endpoint import EndpointOption

app = typer.Typer()

IMAGENET_MEAN = "0.485,0.456,0.406"
IMAGENET_STD = "0.229,0.224,0.225"


class Output(StrEnum):
    """What a program returns."""

    logit = "logit"
    two_class = "two_class"
    probability = "probability"


class Input(StrEnum):
    """What a program takes."""

    float32 = "float32"
    uint8 = "uint8"


@app.command()
def manifest(
    folder: Annotated[Path, typer.Argument(help="FOLDER/ai/<source>/… and FOLDER/real/<source>/…")],
    *,
    out: Annotated[Path, typer.Option(help="The manifest to write, CSV; what was skipped goes beside it.")],
    share: Annotated[float, typer.Option(min=0.0, max=1.0, help="Share of pictures to calibrate on.")] = 0.5,
) -> None:
    """List a labelled folder: path, label, source and a split that follows from each picture's bytes."""
    from pipelines.detector.folder import list_folder, write_listing

    with errors():
        with progress() as tick:
            listing = list_folder(folder, share, tick)
        skipped = write_listing(listing, out)
    table = Table("label", "source", "calibrate", "test", title=str(out))
    for (label, source), part in listing.rows.groupby(["label", "source"]):
        counts = part["split"].value_counts()
        table.add_row(str(label), str(source), str(counts.get("calibrate", 0)), str(counts.get("test", 0)))
    Console().print(table)
    if len(listing.skipped):
        say = Console(stderr=True)
        say.print(f"{len(listing.skipped)} files skipped; {skipped} says why", markup=False, soft_wrap=True)


@app.command()
def labels(
    store: Annotated[str, typer.Option("--store", help="Whose reviews become labels.")],
    output: Annotated[Path, typer.Option(help="The manifest to write, CSV.")],
    split: Annotated[str, typer.Option(help="What stands in the manifest's column split.")] = "calibrate",
    _s3_endpoint: EndpointOption = "",
) -> None:
    """List what people decided in `aiqyn review` as labels: not AI is real, disclosed or not is AI."""
    from pipelines.detector.reviewed import reviewed, write_manifest
    from pipelines.errors import UsageError
    from pipelines.store import Store
    from pipelines.troubles import machine_told

    with machine_told(store):
        found = reviewed(Store.open(store), split)
    told = [f"{count:,} left out: {why}" for why, count in sorted(found.left_out.items())]
    if not found.rows:
        reasons = "".join(f" {line}." for line in told)
        raise UsageError(f"No decision in {store} makes a label.{reasons} Decide: aiqyn review --store {store}")
    write_manifest(found.rows, output)
    counts = {label: sum(row["label"] == label for row in found.rows) for label in ("ai", "real")}
    say = Console(stderr=True)
    for line in (f"{output}: {counts['ai']:,} ai, {counts['real']:,} real", *told):
        say.print(line, markup=False, soft_wrap=True)


@app.command()
def pack(
    program: Annotated[Path, typer.Argument(help="A program that torch.export.save wrote (.pt2).")],
    *,
    out: Annotated[Path, typer.Option(help="The package folder to write; its name becomes the detector's.")],
    input_size: Annotated[int, typer.Option(help="Side of the pictures that the program takes, in pixels.")],
    views: Annotated[int, typer.Option(help="Views cut out of each picture, 1 to 5.")] = 3,
    short_side: Annotated[
        int | None,
        typer.Option(help="Larger pictures are scaled down to this short side; by default 384 or the input size."),
    ] = None,
    takes: Annotated[
        Input, typer.Option("--input", help="float32: (N, 3, S, S); uint8: (N, S, S, 3).")
    ] = Input.float32,
    mean: Annotated[str, typer.Option(help="Of red, green, blue in [0, 1], for float32.")] = IMAGENET_MEAN,
    std: Annotated[str, typer.Option(help="Likewise.")] = IMAGENET_STD,
    output: Annotated[Output, typer.Option(help="What the program returns.")] = Output.logit,
    ai_index: Annotated[int, typer.Option(min=0, max=1, help="Which of two columns is AI.")] = 1,
    any_content: Annotated[
        bool,
        typer.Option("--any-content", help="Score text pages, drawings, flat and very small pictures, too."),
    ] = False,
    version: Annotated[str, typer.Option(help="Of the network.")] = "1",
    licence: Annotated[str, typer.Option(help="Of its weights.")] = "not stated",
    description: Annotated[str, typer.Option(help="One sentence for the card.")] = "A network of a user's own.",
) -> None:
    """Pack a torch.export program; no scan takes the package until it is calibrated."""
    from pipelines.detector.pack import Plan
    from pipelines.detector.pack import pack as write_pack
    from transforms.detect.exported.wrapper import Contract
    from transforms.detect.preprocess import InputSpec
    from transforms.detect.scope import ScopeRules

    with errors():
        is_float = takes is Input.float32
        try:
            spec = InputSpec(input_size, views, max(384, input_size) if short_side is None else short_side)
            contract = Contract.model_validate(
                {"input": takes.value, "output": output.value, "ai_index": ai_index}
                | ({"mean": mean.split(","), "std": std.split(",")} if is_float else {})
            )
        except ValueError as e:
            raise typer.BadParameter(" ".join(str(e).split())) from e
        scope = None if any_content else ScopeRules(min_short_side=input_size)
        config = write_pack(Plan(program, out, spec, contract, scope, version, licence, description))
    Console().print(
        f"{config.name} {config.version}: packed, not calibrated. Next: aiqyn detector calibrate {out}",
        markup=False,
        soft_wrap=True,
    )


@app.command()
def calibrate(
    detector: Annotated[str, typer.Argument(help="A package folder, calibrated or not, or a shipped detector's name.")],
    *,
    data: Annotated[Path, typer.Option(help="The manifest; its paths are relative to its folder.")],
    out: Annotated[Path, typer.Option(help="The package folder to write; its name becomes the detector's.")],
    split: Annotated[str, typer.Option(help="The manifest's split to calibrate on.")] = "calibrate",
    allow_few: Annotated[
        bool, typer.Option("--allow-few", help="Calibrate on too few pictures for the claims; the card says so.")
    ] = False,
    threads: Annotated[int, typer.Option(min=1, help="Threads of torch.")] = 1,
) -> None:
    """Choose calibration and operating points on one's own pictures and write a new package with its card."""
    from pipelines.detector.calibrate import Order, calibrate_package
    from pipelines.detector.data import read_manifest
    from pipelines.detector.train import use_threads

    use_threads(threads)
    with errors(), progress() as tick:
        rows = read_manifest(data)
        if videos := int((rows["is_video"] & (rows["split"] == split)).sum()):
            Console(stderr=True).print(f"{videos} videos of the split left out: thresholds are set on pictures only")
        config = calibrate_package(Order(detector, rows, split, out, allow_few, tick))
    table = Table("level", "from score", "false alarms [95 %]", "n", title=f"{config.name} {config.version}")
    for p in config.operating_points:
        rate = f"{p.false_alarm_rate:.2%} [{p.interval[0]:.2%}, {p.interval[1]:.2%}]"
        table.add_row(p.level, f"{p.threshold:.4f}", rate, str(p.n))
    Console().print(table)
    Console().print(f"The card: {out / 'CARD.md'}", markup=False, soft_wrap=True)
