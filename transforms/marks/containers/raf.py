"""Fujifilm's raw files: their metadata is that of the JPEG in them, to which the header points.

The layout is not published; it is read as ExifTool's ``FujiFilm.pm`` (``ProcessRAF``) reads it.
"""

import struct
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from typing import BinaryIO, Final

from transforms.marks.containers.jpeg import walk_jpeg
from transforms.marks.containers.reading import leave_out_cut, read_at
from transforms.marks.pieces import Budget, Piece

_POINTER: Final = 84
_MOST_HEAD_BYTES: Final = 1 << 20
"""What is read of the JPEG; its metadata stands before its scan."""


def walk_raf(file: BinaryIO, size: int, budget: Budget) -> Iterator[Piece]:
    """Walks a RAF file; see ``Walker``."""
    pointer = read_at(file, _POINTER, 8)
    start, length = struct.unpack(">II", pointer) if len(pointer) == 8 else (size, 1)
    if not 0 < start <= start + length <= size:
        leave_out_cut("JPEG of the RAF file", _POINTER, budget)
        return
    head = read_at(file, start, min(length, _MOST_HEAD_BYTES))
    for piece in walk_jpeg(BytesIO(head), len(head), budget):
        yield replace(piece, offset=piece.offset + start)
