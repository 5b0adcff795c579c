"""What a scan tells other programs: the JSON summary, the metrics, when they are written and when left alone."""

import json
import logging
import os
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipelines import scan_files
from pipelines.due import Due, DueItems
from pipelines.errors import ExitCode, Interrupted, MachineError, StoreBusyError, UsageError
from pipelines.findings import Findings
from pipelines.judge import Judged
from pipelines.plan import Plan
from pipelines.progress import Ticks
from pipelines.scan_files import ScanFiles, kept_up
from pipelines.scan_metrics import metrics_text
from pipelines.scan_part import ScanPart
from pipelines.scan_report import ScanReport, Status, report_facts
from pipelines.store import Store
from pipelines.summary import ScanSummary
from tests.pipelines.open_metrics import parse
from transforms.records import Place
from transforms.ticks import CHILD_LOST
from transforms.work import Work

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden"
START = datetime(2026, 11, 1, 2, 0, tzinfo=UTC)


def summary_of(store: str = "/audit") -> ScanSummary:
    due = [Due(Place("/archive", f"/archive/{number}.png", "", 10, 1)) for number in range(4)]
    return ScanSummary(
        "20261101T020000-0123abcd",
        store,
        Plan(6, 2, DueItems.of(due)),
        segments=2,
        recovered=1,
        outcomes=Counter({("examined", ""): 2, ("failed", "truncated"): 1, ("gone", "vanished"): 1}),
        levels=Counter({("aiqyn-lite", "none"): 1, ("aiqyn-lite", "suspected"): 1}),
        bytes=30,
        reused=1,
        frames=2,
        committed=2,
        judged=Judged(Counter({("kz", "review"): 1, ("kz", "out_of_scope"): 2})),
        findings=Findings(Counter({("kz", "review"): 1, ("kz", "out_of_scope"): 4})),
    )


def report_of(store: str = "/audit", summary: ScanSummary | None = None) -> ScanReport:
    seconds = {"plan": 0.25, "pipeline": 12.5}
    ticks = Ticks(Counter({"examined": 2, "failed": 1, "gone": 1}), 1, START + timedelta(seconds=20))
    work = Work()
    work.add_all({"model_calls": 1, "bytes_hashed": 30})
    return ScanReport("20261101T020000-0123abcd", store, ["/archive"], START, seconds, ticks, summary, work=work)


def ended() -> ScanReport:
    report = report_of(summary=summary_of())
    report.end(ExitCode.FINDINGS)
    report.finished_at, report.took = START + timedelta(seconds=30), 30.0
    return report


def test_a_summary_of_names_that_are_no_utf8_is_json(tmp_path: Path) -> None:
    with kept_up(ScanFiles(tmp_path / "s.json"), report_of("/not utf-8 \udcff")):
        pass
    assert json.loads((tmp_path / "s.json").read_text("utf-8"))["store"] == "/not utf-8 \udcff"


def test_the_summary_is_as_it_always_was() -> None:
    facts = report_facts(ended()) | {"aiqyn": "VERSION"}
    assert facts == json.loads((GOLDEN / "scan_summary.json").read_text("utf-8"))


def test_every_key_of_the_summary_is_documented() -> None:
    page = (ROOT / "docs" / "operations.md").read_text("utf-8")
    facts = report_facts(ended())
    assert [key for key in {**facts, **facts["counts"]} if f"`{key}`" not in page] == []


def test_every_metric_is_documented() -> None:
    page = (ROOT / "docs" / "operations.md").read_text("utf-8")
    samples, _ = parse(metrics_text(ended(), None))
    assert sorted({name for name, _ in samples if f"`{name.removeprefix('aiqyn_scan_')}`" not in page}) == []


def test_the_metrics_are_as_they_always_were() -> None:
    text = metrics_text(ended(), None)
    assert text == (GOLDEN / "scan_metrics.prom").read_text("utf-8")
    parse(text)


def test_while_it_runs_what_ends_it_is_absent_and_the_last_complete_scan_stays() -> None:
    samples, _ = parse(metrics_text(report_of(summary=summary_of()), START - timedelta(days=1)))
    told = {name: value for (name, labels), value in samples.items() if labels == (("store", "/audit"),)}
    assert not told.keys() & {"aiqyn_scan_end_time_seconds", "aiqyn_scan_exit_status"}
    assert told["aiqyn_scan_last_complete_time_seconds"] == (START - timedelta(days=1)).timestamp()
    assert samples["aiqyn_scan_status", (("status", "running"), ("store", "/audit"))] == 1
    assert samples["aiqyn_scan_items_done_total", (("outcome", "examined"), ("store", "/audit"))] == 2


def test_a_failed_scan_is_not_the_last_complete_one() -> None:
    report = report_of()
    report.fail(UsageError("no"))
    samples, _ = parse(metrics_text(report, START))
    assert samples["aiqyn_scan_last_complete_time_seconds", (("store", "/audit"),)] == START.timestamp()


@pytest.mark.parametrize("store", ['/with "quotes"', "/back\\slash", "/two\nlines", "/архив", "/not utf-8 \udcff"])
def test_a_store_of_any_name_can_be_told(store: str) -> None:
    parse(metrics_text(report_of(store, summary_of(store)), None))


