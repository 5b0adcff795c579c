"""Boxes of the ISO base media file format (ISO/IEC 14496-12, 4.2): HEIF, AVIF, MP4, QuickTime and JPEG XL have them."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

from transforms.marks.containers.reading import read_at, read_value
from transforms.marks.pieces import Budget

HEADER_BYTES: Final = 8
"""Of a box without a 64-bit size."""


@dataclass(frozen=True, slots=True)
class Box:
    """A box.

    Attributes:
        name: Its four-character code, as bytes: some are numbers.
        offset: Where its header starts in the file.
        start: Where its content starts.
        end: Where its content ends; never beyond what holds the box.
        is_cut: Whether it claims to end later than that.
    """

    name: bytes
    offset: int
    start: int
    end: int
    is_cut: bool = False

    @property
    def size(self) -> int:
        """Of its content, in bytes."""
        return self.end - self.start


def boxes(file: BinaryIO, start: int, end: int, site: str, budget: Budget) -> Iterator[Box]:
    """The boxes that follow each other between two offsets; reads their headers only and never raises on any bytes.

    Args:
        file: Open and seekable.
        start: Offset of the first box.
        end: Where what holds the boxes ends; at most the size of the file.
        site: What holds them, for the lines of what was left out; empty for the file itself.
        budget: Spent by one element for each box.
    """
    held_by = site or "the file"
    # Fewer bytes than a header are no box: QuickTime ends user data with four zeros.
    while start + HEADER_BYTES <= end and budget.visit():
        header = read_at(file, start, min(2 * HEADER_BYTES, end - start))
        if len(header) < HEADER_BYTES:
            return
        length, name = struct.unpack(">I4s", header[:HEADER_BYTES])
        header_length = HEADER_BYTES
        if length == 1 and len(header) == 2 * HEADER_BYTES:
            (length,), header_length = struct.unpack(">Q", header[HEADER_BYTES:]), len(header)
        elif length == 0:
            length = end - start
        if length < header_length:
            budget.leave_out(f"{held_by}: what follows a box '{code(name)}' of impossible size")
            return
        is_cut = start + length > end
        if is_cut:
            budget.leave_out(f"{held_by} ends within its box '{code(name)}'")
        yield Box(name, start, start + header_length, min(start + length, end), is_cut)
        start += length


def code(name: bytes) -> str:
    r"""A four-character code for people; ``\xa9`` is the copyright sign."""
    return name.decode("latin-1") if name.isascii() or name[:1] == b"\xa9" else name.hex()


def content(file: BinaryIO, box: Box, what: str, budget: Budget, skip: int = 0) -> bytes | None:
    """What a box holds after its first ``skip`` bytes; None where it was cut or is too large: ``budget`` says so."""
    if box.is_cut:
        return None
    return read_value(file, box.start + skip, box.size - skip, what, budget) if box.size > skip else b""
