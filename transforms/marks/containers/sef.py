"""Samsung's trailer (SEF): named data after the picture, with a directory at the very end of the file.

The layout is not published; it is read as ExifTool's ``Samsung.pm`` (``ProcessSamsung``) reads it. Little-endian:
blocks of type, name length, name and data; then ``SEFH``, version, count, and for each block its type, its distance
back from ``SEFH`` and its size; then the length of all that from ``SEFH`` on, and ``SEFT``.
"""

import codecs
import struct
from collections.abc import Iterator
from typing import BinaryIO, Final

from transforms.marks.charsets import decode_text
from transforms.marks.containers.reading import leave_out_cut, read_at, read_value
from transforms.marks.pieces import Budget, Form, Piece

_SITE: Final = "SEF trailer"
_CONTROLS: Final = frozenset(map(chr, range(32))) - set("\t\n\r")


def walk_sef(file: BinaryIO, end: int, budget: Budget) -> Iterator[Piece]:
    """Texts of a trailer, such as ``PhotoEditor_Re_Edit_Data``; videos, sounds and depth maps are passed over.

    Args:
        file: Open and seekable.
        end: Where a trailer would end: the size of the file, or the end of the box around it.
        budget: Spent on the directory, its entries and texts.

    Yields:
        Texts in the order of the directory; none where there is no trailer.
    """
    tail = read_at(file, end - 8, 8)
    if tail[4:] != b"SEFT":
        return
    length = int.from_bytes(tail[:4], "little")
    start = end - 8 - length
    if length < 12 or read_at(file, start, 4) != b"SEFH":
        return
    directory = read_value(file, start, length, _SITE, budget)
    if directory is None:
        return
    (count,) = struct.unpack_from("<I", directory, 8)
    for entry in range(12, 12 + 12 * min(count, (length - 12) // 12), 12):
        if not budget.visit():
            return
        back, size = struct.unpack_from("<II", directory, entry + 4)
        yield from _read_entry(file, start, back, size, budget)


def _read_entry(file: BinaryIO, start: int, back: int, size: int, budget: Budget) -> Iterator[Piece]:
    offset = start - back
    head = read_at(file, offset, 8)
    name_length = int.from_bytes(head[4:8], "little")
    if len(head) < 8 or not 8 + name_length <= size <= back or name_length > 255:
        leave_out_cut(f"{_SITE} entry", max(offset, 0), budget)
        return
    name = decode_text(read_at(file, offset + 8, name_length))
    value_start, value_length = offset + 8 + name_length, size - 8 - name_length
    if not _looks_like_text(read_at(file, value_start, min(value_length, 256))):
        return
    value = read_value(file, value_start, value_length, f"{_SITE} '{name}'", budget)
    if value is not None:
        yield Piece(Form.TEXT, "container", _SITE, name, decode_text(value), offset)


def _looks_like_text(head: bytes) -> bool:
    """Whether the first bytes of a value are text; the last character may be cut."""
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return bool(text) and _CONTROLS.isdisjoint(text.rstrip("\0"))
