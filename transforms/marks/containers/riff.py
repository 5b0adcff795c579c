"""RIFF: WebP (RFC 9649) and AVI (with OpenDML): XMP, EXIF, C2PA and INFO texts, with seeks over the media.

Adobe's own name of the XMP chunk in AVI is ``_PMX`` (XMP specification part 3, 1.2.3).
"""

from collections.abc import Iterator
from typing import BinaryIO, Final

from transforms.marks.charsets import decode_text
from transforms.marks.containers.reading import leave_out_cut, read_at, read_value
from transforms.marks.pieces import Budget, Form, Piece

_XMP: Final = frozenset({b"XMP ", b"XMP\0", b"_PMX"})
_EXIF: Final = frozenset({b"EXIF", b"exif"})
_TEXTS_ANYWHERE: Final = frozenset({b"AIGC", b"IDIT"})
_ENTERED_LISTS: Final = frozenset({b"INFO", b"hdrl"})


def walk_riff(file: BinaryIO, size: int, budget: Budget) -> Iterator[Piece]:
    """Walks a WebP or AVI file; see ``Walker``.

    The length of the RIFF chunk itself is not believed: what follows it is walked, too, as are the further RIFF chunks
    of a large AVI.
    """
    yield from _walk_chunks(file, 0, size, "RIFF", 0, budget)


def _walk_chunks(file: BinaryIO, start: int, end: int, site: str, depth: int, budget: Budget) -> Iterator[Piece]:
    position = start
    while position + 8 <= end and budget.visit():
        header = read_at(file, position, 12)
        kind, length = header[:4], int.from_bytes(header[4:8], "little")
        if kind == b"RIFF":
            position += 12
            continue
        if not _is_code(kind):
            budget.leave_out(f"no RIFF chunk at 0x{position:x}")
            return
        chunk_end = position + 8 + length
        list_kind = header[8:12]
        if kind == b"LIST" and list_kind in _ENTERED_LISTS and depth < budget.limits.depth:
            list_site = f"LIST/{list_kind.decode('ascii')}"
            yield from _walk_chunks(file, position + 12, min(chunk_end, end), list_site, depth + 1, budget)
        if chunk_end > end:
            leave_out_cut(f"RIFF chunk {kind.decode('ascii')}", position, budget)
            return
        yield from _read_chunk(file, kind, position, length, site, budget)
        position = chunk_end + _padding(file, chunk_end, length)


def _is_code(kind: bytes) -> bool:
    return len(kind) == 4 and all(0x20 <= byte < 0x7F for byte in kind.rstrip(b"\0")) and kind[0] > 0


def _padding(file: BinaryIO, chunk_end: int, length: int) -> int:
    """Bytes up to the next chunk: odd chunks are padded, but a few writers forget that."""
    if length % 2 == 0:
        return 0
    following = read_at(file, chunk_end, 5)
    return 0 if _is_code(following[:4]) and not _is_code(following[1:]) else 1


def _read_chunk(file: BinaryIO, kind: bytes, offset: int, length: int, site: str, budget: Budget) -> Iterator[Piece]:
    if kind == b"C2PA":
        yield Piece(Form.C2PA, "c2pa", "C2PA", "", b"", offset)
        return
    is_text = kind in _TEXTS_ANYWHERE or (site == "LIST/INFO" and kind != b"LIST")
    if not is_text and kind not in _XMP and kind not in _EXIF:
        return
    name = decode_text(kind).rstrip()
    value = read_value(file, offset + 8, length, f"{site} '{name}'", budget)
    if not value:
        return
    if kind in _XMP:
        yield Piece(Form.XMP, "xmp", name, "", value, offset)
    elif kind in _EXIF:
        yield Piece(Form.EXIF, "exif", name, "", value.removeprefix(b"Exif\0\0"), offset)
    elif text := decode_text(value):
        yield Piece(Form.TEXT, "container", site, name, text, offset)
