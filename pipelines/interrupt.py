"""Ctrl-C and SIGTERM: the first asks the scan to stop well, the second stops it at once."""

import os
import signal
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Self

from pipelines.errors import ExitCode, Interrupted
from pipelines.logs import warn_now


def raise_when_interrupted() -> None:
    """From now on both signals raise ``Interrupted``."""

    def handle(number: int, frame: FrameType | None) -> None:
        del number, frame
        raise Interrupted

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, handle)


class Interrupt:
    """Handles both signals while it is entered.

    The first creates ``stop_file``: workers begin no further file, and what they finish is committed. The second ends
    the process; what is committed stays.
    """

    def __init__(self, stop_file: Path) -> None:
        self.requested = False
        self._stop_file = stop_file
        self._previous: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        for number in (signal.SIGINT, signal.SIGTERM):
            self._previous[number] = signal.signal(number, self._handle)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)
        self._stop_file.unlink(missing_ok=True)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        del frame
        if self.requested:
            warn_now("Stopped at once. Run the same command again: it goes on after the last commit.")
            self._stop_file.unlink(missing_ok=True)
            os._exit(ExitCode.INTERRUPTED)
        self.requested = True
        self._stop_file.touch()
        warn_now(f"{signal.Signals(number).name}: finishing and committing the files in hand. Once more stops at once.")
