"""JPEG 2000 (ISO/IEC 15444-1): boxes beside the codestream, and the comments in it; a naked codestream has these only.

XMP lies in a ``uuid`` (XMP specification part 3, 1.1.5) or in ``xml ``, EXIF and IPTC-IIM in one of their own, C2PA in
``jumb``.
"""

from collections.abc import Iterator
from typing import BinaryIO, Final

from transforms.marks.charsets import decode_text
from transforms.marks.containers.boxes import Box, boxes, content
from transforms.marks.containers.jumbf import is_store
from transforms.marks.containers.reading import leave_out_cut, read_at, read_value
from transforms.marks.pieces import Budget, Form, Piece

_CODESTREAM: Final = b"\xff\x4f"
_SOT, _SOD, _COM = 0xFF90, 0xFF93, 0xFF64
_TEXT: Final = b"\0\1"  # registration of a comment: Latin-1, not binary
_UUID_BYTES: Final = 16
_FORMS: Final = {
    bytes.fromhex("be7acfcb97a942e89c71999491e3afac"): Form.XMP,
    b"JpgTiffExif->JP2": Form.EXIF,
    bytes.fromhex("0537cdab9d0c4431a72afa561f2a113e"): Form.EXIF,  # Photoshop's
    bytes.fromhex("33c7a4d2b81d4723a0baf1a3e097ad38"): Form.IPTC,
}


def walk_jp2(file: BinaryIO, size: int, budget: Budget) -> Iterator[Piece]:
    """The metadata of a JPEG 2000 file; see ``Walker``."""
    if read_at(file, 0, 2) == _CODESTREAM:
        yield from _comments(file, 0, size, budget)
        return
    for box in boxes(file, 0, size, "", budget):
        if box.name == b"xml ":
            data = content(file, box, "xml", budget)
            if data:
                yield Piece(Form.XMP, "xmp", "xml", "", data, box.offset)
        elif box.name == b"uuid":
            yield from _uuid(file, box, budget)
        elif box.name == b"jumb" and is_store(file, box):
            yield Piece(Form.C2PA, "c2pa", "jumb", "", b"", box.offset)
        elif box.name == b"jp2c":
            yield from _comments(file, box.start, box.end, budget)


def _uuid(file: BinaryIO, box: Box, budget: Budget) -> Iterator[Piece]:
    form = _FORMS.get(read_at(file, box.start, min(box.size, _UUID_BYTES)))
    if form is None:
        return
    data = content(file, box, f"uuid {form.upper()}", budget, skip=_UUID_BYTES)
    if data:
        data = data.removeprefix(b"Exif\0\0") if form is Form.EXIF else data
        yield Piece(form, form.value, "uuid", "", data, box.offset)


def _comments(file: BinaryIO, start: int, end: int, budget: Budget) -> Iterator[Piece]:
    """Comments in the main header of a codestream, which ends where its first tile begins."""
    position = start + len(_CODESTREAM)
    while position + 4 <= end and budget.visit():
        head = read_at(file, position, 6)
        marker, length = int.from_bytes(head[:2]), int.from_bytes(head[2:4])
        if marker in {_SOT, _SOD} or marker >> 8 != 0xFF or length < 2:
            return
        if position + 2 + length > end:
            leave_out_cut(f"JPEG 2000 segment 0x{marker:04x}", position, budget)
            return
        if marker == _COM and head[4:] == _TEXT:
            text = decode_text(read_value(file, position + 6, length - 4, "COM", budget) or b"")
            if text:
                yield Piece(Form.TEXT, "container", "COM", "", text, position)
        position += 2 + length
