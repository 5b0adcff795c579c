"""An examiner child whose decoder misbehaves as the file under examination tells it to; run by path, as a command.

The file's first line is a command and its words: ``abort``, ``sleep 60``, ``ok 3`` and so on.
"""

import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import asdict
from pathlib import Path

import numpy as np

from transforms.examine.child import serve
from transforms.examine.views import FrameViews
from transforms.marks.mark import Mark, MarkClass, Says
from transforms.outcomes import Outcome
from transforms.records import Examination, FrameFacts

CHANNEL = socket.socket(fileno=int(sys.argv[1]))


def examine(file, name, settings, emit):
    command, *words = file.read().decode().split("\n")[0].split()
    emits = Emitter(settings, emit)
    detail = COMMANDS[command](file, emits, *words)
    return Examination(Outcome.EXAMINED, detail=detail, frames_examined=emits.count)


class Emitter:
    def __init__(self, settings, emit):
        (spec,) = settings.inputs
        self.shape = (spec.views, spec.size, spec.size, 3)
        self.emit = emit
        self.count = 0

    def __call__(self, shape=None, time_ms=None):
        facts = FrameFacts(float(self.count) if time_ms is None else time_ms, (None,))
        self.emit(FrameViews(facts, {(0, None): np.full(shape or self.shape, self.count, np.uint8)}))
        self.count += 1


def ok(file, emit, count="1"):
    for _ in range(int(count)):
        emit()
    return str(os.getpid())


def sleep(file, emit, seconds, frames="0"):
    ok(file, emit, frames)
    time.sleep(float(seconds))


def drip(file, emit, pause):
    while True:
        emit()
        time.sleep(float(pause))


def spin(file, emit):
    while True:
        pass


def hold_the_lock(file, emit, seconds):
    ctypes.PyDLL(None).sleep(int(seconds))  # unlike CDLL, without letting other Python threads run


def eat(file, emit, gibibytes):
    return str(len(bytearray(int(gibibytes) << 30)))


def eat_slowly(file, emit, frames):
    ok(file, emit, frames)
    return str(sum(len(part) for part in [bytearray(64 << 20) for _ in range(1000)]))


def once(file, emit, *command):
    """Dies in the first child that sees the file. Its mode remembers: all that a child may still write."""
    mode = os.fstat(file.fileno()).st_mode & 0o777
    if mode & 0o001:
        return ok(file, emit)
    os.fchmod(file.fileno(), mode | 0o001)
    return COMMANDS[command[0]](file, emit, *command[1:])


def raw(file, emit, kind):
    """Writes to the channel what no examiner sends."""
    message = {"examination": None, "cpu_seconds": 0.0}
    texts = {
        "noise": b"\xff\x00garbage" * 40,
        "text": b"\x05\0\0\0\0\0\0\0hello",
        "list": b"\x02\0\0\0\0\0\0\0[]",
        "nested": (100_000).to_bytes(4, "little") + bytes(4) + b"[" * 100_000,
        "empty": b"\x02\0\0\0\0\0\0\0{}",
        "nothing": framed(message),
        "outcome": framed(
            {"examination": {"outcome": "fine", "reason": None, "layers": [], "marks": []}, "cpu_seconds": 0}
        ),
        "fields": framed({"examination": complete(extra=1), "cpu_seconds": 0}),
        "kinds": framed({"examination": complete(width="wide"), "cpu_seconds": 0}),
        "mark": framed({"marks": [{"layer": 1}], "layers": []}),
        "many marks": framed({"marks": [None] * 1000, "layers": []}),
        "layers": framed({"examination": complete(layers=[{"a": 1}]), "cpu_seconds": 0}),
        "surrogate": framed({"examination": complete(detail="\ud800"), "cpu_seconds": 0}),
        "shape": framed(frame(shapes=[[7, 7]]), b"12345"),
        "no shape": framed(frame(), b"12345"),
        "time": framed(frame(timestamp_ms="noon", not_assessable=["flat"], views=[])),
        "face": framed(frame(faces=[[0, 0, 9, 9, "sure"]], face_count=1, not_assessable=["flat"], views=[])),
        "no views": framed(frame(views=[])),
        "unasked views": framed(frame(not_assessable=["flat"], shapes=[[1]]), b"1"),
        "huge": b"\xff\xff\xff\x7f\xff\xff\xff\x7f",
    }
    CHANNEL.sendall(texts[kind])
    time.sleep(60)


