"""What a scan did: counts, the closing table and the exit code."""

import shlex
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.table import Table

from pipelines.errors import ExitCode
from pipelines.findings import Findings, as_facts, print_findings
from pipelines.judge import Judged
from pipelines.plan import Plan
from pipelines.scan_part import WHOLE, ScanPart
from pipelines.store import count_frames
from transforms.detect.levels import FAILED, MEANINGS
from transforms.outcomes import Outcome, Reason

_NO_GAPS = (Reason.NOT_MEDIA, Reason.CONTAINER, Reason.NEAR_DUPLICATE)


@dataclass(slots=True)
class ScanSummary:
    """Grows while the scan runs.

    Attributes:
        estimated_seconds: What the planned work is thought to take on this machine.
        recovered: Segments of an earlier scan whose commit this one finished.
        outcomes: Rows written, by outcome and reason.
        levels: What detectors said of them, by detector and level.
        bytes: Of the items of these rows, without what is gone and without containers, whose members count.
        reused: Rows among them whose bytes were examined before and not again.
        committed: Segments committed.
        judged: New verdicts.
        findings: All verdicts that hold now of the places looked at; None where the scan did not come to judging.
        part: Of all places, those that were looked at.
    """

    scan_id: str
    store: str
    plan: Plan
    segments: int
    estimated_seconds: float = 0.0
    recovered: int = 0
    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    levels: Counter[tuple[str, str]] = field(default_factory=Counter)
    bytes: int = 0
    reused: int = 0
    frames: int = 0
    committed: int = 0
    judged: Judged = field(default_factory=Judged)
    findings: Findings | None = None
    was_interrupted: bool = False
    part: ScanPart = WHOLE

    def add(self, manifest: dict[str, Any]) -> None:
        """Counts a segment that was committed."""
        for part in manifest["parts"]:
            for name, number in part["counts"].items():
                outcome, _, reason = name.partition(":")
                self.outcomes[outcome, reason] += number
            for name, number in part.get("levels", {}).items():  # which an earlier version did not count
                detector, _, level = name.partition(":")
                self.levels[detector, level] += number
            self.bytes += part.get("bytes", 0)
        self.frames += count_frames(manifest)
        self.reused += manifest["segment"]["reused"]
        self.committed += 1

    def count(self, outcome: Outcome) -> int:
        """Rows of this scan with an outcome."""
        return sum(number for (name, _), number in self.outcomes.items() if name == outcome)

    @property
    def exit_code(self) -> ExitCode:
        """A detector's failure is a gap in an audit of media; containers and what was to be skipped are not."""
        if self.was_interrupted:
            return ExitCode.INTERRUPTED
        gaps = self.count(Outcome.FAILED) + self.count(Outcome.NOT_CHECKED)
        gaps -= sum(self.outcomes[Outcome.NOT_CHECKED, reason] for reason in _NO_GAPS)
        gaps += sum(number for (_, level), number in self.levels.items() if level == FAILED)
        return ExitCode.INCOMPLETE if gaps else ExitCode.COMPLETE


def summary_facts(summary: ScanSummary, seconds: float) -> dict[str, Any]:
    """The closing summary for machines; what ``print_summary`` tells people."""
    plan = summary.plan
    return {
        "scan_id": summary.scan_id,
        "part": summary.part.told,
        "exit_status": int(summary.exit_code),
        "inputs": plan.inputs,
        "unchanged": plan.unchanged,
        "left_out": plan.left_out,
        "planned": len(plan.due),
        "rows": [
            {"outcome": outcome, "reason": reason or None, "items": number}
            for (outcome, reason), number in sorted(summary.outcomes.items())
        ],
        "levels": [
            {"detector": detector, "level": level, "items": number}
            for (detector, level), number in sorted(summary.levels.items())
        ],
        "reused": summary.reused,
        "frames": summary.frames,
        "segments": summary.committed,
        "recovered_segments": summary.recovered,
        "verdicts": summary.judged.outcomes.total(),
        "findings": as_facts(summary.findings) if summary.findings else None,
        "baseline": summary.findings.baseline if summary.findings else None,
        "interrupted": summary.was_interrupted,
        "seconds": round(seconds, 3),
    }


