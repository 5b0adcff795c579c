"""What a command and all that descends from it cost: wall, processor time, peak memory, read from the kernel."""

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pipelines.process_memory import resident_bytes, tree

_SUBREAPER: Final = 36  # PR_SET_CHILD_SUBREAPER
_TICKS: Final = os.sysconf("SC_CLK_TCK")
_LOOK_S: Final = 0.02
_SAMPLE_S: Final = 0.5
"""Reading the memory of a large process takes milliseconds of a core that the contestants want."""
_LINGER_S: Final = 10.0


@dataclass(slots=True)
class Cost:
    """What a run cost.

    Attributes:
        status: With which the command ended; -9 where it was ended for taking too long.
        wall_s: From its start until it ended.
        cpu_s: User and system time of the whole tree, what outlives the command included.
        peak_mb: Most proportional set size of the tree at one time, sampled twice a second.
        first_s: When its first answer was there, or None.
        other_cpu_s: Processor time that the rest of the machine took meanwhile: above a few percent a run is disturbed.
    """

    status: int = 0
    wall_s: float = 0.0
    cpu_s: float = 0.0
    peak_mb: float = 0.0
    first_s: float | None = None
    other_cpu_s: float = 0.0


def measure(
    command: Sequence[str],
    log: Path,
    *,
    cwd: Path,
    environment: Mapping[str, str] | None = None,
    answered: Callable[[], bool] = lambda: False,
    most_s: float = 3600.0,
) -> Cost:
    """Runs a command to its end and until nothing is left of it.

    Daemons that it leaves behind become children of this process, so that the kernel counts their time here; those
    that do not leave by themselves are ended. This process must have no other children.

    Args:
        command: With its arguments.
        log: Where its output goes.
        cwd: Its folder.
        environment: Its variables; this process's own where none are given.
        answered: Whether its first answer is there.
        most_s: After so long it is ended.
    """
    ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)
    cost, seen = Cost(), {}
    own_before, busy_before, started = _children_seconds(), _busy_seconds(), time.monotonic()
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=cwd, env=environment, stdout=output, stderr=output)
    next_sample = started
    while process.poll() is None:
        now = time.monotonic()
        if cost.first_s is None and answered():
            cost.first_s = now - started
        if now >= next_sample:
            cost.peak_mb = max(cost.peak_mb, _sample(seen))
            next_sample = time.monotonic() + _SAMPLE_S
        if now - started > most_s:
            process.kill()
        time.sleep(_LOOK_S)
    cost.wall_s, cost.status = time.monotonic() - started, process.returncode
    busy = _busy_seconds() - busy_before
    if cost.first_s is None and answered():
        cost.first_s = cost.wall_s
    _sample(seen)
    _reap()
    # The kernel counts what was waited for; of a child that its parent ignored only the samples tell.
    cost.cpu_s = max(_children_seconds() - own_before, sum(seen.values()))
    cost.other_cpu_s = max(0.0, busy - cost.cpu_s)
    return cost


def _sample(seen: dict[int, float]) -> float:
    """Megabytes of all that descends from this process, which it leaves out itself; notes their processor time."""
    total = 0
    for process in tree(os.getpid())[1:]:
        with suppress(OSError):
            fields = _stat(process)
            seen[process] = (int(fields[11]) + int(fields[12])) / _TICKS
        total += resident_bytes(process)
    return total / 1e6


def _reap() -> None:
    """Waits for what the command left behind, and ends what stays."""
    patience = time.monotonic() + _LINGER_S
    while True:
        try:
            if os.waitpid(-1, os.WNOHANG)[0]:
                continue
        except ChildProcessError:
            return
        if time.monotonic() > patience:
            for left in tree(os.getpid())[1:]:
                with suppress(ProcessLookupError):
                    os.kill(left, signal.SIGKILL)
        time.sleep(_LOOK_S)


def _stat(process: int) -> list[str]:
    """Fields of /proc/PID/stat from the state on."""
    return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()


def _children_seconds() -> float:
    times = os.times()
    return times.children_user + times.children_system


def _busy_seconds() -> float:
    """Of all cores together, but for idling and waiting for disks."""
    fields = [int(field) for field in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    return (sum(fields) - fields[3] - fields[4]) / _TICKS
