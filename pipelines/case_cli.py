"""The commands by which people look at a store and decide: ``aiqyn report``, ``review``, ``evidence``, ``verify``."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal

import typer

import configs
from pipelines.errors import ExitCode
from pipelines.s3_endpoint import EndpointOption

app = typer.Typer()

StoreOption = Annotated[str, typer.Option("--store", help="Folder of the audit tables, or s3://bucket/folder.")]
LanguageOption = Annotated[Literal["en", "ru", "kk"], typer.Option(help="Of all sentences.")]
DetectorOption = Annotated[
    list[str] | None, typer.Option(help="Name or folder of a detector package whose error rates are told. Repeatable.")
]


@app.command()
def report(
    store: StoreOption,
    output: Annotated[Path, typer.Option(help="The page to write, HTML.")],
    scan: Annotated[
        str | None, typer.Option(metavar="SCAN_ID", help="Only what this scan recorded, as of its end.")
    ] = None,
    policy: Annotated[
        str | None, typer.Option(help="Name or YAML file of a policy. Default: kz, or the only one there.")
    ] = None,
    language: LanguageOption = "en",
    thumbnails: Annotated[
        int, typer.Option(min=0, max=100, help="How many items get pictures, decoded anew from their source.")
    ] = 40,
    show_faces: Annotated[bool, typer.Option("--show-faces", help="Do not blur faces of the pictures.")] = False,
    detector: DetectorOption = None,
    _s3_endpoint: EndpointOption = "",
) -> None:
    """Write one page on what a store knows: for a manager's minute and an analyst's hour."""
    from pipelines.report.command import run_report
    from pipelines.troubles import machine_told

    with machine_told(store):
        exit_code = run_report(
            store, output, scan, policy, language, detector or [], thumbnails=thumbnails, are_faces_shown=show_faces
        )
    raise typer.Exit(exit_code)


@app.command()
def review(
    store: StoreOption,
    policy: Annotated[str, typer.Option(help="Name or YAML file of the policy whose verdicts you review.")] = "kz",
    reviewer: Annotated[str | None, typer.Option(metavar="NAME", help="Who decides. Default: your login name.")] = None,
    language: LanguageOption = "en",
    port: Annotated[int, typer.Option(min=0, max=65535, help="On this machine only; 0: one that is free.")] = 0,
    detector: DetectorOption = None,
    open_: Annotated[bool, typer.Option("--open/--no-open", help="Open the page in the system's browser.")] = False,
    _s3_endpoint: EndpointOption = "",
) -> None:
    """Decide what verdicts leave open: a page on this machine alone, by keyboard; Ctrl-C ends it."""
    from pipelines.review.command import run_review
    from pipelines.troubles import machine_told

    with machine_told(store):
        run_review(store, policy, reviewer, language, port, detector or (), is_opened=open_)


@app.command()
def evidence(
    content: Annotated[str, typer.Argument(metavar="HASH", help="Of the content; eight digits or more.")],
    store: StoreOption,
    output: Annotated[Path, typer.Option(help="The package to write: case.zip.")],
    policy: Annotated[
        list[str] | None, typer.Option(help="Policy file of which verdicts are told, if it does not ship. Repeatable.")
    ] = None,
    detector: DetectorOption = None,
    language: LanguageOption = "en",
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
