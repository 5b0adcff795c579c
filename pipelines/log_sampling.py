"""Log lines that come a thousand times are told a few times, and how many were left out."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

FIRST, SECONDS = 10, 60.0


@dataclass(slots=True)
class _Said:
    since: float
    times: int = 0
    left_out: int = 0


class LogSampler(logging.Filter):
    """Of one statement lets pass the first ten lines of a minute, then the 100th, the 1,000th and so on.

    The next of its lines that passes says how many were left out, in ``left_out`` for machines. Errors and what
    carries a traceback always pass.

    Args:
        clock: In seconds; the time of day may jump.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._said: dict[tuple[str, int, str], _Said] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """See the class."""
        if record.levelno >= logging.ERROR or record.exc_info:
            return True
        now = self._clock()
        said = self._said.setdefault((record.name, record.levelno, str(record.msg)), _Said(now))
        if now - said.since >= SECONDS:
            said.since, said.times = now, 0
        said.times += 1
        if not _is_told(said.times):
            said.left_out += 1
            return False
        if said.left_out:
            record.msg, record.args = f"{record.getMessage()} ({said.left_out:,} lines like it left out)", None
            record.left_out, said.left_out = said.left_out, 0
        return True


def _is_told(times: int) -> bool:
    digits = str(times)
    return times <= FIRST or digits == "1".ljust(len(digits), "0")
