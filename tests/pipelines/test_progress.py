"""Progress: ticks of workers are counted exactly; without a terminal a line a heartbeat, without a listener nothing."""

import io
import logging
import socket
import time
from pathlib import Path

import pytest
from rich.console import Console

from pipelines import progress as progress_module
from pipelines.progress import ScanProgress
from transforms import ticks
from transforms.ticks import Ticker


def test_a_terminal_shows_a_bar_with_counts() -> None:
    out = io.StringIO()
    with ScanProgress(3, Console(file=out, force_terminal=True, width=120)) as progress:
        progress.segment(1, 2)
        ticker = Ticker(progress.address)
        for outcome in ("examined", "failed", "examined"):
            ticker.tick(outcome)
        time.sleep(0.6)
        ticker.close()
    text = out.getvalue()
    assert "segment 1 of 2" in text
    assert "3/3" in text
    assert "failed 1" in text


def test_elsewhere_a_line_a_heartbeat(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress_module, "_HEARTBEAT_SECONDS", 0.1)
    caplog.set_level(logging.INFO, "aiqyn.scan")
    with ScanProgress(2, Console(file=io.StringIO(), force_terminal=False)) as progress:
        Ticker(progress.address).tick("failed")
        time.sleep(0.7)
    assert any("1 of 2 items, 1 failed" in message for message in caplog.messages)


def test_a_burst_is_counted_whole(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress_module, "_HEARTBEAT_SECONDS", 0.1)
    monkeypatch.setattr(ticks, "_PATIENCE_SECONDS", 30.0)  # the machine may be busy
    caplog.set_level(logging.INFO, "aiqyn.scan")
    with ScanProgress(5000, Console(file=io.StringIO(), force_terminal=False)) as progress:
        ticker = Ticker(progress.address)
        for _ in range(5000):
            ticker.tick("examined")
        time.sleep(0.7)
    assert any("5000 of 5000 items" in message for message in caplog.messages)


def test_a_listener_that_does_not_listen_costs_little(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ticks, "_PATIENCE_SECONDS", 0.05)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as deaf:
        deaf.bind(str(tmp_path / "ticks"))
        ticker, started = Ticker(str(tmp_path / "ticks")), time.monotonic()
        for _ in range(5000):
            ticker.tick("examined")
        assert time.monotonic() - started < 1


@pytest.mark.parametrize("address", [None, "/nowhere/ticks"])
def test_a_tick_without_a_listener_is_nothing(address: str | None) -> None:
    ticker = Ticker(address)
    ticker.tick("examined")
    ticker.close()


def test_what_is_committed_counts_where_workers_say_nothing() -> None:
    out = io.StringIO()
    with ScanProgress(9, Console(file=out, force_terminal=True, width=120)) as progress:
        ticker = Ticker(progress.address)
        ticker.tick("examined")
        ticker.close()
        progress.committed({("examined", ""): 1, ("failed", "truncated"): 3, ("failed", "empty_file"): 1})
        time.sleep(0.6)
    text = out.getvalue()
    assert "5/9" in text
    assert "failed 4" in text
