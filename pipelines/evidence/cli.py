"""``aiqyn evidence`` and ``aiqyn verify``."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal

import typer

import configs
from pipelines.errors import ExitCode
from pipelines.s3_endpoint import EndpointOption

app = typer.Typer()


@app.command()
def evidence(
    content: Annotated[str, typer.Argument(metavar="HASH", help="Of the content; eight digits or more.")],
    store: Annotated[str, typer.Option("--store", help="Folder of the audit tables, or s3://bucket/folder.")],
    output: Annotated[Path, typer.Option(help="The package to write: case.zip.")],
    policy: Annotated[
        list[str] | None, typer.Option(help="Policy file of which verdicts are told, if it does not ship. Repeatable.")
    ] = None,
    detector: Annotated[
        list[str] | None, typer.Option(help="Detector package whose error rates are told. Repeatable.")
    ] = None,
    language: Annotated[Literal["en", "ru", "kk"], typer.Option(help="Of the story.")] = "en",
    show_faces: Annotated[bool, typer.Option("--show-faces", help="Do not blur faces on its frames.")] = False,
    with_original: Annotated[bool, typer.Option("--with-original", help="Put the file itself into it.")] = False,
    _s3_endpoint: EndpointOption = "",
) -> None:
    """Write all that is known of one content as a package that can be handed over; see docs/evidence.md.

    Exit status 3 when something is missing in it.
    """
    from pipelines.evidence.package import Order, package
    from pipelines.policy_config import load_policies
    from pipelines.store import Store
    from pipelines.troubles import machine_told

    order = Order(
        content.lower(),
        load_policies(policy) if policy else (),
        tuple(detector or [configs.DEFAULT_DETECTOR]),
        language,
        show_faces,
        with_original,
    )
    with machine_told(store):
        done = package(Store.open(store), order, output)
    for line in done.missing:
        typer.echo(f"Not in it: {line}", err=True)
    typer.echo(f"{done.output}\nNote this number elsewhere: it stands for every file in it.\n{done.sums_sha256}")
    raise typer.Exit(ExitCode.INCOMPLETE if done.missing else ExitCode.COMPLETE)


@app.command()
def verify(
    package: Annotated[Path, typer.Argument(metavar="CASE.zip", help="From aiqyn evidence.")],
    original: Annotated[Path | None, typer.Option(help="The file that it is about: it is examined anew.")] = None,
    detector: Annotated[list[str] | None, typer.Option(help="As for the scan. Repeatable.")] = None,
    profile: Annotated[str, typer.Option(help="As for the scan.")] = "default",
    trust_list: Annotated[list[Path] | None, typer.Option(help="As for the scan.")] = None,
    trust_anchor: Annotated[list[Path] | None, typer.Option(help="As for the scan.")] = None,
    lexicon: Annotated[list[Path] | None, typer.Option(help="As for the scan.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
) -> None:
    """Check a package of evidence; exit status 4 when something does not hold, 3 when not all could be checked."""
    from pipelines.evidence.verify import Means
    from pipelines.evidence.verify import verify as run

    means = Means(
        tuple(detector or [configs.DEFAULT_DETECTOR]),
        profile,
        tuple(trust_list or ()),
        tuple(trust_anchor or ()),
        tuple(lexicon or ()),
    )
    found = run(package, original, means)
    if as_json:
        typer.echo(json.dumps(asdict(found), indent=1, ensure_ascii=False))
    else:
        for told, lines in (
            ("WRONG", found.problems),
            ("DIFFERS", found.differences),
            ("Not checked", found.open),
            ("Holds", found.confirmed),
        ):
            for line in lines:
                typer.echo(f"{told}: {line}")
        if found.sums_sha256:
            typer.echo(f"Its number: {found.sums_sha256}")
    if found.is_refuted:
        raise typer.Exit(ExitCode.SELF_TEST_FAILED)
    raise typer.Exit(ExitCode.INCOMPLETE if found.open else ExitCode.COMPLETE)
