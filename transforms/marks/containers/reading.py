"""Reads single parts of a file; no length that a file claims is believed."""

from typing import BinaryIO, Final

from transforms.marks.pieces import Budget

MOST_NAME_CHARACTERS: Final = 200
"""Of a name that a file gives to a value; a longer one, repeated in every place below it, would multiply."""


def read_at(file: BinaryIO, offset: int, size_bytes: int) -> bytes:
    """At most ``size_bytes`` from ``offset``, fewer (or none) where the file ends; nothing for a negative offset."""
    if offset < 0 or size_bytes <= 0:
        return b""
    file.seek(offset)
    return file.read(size_bytes)


def read_value(file: BinaryIO, offset: int, size_bytes: int, what: str, budget: Budget) -> bytes | None:
    """A whole value, counted in ``budget``; None, and a line there, where it is too large or the file ends within."""
    if not budget.take(what, size_bytes):
        return None
    value = read_at(file, offset, size_bytes)
    if len(value) < size_bytes:
        leave_out_cut(what, offset, budget)
        return None
    return value


def leave_out_cut(what: str, offset: int, budget: Budget) -> None:
    """Notes an element that goes on after the end of the file, as it does in a file that was cut short."""
    budget.leave_out(f"{what} at 0x{offset:x} claims more than the file holds")
