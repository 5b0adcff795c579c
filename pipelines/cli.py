"""The command ``aiqyn``. Beam, torch and pandas are imported only inside the commands that need them."""

import functools
import logging
import os
import sys
import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

import typer

import configs
from pipelines.detector.options import DeviceName
from pipelines.errors import ExitCode, Interrupted, MachineError, UsageError, exit_code_of
from pipelines.interrupt import raise_when_interrupted
from pipelines.logs import LogFormat, configure_logging
from pipelines.s3_endpoint import EndpointOption
from pipelines.source_options import (
    BatchSizeOption,
    ChildrenOption,
    ContextOption,
    DetectorOption,
    ExcludeOption,
    IncludeOption,
    ManifestOption,
    MaxSizeOption,
    MinSizeOption,
    NewerThanOption,
    ProfileOption,
    RetryFailedOption,
    SegmentItemsOption,
    SourcesArgument,
    ThreadsOption,
)

# libgomp spins while it waits, which on a busy machine doubles the cost of torch. Read when torch is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)

_VIEWS = f"Views: {', '.join(sorted(configs.view_names()))}; changes(SCAN, SCAN). See docs/tables.md."
StoreOption = Annotated[str, typer.Option("--store", help="Folder of the audit tables, or s3://bucket/folder.")]


TrustListOption = Annotated[
    list[Path] | None, typer.Option(help="Trust list of C2PA signers or time stampers, PEM; see docs/c2pa.md.")
]
TrustAnchorOption = Annotated[
    list[Path] | None, typer.Option(help="Further C2PA signers that your organisation trusts, PEM.")
]


LexiconOption = Annotated[
    list[Path] | None, typer.Option(help="Further phrases of labels, YAML; see docs/lexicon.md. Repeatable.")
]


PolicyOption = Annotated[
    list[str] | None, typer.Option(help="Name or YAML file of a policy; several parted by commas. Default: kz.")
]
IgnoreOption = Annotated[
    Path | None, typer.Option("--ignore", help="YAML of verdicts that someone answers for; see docs/policies.md.")
]
BaselineOption = Annotated[
    str | None, typer.Option(metavar="SCAN_ID", help="Report only what this earlier scan did not find.")
]
FailOnOption = Annotated[
    str, typer.Option(metavar="OUTCOMES", help="Exit with 1 if a verdict is one of these: not_disclosed,review.")
]

OutputOption = Annotated[Path | None, typer.Option(help="Write the answer to a file.")]


def _take_defaults(context: typer.Context, file: Path | None) -> None:
    """Makes what a scan file sets the defaults of the other options."""
    if file is not None:
        from pipelines.scan_config import defaults_of

        context.default_map = defaults_of(file, context.command.params)


ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        is_eager=True,
        callback=_take_defaults,
        help="YAML of these options, which the command line overrides; see docs/operations.md.",
    ),
]


