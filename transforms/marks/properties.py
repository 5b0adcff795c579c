"""Pieces of metadata read into properties, each by its form."""

from collections.abc import Iterator, Sequence
from io import BytesIO
from typing import BinaryIO

from transforms.marks.charsets import clean, decode_text
from transforms.marks.exif import read_exif
from transforms.marks.iptc import read_iim
from transforms.marks.pieces import Budget, Form, Piece, Property
from transforms.marks.xmp import read_xmp


def read_properties(pieces: Sequence[Piece], file: BinaryIO, budget: Budget) -> list[Property]:
    """Reads every piece by its form.

    Args:
        pieces: As the walkers yield them.
        file: The file they lie in, seekable: an ``EXIF`` piece without data is a TIFF structure in the file itself.
        budget: Spent by what is read; what had to be left out is in ``left_out``.

    Returns:
        The properties in the order of the pieces: one of a ``TEXT`` piece, none of a ``C2PA`` piece.

    Raises:
        OSError: The file cannot be read; no bytes in it are an error.
    """
    return [found for piece in pieces for found in _read(piece, file, budget)]


def _read(piece: Piece, file: BinaryIO, budget: Budget) -> Iterator[Property]:
    """The properties of one piece."""
    data = piece.data.encode("utf-8", "replace") if isinstance(piece.data, str) else piece.data
    match piece.form:
        case Form.TEXT:
            text = clean(piece.data) if isinstance(piece.data, str) else decode_text(piece.data)
            locator = "/".join(filter(None, (piece.site, piece.name)))
            yield Property(piece.layer, "", piece.name, text, locator, piece.offset)
        case Form.XMP | Form.XMP_EXTENDED:
            yield from read_xmp(data, budget, layer=piece.layer, where=_place(piece, "XMP"), offset=piece.offset)
        case Form.EXIF:
            structure, start = (BytesIO(data), 0) if data else (file, piece.offset)
            where = _place(piece, "EXIF")
            yield from read_exif(structure, start, budget, layer=piece.layer, where=where, offset=piece.offset)
        case Form.IPTC:
            yield from read_iim(data, budget, layer=piece.layer, where=_place(piece, "IPTC"), offset=piece.offset)
        case Form.C2PA:
            return


def _place(piece: Piece, form: str) -> str:
    """The start of a piece's locators: its site and its form, or the site alone where it says the form."""
    return piece.site if piece.site.strip("_ ").upper().endswith(form) else f"{piece.site} {form}".strip()
