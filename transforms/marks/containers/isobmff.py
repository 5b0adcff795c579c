"""ISO base media files and QuickTime: HEIC, HEIF, AVIF, MP4, MOV, CR3.

Sources: ISO/IEC 14496-12 (boxes), 23008-12 (HEIF), QuickTime File Format (user data, metadata keys), XMP specification
part 3 (the ``uuid`` and ``XMP_`` boxes), C2PA 2.2, A.5 (its ``uuid`` box).
"""

import html
import re
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from typing import BinaryIO, Final

from transforms.marks.containers.box_items import read_items
from transforms.marks.containers.box_text import item_list, read_keys, user_data
from transforms.marks.containers.boxes import Box, boxes, code, content
from transforms.marks.containers.jpeg import walk_jpeg
from transforms.marks.containers.reading import read_at
from transforms.marks.containers.sef import walk_sef
from transforms.marks.containers.sei import first_picture_texts
from transforms.marks.pieces import Budget, Form, Piece

_NAME: Final = re.compile(rb"[ -~\xa9]{4}")
_DEVICE: Final = re.compile(rb'<Device\s{1,9}manufacturer="([^"]{1,80})"\s{1,9}modelName="([^"]{1,80})"')
_UUID_BYTES: Final = 16
_XMP: Final = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_C2PA: Final = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
_CANON: Final = bytes.fromhex("85c0b687820f11e08111f4ce462b6a48")
_CANON_TIFFS: Final = {b"CMT1", b"CMT2", b"CMT3", b"CMT4"}
_COMPRESSOR_NAME: Final = (42, 32)  # in a video's sample entry: offset in its content, length


def walk_isobmff(file: BinaryIO, size: int, budget: Budget) -> Iterator[Piece]:
    """The metadata of an ISO base media or QuickTime file; see ``Walker``.

    Samples and movie fragments are passed over, but for messages before a first picture: nothing is searched for in
    media data, where any bytes occur by chance.
    """
    for box in boxes(file, 0, size, "", budget):
        if not _NAME.fullmatch(box.name):
            if any(box.name):
                budget.leave_out(f"bytes from {box.offset} on, which are no boxes")
            return
        if box.name == b"moov":
            yield from _movie(file, size, box, budget)
        elif box.name == b"sefd":
            yield from walk_sef(file, box.end, budget)
        else:
            yield from _anywhere(file, size, box, "", budget)


def _anywhere(file: BinaryIO, size: int, box: Box, site: str, budget: Budget) -> Iterator[Piece]:
    """What may lie in the file itself, in the movie and in a track alike."""
    inside = f"{site}/{code(box.name)}".removeprefix("/")
    if box.name == b"meta":
        yield from _meta(file, size, box, inside, budget)
    elif box.name == b"udta":
        for part in boxes(file, box.start, box.end, inside, budget):
            yield from _user_data(file, size, part, inside, budget)
    elif box.name == b"uuid":
        yield from _uuid(file, box, inside, budget)


def _user_data(file: BinaryIO, size: int, box: Box, site: str, budget: Budget) -> Iterator[Piece]:
    if box.name == b"XMP_":
        data = content(file, box, f"{site}/XMP_", budget)
        if data is not None:
            yield Piece(Form.XMP, "xmp", f"{site}/XMP_", "", data, box.offset)
    elif box.name in {b"meta", b"uuid"}:
        yield from _anywhere(file, size, box, site, budget)
    elif box.name == b"CNTH":
        yield from _thumbnail(file, box, f"{site}/CNTH", budget)
    else:
        yield from user_data(file, box, site, budget)


def _thumbnail(file: BinaryIO, box: Box, site: str, budget: Budget) -> Iterator[Piece]:
    """The metadata of the JPEG that Canon's cameras put into their films."""
    for part in boxes(file, box.start, box.end, site, budget):
        data = content(file, part, f"{site}/CNDA", budget) if part.name == b"CNDA" else None
        if data:
            for piece in walk_jpeg(BytesIO(data), len(data), budget):
                if piece.form is not Form.C2PA:  # a store there would be of the thumbnail
                    yield replace(piece, site=f"{site}/CNDA {piece.site}", offset=part.start + piece.offset)


def _uuid(file: BinaryIO, box: Box, site: str, budget: Budget) -> Iterator[Piece]:
    kind = read_at(file, box.start, min(box.size, _UUID_BYTES))
    if kind == _XMP:
        data = content(file, box, f"{site} XMP", budget, skip=_UUID_BYTES)
        if data is not None:
            yield Piece(Form.XMP, "xmp", site, "", data, box.offset)
    elif kind == _C2PA:
        # The hash tree of a fragment lies in such a box too, and is no manifest; its purpose says so.
        if read_at(file, box.start + _UUID_BYTES + 4, 7) != b"merkle\0":
            yield Piece(Form.C2PA, "c2pa", site, "", b"", box.offset)
    elif kind == _CANON:
        for part in boxes(file, box.start + _UUID_BYTES, box.end, site, budget):
            data = content(file, part, f"{site} {code(part.name)}", budget) if part.name in _CANON_TIFFS else None
            if data is not None:
                yield Piece(Form.EXIF, "exif", f"{site} {code(part.name)}", "", data, part.offset)


