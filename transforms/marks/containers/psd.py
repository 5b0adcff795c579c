"""Photoshop documents (Adobe Photoshop File Formats): XMP, EXIF and IPTC-IIM in the section of image resources."""

from collections.abc import Iterator
from typing import BinaryIO, Final

from transforms.marks.containers.reading import leave_out_cut, read_at, read_value
from transforms.marks.containers.resources import WANTED_RESOURCES, walk_resources
from transforms.marks.pieces import Budget, Piece

_HEADER_BYTES: Final = 26
_MOST_NAME_FIELD_BYTES: Final = 256
_SITE: Final = "image resources"


def walk_psd(file: BinaryIO, size: int, budget: Budget) -> Iterator[Piece]:
    """Walks a PSD file; see ``Walker``. Colour data, resources of other kinds, layers and pixels are passed over."""
    start = _HEADER_BYTES + 4 + int.from_bytes(read_at(file, _HEADER_BYTES, 4))
    position = start + 4
    end = position + int.from_bytes(read_at(file, start, 4))
    if min(position, end) > size:
        leave_out_cut(_SITE, min(start, size), budget)
        return
    while position + 12 <= min(end, size) and budget.visit():
        head = read_at(file, position, 6 + _MOST_NAME_FIELD_BYTES + 4)
        name_field = 1 + head[6]
        data_start = 6 + name_field + name_field % 2 + 4
        if not head[:4].isalnum() or data_start > len(head):
            budget.leave_out(f"no image resource at 0x{position:x}")
            return
        kind, length = int.from_bytes(head[4:6]), int.from_bytes(head[data_start - 4 : data_start])
        if kind in WANTED_RESOURCES:
            resource = read_value(file, position, data_start + length, f"image resource 0x{kind:04x}", budget)
            yield from walk_resources(resource or b"", _SITE, position, budget)
        position += data_start + length + length % 2
    if end > size:
        leave_out_cut(_SITE, start, budget)
