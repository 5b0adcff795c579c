"""Whatever ends a scan: one line says what happened, the status is right, and the next run goes on from the store."""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from examples.media.pictures import generated_picture
from pipelines import judge, store, troubles
from pipelines import scan as scan_module
from pipelines.contents import hash_place
from pipelines.errors import ExitCode, MachineError, UsageError
from pipelines.scan import Scan
from pipelines.scan_options import ScanOptions
from pipelines.store import Store
from pipelines.troubles import machine_told, told_of
from tests.conftest import ScanCall, assert_same_rows, rows
from tests.drivers import Driver
from tests.pipelines.open_metrics import parse
from transforms.containers.entries import ContainerLimits
from transforms.containers.opener import Opener
from transforms.examine.settings import Limits
from transforms.records import Place
from transforms.scratch import ScratchError, scratch_file

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ends") / "source"
    folder.mkdir()
    for seed in range(40):
        generated_picture(seed, (64, 48)).save(folder / f"{seed}.png")
    return folder


@pytest.fixture(scope="module")
def undisturbed(source: Path, light: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("undisturbed") / "store"
    Scan(ScanOptions([str(source)], str(folder), profile=str(light)), Console(stderr=True)).run()
    return folder


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 220 KB, which the tests may remount."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=220k", "tmpfs", folder], check=False).returncode:
        pytest.skip("mounting a small disk is not allowed here")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def scan_command(source: Path, store: Path, profile: Path, told: Path) -> list[str]:
    files = ["--summary", str(told / "s.json"), "--metrics-file", str(told / "m.prom"), "--profile", str(profile)]
    return [sys.executable, "-m", "pipelines.cli", "scan", str(source), "--store", str(store), *files]


def start(command: list[str], limit: int = 0) -> Driver:
    limits = {resource.RLIMIT_FSIZE: (limit, limit)} if limit else {}
    return Driver(command, stderr=subprocess.PIPE, text=True, cwd=ROOT, limits=limits)


def told_in(folder: Path) -> tuple[dict[str, Any], dict[str, float]]:
    samples, _ = parse((folder / "m.prom").read_text("utf-8"))
    plain = {name: value for (name, labels), value in samples.items() if len(labels) == 1}
    return json.loads((folder / "s.json").read_text("utf-8")), plain


@pytest.mark.parametrize(("kind", "said"), [("full", "The disk is full"), ("limited", "larger than this process may")])
def test_a_disk_that_takes_no_more(
    kind: str,
    said: str,
    source: Path,
    tmp_path: Path,
    light: Path,
    light_scan: ScanCall,
    undisturbed: Path,
    request: Any,
) -> None:
    disk: Path = request.getfixturevalue("small_disk") if kind == "full" else tmp_path
    items, limit = (10, 0) if kind == "full" else (40, 11_500)
    command = [*scan_command(source, disk / "store", light, tmp_path), "--segment-items", str(items)]
    process = start(command, limit)
    lines = (process.communicate()[1] or "").splitlines()
    assert process.returncode == ExitCode.BROKEN_OFF, lines
    errors = [line for line in lines if line.startswith("ERROR")]
    assert len(errors) == 1, lines
    assert said in errors[0]
    assert "run the same command again" in errors[0]
    assert not any("Traceback" in line for line in lines)
    facts, metrics = told_in(tmp_path)
    assert (facts["status"], facts["exit_status"], f"ERROR {facts['error']}") == ("failed", 6, errors[0])
    assert metrics["aiqyn_scan_exit_status"] == ExitCode.BROKEN_OFF

    if kind == "full":
        subprocess.run(["mount", "-o", "remount,size=50m", disk], check=True)
    before = set(rows(disk / "store", "SELECT uri, scan_id FROM items"))
    light_scan(source, store=disk / "store", segment_items=10)
    assert before <= set(rows(disk / "store", "SELECT uri, scan_id FROM items")), "nothing committed is lost"
    assert rows(disk / "store", "SELECT count(*), count(DISTINCT uri) FROM items") == [(40, 40)]
    assert {status for (status,) in rows(disk / "store", "SELECT status FROM scans")} <= {
        "killed",
        "failed",
        "complete",
    }
    assert_same_rows(disk / "store", undisturbed)


def test_a_store_that_may_only_be_read(small_disk: Path, source: Path, light: Path, tmp_path: Path) -> None:
    Store.create(small_disk / "store")
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    for name in ("store", "new"):
        process = start(scan_command(source, small_disk / name, light, tmp_path))
        lines = (process.communicate()[1] or "").splitlines()
        assert process.returncode == ExitCode.USAGE, lines
        assert len(lines) == 1
        assert "Read-only file system" in lines[0]
        assert told_in(tmp_path)[0]["error"] in lines[0]


def test_two_scans_of_one_store_at_once(source: Path, tmp_path: Path, light: Path) -> None:
    command = scan_command(source, tmp_path / "store", light, tmp_path)
    first = start(command)
    recorded = tmp_path / "store" / "scans" / "_delta_log" / "00000000000000000001.json"
    while not recorded.exists():
        assert first.poll() is None
        time.sleep(0.01)
    second = start(command)
    said = second.communicate()[1]
    assert first.poll() is None, "the second one came while the first one ran"
    assert second.returncode == ExitCode.USAGE
    assert said.startswith(f"ERROR Another process is writing to {tmp_path / 'store'}: scan, process {first.pid} on ")
    assert said.endswith(" UTC. Wait for it, or use another store.\n")
    first.communicate()
    assert first.returncode == ExitCode.COMPLETE
    facts, metrics = told_in(tmp_path)
    assert (facts["status"], facts["counts"]["inputs"], metrics["aiqyn_scan_exit_status"]) == ("complete", 40, 0)
    assert facts["scan_id"] == rows(tmp_path / "store", "SELECT scan_id FROM scans")[0][0]
    assert rows(tmp_path / "store", "SELECT count(*), count(DISTINCT uri) FROM items") == [(40, 40)]


