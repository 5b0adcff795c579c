"""Who may write to a store beside whom, and that whoever is killed holds nothing any more."""

import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

import pytest

from pipelines.errors import StoreBusyError
from pipelines.leases import LeaseLocks
from pipelines.locks import FileLocks, Locks
from pipelines.scan_part import ScanPart

ROOT = Path(__file__).parents[2]
Held = Callable[[Locks], AbstractContextManager[None]]


def whole(doing: str) -> Held:
    return lambda locks: locks.whole(doing, f"id of {doing}")


def part(number: int, of: int) -> Held:
    return lambda locks: locks.part(ScanPart(number, of), f"id of {number}/{of}")


@pytest.fixture(params=["folder", "s3"])
def locks(request: pytest.FixtureRequest, tmp_path: Path) -> Locks:
    if request.param == "folder":
        return FileLocks(tmp_path)
    return LeaseLocks(request.getfixturevalue("bucket").uri("audit"))


@pytest.fixture
def file_locks(tmp_path: Path) -> FileLocks:
    return FileLocks(tmp_path)


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        (whole("scan"), whole("scan"), "Another process is writing to .*: scan, process [0-9]+ on .+, since 20.* UTC"),
        (whole("vacuum"), whole("scan"), "is writing to .*: vacuum, process"),
        (whole("scan"), whole("judge"), "is writing to .*: scan, process"),
        (whole("scan"), part(1, 2), "is writing to .*: scan, process"),
        (part(2, 8), whole("scan"), "is writing to .*: segments 2/8, process"),
        (part(2, 8), whole("vacuum"), "is writing to .*: segments 2/8, process"),
        (part(2, 8), part(2, 8), "Part 2/8 of the scan into .* is held: segments 2/8, process .*other parts can run"),
        (part(1, 2), part(1, 3), "runs in 2 parts: segments 1/2, process .*Parts of 3 would overlap.*--segments i/2"),
        (part(2, 8), part(2, 4), "runs in 8 parts"),
        (part(1, 2), part(2, 2), None),
        (part(8, 8), part(1, 8), None),
    ],
)
def test_who_may_write_beside_whom(first: Held, second: Held, said: str | None, locks: Locks) -> None:
    with first(locks):
        if said is None:
            with second(locks):
                pass
        else:
            with pytest.raises(StoreBusyError, match=said), second(locks):
                pass
    with second(locks):
        pass  # what is let go is free


def test_what_was_refused_holds_nothing(locks: Locks) -> None:
    with part(1, 2)(locks):
        for refused in (whole("scan"), part(1, 2), part(1, 3)):
            with pytest.raises(StoreBusyError), refused(locks):
                pass
    with whole("scan")(locks):
        assert locks.live_scans() == {"id of scan"}


def test_of_many_holders_a_few_are_told(locks: Locks) -> None:
    with ExitStack() as held:
        for number in range(1, 6):
            held.enter_context(part(number, 8)(locks))
        with pytest.raises(StoreBusyError, match=r"1/8.*2/8.*3/8.*; and 2 more"), whole("scan")(locks):
            pass


def test_scans_that_live_are_those_that_hold_something_now(locks: Locks) -> None:
    assert not locks.is_held()
    with part(1, 3)(locks), part(3, 3)(locks):
        assert locks.live_scans() == {"id of 1/3", "id of 3/3"}
        assert locks.is_held()
    assert locks.live_scans() == set()
    assert not locks.is_held()


def test_an_earlier_version_that_says_nothing_of_itself_holds_all_the_same(
    file_locks: FileLocks, tmp_path: Path
) -> None:
    with whole("scan")(file_locks):
        (tmp_path / ".lock").write_text("")
        with pytest.raises(StoreBusyError, match="another process"), part(1, 2)(file_locks):
            pass


HOLDER = """
import sys, time
from pathlib import Path
from pipelines.leases import LeaseLocks
from pipelines.locks import FileLocks, Locks
from pipelines.scan_part import ScanPart
with FileLocks(Path(sys.argv[1])).part(ScanPart(2, 8), "killed"), FileLocks(Path(sys.argv[1])).alone("judging"):
    print("held", flush=True)
    time.sleep(60)
"""


def test_what_a_killed_driver_held_is_free_at_once(file_locks: FileLocks, tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    assert file_locks.live_scans() == {"killed"}
    with pytest.raises(StoreBusyError, match=f"process {process.pid} "), part(2, 8)(file_locks):
        pass
    process.kill()
    assert process.wait() == -signal.SIGKILL
    process.stdout.close()
    with part(2, 8)(file_locks), file_locks.alone("judging"):
        assert file_locks.live_scans() == {"id of 2/8"}


def test_one_waits_until_the_other_has_done_the_same_work(locks: Locks) -> None:
    done: list[str] = []

    def work() -> None:
        with locks.alone("judging"):
            done.append("second")

    waiting = threading.Thread(target=work)
    with locks.alone("judging"), locks.alone("other work"):
        waiting.start()
        waiting.join(0.2)
        assert waiting.is_alive()
        done.append("first")
    waiting.join(10)
    assert done == ["first", "second"]
