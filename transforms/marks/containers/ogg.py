"""Ogg (RFC 3533): the comment header that the second packet of each stream is (Vorbis, Theora, Opus, VP8)."""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, Final

from transforms.marks.charsets import clean
from transforms.marks.containers.positions import without_position
from transforms.marks.containers.reading import leave_out_cut, read_at
from transforms.marks.pieces import Budget, Form, Piece

_HEADER_BYTES: Final = 27
_MOST_PAGES: Final = 256
"""Comments stand before the media; one as long as is read takes 65 pages."""
_COMMENT: Final = re.compile(rb"(?:\x03(vorbis)|\x81(theora)|(Opus)Tags|O(VP8)0\x02 )")


@dataclass(slots=True)
class _Stream:
    """The packets of a stream up to its second.

    Attributes:
        offset: Of the page on which the second begins.
        packets: How many have ended.
        data: Of the second.
    """

    offset: int = 0
    packets: int = 0
    data: bytearray = field(default_factory=bytearray)


def walk_ogg(file: BinaryIO, size: int, budget: Budget) -> Iterator[Piece]:
    """Walks an Ogg file; see ``Walker``. It ends with the last comment header."""
    streams: dict[int, _Stream] = {}
    position = 0
    for _ in range(_MOST_PAGES):
        if position >= size or not budget.visit():
            break
        header = read_at(file, position, _HEADER_BYTES + 255)
        if len(header) < _HEADER_BYTES or header[:4] != b"OggS":
            budget.leave_out(f"no Ogg page at 0x{position:x}")
            break
        lengths = header[_HEADER_BYTES : _HEADER_BYTES + header[26]]
        start = position + _HEADER_BYTES + header[26]
        if start + sum(lengths) > size:
            leave_out_cut("Ogg page", position, budget)
            break
        stream = streams.setdefault(int.from_bytes(header[14:18], "little"), _Stream())
        if stream.packets < 2:
            _add(stream, lengths, read_at(file, start, sum(lengths)), position, budget)
        position = start + sum(lengths)
        if all(one.packets >= 2 for one in streams.values()):
            break
    for stream in streams.values():
        yield from _comments(stream, budget)


def _add(stream: _Stream, lengths: bytes, page: bytes, offset: int, budget: Budget) -> None:
    """Adds what a page holds of the second packet; a segment shorter than 255 bytes ends one."""
    position = 0
    for length in lengths:
        if stream.packets == 1:
            stream.offset = stream.offset or offset
            stream.data += page[position : position + length]
        stream.packets += length < 255
        position += length
        if stream.packets >= 2:
            return
    if len(stream.data) > budget.limits.value_bytes:
        budget.take("Ogg comment header", len(stream.data))
        stream.packets, stream.data = 2, bytearray()


def _comments(stream: _Stream, budget: Budget) -> Iterator[Piece]:
    """``KEY=value`` after the vendor, all with their lengths (Vorbis I specification, 5)."""
    data = bytes(stream.data)
    found = _COMMENT.match(data)
    if found is None or not budget.take("Ogg comment header", len(data)):
        return
    site = f"{next(filter(None, found.groups())).decode()} comment"
    try:
        for name, value in _pairs(data, found.end(), budget):
            if value := clean(value):
                yield Piece(Form.TEXT, "container", site, name, without_position(name, value), stream.offset)
    except struct.error:
        budget.leave_out(f"{site} at 0x{stream.offset:x} claims more than its packet holds")


def _pairs(data: bytes, position: int, budget: Budget) -> Iterator[tuple[str, str]]:
    """The vendor, then keys and values; a comment without a key has an empty one.

    Raises:
        struct.error: The packet ends early.
    """
    vendor, position = _counted(data, position)
    yield "vendor", vendor
    (count,) = struct.unpack_from("<I", data, position)
    position += 4
    for _ in range(count):
        if not budget.visit():
            return
        text, position = _counted(data, position)
        key, is_pair, value = text.partition("=")
        yield (key, value) if is_pair else ("", text)


def _counted(data: bytes, position: int) -> tuple[str, int]:
    """A text after its length, and where it ends."""
    (length,) = struct.unpack_from("<I", data, position)
    (text,) = struct.unpack_from(f"{length}s", data, position + 4)
    return text.decode("utf-8", "replace"), position + 4 + length
