"""A scan in a process of its own, watched from outside: memory of its whole tree, who reads what it must not."""

import ctypes
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipelines.process_memory import resident_bytes, tree
from tests.hostile.outside import Outside

ROOT = Path(__file__).parents[2]
_TRACED = ("strace", "-f", "--seccomp-bpf", "-qq", "-s", "4096", "-e", "trace=open,openat,connect", "-o")
_PR_CAPBSET_DROP, _OVERRIDES = 24, (1, 2)  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH


@dataclass(slots=True)
class Watched:
    """What was seen of a scan.

    Attributes:
        status: With which it ended.
        log: All that it said.
        peak_bytes: Most memory of its whole tree of processes at one time.
        pipe_was_read: Whether the pipe outside ever had a reader.
        calls: Every file that was opened and every connection, as strace tells them; None where it is not at hand.
    """

    status: int
    log: bytes
    peak_bytes: int
    pipe_was_read: bool
    calls: str | None


def watched_scan(arguments: Sequence[object], out: Outside, scratch: Path, trace: Path) -> Watched:
    """Runs ``aiqyn scan`` to its end, without root's right to read what modes forbid."""
    command = [sys.executable, "-m", "pipelines.cli", "scan", *map(str, arguments)]
    if _can_trace():
        command = [*_TRACED, str(trace), *command]
    environment = {**os.environ, "TMPDIR": str(scratch), "HOME": str(scratch)}
    with (trace.parent / "log").open("w+b") as log:
        started = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            stdout=log,
            stderr=log,
            preexec_fn=_give_up_overrides,  # noqa: PLW1509  (it only asks the kernel)
        )
        seen = Watched(0, b"", 0, pipe_was_read=False, calls=None)
        ended = threading.Event()
        watcher = threading.Thread(target=_watch, args=(started.pid, out, seen, ended))
        watcher.start()
        seen.status = started.wait()
        ended.set()
        watcher.join()
        log.seek(0)
        seen.log = log.read()
    seen.calls = trace.read_text("utf-8", "backslashreplace") if trace.exists() else None
    return seen


def _can_trace() -> bool:
    if shutil.which("strace") is None:
        return False  # and some containers forbid it
    return subprocess.run([*_TRACED, os.devnull, "true"], check=False, capture_output=True).returncode == 0


def _watch(process: int, out: Outside, seen: Watched, ended: threading.Event) -> None:
    while not ended.is_set():
        seen.peak_bytes = max(seen.peak_bytes, sum(map(resident_bytes, tree(process))))
        until = time.monotonic() + 0.2
        while time.monotonic() < until and not ended.is_set():
            seen.pipe_was_read |= out.pipe_has_a_reader()
            time.sleep(0.005)


def _give_up_overrides() -> None:
    for capability in _OVERRIDES:
        ctypes.CDLL(None).prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)


def snapshot(folder: Path) -> dict[str, tuple[int, int, int]]:
    """Everything below a folder, by path: mode, size and time of modification."""
    found = {}
    for path in folder.rglob("*"):
        status = path.lstat()
        found[os.fsencode(path).decode("utf-8", "backslashreplace")] = (
            status.st_mode,
            status.st_size,
            status.st_mtime_ns,
        )
    return found
