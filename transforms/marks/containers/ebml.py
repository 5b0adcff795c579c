"""Elements of EBML (RFC 8794), of which Matroska and WebM are made."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

from transforms.marks.containers.reading import read_at
from transforms.marks.pieces import Budget

_MOST_HEADER_BYTES: Final = 12


@dataclass(frozen=True, slots=True)
class Element:
    """An element; it ends no later than what holds it, and with that where its size is unknown or it is cut."""

    name: int
    offset: int
    start: int
    end: int
    is_whole: bool


def elements(
    file: BinaryIO, start: int, end: int, site: str, budget: Budget, *, enters_unknown: bool = False
) -> Iterator[Element]:
    """The elements that follow each other between two offsets; reads their headers only, never raises on any bytes."""
    while 0 <= start < end and budget.visit():
        header = read_at(file, start, min(_MOST_HEADER_BYTES, end - start))
        if not any(header):
            return  # padding
        id_length = 9 - header[0].bit_length()
        size_byte = header[id_length] if id_length < len(header) else 0
        size_length = 9 - size_byte.bit_length()
        if id_length > 4 or not size_byte or len(header) < id_length + size_length:
            budget.leave_out(f"{site}: bytes that are no elements")
            return
        content = start + id_length + size_length
        unknown = (1 << 7 * size_length) - 1
        length = int.from_bytes(header[id_length : content - start]) & unknown
        is_unknown = length == unknown
        is_cut = not is_unknown and content + length > end
        if is_cut:
            budget.leave_out(f"{site} ends within one of its elements")
        stop = end if is_unknown or is_cut else content + length
        yield Element(int.from_bytes(header[:id_length]), start, content, stop, not is_unknown and not is_cut)
        start = content if is_unknown and enters_unknown else stop


def text_of(value: bytes | None) -> str:
    """UTF-8, up to the first NUL (RFC 8794, 7.5)."""
    return (value or b"").partition(b"\0")[0].decode("utf-8", "replace")