def framed(message, pixels=b""):
    text = json.dumps(message).encode()
    return len(text).to_bytes(4, "little") + len(pixels).to_bytes(4, "little") + text + pixels


def frame(**changes):
    plain = {"timestamp_ms": 0.0, "not_assessable": [None], "face_count": None, "faces": None, "views": [[0, None]]}
    return plain | changes


def complete(**changes):
    fields = ("detail", "media_type", "width", "height", "duration_ms", "perceptual_hash", "captured_at", "examined_at")
    return dict.fromkeys(fields) | {
        "outcome": "examined",
        "reason": None,
        "frames_examined": 0,
        "scores": [],
        "layers": [],
        "marks": [],
        **changes,
    }


def mark(file, emit, *command):
    """Tells a mark, then does as told."""
    one = Mark(
        "png_text", "generator.test", Says.AI, MarkClass.IMPLICIT, "tEXt", None, None, "test/1", facts={"a": "b"}
    )
    CHANNEL.sendall(framed({"marks": [asdict(one)], "layers": []}))
    return COMMANDS[command[0]](file, emit, *command[1:])


def ok_without_marks(file, emit):
    """Dies of a file in the first two children, as a reader of marks would, and lets the third one live."""
    mode = os.fstat(file.fileno()).st_mode & 0o777
    if not mode & 0o002:
        os.fchmod(file.fileno(), mode | (0o001 if not mode & 0o001 else 0o002))
        os.abort()
    return ok(file, emit)


def trickle(file, emit):
    for byte in b"\xff\0\0\0" * 10_000:
        CHANNEL.sendall(bytes((byte,)))
        time.sleep(0.05)


def hang_up(file, emit):
    os.close(os.dup(CHANNEL.fileno()))
    CHANNEL.shutdown(socket.SHUT_WR)
    time.sleep(60)


def misshape(file, emit):
    emit((1, 2, 3))


def reach(file, emit, port, *paths):
    """Tries every door; says with what each attempt ended."""

    def udp():
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", int(port)))

    def unix():
        socket.socket(socket.AF_UNIX).connect("/run/any.sock")

    attempts = {
        "tcp": lambda: socket.create_connection(("127.0.0.1", int(port)), 2),
        "udp": udp,
        "unix": unix,
        "pair": socket.socketpair,
        "raw connect": lambda: CHANNEL.connect("/run/any.sock"),
        "http": lambda: urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=2),
        "program": lambda: subprocess.run(["/bin/true"], check=True),
        "shell": lambda: shell("true"),
        "write": lambda: os.open(f"/run/aiqyn-{os.getpid()}", os.O_CREAT | os.O_WRONLY),
        "list": lambda: list(Path("/").iterdir()),
        **{path: lambda path=path: os.close(os.open(path, os.O_RDONLY)) for path in paths},
    }
    return json.dumps({name: _ending(attempt) for name, attempt in attempts.items()})


def shell(command):
    if status := os.system(command):  # noqa: S605
        raise PermissionError(f"status {status}")


def _ending(attempt):
    try:
        attempt()
    except Exception as error:  # noqa: BLE001
        cause = getattr(error, "reason", error)
        return type(cause).__name__
    return "done"


COMMANDS = {
    "ok": ok,
    "sleep": sleep,
    "drip": drip,
    "spin": spin,
    "hold_the_lock": hold_the_lock,
    "eat": eat,
    "eat_slowly": eat_slowly,
    "once": once,
    "raw": raw,
    "mark": mark,
    "ok_without_marks": ok_without_marks,
    "trickle": trickle,
    "hang_up": hang_up,
    "misshape": misshape,
    "reach": reach,
    "abort": lambda *_: os.abort(),
    "segfault": lambda *_: os.kill(os.getpid(), signal.SIGSEGV),
    "odd_signal": lambda *_: os.kill(os.getpid(), signal.SIGRTMIN + 6),
    "exit": lambda file, emit, status: os._exit(int(status)),
    "raise": lambda *_: {}["what no decoder expects"],
}

if __name__ == "__main__":
    serve(CHANNEL, int(sys.argv[2]), examine)
