"""Progress: ticks of workers are counted exactly; without a terminal a line a heartbeat, without a listener nothing."""

import io
import logging
import time

import pytest
from rich.console import Console

from pipelines import progress as progress_module
from pipelines.progress import ScanProgress
from transforms.metrics import Ticker


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


@pytest.mark.parametrize("address", [None, "/nowhere/ticks"])
def test_a_tick_without_a_listener_is_nothing(address: str | None) -> None:
    ticker = Ticker(address)
    ticker.tick("examined")
    ticker.close()
