"""Reads the marks of broken files in a process under an examiner child's limits, and tells what each of them cost.

``python -m tests.transforms.marks.mark_reader`` takes messages on standard input (two lengths of 32 bits, then media
type and file) and prints one line of JSON for each.
"""

import io
import json
import struct
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, Self

from transforms.examine import sandbox

MEMORY_BYTES = 3 << 30
CPU_SECONDS = 20
"""Past that the kernel ends the process: a reader that hangs is found, not waited for."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What reading one file's marks took.

    Attributes:
        marks: How many there were.
        notes: How many things could not be read.
        cpu_ms: Processor time.
        wall_ms: Time by the clock.
        peak_mb: The process's largest resident memory so far.
        error: Where reading raised, the end of the traceback; where the process died, how; else None. An error that
            only the net of ``walk`` would have caught counts, too.
    """

    marks: int
    notes: int
    cpu_ms: float
    wall_ms: float
    peak_mb: float
    error: str | None


class MarkReader:
    """Such a process; one that died is replaced."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self.door: dict[str, bool] = {}

    def read(self, media_type: str, data: bytes) -> Reading:
        """Reads the marks of a file as one of that media type."""
        process = self._process or self._start()
        message = struct.pack(">II", len(media_type), len(data)) + media_type.encode() + data
        answer = b""
        try:
            _pipe(process.stdin).write(message)
            _pipe(process.stdin).flush()
            answer = _pipe(process.stdout).readline()
        except BrokenPipeError:
            pass  # No answer: it is told below.
        if answer:
            return Reading(**json.loads(answer))
        self._process = None
        process.communicate()
        return Reading(0, 0, 0.0, 0.0, 0.0, f"the process ended with status {process.returncode}")

    def _start(self) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "tests.transforms.marks.mark_reader"]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        ready = _pipe(process.stdout).readline()
        if not ready:
            process.communicate()
            raise RuntimeError(f"The reader of marks did not start; run: {' '.join(command)}")
        self.door = json.loads(ready)
        self._process = process
        return process

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.communicate()


def _pipe(pipe: "IO[bytes] | None") -> "IO[bytes]":
    assert pipe is not None
    return pipe


def _main() -> None:
    from transforms.marks.meaning.rule_files import read_rules

    rules = read_rules()  # behind the door no file can be opened
    sandbox.limit_resources(MEMORY_BYTES)
    print(json.dumps(sandbox.close_door()), flush=True)
    while header := sys.stdin.buffer.read(8):
        kind_length, length = struct.unpack(">II", header)
        media_type = sys.stdin.buffer.read(kind_length).decode()
        data = sys.stdin.buffer.read(length)
        sandbox.grant_cpu_seconds(CPU_SECONDS)
        print(json.dumps(asdict(_read(media_type, data, rules))), flush=True)


def _read(media_type: str, data: bytes, rules: Any) -> Reading:
    from transforms.marks.read import read_marks
    from transforms.marks.settings import MarkReading, Trust

    marks = notes = 0
    error = None
    wall, cpu = time.perf_counter(), time.process_time()
    try:
        with _without_net():
            found = read_marks(io.BytesIO(data), media_type, MarkReading(), Trust(), rules)
        marks, notes = len(found.marks), len(found.layers)
        error = _refusal(found)
    except Exception:  # noqa: BLE001  # whatever it is, it is what is looked for
        error = traceback.format_exc()[-2000:]
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return Reading(marks, notes, cpu * 1e3, wall * 1e3, _peak_mb(), error)


def _peak_mb() -> float:
    """Of this program alone: what ``getrusage`` tells is at least the memory of the process that started it."""
    status = Path("/proc/self/status").read_text("ascii", "replace")
    return int(status.split("VmHWM:", 1)[1].split()[0]) / 1024


@contextmanager
def _without_net() -> Iterator[None]:
    """Lets what a walker raises through, which ``walk`` catches for safety's sake."""
    from transforms.marks import walk

    net = walk._ERRORS
    walk._ERRORS = ()
    try:
        yield
    finally:
        walk._ERRORS = net


def _refusal(found: Any) -> str | None:
    """Why an examiner's parent would take these marks for a lie, or a table for no text; None where all is well."""
    from transforms.marks.messages import mark_from_json

    try:
        for mark in found.marks:
            if mark_from_json(json.loads(json.dumps(asdict(mark)))) != mark:
                return f"{mark} does not survive its journey"
        for note in found.layers:
            note.detail.encode()
    except (KeyError, TypeError, ValueError):
        return traceback.format_exc()[-2000:]
    return None


if __name__ == "__main__":
    _main()
