"""A child that reads one container behind the closed door, since everything that parses untrusted bytes does.

Started as ``python -m transforms.containers.child CHANNEL CONTAINER LIMITS``: the numbers of two open descriptors, and
limits as JSON. It is asked for all members, or for the bytes of one, until its parent goes.
"""

import json
import os
import socket
import sys
import threading
import time
from dataclasses import asdict
from typing import Any

import numpy as np

from transforms.containers.cursor import Cursor
from transforms.containers.entries import ContainerError, ContainerLimits
from transforms.examine import channel as messages
from transforms.examine import sandbox
from transforms.examine.parent import leave_with_parent
from transforms.outcomes import Reason

_AT_ONCE = 200
_SILENCE = 1.0
"""Seconds between two signs of life."""


def serve(channel: socket.socket, container: int, limits: dict[str, Any]) -> None:
    """Answers requests until the channel closes.

    ``{"list": true}`` is answered by messages of ``entries``, ``{"read": PATH}`` by messages with a piece each; the
    last one says how it ``ended``: null, or a reason and a sentence. A message with nothing is a sign of life.
    """
    sandbox.limit_resources(limits["memory_bytes"])
    door = sandbox.close_door()
    messages.send(channel, {"ready": True, "door": door})
    threading.Thread(target=leave_with_parent, args=(channel,), daemon=True).start()
    told = time.monotonic()

    def tick() -> None:
        nonlocal told
        if time.monotonic() - told > _SILENCE:
            sandbox.grant_cpu_seconds(limits["cpu_seconds"])
            messages.send(channel, {})
            told = time.monotonic()

    with os.fdopen(container, "rb") as file:
        cursor = Cursor(file, ContainerLimits(**limits["container"]), limits["file_bytes"], tick)
        while request := channel.recv(1 << 16):
            sandbox.grant_cpu_seconds(limits["cpu_seconds"])
            messages.send(channel, {"ended": _answer(channel, cursor, json.loads(request))})


def _answer(channel: socket.socket, cursor: Cursor, asked: dict[str, Any]) -> list[str] | None:
    try:
        if "list" in asked:
            _list(channel, cursor)
        else:
            for piece in cursor.read(asked["read"]):
                if piece:
                    messages.send(channel, {}, [np.frombuffer(piece, np.uint8)])
    except ContainerError as error:
        return [error.reason, str(error)]
    except MemoryError:
        return [Reason.OUT_OF_MEMORY, Reason.OUT_OF_MEMORY.sentence]
    return None


def _list(channel: socket.socket, cursor: Cursor) -> None:
    held = []
    try:
        for entry in cursor.entries():
            held.append(asdict(entry))
            if len(held) == _AT_ONCE:
                messages.send(channel, {"entries": held})
                held = []
    finally:
        messages.send(channel, {"entries": held})


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])), int(sys.argv[2]), json.loads(sys.argv[3]))
