"""GIF (GIF89a specification): comments and the application extensions of XMP and C2PA.

XMP: XMP specification part 3, 1.1.2; C2PA: specification 2.2, A.3.8.
"""

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

from transforms.marks.charsets import decode_text
from transforms.marks.containers.reading import leave_out_cut
from transforms.marks.pieces import Budget, Form, Piece

_HEADER_BYTES: Final = 13
_EXTENSION, _IMAGE, _END = b"!", b",", b";"
_COMMENT, _APPLICATION = b"\xfe", b"\xff"
_BLOCKS_OF_AN_ELEMENT: Final = 128
_XMP_TRAILER: Final = b"\x01" + bytes(range(0xFF, 0xF0, -1))


@dataclass(frozen=True, slots=True)
class _Blocks:
    """Sub-blocks up to their end.

    Attributes:
        blocks: Each with its length byte; not all of them where together they are too large to be a value.
        size_bytes: Of all of them.
        is_whole: False where the file or the budget ended before them.
    """

    blocks: list[bytes]
    size_bytes: int
    is_whole: bool

    def joined(self) -> bytes:
        return b"".join(block[1:] for block in self.blocks)

    def raw(self) -> bytes:
        return b"".join(self.blocks)


def walk_gif(file: BinaryIO, size: int, budget: Budget) -> Iterator[Piece]:
    """Walks a GIF file; see ``Walker``.

    Picture data is a chain of blocks of at most 255 bytes, so all lengths are stepped through, of which
    ``_BLOCKS_OF_AN_ELEMENT`` count as one element: a file may hold millions of them. No picture data is kept.
    """
    file.seek(0)
    header = file.read(_HEADER_BYTES)
    if len(header) < _HEADER_BYTES:
        leave_out_cut("GIF header", 0, budget)
        return
    _skip_colour_table(file, header[10])
    while budget.visit():
        offset = file.tell()
        introducer = file.read(1)
        if introducer == _END:
            return
        if introducer == b"\0":  # an end of blocks too many, which decoders pass over
            continue
        if introducer == _EXTENSION:
            label = file.read(1)
            is_whole = yield from _read_extension(file, label, offset, budget)
        elif introducer == _IMAGE:
            descriptor = file.read(9)
            if len(descriptor) == 9:
                _skip_colour_table(file, descriptor[8])
                file.read(1)
            is_whole = _read_blocks(file, 0, budget).is_whole
        else:
            budget.leave_out(f"no GIF block at 0x{offset:x}" if introducer else "the GIF file has no end mark")
            return
        if not is_whole:
            if file.tell() >= size:
                leave_out_cut("GIF block", offset, budget)
            return


def _skip_colour_table(file: BinaryIO, flags: int) -> None:
    if flags & 0x80:
        file.seek(3 << (flags & 7) + 1, 1)


def _read_blocks(file: BinaryIO, most_bytes: int, budget: Budget) -> _Blocks:
    """Steps to the end of a chain of sub-blocks and keeps them while they are within ``most_bytes``."""
    blocks: list[bytes] = []
    count, size = 0, 0
    while length := file.read(1):
        if length == b"\0":
            return _Blocks(blocks, size, is_whole=True)
        count += 1
        if count % _BLOCKS_OF_AN_ELEMENT == 0 and not budget.visit():
            break
        size += 1 + length[0]
        if size <= most_bytes:
            blocks.append(length + file.read(length[0]))
        else:
            file.seek(length[0], 1)
    return _Blocks(blocks, size, is_whole=False)


def _read_extension(file: BinaryIO, label: bytes, offset: int, budget: Budget) -> Generator[Piece, None, bool]:
    """Yields pieces of an extension and returns whether it is whole."""
    most_bytes = budget.limits.value_bytes
    if label == _COMMENT:
        comment = _read_blocks(file, most_bytes, budget)
        if comment.is_whole and budget.take("GIF comment", comment.size_bytes):
            text = decode_text(comment.joined())
            if text:
                yield Piece(Form.TEXT, "container", "comment extension", "", text, offset)
        return comment.is_whole
    if label != _APPLICATION:
        return _read_blocks(file, 0, budget).is_whole
    length = file.read(1)
    application = file.read(length[0]) if length else b""
    if application.startswith(b"C2PA"):
        blocks = _read_blocks(file, 0, budget)
        if blocks.is_whole:
            yield Piece(Form.C2PA, "c2pa", "application extension", "", b"", offset)
        return blocks.is_whole
    if application[:8] != b"XMP Data":
        return not length or length == b"\0" or _read_blocks(file, 0, budget).is_whole
    blocks = _read_blocks(file, most_bytes, budget)
    if blocks.is_whole and budget.take("GIF XMP", blocks.size_bytes):
        packet = _xmp_packet(blocks)
        if packet:
            yield Piece(Form.XMP, "xmp", "application extension", "", packet, offset)
    return blocks.is_whole


def _xmp_packet(blocks: _Blocks) -> bytes:
    """The packet, which is not cut into sub-blocks but ended by a trailer that leads every reader of blocks out.

    Some writers do cut it; their first byte is a length and not the start of XML.
    """
    raw, joined = blocks.raw(), blocks.joined()
    is_cut = joined.startswith((b"<?xpacket", b"<x:xmpmeta", b"\xef\xbb\xbf<"))
    return joined if is_cut else raw.partition(_XMP_TRAILER)[0]
