"""What is known of a scan while it runs and when it ended, and the JSON summary of it."""

import importlib.metadata
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from pipelines.errors import ExitCode, MachineError, UsageError, exit_code_of
from pipelines.progress import Ticks
from pipelines.scan_part import WHOLE, ScanPart
from pipelines.summary import ScanSummary, summary_facts
from transforms.work import Work

SCHEMA = "aiqyn.scan/1"
"""Keys may be added under it; one that goes, or changes its meaning, raises the number."""
_MOST_CHARACTERS = 1000
_TOLD_ELSEWHERE = ("scan_id", "part", "exit_status", "interrupted", "seconds")


class Status(StrEnum):
    """Where a scan stands."""

    RUNNING = "running"
    COMPLETE = "complete"
    INTERRUPTED = "interrupted"
    FAILED = "failed"


@dataclass(slots=True)
class ScanReport:
    """Grows while the scan runs.

    Attributes:
        seconds: By stage; the scan's own, which grows.
        ticks: What workers say, item by item.
        summary: None until the plan is made, with the store locked: before that the scan may still be refused.
        error: Why it failed, in one line.
        took: Seconds; None while it runs. The clock may jump meanwhile, so these are not the span between its times.
        part: Of all places, those that it looks at.
        work: What was done, counted; the scan's own, which grows segment by segment.
    """

    scan_id: str
    store: str
    sources: list[str]
    started_at: datetime
    seconds: Mapping[str, float] = field(default_factory=dict)
    ticks: Ticks = field(default_factory=Ticks)
    summary: ScanSummary | None = None
    status: Status = Status.RUNNING
    exit_status: ExitCode | None = None
    error: str | None = None
    finished_at: datetime | None = None
    took: float | None = None
    part: ScanPart = WHOLE
    work: Work = field(default_factory=Work)
    _begun: float = field(default_factory=time.monotonic)

    @property
    def elapsed(self) -> float:
        """Seconds since it began, until it ended."""
        return time.monotonic() - self._begun if self.took is None else self.took

    def end(self, exit_status: ExitCode) -> None:
        """It came to its end, or was asked to stop."""
        was_interrupted = exit_status is ExitCode.INTERRUPTED
        self._end(Status.INTERRUPTED if was_interrupted else Status.COMPLETE, exit_status)

    def fail(self, error: BaseException) -> None:
        """It was ended by an error."""
        exit_status = exit_code_of(error)
        is_interrupt = exit_status is ExitCode.INTERRUPTED
        self._end(Status.INTERRUPTED if is_interrupt else Status.FAILED, exit_status)
        self.error = None if is_interrupt else _one_line(error)

    def _end(self, status: Status, exit_status: ExitCode) -> None:
        self.status, self.exit_status, self.finished_at = status, exit_status, datetime.now(UTC)
        self.took = self.elapsed


def report_facts(report: ScanReport) -> dict[str, Any]:
    """The summary for machines; ``counts`` is null until the plan is made."""
    summary, ended = report.summary, report.finished_at
    return {
        "schema": SCHEMA,
        "aiqyn": importlib.metadata.version("aiqyn"),
        "scan_id": report.scan_id,
        "status": report.status.value,
        "exit_status": None if report.exit_status is None else int(report.exit_status),
        "error": report.error,
        "store": report.store,
        "sources": report.sources,
        "part": report.part.told,
        "started_at": report.started_at.isoformat(),
        "finished_at": ended.isoformat() if ended else None,
        "seconds": round(report.elapsed, 3),
        "counts": _counts(summary, report.ticks) if summary else None,
        "stage_seconds": {stage: round(spent, 3) for stage, spent in sorted(dict(report.seconds).items())},
        "work": report.work.counts(),
    }


def summary_text(report: ScanReport) -> str:
    """The summary file."""
    return json.dumps(report_facts(report), indent=1, ensure_ascii=False) + "\n"


def _counts(summary: ScanSummary, ticks: Ticks) -> dict[str, Any]:
    facts = summary_facts(summary, 0.0)
    kept = {name: value for name, value in facts.items() if name not in _TOLD_ELSEWHERE}
    return kept | {"bytes": summary.bytes, "children_lost": ticks.children_lost}


def _one_line(error: BaseException) -> str:
    """Errors that are meant for people are sentences already; of others the type helps."""
    text = " ".join(str(error).split())[:_MOST_CHARACTERS]
    return text if isinstance(error, UsageError | MachineError) else f"{type(error).__name__}: {text}"
