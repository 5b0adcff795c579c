"""Messages between an examiner child and its parent: a JSON object, and pixels behind it, over one Unix socket."""

import json
import socket
import struct
import time
from typing import Any

import numpy as np

from transforms.examine.frames import Pixels

_HEADER = struct.Struct("<II")
_MAX_TEXT_BYTES, _MAX_PIXEL_BYTES = 1 << 20, 256 << 20


class ChannelClosedError(Exception):
    """The other side is gone."""


def send(channel: socket.socket, message: dict[str, Any], pixels: Pixels | None = None) -> None:
    """Sends one message; ``pixels`` is any C-contiguous uint8 array, its shape travels in the message."""
    if pixels is not None:
        pixels = np.ascontiguousarray(pixels)
        message = {**message, "shape": list(pixels.shape)}
    text = json.dumps(message, ensure_ascii=False).encode(errors="replace")
    channel.sendall(_HEADER.pack(len(text), 0 if pixels is None else pixels.nbytes) + text)
    if pixels is not None:
        channel.sendall(pixels.data.cast("B"))


def receive(channel: socket.socket) -> tuple[dict[str, Any], Pixels | None]:
    """Receives one whole message, within the socket's timeout.

    Raises:
        ChannelClosedError: The other side closed, or sent what no side of ours would.
        TimeoutError: The message did not come in time, or trickled.
    """
    timeout = channel.gettimeout()
    deadline = None if timeout is None else time.monotonic() + timeout
    try:
        text_bytes, pixel_bytes = _HEADER.unpack(_read(channel, _HEADER.size, deadline))
        if text_bytes > _MAX_TEXT_BYTES or pixel_bytes > _MAX_PIXEL_BYTES:
            raise ChannelClosedError(f"a message of {text_bytes:,} and {pixel_bytes:,} bytes is none of ours")
        text = _read(channel, text_bytes, deadline)
        data = _read(channel, pixel_bytes, deadline)
    finally:
        channel.settimeout(timeout)
    try:
        message = json.loads(text)
        if not isinstance(message, dict):
            raise ChannelClosedError("a message that is no object is none of ours")
        return message, np.frombuffer(data, np.uint8).reshape(message["shape"]) if data else None
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ChannelClosedError(f"a message that cannot be read is none of ours ({type(error).__name__})") from error


def _read(channel: socket.socket, size: int, deadline: float | None) -> bytearray:
    buffer = bytearray(size)
    view = memoryview(buffer)
    while view:
        if deadline is not None:
            channel.settimeout(max(0.001, deadline - time.monotonic()))
        received = channel.recv_into(view)
        if not received:
            raise ChannelClosedError("the other side closed the channel")
        view = view[received:]
    return buffer
