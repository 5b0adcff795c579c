"""`aiqyn store`: check, tidy, count and export a store."""

import json
from pathlib import Path
from typing import Annotated

import typer

from pipelines.errors import ExitCode
from pipelines.s3_endpoint import EndpointOption

app = typer.Typer(name="store", help="Look after a store: check, vacuum, forget, stats, export.", no_args_is_help=True)

StoreOption = Annotated[str, typer.Option("--store", help="Folder of the audit tables, or s3://bucket/folder.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]


@app.command()
def check(
    store: StoreOption,
    deep: Annotated[bool, typer.Option("--deep", help="Read every part file whole.")] = False,
    as_json: JsonOption = False,
    _s3_endpoint: EndpointOption = "",
) -> None:
    """Check that nothing is lost, broken or left over, changing nothing; exit status 4 when a store is damaged."""
    from pipelines.troubles import machine_told
    from pipelines.upkeep.check import check_store, open_to_check

    with machine_told(store):
        found = list(check_store(open_to_check(store), is_deep=deep))
    damaged = sum(one.problem.is_damage for one in found)
    if as_json:
        facts = {"sound": not damaged, "problems": [one.facts() for one in found]}
        typer.echo(json.dumps(facts, indent=1, ensure_ascii=False))
    else:
        for one in found:
            typer.echo(one.line)
        state = f"Damaged: {damaged:,} problems" if damaged else "Sound"
        typer.echo(f"{state}; left over by stops: {len(found) - damaged:,}.", err=True)
    raise typer.Exit(ExitCode.SELF_TEST_FAILED if damaged else ExitCode.COMPLETE)


@app.command()
def vacuum(
    store: StoreOption,
    keep: Annotated[
        str, typer.Option(metavar="AGE", help="Keep what versions younger than this need: 7d, 12h.")
    ] = "7d",
    compact: Annotated[bool, typer.Option("--compact", help="First merge many small part files into few.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done; do nothing.")] = False,
    as_json: JsonOption = False,
    _s3_endpoint: EndpointOption = "",
) -> None:
    """Remove what stops left behind and what no recent version needs; refused while a scan writes."""
    from pipelines.store import Store
    from pipelines.troubles import machine_told
    from pipelines.upkeep.vacuum import parse_age
    from pipelines.upkeep.vacuum import vacuum as run

    with machine_told(store):
        done = run(Store.open(store), parse_age(keep), is_compacting=compact, is_dry=dry_run)
    if as_json:
        typer.echo(json.dumps(done.facts() | {"dry_run": dry_run}, indent=1, ensure_ascii=False))
        return
    for line in done.lines(is_dry=dry_run):
        typer.echo(line)


@app.command()
def forget(
    store: StoreOption,
    hash_: Annotated[
        list[str] | None, typer.Option("--hash", metavar="HASH", help="SHA-256 of a content. Repeatable.")
    ] = None,
    older_than: Annotated[
        str | None, typer.Option(metavar="AGE", help="Forget all that was committed longer ago: 365d, 52w.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done; do nothing.")] = False,
    as_json: JsonOption = False,
    _s3_endpoint: EndpointOption = "",
) -> None:
    """Remove contents, or all that is old, from every table and every file; versions before it are gone, too."""
    from pipelines.errors import UsageError
    from pipelines.store import Store
    from pipelines.troubles import machine_told
    from pipelines.upkeep.forget import forget as run
    from pipelines.upkeep.forget import parse_hash
    from pipelines.upkeep.vacuum import parse_age

    if bool(hash_) == (older_than is not None):
        raise UsageError("Say what to forget: either --hash HASH, once or more often, or --older-than AGE.")
    hashes = [parse_hash(one) for one in hash_ or ()]
    age = None if older_than is None else parse_age(older_than, "--older-than")
    with machine_told(store):
        done = run(Store.open(store), hashes, age, is_dry=dry_run)
    if as_json:
        typer.echo(json.dumps(done.facts(), indent=1, ensure_ascii=False))
        return
    for line in done.lines():
        typer.echo(line)


@app.command()
def stats(store: StoreOption, as_json: JsonOption = False, _s3_endpoint: EndpointOption = "") -> None:
    """Count rows, files, bytes and versions of each table, items by outcome, and scans."""
    from pipelines.store import Store
    from pipelines.troubles import machine_told
    from pipelines.upkeep.stats import stats_lines, store_stats

    with machine_told(store):
        facts = store_stats(Store.open(store))
    if as_json:
        typer.echo(json.dumps(facts, indent=1, ensure_ascii=False))
    else:
        for line in stats_lines(facts):
            typer.echo(line)


@app.command()
def export(
    store: StoreOption,
    output: Annotated[Path, typer.Option(metavar="DIR", help="Folder to write: new, empty, or an earlier export.")],
    table: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Table or view, as aiqyn query names it. Repeatable.")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an earlier export.")] = False,
    private: Annotated[
        bool, typer.Option("--private", help="No paths and no texts: tokens of this export alone, and nulls.")
    ] = False,
    as_json: JsonOption = False,
    _s3_endpoint: EndpointOption = "",
) -> None:
    """Write tables as plain Parquet in folders by outcome, detector, layer or policy, whole or not at all."""
    from pipelines.store import Store
    from pipelines.troubles import machine_told
    from pipelines.upkeep.export import export_store

    with machine_told(store):
        facts = export_store(Store.open(store), output, table or (), is_overwriting=overwrite, is_private=private)
    if as_json:
        typer.echo(json.dumps(facts, indent=1, ensure_ascii=False))
        return
    for name, own in facts["tables"].items():
        by = f", by {own['partitioned_by']}" if own["partitioned_by"] else ""
        typer.echo(f"{name}: {own['rows']:,} rows, {own['files']:,} files{by}, {own['bytes'] / 1e6:,.2f} MB")