class TableFormat(StrEnum):
    """How a query's answer is written."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"
    XLSX = "xlsx"


@app.callback()
def _main(
    context: typer.Context,
    log_format: Annotated[LogFormat, typer.Option(help="Log lines as text or as JSON objects.")] = LogFormat.TEXT,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Say more.")] = False,
) -> None:
    """Audits archives of pictures and videos: what they declare, what a detector sees, in tables to query.

    Exit status: 0 complete, 1 findings (--fail-on), 2 usage, 3 complete but not all could be examined, 4 self-test
    failed, 5 interrupted, 6 broken off.
    """
    context.obj = log_format
    configure_logging(log_format, verbose=verbose)


@app.command()
def scan(
    context: typer.Context,
    store: StoreOption,
    _config: ConfigOption = None,
    sources: SourcesArgument = None,
    manifest: ManifestOption = None,
    include: IncludeOption = None,
    exclude: ExcludeOption = None,
    newer_than: NewerThanOption = None,
    min_size: MinSizeOption = None,
    max_size: MaxSizeOption = None,
    s3_endpoint: EndpointOption = "",
    detector: DetectorOption = None,
    profile: ProfileOption = "default",
    context_table: ContextOption = None,
    trust_list: TrustListOption = None,
    trust_anchor: TrustAnchorOption = None,
    lexicon: LexiconOption = None,
    policy: PolicyOption = None,
    ignore: IgnoreOption = None,
    baseline: BaselineOption = None,
    fail_on: FailOnOption = "",
    summary_file: Annotated[Path | None, typer.Option("--summary", help="Write the scan's summary, JSON.")] = None,
    metrics_file: Annotated[
        Path | None, typer.Option(help="Write metrics, live, OpenMetrics for node_exporter: …/aiqyn.prom.")
    ] = None,
    runner: Annotated[
        str, typer.Option(help="FnApiRunner, FlinkRunner, SparkRunner or PortableRunner; see docs/runners.md.")
    ] = "FnApiRunner",
    running_mode: Annotated[str, typer.Option(help="in_memory, multi_threading or multi_processing.")] = "in_memory",
    workers: Annotated[int, typer.Option(min=1, help="Workers that share a machine.")] = 1,
    beam_option: Annotated[
        list[str] | None, typer.Option(metavar="--NAME=VALUE", help="Further Beam option: --job_endpoint=… Repeatable.")
    ] = None,
    flink_job_server_jar: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Beam's job server for FlinkRunner; it is never downloaded.")
    ] = None,
    staging: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Where workers leave rows if they do not share the store: gs://…")
    ] = "",
    batch_size: BatchSizeOption = 0,
    children: ChildrenOption = 0,
    threads: ThreadsOption = 0,
    device: Annotated[
        DeviceName, typer.Option(help="Where frames are scored; auto: on a graphics card if torch sees one.")
    ] = "auto",
    segment_items: SegmentItemsOption = 0,
    segments: Annotated[
        str | None,
        typer.Option(metavar="I/N", help="Only part I of N of all places, beside drivers of others: 2/8."),
    ] = None,
    retry_failed: RetryFailedOption = False,
    skip_near_duplicates: Annotated[
        bool,
        typer.Option(
            "--skip-near-duplicates/--no-skip-near-duplicates",
            help="Read only marks of pictures that look like one of an earlier scan; see docs/near-duplicates.md.",
        ),
    ] = False,
    allow_empty: Annotated[bool, typer.Option("--allow-empty", help="Let all files of a source be gone.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done; do nothing.")] = False,
) -> None:
    """Examine what is new or changed in the sources, and record it.

    Exit status 1 for a verdict that --fail-on names, 3 when not all could be examined.
    """
    from transforms.allocator import keep_memory

    keep_memory()  # what is imported next starts threads

    from rich.console import Console

    from pipelines.findings import parse_outcomes
    from pipelines.ignore import read_ignore_file
    from pipelines.policy_config import load_policies
    from pipelines.runners import RunnerChoice
    from pipelines.scan import Scan
    from pipelines.scan_files import ScanFiles, kept_up
    from pipelines.scan_options import ScanOptions
    from pipelines.scan_part import parse_part
    from pipelines.selection import parse_selection
    from pipelines.summary import plan_facts, print_plan, print_summary, summary_facts, what_is_left
    from pipelines.troubles import machine_told

    started = time.monotonic()
    outcomes, files = parse_outcomes(fail_on), ScanFiles(summary_file, metrics_file).check()
    options = ScanOptions(
        sources=sources or [],
        store=store,
        detectors=tuple(detector or [configs.DEFAULT_DETECTOR]),
        profile=profile,
        trust_lists=tuple(trust_list or ()),
        trust_anchors=tuple(trust_anchor or ()),
        lexicon=tuple(lexicon or ()),
        runner=RunnerChoice(runner, running_mode, workers, tuple(beam_option or ()), flink_job_server_jar, staging),
        batch_size=batch_size,
        children=children,
        threads=threads,
        device=device,
        segment_items=segment_items,
        part=parse_part(segments),
        retry_failed=retry_failed,
        skip_near_duplicates=skip_near_duplicates,
        dry_run=dry_run,
        allow_empty=allow_empty,
        context=context_table,
        manifest=manifest,
        selection=parse_selection(include or (), exclude or (), newer_than, min_size, max_size),
        policies=load_policies(policy),
        ignored=read_ignore_file(ignore),
        baseline=baseline,
        s3_endpoint=s3_endpoint,
    )
    is_json = context.obj is LogFormat.JSON
    console = Console(stderr=True, markup=False, force_terminal=False if is_json else None)
    one = Scan(options, console)
    with machine_told(store), kept_up(ScanFiles() if dry_run else files, one.report):
        summary = one.run()
        has_failed = not summary.was_interrupted and summary.findings is not None and summary.findings.fail(outcomes)
        exit_code = ExitCode.FINDINGS if has_failed else summary.exit_code
        one.report.end(exit_code)
    seconds = time.monotonic() - started
    log = logging.getLogger("aiqyn.scan")
    if dry_run and is_json:
        log.info("scan planned", extra={"facts": plan_facts(summary)})
    elif dry_run:
        print_plan(summary, console)
    elif is_json:
        log.info("scan ended", extra={"facts": summary_facts(summary, seconds)})
        if summary.was_interrupted:
            log.warning("%s", what_is_left(summary))
    else:
        print_summary(summary, seconds, console)
    if not dry_run:
        raise typer.Exit(exit_code)


@app.command()
def judge(
    context: typer.Context,
    store: StoreOption,
    policy: PolicyOption = None,
    as_of: Annotated[
        str, typer.Option(metavar="DATE", help="Judge as if on this day: 2026-12-02. Default: today.")
    ] = "",
    ignore: IgnoreOption = None,
    baseline: BaselineOption = None,
    fail_on: FailOnOption = "",
    _s3_endpoint: EndpointOption = "",
) -> None:
    """Judge what the store knows under a policy, without opening a file; verdicts are appended, old ones kept.

    Exit status 1 for a verdict that --fail-on names.
    """
    from pipelines.judge_command import run_judge
    from pipelines.troubles import machine_told

    is_json = context.obj is LogFormat.JSON
    options = (policy, as_of, ignore, baseline, fail_on)
    with machine_told(store):
        exit_code = run_judge(store, *options, is_json=is_json)
    raise typer.Exit(exit_code)


@app.command()
def query(
    store: StoreOption,
    sql: Annotated[str, typer.Argument(metavar="SQL", help=_VIEWS)],
    format_: Annotated[TableFormat, typer.Option("--format", help="Form of the answer.")] = TableFormat.TABLE,
    output: OutputOption = None,
    raw: Annotated[
        bool, typer.Option("--raw", help="CSV: leave texts as they are, also what a spreadsheet runs as a formula.")
    ] = False,
    private: Annotated[
        bool, typer.Option("--private", help="No paths and no texts: tokens of this answer alone, and nulls.")
    ] = False,
    _s3_endpoint: EndpointOption = "",
) -> None:
    """Ask the tables in SQL (DuckDB's dialect)."""
    from pipelines.query import run_query
    from pipelines.troubles import machine_told

    with machine_told(store):
        run_query(store, sql, format_.value, output, is_raw=raw, is_private=private)


@app.command()
def marks(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="Pictures and videos.")],
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
    keep_prompts: Annotated[bool, typer.Option("--keep-prompts", help="Show prompts, too.")] = False,
    trust_list: TrustListOption = None,
    trust_anchor: TrustAnchorOption = None,
) -> None:
    """Read what files themselves declare about their making; exit status 3 when one could not be read."""
    from pipelines.marks import run_marks
    from pipelines.trust import load_trust

    trust = load_trust(trust_list or [], trust_anchor or [])
    raise typer.Exit(run_marks(files, trust, keep_prompts=keep_prompts, as_json=as_json))