def test_a_clock_that_is_set_back_between_scans(
    tmp_path: Path, light_scan: ScanCall, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Earlier(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return datetime(2025, 1, 1, tzinfo=tz or UTC)

    folder = tmp_path / "source"
    folder.mkdir()
    for name in ("changed.png", "gone.png", "stays.png"):
        generated_picture(1, (64, 48)).save(folder / name)
    light_scan(folder)
    for module in (store, scan_module, judge):
        monkeypatch.setattr(module, "datetime", Earlier)
    (folder / "gone.png").unlink()
    generated_picture(2, (96, 48)).save(folder / "changed.png")
    summary = light_scan(folder)
    now = rows(tmp_path / "store", "SELECT outcome, width, scan_id FROM items_latest ORDER BY uri")
    assert [(outcome, width, scan_id == summary.scan_id) for outcome, width, scan_id in now] == [
        ("examined", 96, True),
        ("gone", None, True),
        ("examined", 64, False),
    ]
    latest = "SELECT judged_at < TIMESTAMPTZ '2026-01-01' FROM verdicts_latest WHERE uri LIKE '%changed%'"
    assert rows(tmp_path / "store", latest) == [(True,)]
    assert rows(tmp_path / "store", "SELECT DISTINCT status FROM scans") == [("complete",)]
    assert not light_scan(folder).plan.due


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(28, "No space left on device"), "The disk is full (1.5 MB free at /audit)."),
        (
            RuntimeError("… OSError: [Errno 28] No space left on device [while running 'WriteFiles']"),
            "The disk is full",
        ),
        (OSError("Generic LocalFileSystem error: … Disk quota exceeded (os error 122)"), "The disk quota is used up"),
        (OSError(30, "Read-only file system"), "it is read-only"),
        (OSError(13, "Permission denied"), "Access was refused"),
        (OSError(5, "Input/output error"), "input/output error"),
        (OSError(24, "Too many open files"), "ulimit -n"),
        (ScratchError("No temporary file can be made: [Errno 2] …"), "Name one in TMPDIR"),
        (FileNotFoundError(2, "No usable temporary directory found in ['/tmp']"), "Name one in TMPDIR"),
    ],
)
def test_what_the_machine_refused_is_told_in_a_sentence(error: Exception, said: str) -> None:
    told = told_of(error, {"/audit": 1_500_000})
    assert told is not None
    assert said in told
    assert "run the same command again" in told


def test_what_it_was_raised_from_counts_and_what_is_no_trouble_of_the_machine_does_not() -> None:
    outer = RuntimeError("segment ended")
    outer.__cause__ = OSError(28, "No space left on device")
    assert told_of(outer, {}) is not None
    assert told_of(ZeroDivisionError("division by zero"), {}) is None


@pytest.mark.parametrize(
    ("raised", "seen"),
    [
        (OSError(28, "No space left on device"), MachineError),
        (UsageError("Permission denied"), UsageError),
        (KeyError("x"), KeyError),
    ],
)
def test_only_troubles_of_the_machine_become_such_an_error(
    raised: Exception, seen: type[Exception], tmp_path: Path
) -> None:
    with pytest.raises(seen), machine_told(tmp_path):
        raise raised


def test_a_temporary_folder_that_is_no_longer_there_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))
    with pytest.raises(MachineError, match="TMPDIR"), machine_told(tmp_path):
        tempfile.TemporaryDirectory()
    assert troubles._temporary_folder() is None


def member(tmp_path: Path) -> Place:
    """A member of a zip, which is unpacked into a temporary file to be read."""
    import zipfile

    with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
        file.writestr("a.bin", os.urandom(100_000))
    path = str(tmp_path / "a.zip")
    return Place(path, path, path, Path(path).stat().st_size, 1, member_path="a.bin")


@pytest.mark.parametrize("kind", ["missing", "full"])
def test_no_member_is_blamed_for_the_temporary_folder(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: Any
) -> None:
    place = member(tmp_path)
    if kind == "full":
        disk = request.getfixturevalue("small_disk")
        (disk / "fill").write_bytes(bytes(180_000))
    with ExitStack() as stack:
        opener = Opener(Limits(), ContainerLimits())
        stack.callback(opener.close)
        assert len(str(hash_place(place, 1 << 30, opener))) == 64
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / ("disk" if kind == "full" else "none")))
        with pytest.raises(ScratchError):
            hash_place(place, 1 << 30, opener)


def test_an_error_of_the_input_stays_its_own_within_a_temporary_file() -> None:
    with pytest.raises(PermissionError), scratch_file():
        raise PermissionError(13, "Permission denied")


def test_a_summary_says_how_long_it_took_also_when_the_clock_jumps(monkeypatch: pytest.MonkeyPatch) -> None:
    from pipelines.scan_report import ScanReport, report_facts

    report = ScanReport("id", "/audit", [], datetime.now(UTC) + timedelta(days=1))
    report.end(ExitCode.COMPLETE)
    assert 0 <= report_facts(report)["seconds"] < 60
