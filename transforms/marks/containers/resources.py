"""Image resource blocks (Adobe Photoshop File Formats, "Image Resources"), as JPEG, TIFF and PNG embed them."""

import struct
from collections.abc import Iterator
from typing import Final

from transforms.marks.pieces import Budget, Form, Piece

_SIGNATURES: Final = frozenset({b"8BIM", b"8B64", b"MeSa", b"PHUT", b"AgHg", b"DCSR"})
WANTED_RESOURCES: Final = {
    0x0404: (Form.IPTC, "iptc"),
    0x0422: (Form.EXIF, "exif"),
    0x0424: (Form.XMP, "xmp"),
}
"""Form and layer of what is read, by the number of the resource."""


def walk_resources(data: bytes, site: str, offset: int, budget: Budget) -> Iterator[Piece]:
    """Pieces out of image resources that are in memory, and so counted in ``budget`` already.

    Args:
        data: Resources one after another, from the first signature on.
        site: Of the element that holds them.
        offset: Of that element in the file, in bytes.
        budget: Each resource is a visited element.

    Yields:
        IPTC-IIM (resource 0x0404), and EXIF (0x0422) and XMP (0x0424) where a writer put them here.
    """
    position = 0
    while position + 12 <= len(data):
        if data[position : position + 4] not in _SIGNATURES or not budget.visit():
            return
        kind = int.from_bytes(data[position + 4 : position + 6])
        name_field = 1 + data[position + 6]
        start = position + 6 + name_field + name_field % 2 + 4
        if start > len(data):
            return
        (length,) = struct.unpack_from(">I", data, start - 4)
        if start + length > len(data):
            budget.leave_out(
                f"image resource 0x{kind:04x} of {site} at 0x{offset:x} claims more than its element holds"
            )
            return
        if kind in WANTED_RESOURCES and length:
            form, layer = WANTED_RESOURCES[kind]
            yield Piece(form, layer, site, "", data[start : start + length], offset)
        position = start + length
        if length % 2 and data[position : position + 4] not in _SIGNATURES:  # a few writers forget the padding
            position += 1
