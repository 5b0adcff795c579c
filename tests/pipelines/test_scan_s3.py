"""Whole scans of S3 over HTTP: the rows are those of the same files here, also after faults and a kill."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from examples.media.pictures import generated_picture, png
from pipelines.errors import ExitCode
from pipelines.leases import LEASE_VARIABLE
from pipelines.store import Store
from pipelines.upkeep.check import check_store
from tests.conftest import ScanCall, rows, scanned_by_default
from tests.drivers import Driver, run
from tests.few_files import LATEST, assert_same_but_for_the_place
from tests.s3_server import (
    CREDENTIALS,
    FORBIDDEN,
    LIST,
    SLOW_DOWN,
    TOO_MANY,
    Bucket,
    First,
    Lost,
    Reset,
    S3Server,
    Sprinkling,
)
from transforms.s3 import ENDPOINT_VARIABLE

ROOT = Path(__file__).parents[2]


@pytest.fixture
def filled(bucket: Bucket, few_files: dict[str, bytes]) -> Bucket:
    for key, data in few_files.items():
        bucket.put(key, data)
    return bucket


def test_a_scan_by_the_command_and_the_next_ones(
    s3: S3Server, filled: Bucket, few_files_here: tuple[Path, str], light: Path, tmp_path: Path, light_scan: ScanCall
) -> None:
    store = tmp_path / "store"
    environment = {name: value for name, value in os.environ.items() if name != ENDPOINT_VARIABLE}
    command = [sys.executable, "-m", "pipelines.cli", "scan", filled.uri(), "--store", str(store)]
    command += ["--s3-endpoint", s3.endpoint, "--profile", str(light), "--running-mode", "multi_processing"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == ExitCode.INCOMPLETE, done.stderr
    assert CREDENTIALS["AWS_SECRET_ACCESS_KEY"] not in done.stderr + done.stdout
    assert_same_but_for_the_place(store, filled.uri(), few_files_here)

    s3.reset()
    again = light_scan(filled.uri())
    assert (len(again.plan.due), again.plan.unchanged) == (0, again.plan.inputs)
    assert {method for method, _ in s3.requests} == {LIST}, "nothing is read"

    first, second = (png(generated_picture(seed, (96, 64))) for seed in (5, 6))
    filled.put("2023/copy.txt", b"Made by hand")  # of the same length
    filled.delete("2024/half.jpg")
    for key in ("closed.png", "replaced.png", "deleted.png"):
        filled.put(key, first)
    s3.fails("GET", f"{filled.name}/closed.png", FORBIDDEN)
    s3.fails("GET", f"{filled.name}/replaced.png", First(lambda: filled.put("replaced.png", second)))
    s3.fails("GET", f"{filled.name}/deleted.png", First(lambda: filled.delete("deleted.png")))
    found = light_scan(filled.uri())
    assert found.exit_code is ExitCode.INCOMPLETE
    assert rows(store, LATEST) == [
        ("a b.png", "examined", None),
        ("clip.mp4", "examined", None),
        ("closed.png", "failed", "unreadable"),
        ("copy.png", "examined", None),
        ("copy.txt", "not_checked", "not_media"),
        ("deleted.png", "gone", "vanished"),
        ("empty.jpg", "failed", "empty_file"),
        ("half.jpg", "gone", "vanished"),
        ("notes.txt", "not_checked", "not_media"),
        ("replaced.png", "failed", "changed_during_scan"),
        ("shard.zip", "not_checked", "container"),
    ]
    assert {Path(due.place.uri).name for due in found.plan.due} == {
        *("closed.png", "copy.png", "copy.txt", "deleted.png", "half.jpg", "replaced.png")
    }, "a replaced text makes its picture due, too"

    planned = light_scan(filled.uri(), dry_run=True).plan
    assert [due.place.uri for due in planned.due] == [filled.uri("replaced.png")], "what changed under way is due again"


def scan_until_killed(step: str, source: str, store: str, profile: Path) -> None:
    """Scans in a process that kills itself at a step of the second segment."""
    driver = Path(__file__).with_name("kill_driver.py")
    killed = run(
        [sys.executable, str(driver), step, "2", source, store, str(profile)],
        cwd=profile.parent,
        env=dict(os.environ) | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr


@pytest.mark.only_everywhere
def test_the_sample_archive_on_s3_gives_the_rows_that_it_gives_here(
    s3: S3Server, bucket: Bucket, archive: Path, scan: ScanCall, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Broken files, traps and archives included, with source and store on S3 and every third new request failing."""
    here = scanned_by_default(archive, tmp_path_factory)
    for file in archive.rglob("*"):
        if file.is_file():
            bucket.put(str(file.relative_to(archive)), file.read_bytes())
    s3.sprinkling = Sprinkling()
    try:
        summary = scan(bucket.uri(), store=bucket.uri("audit"))
        assert s3.sprinkling.happened
    finally:
        s3.sprinkling = None
    assert summary.exit_code is ExitCode.INCOMPLETE
    assert_same_but_for_the_place(bucket.uri("audit"), bucket.uri(), (here, str(archive)))


