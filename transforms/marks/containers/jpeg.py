"""JPEG (ITU-T T.81, annex B): metadata segments before the first scan, and Samsung's trailer after the picture.

XMP and extended XMP: XMP specification part 3, 1.1.3; C2PA: specification 2.2, A.3.1 (JUMBF in APP11, ISO/IEC 19566-5).
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import BinaryIO, Final

from transforms.marks.charsets import decode_text
from transforms.marks.containers.reading import leave_out_cut, read_at, read_value
from transforms.marks.containers.resources import walk_resources
from transforms.marks.containers.sef import walk_sef
from transforms.marks.pieces import Budget, Form, Piece

_HEAD_BYTES: Final = 128
_MOST_STRAY_BYTES: Final = 4096
_TEM, _RST0, _SOI, _EOI, _SOS, _APP0, _COM = 0x01, 0xD0, 0xD8, 0xD9, 0xDA, 0xE0, 0xFE
_APP1, _APP11, _APP13, _APP15 = _APP0 + 1, _APP0 + 11, _APP0 + 13, _APP0 + 15

_XMP: Final = re.compile(
    rb"(?:http|XMP\0)://ns\.adobe\.com/xap/1\.0/\0?|(?=(?:\xef\xbb\xbf)?\s*<(?:\?xpacket begin|x:xmpmeta|rdf:RDF))"
)
_EXTENDED: Final = re.compile(rb"http://ns\.adobe\.com/xmp/extension/\0([0-9A-Fa-f]{32})(.{4})(.{4})", re.DOTALL)
_EXIF: Final = re.compile(rb"Exif\0[\0\xff]")
_RESOURCES: Final = re.compile(rb"Photoshop 3\.0\0|Adobe_Photoshop2\.5:|(?=8BIM)")
_BARE_LABEL: Final = re.compile(rb'[\x20-\x7e\0]{0,64}?(?:AIGC[\0\s:=]*(?=\{)|(?=\{\s*"AIGC"))')


@dataclass(frozen=True, slots=True)
class _Segment:
    marker: int
    offset: int
    start: int
    length: int
    head: bytes

    @property
    def site(self) -> str:
        return "COM" if self.marker == _COM else f"APP{self.marker - _APP0}"

    def read(self, file: BinaryIO, skipped: int, budget: Budget) -> bytes | None:
        """What follows the first ``skipped`` bytes."""
        what = f"{self.site} at 0x{self.offset:x}"
        return read_value(file, self.start + skipped, self.length - skipped, what, budget)


@dataclass(slots=True)
class _Joined:
    """What is spread over several segments."""

    exif: list[tuple[int, bytearray]] = field(default_factory=list)
    resources: bytearray = field(default_factory=bytearray)
    resources_offset: int = 0
    extended: dict[str, "_Extended"] = field(default_factory=dict)

    def add_exif(self, offset: int, data: bytes) -> None:
        """A segment without a TIFF header goes on with the structure of the one before it."""
        if self.exif and data[:2] not in {b"II", b"MM"}:
            self.exif[-1][1].extend(data)
        else:
            self.exif.append((offset, bytearray(data)))

    def add_resources(self, offset: int, data: bytes) -> None:
        """Photoshop cuts its resources anywhere, so the segments are joined before they are read."""
        if not self.resources:
            self.resources_offset = offset
        self.resources.extend(data)

    def add_extended(self, guid: str, full_length: int, start: int, offset: int, data: bytes) -> None:
        """The first part with a start stays."""
        self.extended.setdefault(guid, _Extended(offset, full_length)).parts.setdefault(start, data)

    def pieces(self, budget: Budget) -> Iterator[Piece]:
        for offset, exif in self.exif:
            yield Piece(Form.EXIF, "exif", "APP1", "", bytes(exif), offset)
        yield from walk_resources(bytes(self.resources), "APP13", self.resources_offset, budget)
        for guid, extended in self.extended.items():
            packet = extended.join()
            if not packet:
                budget.leave_out(f"extended XMP {guid} lacks a part")
            else:
                yield Piece(Form.XMP_EXTENDED, "xmp", "APP1", guid, packet, extended.offset)


@dataclass(slots=True)
class _Extended:
    """Parts of one extended XMP packet.

    Its GUID should be the MD5 of the whole. That is not checked: a packet that was changed later still says what it
    says, and other readers show it too.
    """

    offset: int
    full_length: int
    parts: dict[int, bytes] = field(default_factory=dict)

    def join(self) -> bytes | None:
        """The packet; None where a part is missing."""
        packet = bytearray()
        while len(packet) < self.full_length:
            part = self.parts.get(len(packet))
            if not part:
                return None
            packet.extend(part)
        return bytes(packet[: self.full_length])


def walk_jpeg(file: BinaryIO, size: int, budget: Budget) -> Iterator[Piece]:
    """Walks a JPEG file; see ``Walker``. What several segments hold together follows the single pieces.

    Nothing after the first SOS marker is read but a Samsung trailer, which its directory at the end of the file gives
    away: entropy-coded data has no metadata, and the further pictures of a multi-picture file are not this picture.
    """
    joined = _Joined()
    has_store = False
    for segment in _segments(file, size, budget):
        if segment.marker == _APP11 and not has_store and _starts_store(segment.head):
            has_store = True
            yield Piece(Form.C2PA, "c2pa", segment.site, "", b"", segment.offset)
        yield from _read_segment(file, segment, joined, budget)
    yield from joined.pieces(budget)
    yield from walk_sef(file, size, budget)


def _segments(file: BinaryIO, size: int, budget: Budget) -> Iterator[_Segment]:
    """Metadata segments up to the first scan."""
    position = 0
    while position < size and budget.visit():
        head = read_at(file, position, _MOST_STRAY_BYTES)
        stray = head.find(b"\xff")
        if stray < 0:
            budget.leave_out(f"no JPEG marker at 0x{position:x}")
            return
        filled = len(head) - len(head[stray:].lstrip(b"\xff"))
        if filled == len(head):
            position += len(head) - 1 if len(head) > 1 else 1
            continue
        marker, offset = head[filled], position + filled - 1
        position = offset + 2
        if marker in {_SOS, _EOI}:
            return
        if marker in {0, _TEM} or _RST0 <= marker <= _SOI:
            continue
        length = int.from_bytes(read_at(file, position, 2)) - 2
        if length < 0 or position + 2 + length > size:
            leave_out_cut(f"JPEG segment 0x{marker:02x}", offset, budget)
            return
        if marker == _COM or _APP0 <= marker <= _APP15:
            start = position + 2
            yield _Segment(marker, offset, start, length, read_at(file, start, min(length, _HEAD_BYTES)))
        position += 2 + length


def _read_segment(file: BinaryIO, segment: _Segment, joined: _Joined, budget: Budget) -> Iterator[Piece]:
    if segment.marker == _COM:
        yield from _read_text(file, segment, budget)
    elif found := _XMP.match(segment.head):
        packet = segment.read(file, found.end(), budget)
        if packet:
            yield Piece(Form.XMP, "xmp", segment.site, "", packet, segment.offset)
    elif add := _join_with(segment, joined):
        skipped, join = add
        data = segment.read(file, skipped, budget)
        if data:
            join(segment.offset, data)
    elif _BARE_LABEL.match(segment.head):
        yield from _read_text(file, segment, budget)


def _join_with(segment: _Segment, joined: _Joined) -> tuple[int, Callable[[int, bytes], None]] | None:
    """How many bytes of a segment to skip, and what to add the rest to; None where it stands for itself."""
    if found := _EXTENDED.match(segment.head):
        guid, full_length, start = found[1].decode("ascii").upper(), *map(int.from_bytes, found.group(2, 3))
        return found.end(), partial(joined.add_extended, guid, full_length, start)
    if segment.marker == _APP1 and (found := _EXIF.match(segment.head)):
        return found.end(), joined.add_exif
    if segment.marker == _APP13 and (found := _RESOURCES.match(segment.head)):
        return found.end(), joined.add_resources
    return None


def _read_text(file: BinaryIO, segment: _Segment, budget: Budget) -> Iterator[Piece]:
    """A comment; a bare ``AIGC{…}`` label (TC260) in any segment as a text of that name."""
    label = _BARE_LABEL.match(segment.head)
    data = segment.read(file, label.end() if label else 0, budget)
    text = decode_text(data) if data else ""
    if text:
        yield Piece(Form.TEXT, "container", segment.site, "AIGC" if label else "", text, segment.offset)


def _starts_store(head: bytes) -> bool:
    """Whether an APP11 segment starts a JUMBF superbox that a C2PA manifest store is in.

    After ``JP``, instance and packet number come the header of the superbox, 8 or 16 bytes, and its description box.
    """
    return head[:2] == b"JP" and head[12:16] == b"jumb" and b"c2pa" in head[16:80]