@app.command()
def labels(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="Pictures and videos.")],
    output: Annotated[Path | None, typer.Option(help="Folder for pictures with every line marked, PNG.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON, with every line that was read.")] = False,
    lexicon: LexiconOption = None,
) -> None:
    """Read the labels that a viewer would see, and those in the texts beside; exit status 3 when one could not be."""
    from pipelines.labels import run_labels

    raise typer.Exit(run_labels(files, lexicon or [], output=output, as_json=as_json))


@app.command()
def explain(
    item: Annotated[str, typer.Argument(metavar="ITEM", help="A file; with --store also an address or a hash.")],
    store: Annotated[str | None, typer.Option("--store", help="Where it was scanned. Default: examine it now.")] = None,
    policy: Annotated[
        list[str] | None, typer.Option(help="As for a scan. Default: all that the store judged under, else kz.")
    ] = None,
    language: Annotated[Literal["en", "ru", "kk"], typer.Option(help="Of the answer.")] = "en",
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON, codes and sentences.")] = False,
    detector: DetectorOption = None,
    _s3_endpoint: EndpointOption = "",
) -> None:
    """Tell one item's story in plain language; exit status 3 when it could not be examined."""
    from pipelines.explain import run_explain
    from pipelines.troubles import machine_told

    detectors = detector or [configs.DEFAULT_DETECTOR]
    with machine_told(store or ""):
        exit_code = run_explain(item, store, policy, detectors, language, as_json=as_json)
    raise typer.Exit(exit_code)


