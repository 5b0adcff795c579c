"""``--segments``: real drivers side by side into one store, one of them killed, leave what one scan of all leaves.

In a folder, and on S3 behind faults, where the part of the killed one is held until its claim ends.
"""

import json
import signal
import subprocess
import sys
import time
import zipfile
from collections import Counter
from pathlib import Path
from threading import Event
from typing import Any, NamedTuple

import pytest
from rich.console import Console

from examples.media.pictures import generated_picture, jpeg, png
from pipelines.errors import ExitCode, StoreBusyError
from pipelines.findings import as_facts
from pipelines.scan import Scan
from pipelines.scan_options import ScanOptions
from pipelines.scan_part import ScanPart
from pipelines.store import Store
from pipelines.summary import ScanSummary
from pipelines.upkeep.check import check_store
from pipelines.upkeep.problems import Problem
from tests.conftest import assert_same_rows, rows
from tests.drivers import Driver, run
from tests.places import source_at, store_at

pytestmark = pytest.mark.usefixtures("both_places")
ROOT = Path(__file__).parents[2]
OF = 2


class Scanned(NamedTuple):
    """The store that drivers of all parts wrote, their summaries, and the same in one."""

    store: Path
    told: list[dict[str, Any]]
    reference: Path
    summary: ScanSummary


def command(source: Path, store: Path, part: str, *more: object) -> list[str]:
    told = ["scan", source_at(source), "--store", store_at(store), "--segments", part, *more]
    return [sys.executable, "-m", "pipelines.cli", *map(str, told)]


