"""The metrics of a scan, for node_exporter's textfile collector: the last scan, live while it runs."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from pipelines.openmetrics import Family, Labels, render
from pipelines.scan_report import ScanReport, Status
from pipelines.summary import ScanSummary

_Samples = list[tuple[Labels, float]]


def metrics_text(report: ScanReport, last_complete: datetime | None) -> str:
    """The metrics file. Every sample names the store, and the part, so that files of several can lie side by side.

    Args:
        report: Of the scan.
        last_complete: When a scan of this store, and part, last came to its end, before this one.
    """
    families = [*_of_the_run(report, last_complete), *_of_its_work(report)]
    if report.summary:
        families += _of_its_rows(report.summary)
    whose = {"store": report.store} | ({} if report.part.is_whole else {"part": str(report.part)})
    return render(_named(family, whose) for family in families)


def _named(family: Family, whose: Labels) -> Family:
    samples = [({**whose, **labels}, value) for labels, value in family.samples]
    return Family(family.name, family.kind, family.help, samples, family.unit)


def _of_the_run(report: ScanReport, last_complete: datetime | None) -> Iterable[Family]:
    states: _Samples = [({"status": one.value}, int(one is report.status)) for one in Status]
    yield Family("aiqyn_scan_status", "gauge", "1 for where the last scan stands.", states)
    if report.exit_status is not None:
        text = "Exit status of the last scan; absent while it runs."
        yield Family("aiqyn_scan_exit_status", "gauge", text, [({}, int(report.exit_status))])
    completed = report.finished_at if report.status is Status.COMPLETE else last_complete
    times = {
        "start": (report.started_at, "When the last scan started."),
        "end": (report.finished_at, "When the last scan ended; absent while it runs."),
        "progress": (report.ticks.last_at, "When an item of the last scan last ended."),
        "last_complete": (completed, "When a scan last came to its end, whatever it found."),
    }
    for name, (at, text) in times.items():
        samples: _Samples = [({}, at.timestamp())] if at else []
        yield Family(f"aiqyn_scan_{name}_time_seconds", "gauge", text, samples, "seconds")


def _of_its_work(report: ScanReport) -> Iterable[Family]:
    done = _by(dict(report.ticks.outcomes), "outcome")
    yield Family("aiqyn_scan_items_done", "counter", "Items that ended, committed or not, live.", done)
    lost = "Examiner children that died or were ended for their silence; each was replaced."
    yield Family("aiqyn_scan_children_lost", "counter", lost, [({}, report.ticks.children_lost)])
    stages = _by(dict(report.seconds), "stage")
    yield Family("aiqyn_scan_stage_seconds", "counter", "Seconds by stage, summed over workers.", stages, "seconds")


def _of_its_rows(summary: ScanSummary) -> Iterable[Family]:
    plan = summary.plan
    planned = {
        "inputs": (plan.inputs, "Inputs that the sources list."),
        "inputs_unchanged": (plan.unchanged, "Inputs that keep the rows they have."),
        "items_planned": (len(plan.due), "Items that are to be recorded."),
        "segments_planned": (summary.segments, "Segments into which these are cut."),
    }
    for name, (number, text) in planned.items():
        yield Family(f"aiqyn_scan_{name}", "gauge", text, [({}, number)])
    rows: _Samples = [
        ({"outcome": outcome, "reason": reason}, number) for (outcome, reason), number in _sorted(summary.outcomes)
    ]
    yield Family("aiqyn_scan_items", "counter", "Items committed, by outcome and reason.", rows)
    committed = {
        "items_reused": (summary.reused, "Items committed whose bytes were examined before and not again."),
        "frames": (summary.frames, "Frames examined and committed."),
        "segments": (summary.committed, "Segments committed."),
        "segments_recovered": (summary.recovered, "Segments of an earlier scan whose commit this one finished."),
    }
    for name, (number, text) in committed.items():
        yield Family(f"aiqyn_scan_{name}", "counter", text, [({}, number)])
    size = "Bytes of the items committed, without what is gone; of containers, those of their members."
    yield Family("aiqyn_scan_bytes", "counter", size, [({}, summary.bytes)], "bytes")
    levels: _Samples = [
        ({"detector": detector, "level": level}, number) for (detector, level), number in _sorted(summary.levels)
    ]
    yield Family("aiqyn_scan_levels", "counter", "What detectors said of the items committed.", levels)
    if summary.findings:
        verdicts: _Samples = [
            ({"policy": policy, "outcome": outcome}, number)
            for (policy, outcome), number in _sorted(summary.findings.counts)
        ]
        text = "Verdicts that hold now below the sources; with a baseline those that it did not have."
        yield Family("aiqyn_scan_verdicts", "gauge", text, verdicts)


def _by(numbers: dict[str, int] | dict[str, float], label: str) -> _Samples:
    return [({label: name}, number) for name, number in sorted(numbers.items())]


def _sorted(counts: Counter[tuple[str, str]]) -> list[tuple[tuple[str, str], int]]:
    """A copy first: the scan goes on counting in another thread."""
    return sorted(dict(counts).items())
