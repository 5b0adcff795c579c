"""Messages between an examiner child and its parent: a JSON object, and pixels behind it, over one Unix socket."""

import json
import socket
import struct
from typing import Any

import numpy as np

from transforms.examine.frames import Pixels

_HEADER = struct.Struct("<II")
_MAX_BYTES = 256 << 20


class ChannelClosedError(Exception):
    """The other side is gone."""


def send(channel: socket.socket, message: dict[str, Any], pixels: Pixels | None = None) -> None:
    """Sends one message; ``pixels`` is any C-contiguous uint8 array, its shape travels in the message."""
    if pixels is not None:
        pixels = np.ascontiguousarray(pixels)
        message = {**message, "shape": list(pixels.shape)}
    text = json.dumps(message).encode()
    channel.sendall(_HEADER.pack(len(text), 0 if pixels is None else pixels.nbytes) + text)
    if pixels is not None:
        channel.sendall(pixels.data.cast("B"))


def receive(channel: socket.socket) -> tuple[dict[str, Any], Pixels | None]:
    """Receives one message, within the socket's timeout.

    Raises:
        ChannelClosedError: The other side closed, or sent what no side of ours would.
        TimeoutError: Nothing came in time.
    """
    text_bytes, pixel_bytes = _HEADER.unpack(_read(channel, _HEADER.size))
    if text_bytes + pixel_bytes > _MAX_BYTES:
        raise ChannelClosedError(f"a message of {text_bytes + pixel_bytes:,} bytes is none of ours")
    message: dict[str, Any] = json.loads(_read(channel, text_bytes))
    if not pixel_bytes:
        return message, None
    return message, np.frombuffer(_read(channel, pixel_bytes), np.uint8).reshape(message["shape"])


def _read(channel: socket.socket, size: int) -> bytearray:
    buffer = bytearray(size)
    view = memoryview(buffer)
    while view:
        received = channel.recv_into(view)
        if not received:
            raise ChannelClosedError("the other side closed the channel")
        view = view[received:]
    return buffer