@app.command()
def scans(
    store: StoreOption,
    format_: Annotated[TableFormat, typer.Option("--format", help="Form of the answer.")] = TableFormat.TABLE,
    output: OutputOption = None,
    _s3_endpoint: EndpointOption = "",
) -> None:
    """List the scans of a store, the last one first."""
    from pipelines.query import HISTORY, run_query
    from pipelines.troubles import machine_told

    with machine_told(store):
        run_query(store, HISTORY, format_.value, output)


@app.command()
def doctor(
    detector: DetectorOption = None,
) -> None:
    """Test every decoder, the face finder and the detectors on files made for it; exit status 4 when one fails."""
    from pipelines.doctor import run_doctor

    raise typer.Exit(run_doctor(detector or [configs.DEFAULT_DETECTOR]))


@functools.cache
def whole_app() -> typer.Typer:
    """The app with all its commands, those of other modules included."""
    from pipelines.case_cli import app as case_app
    from pipelines.detector.cli import app as detector_app
    from pipelines.estimate.cli import app as estimate_app
    from pipelines.policy_cli import app as policy_app
    from pipelines.upkeep.cli import app as store_app

    app.add_typer(case_app)
    app.add_typer(estimate_app)
    app.add_typer(detector_app, name="detector")
    app.add_typer(policy_app, name="policy")
    app.add_typer(store_app, name="store")
    return app


def main() -> None:
    """Entry point: errors that a person can mend end in one line."""
    raise_when_interrupted()
    try:
        whole_app()()
    except (UsageError, MachineError) as error:
        logging.getLogger("aiqyn").debug("What it was told from", exc_info=error.__cause__)
        logging.getLogger("aiqyn").error("%s", error)  # noqa: TRY400  (a traceback helps nobody here)
        sys.exit(exit_code_of(error))
    except Interrupted:
        logging.getLogger("aiqyn").warning("Interrupted. What is committed stays. Run the same command again to go on.")
        sys.exit(ExitCode.INTERRUPTED)
    except Exception:
        logging.getLogger("aiqyn").exception("This should not have happened; what is committed stays")
        sys.exit(ExitCode.BROKEN_OFF)  # Python's own status would be 1, which means findings


if __name__ == "__main__":
    main()
