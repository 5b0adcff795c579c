"""Ctrl-C and SIGTERM: what is finished is committed, the exit status is 5, and the same command goes on.

In a folder, and on S3 behind faults.
"""

import json
import signal
import subprocess
import sys
from pathlib import Path
from threading import Event

import pytest
from rich.console import Console

from examples.media.pictures import generated_picture
from pipelines.errors import ExitCode
from pipelines.scan import Scan
from pipelines.scan_options import ScanOptions
from pipelines.store import Store
from tests.conftest import ScanCall, assert_same_rows, rows
from tests.drivers import Driver
from tests.places import source_at, store_at

pytestmark = pytest.mark.usefixtures("both_places")
COUNT, SEGMENT = 160, 40


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("interrupt") / "source"
    folder.mkdir()
    base = generated_picture(1, (700, 520))
    for number in range(COUNT):
        base.rotate(number, resample=2).save(folder / f"{number:03}.jpg", quality=80)
    return folder


@pytest.fixture(scope="module")
def undisturbed(source: Path, light: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    store = tmp_path_factory.mktemp("undisturbed") / "store"
    Scan(ScanOptions([str(source)], str(store), profile=str(light)), Console(stderr=True)).run()
    return store


def start_into_second_segment(source: Path, store: Path, profile: Path) -> Driver:
    command = [sys.executable, "-m", "pipelines.cli", "scan", source_at(source), "--store", str(store_at(store))]
    process = Driver(
        [*command, "--profile", str(profile), "--segment-items", str(SEGMENT), "--summary", f"{store}.json"],
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("INFO Segment"):
            break
    return process


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_commits_what_is_finished(
    number: signal.Signals, source: Path, undisturbed: Path, tmp_path: Path, light: Path, light_scan: ScanCall
) -> None:
    store = tmp_path / "store"
    process = start_into_second_segment(source, store, light)
    assert process.stderr is not None
    Event().wait(0.3)  # into the second segment
    process.send_signal(number)
    said = process.stderr.read()
    assert process.wait(timeout=60) == ExitCode.INTERRUPTED, said
    assert "Run the same command again" in said

    done = rows(store, "SELECT count(*), count(DISTINCT uri) FROM items")[0]
    assert SEGMENT <= done[0] == done[1] < COUNT
    assert rows(store, "SELECT status, exit_status FROM scans") == [("interrupted", 5)]
    facts = json.loads(Path(f"{store}.json").read_text("utf-8"))
    assert (facts["status"], facts["exit_status"]) == ("interrupted", 5)
    assert sum(row["items"] for row in facts["counts"]["rows"]) == done[0]
    assert rows(store, "SELECT DISTINCT items + deferred FROM segments") == [(SEGMENT,)]

    summary = light_scan(source)
    assert len(summary.plan.due) == COUNT - done[0]
    assert_same_rows(store, undisturbed)


def test_the_second_signal_ends_the_process_at_once(source: Path, tmp_path: Path, light: Path) -> None:
    store = tmp_path / "store"
    process = start_into_second_segment(source, store, light)
    assert process.stderr is not None
    children = wait_for_examiners(process.pid)
    process.send_signal(signal.SIGINT)
    Event().wait(0.02)
    process.send_signal(signal.SIGINT)
    said = process.stderr.read()
    assert process.wait(timeout=60) == ExitCode.INTERRUPTED
    assert "Run the same command again" in said
    assert rows(store, f"SELECT count(*) >= {SEGMENT} FROM items") == [(True,)]
    for _ in range(50):
        if not children & examiners():
            break
        Event().wait(0.1)
    assert not children & examiners(), "no child outlives its scan"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_before_any_file_is_in_hand_ends_with_5(number: signal.Signals, source: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    command = [
        sys.executable,
        "-m",
        "pipelines.cli",
        "--log-format",
        "json",
        "scan",
        source_at(source),
        "--store",
        str(store_at(store)),
    ]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2])
    files = Store(store_at(store)).disk
    while files.size("scans/_delta_log/00000000000000000001.json") is None:
        assert process.poll() is None
        Event().wait(0.01)
    process.send_signal(number)  # the plan is made, or Beam is being loaded
    assert process.stderr is not None
    said = [json.loads(line) for line in process.stderr]
    assert process.wait(timeout=60) == ExitCode.INTERRUPTED
    assert "Run the same command again" in said[-1]["message"]
    assert rows(store, "SELECT status, exit_status FROM scans") == [("interrupted", 5)]


def examiners(parent: int | None = None) -> set[int]:
    """Examiner children that run now, of one parent or of any."""
    found = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                is_examiner = b"transforms.examine.child" in (entry / "cmdline").read_bytes()
                its_parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
            except OSError:
                continue  # it ended while we looked
            if is_examiner and parent in {None, its_parent}:
                found.add(int(entry.name))
    return found


def wait_for_examiners(parent: int) -> set[int]:
    for _ in range(100):
        if children := examiners(parent):
            return children
        Event().wait(0.05)
    raise TimeoutError(f"process {parent} started no examiner child")
