"""``aiqyn estimate``: the plan of a scan, a sample of it, and what the whole would take."""

import json
import os
import tempfile
from dataclasses import replace
from pathlib import Path

import typer
from rich.console import Console

from pipelines.estimate.measure import measure
from pipelines.estimate.resources import cost_of
from pipelines.estimate.strata import allocate, draw, stratify
from pipelines.estimate.terms import Terms
from pipelines.estimate.told import Told, facts_of, print_cost
from pipelines.plan import Plan
from pipelines.scan import Scan
from pipelines.scan_options import ScanOptions


def run_estimate(options: ScanOptions, terms: Terms, *, sample: int, seed: int, as_json: bool) -> None:
    """Prints what a scan would cost; nothing in the sources or the store is written.

    Args:
        options: Of the scan; without a store, as into a new one.
        terms: Hosts and prices.
        sample: How many places are examined.
        seed: Another one draws others.
        as_json: Whether the answer is for machines.

    Raises:
        UsageError: The sources, the store or the terms cannot be used as named.
    """
    terms.check()
    console = Console(stderr=True, markup=False)
    plan, segments, seconds = _plan(options, console)
    due = plan.due.there
    if not due:
        facts = {"inputs": plan.inputs, "unchanged": plan.unchanged, "gone": len(plan.due), "due": 0}
        said = "Nothing is due: a scan would examine no file, so there is nothing to estimate."
        typer.echo(json.dumps(facts, indent=1) if as_json else said)
        return
    populations = stratify(one.place for one in due)
    drawn = draw((one.place for one in due), allocate(populations, sample), seed)
    chosen = [replace(one, supersedes="") for one in due if (one.place.uri, one.place.member_path) in drawn]
    measured = measure(options, chosen, console)
    read_bytes = sum(one.place.size_bytes or 0 for one in due if one.place.member_path is None)
    cost = cost_of(populations, measured, terms, segments=segments, listing_seconds=seconds, read_bytes=read_bytes)
    told = Told(cost, measured, terms, seed, plan.inputs, plan.unchanged, len(plan.due) - len(due))
    if as_json:
        typer.echo(json.dumps(facts_of(told), indent=1, ensure_ascii=False))
    else:
        print_cost(told, Console(markup=False))


def _plan(options: ScanOptions, console: Console) -> tuple[Plan, int, float]:
    """What a scan would do, in how many segments, and the processor seconds that it takes to know."""
    with tempfile.TemporaryDirectory(prefix="aiqyn-estimate-") as folder:
        store = options.store or str(Path(folder) / "store")
        before = os.times()
        summary = Scan(replace(options, store=store, dry_run=True), console).run()
        after = os.times()
    return summary.plan, summary.segments, sum(after[:4]) - sum(before[:4])