def ran(*arguments: Any) -> subprocess.CompletedProcess[str]:
    return run(command(*arguments), cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("segments") / "source"
    folder.mkdir()
    for seed in range(14):
        (folder / f"{seed}.png").write_bytes(png(generated_picture(seed % 12, (64, 48))))
    (folder / "cut.jpg").write_bytes(jpeg(generated_picture(1, (300, 200)))[:2000])
    (folder / "1.txt").write_text("AI")
    with zipfile.ZipFile(folder / "all.zip", "w") as archive:
        for seed in range(3):
            archive.writestr(f"{seed}.png", png(generated_picture(20 + seed, (64, 48))))
    return folder


@pytest.fixture(scope="module")
def reference(source: Path, light: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ScanSummary]:
    store = tmp_path_factory.mktemp("stores") / "reference"
    return store, Scan(ScanOptions([str(source)], str(store), profile=str(light)), Console(stderr=True)).run()


def wait_for(store: Store, part: ScanPart) -> None:
    """Until nobody holds the part."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            with store.locks.part(part, "x"):
                return
        except StoreBusyError:
            Event().wait(0.5)
    raise TimeoutError(f"part {part} is still held")


@pytest.fixture(scope="module")
def scanned(
    both_places: None,
    source: Path,
    light: Path,
    reference: tuple[Path, ScanSummary],
    tmp_path_factory: pytest.TempPathFactory,
) -> Scanned:
    """The second driver is killed when it has committed its first segment, and started once more."""
    folder = tmp_path_factory.mktemp("stores")
    store = folder / "store"
    options = ["--profile", light, "--segment-items", 2, "--summary"]
    drivers = [
        Driver(
            command(source, store, f"{number}/{OF}", *options, folder / f"{number}.json"),
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        for number in range(1, OF + 1)
    ]
    killed = drivers[1]
    assert killed.stderr is not None
    said = [line for line in iter(killed.stderr.readline, "") if line.startswith("INFO Segment") and not killed.kill()]
    assert said, "it committed a segment before it was killed"
    assert killed.wait() == -signal.SIGKILL
    wait_for(Store(store_at(store)), ScanPart(2, OF))
    again = ran(source, store, f"2/{OF}", *options, folder / "2.json")
    assert again.returncode in {ExitCode.COMPLETE, ExitCode.INCOMPLETE}, again.stderr
    error = drivers[0].communicate()[1]
    assert drivers[0].returncode in {ExitCode.COMPLETE, ExitCode.INCOMPLETE}, error
    told = [json.loads((folder / f"{number}.json").read_text("utf-8")) for number in range(1, OF + 1)]
    return Scanned(store, told, *reference)


def test_the_rows_are_those_of_one_undisturbed_scan(scanned: Scanned) -> None:
    assert_same_rows(scanned.store, scanned.reference)
    once = "SELECT parse_filename(uri), member_path, count(*) FROM {} GROUP BY ALL ORDER BY ALL"
    for view in ("items", "verdicts"):
        assert rows(scanned.store, once.format(view)) == rows(scanned.reference, once.format(view)), view


def test_the_store_is_sound_and_holds_nothing_but_what_the_kill_left(scanned: Scanned) -> None:
    left = {found.problem for found in check_store(Store(store_at(scanned.store)))}
    assert left <= {Problem.ORPHAN, Problem.UNFINISHED}
    assert Store(store_at(scanned.store)).manifests() == {}


def test_scans_tell_their_part_and_the_killed_one_alone_was_killed(scanned: Scanned) -> None:
    found = rows(scanned.store, "SELECT part, status FROM scans ORDER BY ALL")
    assert found == [("1/2", "complete"), ("2/2", "complete"), ("2/2", "killed")]
    assert rows(scanned.reference, "SELECT part FROM scans") == [(None,)]


def test_each_place_was_recorded_by_a_driver_of_its_part(scanned: Scanned) -> None:
    for uri, part in rows(scanned.store, "SELECT DISTINCT uri, part FROM items JOIN scans USING (scan_id)"):
        number = int(part.partition("/")[0])
        assert ScanPart(number, OF).takes(uri)


def test_a_driver_tells_of_its_own_part(scanned: Scanned) -> None:
    assert [one["part"] for one in scanned.told] == ["1/2", "2/2"]
    assert sum(one["counts"]["inputs"] for one in scanned.told) == scanned.summary.plan.inputs
    findings: Counter[tuple[str, str]] = Counter()
    for one in scanned.told:
        findings.update({(each["policy"], each["outcome"]): each["items"] for each in one["counts"]["findings"]})
    assert scanned.summary.findings is not None
    assert findings == {(one["policy"], one["outcome"]): one["items"] for one in as_facts(scanned.summary.findings)}
    is_broken = [ScanPart(number, OF).takes(broken(scanned)) for number in range(1, OF + 1)]
    assert [one["exit_status"] == ExitCode.INCOMPLETE for one in scanned.told] == is_broken


def broken(scanned: Scanned) -> str:
    return str(rows(scanned.store, "SELECT uri FROM items_latest WHERE outcome = 'failed'")[0][0])


def test_another_cut_and_the_whole_find_nothing_left_to_do(source: Path, light: Path, scanned: Scanned) -> None:
    for part in ("1/3", "2/3", "3/3", "1/1"):
        done = ran(source, scanned.store, part, "--profile", light, "--dry-run")
        assert " 0 to record in" in " ".join(done.stderr.split()), done.stderr
        assert ("Part 1/3:" in done.stderr) == (part == "1/3")


@pytest.mark.parametrize(
    ("held", "part", "said"),
    [
        ("1/1", "2/3", "Another process is writing to"),
        ("2/3", "2/3", "Part 2/3 of the scan into"),
        ("1/2", "2/3", "runs in 2 parts"),
        ("2/3", "1/1", "segments 2/3, process"),
    ],
)
def test_what_would_overlap_is_refused(
    held: str, part: str, said: str, source: Path, scanned: Scanned, light: Path
) -> None:
    locks = Store(store_at(scanned.store)).locks
    number, of = map(int, held.split("/"))
    with locks.whole("scan") if of == 1 else locks.part(ScanPart(number, of), "x"):
        done = ran(source, scanned.store, part, "--profile", light)
    assert done.returncode == ExitCode.USAGE
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_part_that_is_none_is_refused(source: Path, tmp_path: Path) -> None:
    done = ran(source, tmp_path / "store", "9/8")
    assert done.returncode == ExitCode.USAGE
    assert "from 1/8 to 8/8" in done.stderr
    assert not Store(store_at(tmp_path / "store")).exists()
