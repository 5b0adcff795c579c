"""ASF, the container of WMV (Advanced Systems Format Specification 1.20.03): texts of the header, and XMP.

XMP lies in an object of its own at the top of the file (XMP specification part 3, 1.2.1).
"""

import struct
from collections.abc import Iterator
from typing import BinaryIO, Final
from uuid import UUID

from transforms.marks.charsets import clean
from transforms.marks.containers.positions import without_position
from transforms.marks.containers.reading import leave_out_cut, read_at, read_value
from transforms.marks.pieces import Budget, Form, Piece

_OBJECT_HEADER_BYTES: Final = 24


def _guid(text: str) -> bytes:
    return UUID(text).bytes_le


_HEADER: Final = _guid("75b22630-668e-11cf-a6d9-00aa0062ce6c")
_HEADER_EXTENSION: Final = _guid("5fbf03b5-a92e-11cf-8ee3-00c00c205365")
_CONTENT: Final = _guid("75b22633-668e-11cf-a6d9-00aa0062ce6c")
_EXTENDED_CONTENT: Final = _guid("d2d0a440-e307-11d2-97f0-00a0c95ea850")
_METADATA: Final = _guid("c5f8cbea-5baf-4877-8467-aa8c44fa4cca")
_METADATA_LIBRARY: Final = _guid("44231c94-9498-49d1-a141-1d134e457054")
_XMP: Final = _guid("be7acfcb-97a9-42e8-9c71-999491e3afac")
_SITES: Final = {
    _CONTENT: "Content Description",
    _EXTENDED_CONTENT: "Extended Content Description",
    _METADATA: "Metadata",
    _METADATA_LIBRARY: "Metadata Library",
}
_INSIDE: Final = {_HEADER: 30, _HEADER_EXTENSION: 46}
"""Where the objects in an object begin in it."""
_CONTENT_NAMES: Final = ("Title", "Author", "Copyright", "Description", "Rating")
_UNICODE: Final = 0


def walk_asf(file: BinaryIO, size: int, budget: Budget) -> Iterator[Piece]:
    """Walks an ASF file; see ``Walker``. The packets of the media are passed over."""
    yield from _walk_objects(file, 0, size, 0, budget)


def _walk_objects(file: BinaryIO, start: int, end: int, depth: int, budget: Budget) -> Iterator[Piece]:
    position = start
    while position + _OBJECT_HEADER_BYTES <= end and budget.visit():
        header = read_at(file, position, _OBJECT_HEADER_BYTES)
        kind, length = header[:16], int.from_bytes(header[16:], "little")
        if length < _OBJECT_HEADER_BYTES:
            budget.leave_out(f"what follows an ASF object of impossible size at 0x{position:x}")
            return
        if kind in _INSIDE and depth < budget.limits.depth:
            inner_end = min(position + length, end)
            yield from _walk_objects(file, position + _INSIDE[kind], inner_end, depth + 1, budget)
        if position + length > end:
            leave_out_cut("ASF object", position, budget)
            return
        if kind in _SITES or kind == _XMP:
            what = _SITES.get(kind, "XMP")
            first, size = position + _OBJECT_HEADER_BYTES, length - _OBJECT_HEADER_BYTES
            data = read_value(file, first, size, what, budget)
            if data:
                yield from _pieces(kind, data, position, budget)
        position += length


def _pieces(kind: bytes, data: bytes, offset: int, budget: Budget) -> Iterator[Piece]:
    if kind == _XMP:
        yield Piece(Form.XMP, "xmp", "XMP object", "", data, offset)
        return
    try:
        for name, text in _texts(kind, data, budget):
            if text:
                yield Piece(Form.TEXT, "container", _SITES[kind], name, without_position(name, text), offset)
    except struct.error:
        budget.leave_out(f"{_SITES[kind]} at 0x{offset:x} ends within an entry")


def _texts(kind: bytes, data: bytes, budget: Budget) -> Iterator[tuple[str, str]]:
    """Names and texts of an object.

    Raises:
        struct.error: It ends early.
    """
    if kind == _CONTENT:
        lengths = struct.unpack_from("<5H", data)
        position = 10
        for name, length in zip(_CONTENT_NAMES, lengths, strict=True):
            yield name, _text(data, position, length)
            position += length
        return
    position = 2
    for _ in range(struct.unpack_from("<H", data)[0]):
        if not budget.visit():
            return
        if kind == _EXTENDED_CONTENT:
            (name_length,) = struct.unpack_from("<H", data, position)
            name = _text(data, position + 2, name_length)
            value_type, length = struct.unpack_from("<HH", data, position + 2 + name_length)
            position += 6 + name_length
        else:
            _, name_length, value_type, length = struct.unpack_from("<IHHI", data, position)
            name = _text(data, position + 12, name_length)
            position += 12 + name_length
        yield name, _text(data, position, length) if value_type == _UNICODE else ""
        position += length


def _text(data: bytes, start: int, length: int) -> str:
    """UTF-16 with a NUL at its end."""
    return clean(data[start : start + length // 2 * 2].decode("utf-16-le", "replace"))
