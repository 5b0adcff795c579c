"""Messages between an examiner child and its parent: a JSON object, and arrays behind it, over one Unix socket."""

import json
import math
import socket
import struct
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from transforms.examine.frames import Pixels
from transforms.examine.settings import MAX_FRAME_BYTES

_HEADER = struct.Struct("<II")
_MAX_TEXT_BYTES = 1 << 20


class ChannelClosedError(Exception):
    """The other side is gone."""


def open_channel() -> tuple[socket.socket, socket.socket]:
    """Both ends of a channel, of which neither has a timeout yet."""
    ends = socket.socketpair()
    for end in ends:
        end.setblocking(True)  # Beam's client of Google gives all new sockets a timeout, and a child's would not wait
    return ends


def send(channel: socket.socket, message: dict[str, Any], arrays: Sequence[Pixels] = ()) -> None:
    """Sends one message; ``arrays`` are uint8 of any shapes, which travel in the message."""
    arrays = [np.ascontiguousarray(array) for array in arrays]
    if arrays:
        message = {**message, "shapes": [list(array.shape) for array in arrays]}
    text = json.dumps(message, ensure_ascii=False).encode(errors="replace")
    channel.sendall(_HEADER.pack(len(text), sum(array.nbytes for array in arrays)) + text)
    for array in arrays:
        channel.sendall(array.data.cast("B"))


def receive(channel: socket.socket) -> tuple[dict[str, Any], list[Pixels]]:
    """Receives one whole message, within the socket's timeout.

    Returns:
        The message and the arrays behind it, all over one buffer.

    Raises:
        ChannelClosedError: The other side closed, or sent what no side of ours would.
        TimeoutError: The message did not come in time, or trickled.
    """
    timeout = channel.gettimeout()
    deadline = None if timeout is None else time.monotonic() + timeout
    try:
        text_bytes, pixel_bytes = _HEADER.unpack(_read(channel, _HEADER.size, deadline))
        if text_bytes > _MAX_TEXT_BYTES or pixel_bytes > MAX_FRAME_BYTES:
            raise ChannelClosedError(f"a message of {text_bytes:,} and {pixel_bytes:,} bytes is none of ours")
        text = _read(channel, text_bytes, deadline)
        data = _read(channel, pixel_bytes, deadline)
    finally:
        channel.settimeout(timeout)
    try:
        message = json.loads(text)
        if not isinstance(message, dict):
            raise ChannelClosedError("a message that is no object is none of ours")
        return message, _split(data, message["shapes"]) if data else []
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ChannelClosedError(f"a message that cannot be read is none of ours ({type(error).__name__})") from error


def _split(data: bytearray, shapes: Sequence[Sequence[int]]) -> list[Pixels]:
    sizes = [math.prod(shape) for shape in shapes]
    if sum(sizes) != len(data) or any(length < 1 for shape in shapes for length in shape):
        raise ValueError(f"{len(data)} bytes do not fill arrays of {shapes}")
    whole = np.frombuffer(data, np.uint8)
    ends = np.cumsum(sizes)
    return [whole[end - size : end].reshape(shape) for end, size, shape in zip(ends, sizes, shapes, strict=True)]


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
