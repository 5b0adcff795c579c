"""TIFF 6.0, BigTIFF, DNG and raw files built like them: XMP, IPTC, image resources and C2PA; EXIF is the file itself.

Tags: 700 XMP (XMP specification part 3, 1.1.4), 33723 IPTC and 34377 image resources (Adobe), 52545 C2PA (specification
2.2, A.3.5).
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

from transforms.marks.containers.reading import leave_out_cut, read_at, read_value
from transforms.marks.containers.resources import walk_resources
from transforms.marks.pieces import Budget, Form, Piece

_XMP, _IPTC, _RESOURCES, _C2PA = 700, 33723, 34377, 52545
_TYPE_BYTES: Final = {
    1: 1,
    2: 1,
    3: 2,
    4: 4,
    5: 8,
    6: 1,
    7: 1,
    8: 2,
    9: 4,
    10: 8,
    11: 4,
    12: 8,
    13: 4,
    16: 8,
    17: 8,
    18: 8,
}
_LONG: Final = 4
_BIG: Final = 43
_MAGICS: Final = frozenset({42, 0x55, 0x4F52, 0x5352})
"""TIFF; Panasonic RW2; Olympus ORF."""


@dataclass(frozen=True, slots=True)
class _Layout:
    """How numbers are laid out.

    Attributes:
        order: ``<`` or ``>``.
        count_bytes: Of the count of entries of a directory.
        number_bytes: Of offsets, and of counts of values.
        entry_bytes: Of an entry of a directory.
    """

    order: str
    count_bytes: int
    number_bytes: int
    entry_bytes: int

    def number(self, data: bytes) -> int:
        return int.from_bytes(data, "little" if self.order == "<" else "big")


def walk_tiff(file: BinaryIO, size: int, budget: Budget) -> Iterator[Piece]:
    """Walks a TIFF file; see ``Walker``.

    Yields:
        First an EXIF piece with empty ``data``: the file itself is the TIFF structure, and may be gigabytes. Then what
        the chain of directories holds.
    """
    layout, directory = _read_header(read_at(file, 0, 16))
    if layout is None:
        budget.leave_out("no TIFF header")
        return
    yield Piece(Form.EXIF, "exif", "TIFF", "", b"", 0)
    seen: set[int] = set()
    while directory and directory not in seen and budget.visit():
        seen.add(directory)
        first = directory + layout.count_bytes
        if first > size:
            leave_out_cut("TIFF directory", directory, budget)
            return
        count = layout.number(read_at(file, directory, layout.count_bytes))
        end = first + count * layout.entry_bytes
        yield from _walk_entries(file, size, layout, first, min(end, size), budget)
        if end + layout.number_bytes > size:
            leave_out_cut("TIFF directory", directory, budget)
            return
        directory = layout.number(read_at(file, end, layout.number_bytes))


def _read_header(header: bytes) -> tuple[_Layout | None, int]:
    """Layout and the offset of the first directory; no layout where it is no TIFF header."""
    order = {b"II": "<", b"MM": ">"}.get(header[:2])
    if order is None or len(header) < 8:
        return None, 0
    magic, first = struct.unpack_from(order + "HI", header, 2)
    if magic in _MAGICS:
        return _Layout(order, 2, 4, 12), first
    if magic == _BIG and len(header) == 16:
        return _Layout(order, 8, 8, 20), struct.unpack_from(order + "Q", header, 8)[0]
    return None, 0


def _walk_entries(file: BinaryIO, size: int, layout: _Layout, first: int, end: int, budget: Budget) -> Iterator[Piece]:
    for offset in range(first, end - layout.entry_bytes + 1, layout.entry_bytes):
        if not budget.visit():
            return
        entry = read_at(file, offset, layout.entry_bytes)
        tag, kind = struct.unpack_from(layout.order + "HH", entry)
        if tag == _C2PA:
            yield Piece(Form.C2PA, "c2pa", f"tag {tag}", "", b"", offset)
        if tag not in {_XMP, _IPTC, _RESOURCES}:
            continue
        length = layout.number(entry[4 : 4 + layout.number_bytes]) * _TYPE_BYTES.get(kind, 1)
        field = 4 + layout.number_bytes
        start = offset + field if length <= layout.number_bytes else layout.number(entry[field:])
        if start + length > size:
            leave_out_cut(f"TIFF tag {tag}", offset, budget)
            continue
        value = read_value(file, start, length, f"TIFF tag {tag}", budget)
        if value:
            yield from _pieces_of_tag(tag, kind, value, layout, offset, budget)


def _pieces_of_tag(tag: int, kind: int, value: bytes, layout: _Layout, offset: int, budget: Budget) -> Iterator[Piece]:
    site = f"tag {tag}"
    if tag == _XMP:
        yield Piece(Form.XMP, "xmp", site, "", value, offset)
    elif tag == _RESOURCES:
        yield from walk_resources(value, site, offset, budget)
    else:
        if kind == _LONG and layout.order == "<" and not value.startswith(b"\x1c"):
            value = _swap(value)
        yield Piece(Form.IPTC, "iptc", site, "", value, offset)


def _swap(value: bytes) -> bytes:
    """IPTC that is declared as 32-bit numbers was byte-swapped with them by some writers."""
    whole = len(value) // 4
    return struct.pack(f">{whole}I", *struct.unpack_from(f"<{whole}I", value))
