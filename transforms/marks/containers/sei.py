"""Texts in the first picture of an H.264 or HEVC stream: unregistered user data of its SEI messages.

Encoders and a few generators sign there, and a remux keeps it. Sources: ITU-T H.264, 7.3.2.3 and D.1.7; ITU-T H.265,
7.3.2.4; ISO/IEC 14496-15 (units behind their lengths, ``avcC`` and ``hvcC``).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

from transforms.marks.charsets import clean, is_text
from transforms.marks.containers.boxes import Box, boxes
from transforms.marks.containers.reading import read_at, read_value
from transforms.marks.pieces import Budget, Form, Piece

_UNREGISTERED: Final = 5
_UUID_BYTES: Final = 16
_SAMPLE_ENTRY_BYTES: Final = 78
_MOST_UNITS: Final = 16
_MOST_UNIT_BYTES: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class _Codec:
    """How units of a stream are told apart.

    Attributes:
        configuration: Box with the length of lengths.
        length_at: Offset of the byte in it whose last two bits are that length less one.
        header_bytes: Of a unit.
        shift, mask: Of the type in the first byte of a unit.
        message: Type of a unit of messages before a picture.
        pictures: Types of units of a picture.
    """

    configuration: bytes
    length_at: int
    header_bytes: int
    shift: int
    mask: int
    message: int
    pictures: range


_H264: Final = _Codec(b"avcC", 4, 1, 0, 31, 6, range(1, 6))
_HEVC: Final = _Codec(b"hvcC", 21, 2, 1, 63, 39, range(32))
_CODECS: Final = {b"avc1": _H264, b"avc3": _H264, b"hvc1": _HEVC, b"hev1": _HEVC}


def first_picture_texts(file: BinaryIO, size: int, table: Box, site: str, budget: Budget) -> Iterator[Piece]:
    """Texts of the first sample that a sample table (``stbl``) tells of, under the UUID of each in hexadecimal.

    Args:
        file: Open and seekable.
        size: Of the file, in bytes.
        table: The ``stbl`` box of a video track.
        site: Its place.
        budget: Spent by boxes, units and messages.
    """
    parts = {box.name: box for box in boxes(file, table.start, table.end, site, budget)}
    if not {b"stsd", b"stsz"} <= parts.keys():
        return
    entry = next(boxes(file, parts[b"stsd"].start + 8, parts[b"stsd"].end, f"{site}/stsd", budget), None)
    codec = _CODECS.get(entry.name) if entry else None
    start = _first_offset(file, parts)
    if entry is None or codec is None or start is None:
        return
    width = _length_bytes(file, entry, codec, site, budget)
    end = min(start + _first_size(file, parts[b"stsz"]), size)
    for _ in range(_MOST_UNITS):
        head = read_at(file, start, width + 1)
        length = int.from_bytes(head[:width])
        kind = head[-1] >> codec.shift & codec.mask if len(head) > width else -1
        if start + width + length > end or kind < 0 or kind in codec.pictures or not budget.visit():
            return
        if kind == codec.message and codec.header_bytes < length <= _MOST_UNIT_BYTES:
            first = start + width + codec.header_bytes
            data = read_value(file, first, length - codec.header_bytes, f"{site} SEI", budget)
            for uuid, text in _user_data(data or b"", budget):
                yield Piece(Form.TEXT, "container", f"{site} SEI", uuid, text, start)
        start += width + length


def _first_offset(file: BinaryIO, parts: dict[bytes, Box]) -> int | None:
    for name, width in ((b"stco", 4), (b"co64", 8)):
        if name in parts and parts[name].size >= 8 + width:
            return int.from_bytes(read_at(file, parts[name].start + 8, width))
    return None


def _first_size(file: BinaryIO, sizes: Box) -> int:
    data = read_at(file, sizes.start, min(16, sizes.size))
    return int.from_bytes(data[4:8]) or int.from_bytes(data[12:16])


def _length_bytes(file: BinaryIO, entry: Box, codec: _Codec, site: str, budget: Budget) -> int:
    """Of the length before each unit; four where no configuration says otherwise."""
    for box in boxes(file, entry.start + _SAMPLE_ENTRY_BYTES, entry.end, f"{site}/stsd", budget):
        if box.name == codec.configuration and box.size > codec.length_at:
            return (read_at(file, box.start + codec.length_at, 1)[0] & 3) + 1
    return 4


def _user_data(data: bytes, budget: Budget) -> Iterator[tuple[str, str]]:
    """UUID and text of each unregistered user data of a unit of messages."""
    data = data.replace(b"\0\0\3", b"\0\0")  # bytes that keep start codes out of units
    position = 0
    while position + 2 <= len(data) and budget.visit():
        kind, position = _summed(data, position)
        length, position = _summed(data, position)
        payload = data[position : position + length]
        if kind == _UNREGISTERED and len(payload) == length > _UUID_BYTES:
            text = clean(payload[_UUID_BYTES:].decode("utf-8", "replace"))
            if is_text(text):
                yield payload[:_UUID_BYTES].hex(), text
        position += length


def _summed(data: bytes, position: int) -> tuple[int, int]:
    """A number written as bytes of 255 and a last one that is less."""
    total = 0
    while position < len(data) and data[position] == 255:
        total, position = total + 255, position + 1
    return total + (data[position] if position < len(data) else 0), position + 1
