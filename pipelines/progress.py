"""What a person sees while a scan runs: a bar on a terminal, a heartbeat line elsewhere. All of it goes to stderr."""

import logging
import socket
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from transforms.ticks import CHILD_LOST

_LOG = logging.getLogger("aiqyn.scan")
_HEARTBEAT_SECONDS = 10.0


@dataclass(slots=True)
class Ticks:
    """What workers on this machine said so far.

    Attributes:
        outcomes: Items that ended, by outcome.
        children_lost: Examiner children that died, or were ended since they did not answer; each was replaced.
        last_at: When the last item ended.
    """

    outcomes: Counter[str] = field(default_factory=Counter)
    children_lost: int = 0
    last_at: datetime | None = None

    def add(self, told: str) -> None:
        """Counts one message of ``transforms.ticks.Ticker``."""
        if told == CHILD_LOST:
            self.children_lost += 1
        else:
            self.outcomes[told] += 1
            self.last_at = datetime.now(UTC)


class ScanProgress:
    """Counts the ticks that workers on this machine send (``transforms.ticks.Ticker``) and shows them.

    Args:
        total: Items that the scan is going to record.
        console: Where the bar is drawn; heartbeat lines go to the log instead when it is no terminal.
        ticks: Where they are counted, for others to read.
    """

    def __init__(self, total: int, console: Console, ticks: Ticks | None = None) -> None:
        self._total = total
        self._console = console
        self._ticks = ticks or Ticks()
        self._folder = tempfile.TemporaryDirectory(prefix="aiqyn-")
        self.address = str(Path(self._folder.name) / "ticks")
        self._committed: Counter[str] = Counter()
        self._stopped = threading.Event()
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("failed {task.fields[failed]}"),
            _Rate(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task("examining", total=total, failed=0)
        self._listener = threading.Thread(target=self._listen, name="progress", daemon=True)

    @property
    def scratch(self) -> Path:
        """A folder that lives as long as the scan."""
        return Path(self._folder.name)

    def __enter__(self) -> Self:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self.address)
        self._socket.settimeout(0.2)
        self._listener.start()
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.set()
        self._listener.join()
        self._bar.stop()
        self._socket.close()
        self._folder.cleanup()

    def segment(self, number: int, of: int) -> None:
        """Names the segment that runs."""
        self._bar.update(self._task, description=f"segment {number} of {of}")

    def committed(self, outcomes: Mapping[tuple[str, str], int]) -> None:
        """Shows at least what is committed: workers on other machines, or of another user, send no ticks.

        Args:
            outcomes: Rows so far, by outcome and reason.
        """
        committed: Counter[str] = Counter()
        for (outcome, _), number in outcomes.items():
            committed[outcome] += number
        self._committed = committed

    def _listen(self) -> None:
        started = beat = time.monotonic()
        while not self._stopped.is_set():
            with suppress(TimeoutError):  # nothing ended in this interval: only the heartbeat below is due
                self._ticks.add(self._socket.recv(64).decode())
            seen = self._ticks.outcomes | self._committed
            done, failed = seen.total(), seen["failed"]
            self._bar.update(self._task, completed=done, failed=failed)
            now = time.monotonic()
            if not self._console.is_terminal and now - beat > _HEARTBEAT_SECONDS:
                beat = now
                rate = done / (now - started)
                left = f"{(self._total - done) / rate:.0f} s" if rate else "?"
                _LOG.info("%d of %d items, %d failed, %.1f items/s, left %s", done, self._total, failed, rate, left)


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(f"{task.finished_speed or task.speed or 0:.1f} items/s")