def _movie(file: BinaryIO, size: int, movie: Box, budget: Budget) -> Iterator[Piece]:
    for box in boxes(file, movie.start, movie.end, "moov", budget):
        if box.name == b"trak":
            for part in boxes(file, box.start, box.end, "moov/trak", budget):
                if part.name == b"mdia":
                    yield from _media(file, size, part, budget)
                else:
                    yield from _anywhere(file, size, part, "moov/trak", budget)
        elif box.name == b"cmov":
            budget.leave_out("moov/cmov, a compressed movie header")
        else:
            yield from _anywhere(file, size, box, "moov", budget)


def _media(file: BinaryIO, size: int, media: Box, budget: Budget) -> Iterator[Piece]:
    """The name of a track's handler, and of a video that of its compressor and the texts in its first picture."""
    site = "moov/trak/mdia"
    parts = list(boxes(file, media.start, media.end, site, budget))
    is_video = False
    for box in parts:
        if box.name == b"hdlr":
            is_video = read_at(file, box.start + 8, 4) == b"vide"
            name = _handler_name(content(file, box, f"{site}/hdlr", budget, skip=24) or b"")
            if name:
                yield Piece(Form.TEXT, "container", f"{site}/hdlr", "handler_name", name, box.offset)
    if is_video:
        for box in parts:
            yield from _compressor_names(file, box, site, 0, budget)
            yield from _first_picture(file, size, box, site, budget)


def _first_picture(file: BinaryIO, size: int, box: Box, site: str, budget: Budget) -> Iterator[Piece]:
    """Texts in the first picture of a video, found by its sample table."""
    if box.name == b"minf":
        for table in boxes(file, box.start, box.end, f"{site}/minf", budget):
            if table.name == b"stbl":
                yield from first_picture_texts(file, size, table, f"{site}/minf/stbl", budget)


def _handler_name(raw: bytes) -> str:
    """A C string in ISO files, one after its length in QuickTime's."""
    is_counted = bool(raw) and raw[0] < 32 and raw[0] < len(raw)
    name = raw[1 : raw[0] + 1] if is_counted else raw
    return name.partition(b"\0")[0].decode("utf-8", "replace").strip()


def _compressor_names(file: BinaryIO, box: Box, site: str, depth: int, budget: Budget) -> Iterator[Piece]:
    inside = f"{site}/{code(box.name)}"
    if box.name in {b"minf", b"stbl"}:
        if depth >= budget.limits.depth:
            budget.leave_out(f"boxes nested more than {depth} deep in {site}")
            return
        for part in boxes(file, box.start, box.end, inside, budget):
            yield from _compressor_names(file, part, inside, depth + 1, budget)
    elif box.name == b"stsd":
        for entry in boxes(file, box.start + 8, box.end, inside, budget):
            offset, length = _COMPRESSOR_NAME
            if entry.size < offset + length:
                continue
            raw = read_at(file, entry.start + offset, length)
            name = raw[1 : raw[0] + 1].decode("utf-8", "replace").strip("\0 ") if raw else ""
            if name:
                yield Piece(Form.TEXT, "container", inside, "compressorname", name, entry.offset)


def _meta(file: BinaryIO, size: int, meta: Box, site: str, budget: Budget) -> Iterator[Piece]:
    # QuickTime's has no version before its boxes.
    version_bytes = 0 if read_at(file, meta.start, min(8, meta.size))[4:] == b"hdlr" else 4
    parts = list(boxes(file, meta.start + version_bytes, meta.end, site, budget))
    keys: dict[int, str] = {}
    for box in parts:
        if box.name == b"keys":
            keys = read_keys(file, box, site, budget)
        elif box.name == b"ilst":
            yield from item_list(file, box, keys, f"{site}/ilst", budget)
        elif box.name == b"xml ":
            yield from _device(file, box, f"{site}/xml", budget)
        elif box.name == b"ID32":
            budget.leave_out(f"{site}/ID32, an ID3 tag")
    yield from read_items(file, size, parts, site, budget)


def _device(file: BinaryIO, box: Box, site: str, budget: Budget) -> Iterator[Piece]:
    """Make and model in the XML of Sony's cameras (NonRealTimeMeta); nothing else of it is read."""
    found = _DEVICE.search(content(file, box, site, budget) or b"")
    for name, value in zip(("manufacturer", "modelName"), found.groups() if found else (), strict=False):
        yield Piece(Form.TEXT, "container", site, name, html.unescape(value.decode("utf-8", "replace")), box.offset)
