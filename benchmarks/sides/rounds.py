"""Paired rounds: every contestant once in each, in an order that turns, and each checked against the bare loop."""

import os
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.process_tree import Cost, measure
from benchmarks.sides.contestants import LIMIT, Entry
from benchmarks.sides.corpora import Corpus
from benchmarks.sides.environments import ROOT
from benchmarks.sides.gates import fault
from benchmarks.sides.legs import MODEL, ROW, Told

Run = dict[str, Any]
"""A contestant's figures in one round, or under ``fault`` why they do not count."""
_TAIL = 2000


def turned(names: Sequence[str], number: int) -> list[str]:
    """The order of a round: each contestant comes first in turn."""
    start = number % len(names)
    return [*names[start:], *names[:start]]


def round_of(entries: Sequence[Entry], corpus: Corpus, leg: str, tell: Callable[[str], None]) -> dict[str, Run]:
    """Runs the contestants in that order and says of each what it cost, or why that does not count.

    Args:
        entries: Each contestant, ready.
        corpus: What they read.
        leg: What they do.
        tell: Is given a line on each run as it ends, and on each that does not count.
    """
    runs: dict[str, Run] = {}
    answers: dict[str, list[Told]] = {}
    for entry in entries:
        entry.clear()
        log, load = entry.out / "log", os.getloadavg()[0]
        cost = measure(entry.command, log, cwd=ROOT, environment=entry.environment, answered=entry.has_answered)
        runs[entry.name] = asdict(cost) | {"load_before": load}
        tell(f"  {entry.name}: {cost.wall_s:.1f} s, CPU {cost.cpu_s:.1f} s, {cost.peak_mb:.0f} MB")
        if told := _failure(entry, cost, corpus, leg, log):
            runs[entry.name]["fault"] = told
        else:
            answers[entry.name] = entry.answers()
    if leg != MODEL:
        for name, told in judged(answers, corpus.count, leg).items():
            runs[name]["fault"] = told
    for name, run in runs.items():
        if "fault" in run:
            tell(f"  {name} does not count: {run['fault']}")
    return runs


def judged(answers: dict[str, list[Told]], expected: int, leg: str) -> dict[str, str]:
    """Whose answers do not count, and why."""
    if LIMIT not in answers:
        return dict.fromkeys(answers, "void: there is no bare loop to compare with")
    faults = {name: fault(told, answers[LIMIT], expected, leg) for name, told in answers.items()}
    if own := faults[LIMIT]:
        return dict.fromkeys(answers, f"void: the bare loop told {own}")
    return {name: told for name, told in faults.items() if told}


def _failure(entry: Entry, cost: Cost, corpus: Corpus, leg: str, log: Path) -> str | None:
    if cost.status not in entry.statuses:
        return f"ended with {cost.status}: {log.read_text('utf-8', 'replace')[-_TAIL:]}"
    written = entry.rows_written() if leg == ROW else None
    if written is not None and written != corpus.count:
        return f"{written} rows of {corpus.count} in its Parquet files"
    return None
