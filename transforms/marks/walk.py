"""Walks the container of a file for its metadata, whatever its format."""

import os
import struct
import zlib
from dataclasses import dataclass
from typing import BinaryIO, Final

from transforms.marks.containers.asf import walk_asf
from transforms.marks.containers.flv import walk_flv
from transforms.marks.containers.gif import walk_gif
from transforms.marks.containers.isobmff import walk_isobmff
from transforms.marks.containers.jp2 import walk_jp2
from transforms.marks.containers.jpeg import walk_jpeg
from transforms.marks.containers.jxl import walk_jxl
from transforms.marks.containers.matroska import walk_matroska
from transforms.marks.containers.ogg import walk_ogg
from transforms.marks.containers.png import walk_png
from transforms.marks.containers.psd import walk_psd
from transforms.marks.containers.raf import walk_raf
from transforms.marks.containers.riff import walk_riff
from transforms.marks.containers.tiff import walk_tiff
from transforms.marks.pieces import Budget, Limits, Piece, Walker

WALKERS: Final[dict[str, Walker]] = {
    "image/avif": walk_isobmff,
    "image/gif": walk_gif,
    "image/heic": walk_isobmff,
    "image/heif": walk_isobmff,
    "image/jp2": walk_jp2,
    "image/jpeg": walk_jpeg,
    "image/jxl": walk_jxl,
    "image/png": walk_png,
    "image/tiff": walk_tiff,
    "image/vnd.adobe.photoshop": walk_psd,
    "image/webp": walk_riff,
    "image/x-canon-cr2": walk_tiff,
    "image/x-canon-cr3": walk_isobmff,
    "image/x-fuji-raf": walk_raf,
    "image/x-olympus-orf": walk_tiff,
    "image/x-panasonic-rw2": walk_tiff,
    "video/mp4": walk_isobmff,
    "video/ogg": walk_ogg,
    "video/quicktime": walk_isobmff,
    "video/webm": walk_matroska,
    "video/x-flv": walk_flv,
    "video/x-matroska": walk_matroska,
    "video/x-ms-asf": walk_asf,
    "video/x-msvideo": walk_riff,
}
_USUAL: Final = Limits()
_WITHOUT_METADATA: Final = frozenset({"image/bmp"})
_ERRORS: Final = (
    ArithmeticError,
    LookupError,
    MemoryError,
    OSError,
    RecursionError,
    ValueError,
    struct.error,
    zlib.error,
)


@dataclass(frozen=True, slots=True)
class Walk:
    """What a walk brought.

    Attributes:
        pieces: In the order of their offsets.
        left_out: One line for each kind of thing that was not read; empty where the walk is complete.
    """

    pieces: tuple[Piece, ...]
    left_out: tuple[str, ...]


def walk(file: BinaryIO, media_type: str, limits: Limits = _USUAL) -> Walk:
    """Pieces of metadata of a file.

    A BMP file has no place for metadata, so its walk is complete and empty.

    Args:
        file: Open and seekable.
        media_type: As ``examine.sniff`` tells it.
        limits: Bounds of the walk.

    Returns:
        All pieces within the limits. A walker raises on no bytes; should one do so nevertheless, or should reading
        fail, then the pieces before that, and a line in ``left_out`` that names the error.
    """
    budget = Budget(limits)
    pieces: list[Piece] = []
    walker = WALKERS.get(media_type)
    if walker is None:
        if media_type not in _WITHOUT_METADATA:
            budget.leave_out(f"metadata of {media_type} files")
        return Walk((), tuple(budget.left_out))
    try:
        size = file.seek(0, os.SEEK_END)
        pieces.extend(walker(file, size, budget))
    except _ERRORS as error:
        budget.leave_out(f"the rest of the {media_type} file, on {type(error).__name__}: {error}")
    return Walk(tuple(sorted(pieces, key=lambda piece: piece.offset)), tuple(budget.left_out))