@pytest.mark.parametrize(
    ("error", "status", "exit_status", "said"),
    [
        (UsageError("There is nothing at /archive."), Status.FAILED, 2, "There is nothing at /archive."),
        (MachineError("The disk is full."), Status.FAILED, 6, "The disk is full."),
        (ZeroDivisionError("division\nby zero"), Status.FAILED, 6, "ZeroDivisionError: division by zero"),
        (Interrupted(), Status.INTERRUPTED, 5, None),
    ],
)
def test_however_it_ends_both_files_say_so(
    error: BaseException, status: Status, exit_status: int, said: str | None, tmp_path: Path
) -> None:
    files = ScanFiles(tmp_path / "s.json", tmp_path / "m.prom").check()
    report = report_of(str(tmp_path / "store"))
    with pytest.raises(type(error)), kept_up(files, report):
        raise error
    facts = json.loads((tmp_path / "s.json").read_text("utf-8"))
    assert (facts["status"], facts["exit_status"], facts["error"], facts["counts"]) == (status, exit_status, said, None)
    samples, _ = parse((tmp_path / "m.prom").read_text("utf-8"))
    assert samples["aiqyn_scan_exit_status", (("store", str(tmp_path / "store")),)] == exit_status
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m.prom", "s.json"], "no unfinished file is left"


def test_a_scan_that_finds_another_one_leaves_its_files_alone(tmp_path: Path) -> None:
    (tmp_path / "s.json").write_text("the other's")
    with pytest.raises(StoreBusyError), kept_up(ScanFiles(tmp_path / "s.json", tmp_path / "m.prom"), report_of()):
        raise StoreBusyError
    assert (tmp_path / "s.json").read_text() == "the other's"
    assert not (tmp_path / "m.prom").exists()


def test_they_are_kept_up_from_the_plan_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan_files, "_SECONDS", 0.02)
    report, metrics = report_of(str(tmp_path / "store")), tmp_path / "m.prom"

    def done(seconds: float = 20) -> float | None:
        deadline = datetime.now(UTC) + timedelta(seconds=seconds)
        while datetime.now(UTC) < deadline:
            if metrics.exists() and (samples := parse(metrics.read_text("utf-8"))[0]):
                found = samples["aiqyn_scan_items_done_total", (("outcome", "gone"), ("store", report.store))]
                if found == report.ticks.outcomes["gone"]:
                    return found
        return None

    with kept_up(ScanFiles(None, metrics), report):
        assert done(0.3) is None, "nothing is written before the plan"
        report.summary = summary_of()
        assert done() == 1
        report.ticks.add("gone")
        assert done() == 2
        report.end(ExitCode.COMPLETE)
    assert metrics.stat().st_mode & 0o777 == 0o666 & ~current_umask(), "the exporter, another user, can read it"


def current_umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_what_cannot_be_written_is_told_once_and_hinders_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refused(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(scan_files, "_SECONDS", 0.01)
    monkeypatch.setattr(scan_files, "write_whole", refused)
    caplog.set_level(logging.WARNING)
    report = report_of(str(tmp_path / "store"), summary_of())
    with kept_up(ScanFiles(None, tmp_path / "m.prom"), report):
        while not caplog.messages:
            pass
        for number in range(5):
            report.ticks.add(str(number))
    assert [message for message in caplog.messages if "m.prom" in message] == caplog.messages
    assert len(caplog.messages) == 1


@pytest.mark.parametrize(
    ("summary", "metrics", "sentence"),
    [
        ("none/s.json", None, "--summary: there is no folder"),
        (None, "none/m.prom", "--metrics-file: there is no folder"),
        (".", None, "is no file"),
        ("/dev/null", None, "would be replaced by one"),
    ],
)
def test_a_file_that_cannot_be_is_refused_before_work_begins(
    summary: str | None, metrics: str | None, sentence: str, tmp_path: Path
) -> None:
    files = ScanFiles(tmp_path / summary if summary else None, tmp_path / metrics if metrics else None)
    with pytest.raises(UsageError, match=sentence):
        files.check()


def test_a_folder_that_takes_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)  # permissions do not bind root, under which tests may run
    assert ScanFiles(None, tmp_path / "m.prom").check() == ScanFiles()
    assert "No metrics are written" in caplog.text
    with pytest.raises(UsageError, match="no file can be written"):
        ScanFiles(tmp_path / "s.json").check()


def test_the_last_complete_scan_is_asked_of_the_store(tmp_path: Path) -> None:
    assert scan_files._last_complete(str(tmp_path)) is None
    store = Store.create(tmp_path)
    assert scan_files._last_complete(str(tmp_path)) is None
    for day, status in ((1, "complete"), (2, "complete"), (3, "failed")):
        store.record_scan({"scan_id": str(day), "status": status, "finished_at": START + timedelta(days=day)})
    assert scan_files._last_complete(str(tmp_path)) == START + timedelta(days=2)
    one = {"scan_id": "4", "status": "complete", "part": "2/8", "finished_at": START + timedelta(days=4)}
    store.record_scan(one)
    assert scan_files._last_complete(str(tmp_path)) == START + timedelta(days=2), "a part is not the whole"
    assert scan_files._last_complete(str(tmp_path), ScanPart(2, 8)) == START + timedelta(days=4)
    assert scan_files._last_complete(str(tmp_path), ScanPart(2, 4)) is None


def test_the_metrics_of_a_part_say_so_in_every_sample() -> None:
    report = ended()
    report.part = ScanPart(2, 8)
    samples, _ = parse(metrics_text(report, None))
    assert all(dict(labels)["part"] == "2/8" for _, labels in samples)
    assert report_facts(report)["part"] == "2/8"


def test_a_lost_child_is_no_item() -> None:
    ticks = Ticks()
    ticks.add(CHILD_LOST)
    ticks.add("examined")
    assert (ticks.children_lost, ticks.outcomes) == (1, Counter({"examined": 1}))
