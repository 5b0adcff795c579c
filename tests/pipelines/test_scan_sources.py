"""Scans of what a manifest names and filters let pass: rows, what becomes gone, and what is said at the end."""

import io
import logging
import os
from pathlib import Path

import pytest
from rich.console import Console

from examples.media.pictures import generated_picture
from pipelines.errors import ExitCode, UsageError
from pipelines.runners import RunnerChoice
from pipelines.summary import plan_facts, print_plan, print_summary
from tests.conftest import ScanCall, rows
from tests.faulty import FaultyFileSystem, StorageError
from transforms.outcomes import Outcome

LATEST = "SELECT regexp_extract(uri, '[^/]*$'), outcome, reason FROM items_latest ORDER BY 1"
REMOTE = "faulty://bucket/r.png"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    FaultyFileSystem.reset()
    monkeypatch.setattr("transforms.retry.time.sleep", lambda _: None)
    (tmp_path / "in").mkdir()
    for seed, name in enumerate(("a.png", "b.png", "c.png", "remote.png")):
        generated_picture(seed, (64, 48)).save(tmp_path / "in" / name)
    data = (tmp_path / "in" / "remote.png").read_bytes()
    (tmp_path / "in" / "remote.png").unlink()
    FaultyFileSystem.files[REMOTE] = (data, 5.0)
    FaultyFileSystem.files["faulty://bucket/closed.png"] = (data, 5.0)
    return tmp_path / "in"


def manifest(folder: Path, *names: str) -> Path:
    (folder.parent / "list.csv").write_text("\n".join(["uri", *names]))
    return folder.parent / "list.csv"


def test_a_scan_of_a_manifest_and_the_next_one(folder: Path, light_scan: ScanCall) -> None:
    store = folder.parent / "store"
    FaultyFileSystem.fails("open", REMOTE, TimeoutError(), StorageError(503))
    FaultyFileSystem.fails("read", REMOTE, ConnectionResetError())
    FaultyFileSystem.fails("open", "faulty://bucket/closed.png", *[StorageError(403, "Forbidden")] * 9)
    closed = "faulty://bucket/closed.png"
    names = ["in/a.png", "in/a.png", "in/b.png", "in/c.png", "in/never.png", REMOTE, closed]
    first = light_scan(manifest=manifest(folder, *names))
    assert (first.plan.inputs, first.exit_code) == (6, ExitCode.INCOMPLETE)
    assert rows(store, LATEST) == [
        ("a.png", "examined", None),
        ("b.png", "examined", None),
        ("c.png", "examined", None),
        ("closed.png", "failed", "unreadable"),
        ("never.png", "failed", "not_found"),
        ("r.png", "failed", "unreadable"),
    ]
    details = rows(store, "SELECT detail FROM items_latest WHERE reason IS NOT NULL ORDER BY uri DESC")
    assert [detail for (detail,) in details] == [
        "The storage gave no reason (ConnectionResetError).",
        "Access is refused: Forbidden.",
        "The manifest names the file, and it was never there.",
    ]
    assert first.findings is not None
    assert first.findings.counts.total() == 6
    assert rows(store, "SELECT sources, inputs, left_out FROM scans") == [([str(folder.parent / "list.csv")], 6, 0)]

    (folder / "b.png").unlink()
    (folder / "c.png").unlink()
    again = light_scan(manifest=manifest(folder, "in/a.png", "in/b.png", "in/never.png", REMOTE), retry_failed=True)
    assert (again.count(Outcome.GONE), again.count(Outcome.EXAMINED)) == (1, 1)
    assert rows(store, LATEST) == [
        ("a.png", "examined", None),
        ("b.png", "gone", "vanished"),
        ("c.png", "examined", None),
        ("closed.png", "failed", "unreadable"),
        ("never.png", "failed", "not_found"),
        ("r.png", "examined", None),
    ], "c.png is not there, and no longer named: nothing is said of it"

    (folder / "a.png").unlink()
    with pytest.raises(UsageError, match=r"Nothing that the manifest names is there, and 1 files were there"):
        light_scan(manifest=manifest(folder, "in/a.png", "in/b.png"))


def test_filesystems_of_beam_see_its_options_before_there_is_a_pipeline(folder: Path, light_scan: ScanCall) -> None:
    from apache_beam.options.pipeline_options import HadoopFileSystemOptions

    FaultyFileSystem.options = None
    runner = RunnerChoice(options=("--hdfs_host=namenode",))
    for chosen in ({"sources": ["faulty://bucket"]}, {"manifest": manifest(folder, "in/a.png", REMOTE)}):
        light_scan(*chosen.pop("sources", ()), **chosen, runner=runner, dry_run=True)
        assert FaultyFileSystem.options.view_as(HadoopFileSystemOptions).hdfs_host == "namenode"


def test_filters_leave_out_and_say_so(folder: Path, light_scan: ScanCall, caplog: pytest.LogCaptureFixture) -> None:
    from pipelines.selection import parse_selection

    caplog.set_level(logging.INFO)
    os.utime(folder / "c.png", (0, 0))
    (folder / "a.txt").write_text("Made with AI")
    selection = parse_selection(["**.png"], ["b*"], "7d")
    planned = light_scan(folder, selection=selection, dry_run=True)
    said = {"excluded": 1, "not included": 1, "older": 1}
    assert plan_facts(planned)["left_out"] == said
    done = light_scan(folder, selection=selection)
    assert (done.plan.inputs, done.plan.left_out, done.exit_code) == (1, said, ExitCode.COMPLETE)
    for show in (lambda console: print_plan(planned, console), lambda console: print_summary(done, 1.0, console)):
        console = Console(file=io.StringIO(), width=200)
        show(console)
        assert "Left out by the filters: 1 excluded, 1 not included, 1 older." in console.file.getvalue()
    store = folder.parent / "store"
    assert rows(store, "SELECT beside IS NOT NULL FROM items_latest") == [(True,)], "a sidecar is read all the same"
    assert light_scan(folder).plan.unchanged == 1, "filters are no part of how a file is examined"