def test_a_store_on_s3_by_the_command(
    s3: S3Server, filled: Bucket, few_files_here: tuple[Path, str], light: Path, light_scan: ScanCall
) -> None:
    """The store lies in the source: its own objects are no inputs."""
    store = filled.uri("audit")
    environment = {name: value for name, value in os.environ.items() if name != ENDPOINT_VARIABLE}
    command = [sys.executable, "-m", "pipelines.cli", "scan", filled.uri(), "--store", store]
    command += ["--s3-endpoint", s3.endpoint, "--profile", str(light), "--running-mode", "multi_processing"]
    s3.fails("PUT", f"{filled.name}/audit/segments/_delta_log/{1:020}.json", Lost(), SLOW_DOWN)
    s3.fails("PUT", f"{filled.name}/audit/items/_delta_log/{1:020}.json", Reset(), TOO_MANY)
    done = run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == ExitCode.INCOMPLETE, done.stderr
    assert CREDENTIALS["AWS_SECRET_ACCESS_KEY"] not in done.stderr + done.stdout
    assert_same_but_for_the_place(store, filled.uri(), few_files_here)
    assert not any([*s3.faults.values()]), "all of them happened"
    assert rows(store, "SELECT status, sources FROM scans") == [("complete", [filled.uri()])]
    again = light_scan(filled.uri(), store=store)
    assert (len(again.plan.due), again.plan.unchanged) == (0, again.plan.inputs)
    explained = [sys.executable, "-m", "pipelines.cli", "explain", filled.uri("2023/copy.png"), "--store", store]
    told = run(explained, cwd=ROOT, env=os.environ, capture_output=True, text=True, check=False)
    assert (told.returncode, "Made with AI" in told.stdout) == (ExitCode.COMPLETE, True), told.stderr


def test_a_killed_scan_to_s3_goes_on_when_its_claim_has_ended(
    filled: Bucket, few_files_here: tuple[Path, str], light: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(LEASE_VARIABLE, "2")
    store = filled.uri("audit")
    scan_until_killed("frames not committed", filled.uri(), store, light)
    assert rows(store, "SELECT count(*) FROM segments") == [(1,)]
    assert rows(store, "SELECT count(*) FROM items ANTI JOIN segments USING (segment_id)") == [(0,)]
    end = time.monotonic() + 30
    while Store(store).locks.is_held():
        assert time.monotonic() < end
    command = [sys.executable, "-m", "pipelines.cli", "scan", filled.uri(), "--store", store, "--profile", str(light)]
    drivers = [
        Driver([*command, "--segments", part], cwd=ROOT, stderr=subprocess.PIPE, text=True) for part in ("1/2", "2/2")
    ]
    told = [driver.communicate(timeout=200)[1] for driver in drivers]
    assert {driver.returncode for driver in drivers} <= {ExitCode.COMPLETE, ExitCode.INCOMPLETE}, told
    assert_same_but_for_the_place(store, filled.uri(), few_files_here)
    assert rows(store, "SELECT status FROM scans ORDER BY status") == [("complete",), ("complete",), ("killed",)]
    assert [found.line for found in check_store(Store(store)) if found.problem.is_damage] == []
