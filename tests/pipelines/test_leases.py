"""Claims on S3: they end when nobody renews them, by the server's clock, and who lost one commits nothing more."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from pipelines import leases
from pipelines.errors import LeaseLostError, StoreBusyError, UsageError
from pipelines.leases import LEASE_VARIABLE, LeaseLocks
from pipelines.scan_part import ScanPart
from tests.s3_server import FORBIDDEN, SLOW_DOWN, Bucket, Fault, First, Lost, Reset, S3Server

ROOT = Path(__file__).parents[2]
SECONDS = 2.0
wait = threading.Event().wait  # the fixture leaves out sleep


@pytest.fixture
def root(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of a store, whose claims end soon."""
    monkeypatch.setenv(LEASE_VARIABLE, str(SECONDS))
    return bucket.uri("audit")


@pytest.fixture
def no_beat(monkeypatch: pytest.MonkeyPatch) -> None:
    """Holders that sleep: no claim is renewed."""
    monkeypatch.setattr(leases._Lease, "_beat", lambda *_: None)


def until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        wait(0.2)


HOLDER = """
import sys, time
from pipelines.leases import LeaseLocks
from pipelines.scan_part import ScanPart
locks = LeaseLocks(sys.argv[1])
with locks.part(ScanPart(2, 8), "killed"), locks.alone("judging"):
    print("held", flush=True)
    time.sleep(60)
"""


def test_what_a_killed_driver_held_is_free_after_its_time(root: str) -> None:
    process = subprocess.Popen([sys.executable, "-c", HOLDER, root], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    wait(SECONDS + 1.5)
    locks = LeaseLocks(root)
    assert locks.live_scans() == {"killed"}, "it is renewed"
    process.kill()
    assert process.wait() == -signal.SIGKILL
    process.stdout.close()
    told = f"process {process.pid} .*if it has died, its claim ends at ..:..:.. UTC, in [123] s"
    with pytest.raises(StoreBusyError, match=told), locks.part(ScanPart(2, 8), "next"):
        pass
    until(lambda: not locks.is_held())
    with locks.part(ScanPart(2, 8), "next"), locks.alone("judging"):
        assert locks.live_scans() == {"next"}


@pytest.mark.usefixtures("no_beat")
@pytest.mark.parametrize("other", ["the same part", "another cut", "all"])
def test_who_slept_and_was_passed_over_finds_out_before_its_next_commit(root: str, other: str) -> None:
    sleeper, next_one = LeaseLocks(root), LeaseLocks(root)
    held = {
        "the same part": lambda: next_one.part(ScanPart(1, 2), "next"),
        "another cut": lambda: next_one.part(ScanPart(3, 3), "next"),
        "all": lambda: next_one.whole("vacuum"),
    }[other]
    with sleeper.part(ScanPart(1, 2), "sleeper"):
        sleeper.confirm()
        until(lambda: not next_one.is_held())
        with held():
            with pytest.raises(LeaseLostError, match=r"another process took it over. Nothing more was committed"):
                sleeper.confirm()
            with pytest.raises(LeaseLostError):
                sleeper.confirm()
    with next_one.whole("scan"):
        pass


@pytest.mark.usefixtures("no_beat")
def test_who_slept_and_was_not_passed_over_goes_on(root: str) -> None:
    sleeper, other = LeaseLocks(root), LeaseLocks(root)
    with sleeper.part(ScanPart(1, 2), "sleeper"):
        until(lambda: not other.is_held())
        with other.part(ScanPart(2, 2), "other"):
            sleeper.confirm()
            assert other.live_scans() == {"sleeper", "other"}


@pytest.mark.usefixtures("no_beat")
def test_what_cannot_be_confirmed_is_lost(root: str, s3: S3Server, bucket: Bucket) -> None:
    locks = LeaseLocks(root)
    with locks.whole("scan"):
        wait(SECONDS)
        s3.fails("PUT", f"{bucket.name}/audit/_claims/whole", *[SLOW_DOWN] * 3)
        with pytest.raises(LeaseLostError, match="cannot be told: Please reduce"):
            locks.confirm()
        locks.confirm()


FAULTS: list[list[Fault]] = [[SLOW_DOWN], [Reset()], [Lost()], [Lost(), Lost(), SLOW_DOWN]]


@pytest.mark.parametrize("faults", FAULTS, ids=str)
def test_faults_cost_no_claim(root: str, s3: S3Server, bucket: Bucket, faults: list[Fault]) -> None:
    locks, address = LeaseLocks(root), f"{bucket.name}/audit/_claims/whole"
    s3.fails("PUT", address, *faults[:2])
    with locks.whole("scan", "s"):
        s3.fails("PUT", address, *faults)
        until(lambda: not any(s3.faults.values()))
        wait(SECONDS / 2)
        locks.confirm()
        assert LeaseLocks(root).live_scans() == {"s"}
    assert not LeaseLocks(root).is_held()


def test_of_two_that_look_at_the_same_moment_one_gives_way(root: str, s3: S3Server, bucket: Bucket) -> None:
    with ExitStack() as stack:

        def comes_between() -> None:
            stack.enter_context(LeaseLocks(root).whole("vacuum"))

        s3.fails("PUT", f"{bucket.name}/audit/_claims/1-of-2", First(comes_between))
        with (
            pytest.raises(StoreBusyError, match=r"is writing to .*: vacuum"),
            LeaseLocks(root).part(ScanPart(1, 2), ""),
        ):
            pass
    assert not LeaseLocks(root).is_held()


def test_one_of_many_takes_a_claim(root: str) -> None:
    taken, start = [], threading.Barrier(4)

    def take() -> None:
        start.wait()
        with ExitStack() as stack:
            try:
                stack.enter_context(LeaseLocks(root).whole("scan"))
                taken.append(True)
            except StoreBusyError:
                taken.append(False)
            start.wait()

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == [False, False, False, True]


def test_what_lies_there_and_is_no_claim_holds_for_the_usual_time(root: str, bucket: Bucket) -> None:
    bucket.put("audit/_claims/whole", b"?????")
    with pytest.raises(StoreBusyError, match=r"another process, .* in 6[01] s"), LeaseLocks(root).part(ScanPart(), ""):
        pass


def test_a_store_that_cannot_be_written_is_told(root: str, s3: S3Server, bucket: Bucket) -> None:
    s3.fails("PUT", f"{bucket.name}/audit/_claims/whole", FORBIDDEN)
    with pytest.raises(UsageError, match=r"cannot be written: Access is refused"), LeaseLocks(root).whole("scan"):
        pass


@pytest.mark.parametrize("told", ["1", "soon", "1e9", "nan"])
def test_a_time_that_is_none_is_refused(root: str, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(LEASE_VARIABLE, told)
    with pytest.raises(UsageError, match=f"{LEASE_VARIABLE} takes seconds"), LeaseLocks(root).whole("scan"):
        pass


def test_keys_stay_out_of_claims(root: str, bucket: Bucket) -> None:
    with LeaseLocks(root).whole("scan", "s"):
        assert os.environ["AWS_SECRET_ACCESS_KEY"].encode() not in bucket.get("audit/_claims/whole")
    assert bucket.get("audit/_claims/whole") == b"{}"
