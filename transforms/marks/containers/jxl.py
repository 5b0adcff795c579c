"""JPEG XL files (ISO/IEC 18181-2): boxes beside the codestream; a naked codestream holds no metadata."""

from collections.abc import Iterator
from typing import BinaryIO, Final

from transforms.marks.containers.box_items import tiff
from transforms.marks.containers.boxes import boxes, code, content
from transforms.marks.containers.jumbf import is_store
from transforms.marks.containers.reading import read_at
from transforms.marks.pieces import Budget, Form, Piece

_CODESTREAM: Final = b"\xff\x0a"
_METADATA: Final = {b"Exif", b"xml ", b"jumb"}


def walk_jxl(file: BinaryIO, size: int, budget: Budget) -> Iterator[Piece]:
    """The metadata of a JPEG XL file; see ``Walker``.

    Boxes under Brotli (``brob``) are left out, with a line that says which: the standard library cannot inflate them.
    """
    if read_at(file, 0, 2) == _CODESTREAM:
        return
    for box in boxes(file, 0, size, "", budget):
        if box.name == b"brob":
            inner = read_at(file, box.start, min(4, box.size))
            if inner in _METADATA:
                budget.leave_out(f"brob '{code(inner)}', compressed with Brotli")
        elif box.name == b"jumb":
            if is_store(file, box):
                yield Piece(Form.C2PA, "c2pa", "jumb", "", b"", box.offset)
        elif box.name in _METADATA:
            data = content(file, box, code(box.name).strip(), budget)
            if data is None:
                continue
            if box.name == b"Exif":
                yield Piece(Form.EXIF, "exif", "Exif", "", tiff(data), box.offset)
            else:
                yield Piece(Form.XMP, "xmp", "xml", "", data, box.offset)