def plan_facts(summary: ScanSummary) -> dict[str, Any]:
    """The plan for machines; what ``print_plan`` tells people."""
    plan = summary.plan
    return {
        "part": summary.part.told,
        "inputs": plan.inputs,
        "unchanged": plan.unchanged,
        "left_out": plan.left_out,
        "planned": len(plan.due),
        "due": dict(plan.due.whys()),
        "segments": summary.segments,
        "estimated_seconds": round(summary.estimated_seconds, 3),
    }


def print_plan(summary: ScanSummary, console: Console) -> None:
    """Says what a scan would do."""
    plan = summary.plan
    if plan.due:
        table = Table("why", "items", "the first of them")
        for why, number in sorted(plan.due.whys().items()):
            table.add_row(why, str(number), plan.due.because(why)[0].place.uri)
        console.print(table)
    console.print(
        f"{_whose(summary)}{plan.inputs} inputs: {plan.unchanged} unchanged, {len(plan.due)} to record in "
        f"{summary.segments} segments, about {summary.estimated_seconds:.0f} s. "
        "Nothing was examined or written (--dry-run)."
    )
    _print_left_out(plan, console)


def print_summary(summary: ScanSummary, seconds: float, console: Console) -> None:
    """The closing table, and what to do next."""
    plan = summary.plan
    if plan.due:
        table = Table(title=f"Scan {summary.scan_id}")
        table.add_column("outcome")
        table.add_column("reason")
        table.add_column("items", justify="right")
        table.add_column("meaning")
        for (outcome, reason), number in sorted(summary.outcomes.items()):
            meaning = Reason(reason).sentence if reason else "Decoded and put to the detectors; see below."
            table.add_row(outcome, reason or "–", str(number), meaning)
        console.print(table)
        _print_levels(summary, console)
    else:
        console.print("Nothing to examine: no input is new, changed or due again.")
    console.print(
        f"{_whose(summary)}{plan.inputs} inputs, {plan.unchanged} unchanged, {summary.outcomes.total()} rows "
        f"({summary.reused} with bytes already examined), {summary.frames} frames, "
        f"{summary.committed} segments committed, {seconds:.1f} s"
    )
    _print_left_out(plan, console)
    if summary.findings:
        print_findings(summary.findings, console)
    if summary.was_interrupted:
        console.print(what_is_left(summary))
    if summary.count(Outcome.FAILED):
        console.print("Failed items are not tried again until they change, or with --retry-failed.")
    sql = "SELECT outcome, reason, count(*) FROM items_latest GROUP BY ALL"
    console.print(f'Ask the tables: aiqyn query --store {shlex.quote(summary.store)} "{sql}"', soft_wrap=True)


def what_is_left(summary: ScanSummary) -> str:
    """What a person is told of a scan that was interrupted."""
    left = len(summary.plan.due) - summary.outcomes.total()
    return f"Interrupted: {left} items are left. Run the same command again: it goes on with those."


def _whose(summary: ScanSummary) -> str:
    return "" if summary.part.is_whole else f"Part {summary.part}: "


def _print_left_out(plan: Plan, console: Console) -> None:
    """What filters left out, and why: it is neither examined nor taken for gone."""
    if plan.left_out:
        told = ", ".join(f"{number} {why}" for why, number in plan.left_out.items())
        console.print(f"Left out by the filters: {told}. What the store knows of them stays as it is.")


def _print_levels(summary: ScanSummary, console: Console) -> None:
    """What each detector said: an item without a number must not look like one with a low number."""
    if not summary.levels:
        return
    table = Table("detector", "level", "items", "meaning")
    for (detector, level), number in sorted(summary.levels.items()):
        table.add_row(detector, level, str(number), MEANINGS.get(level, ""))
    console.print(table)
