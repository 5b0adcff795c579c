"""What a video container's own outline says: is the file all there, and does it hold a video track?

Decoders show half a file without a word, and cannot tell a film without a picture track from a broken one. The outline
can: ISO/IEC 14496-12 boxes, RFC 8794 (EBML) elements with RFC 9559 (Matroska) identifiers, RIFF chunks.
"""

import os
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

_MAX_ELEMENTS = 10_000
_NAME = re.compile(rb"[ -~\xa9]{4}")
_SEGMENT, _TRACKS, _TRACK_ENTRY, _TRACK_TYPE, _CLUSTER = 0x18538067, 0x1654AE6B, 0xAE, 0x83, 0x1F43B675


@dataclass(frozen=True, slots=True)
class Structure:
    """``cut_short``: content is missing at the end. ``has_video``: None where the outline does not tell."""

    cut_short: bool
    has_video: bool | None


@dataclass(frozen=True, slots=True)
class Box:
    """A box or element: where its content starts and where it claims to end, in bytes."""

    name: bytes | int
    start: int
    end: int


def read_structure(file: BinaryIO, media_type: str) -> Structure:
    """Walks the outline of a container, seeking over media data; never raises on any bytes."""
    size = os.fstat(file.fileno()).st_size
    if media_type in {"video/mp4", "video/quicktime"}:
        return _read_boxes(file, size)
    if media_type in {"video/webm", "video/x-matroska"}:
        return _read_matroska(file, size)
    if media_type == "video/x-msvideo":
        file.seek(4)
        return Structure(int.from_bytes(file.read(4), "little") + 8 > size, None)
    return Structure(cut_short=False, has_video=None)


def _read_boxes(file: BinaryIO, size: int) -> Structure:
    top = list(_boxes(file, 0, size))
    movie = next((box for box in top if box.name == b"moov"), None)
    # Recorders write the index (moov) last: without it the recording never ended.
    if movie is None or any(box.end > size for box in top):
        return Structure(cut_short=True, has_video=None)
    handlers = []
    for track in _named(file, movie, b"trak"):
        for media in _named(file, track, b"mdia"):
            for handler in _named(file, media, b"hdlr"):
                file.seek(handler.start + 8)
                handlers.append(file.read(4))
    return Structure(cut_short=False, has_video=b"vide" in handlers)


def _boxes(file: BinaryIO, start: int, end: int) -> Iterator[Box]:
    for _ in range(_MAX_ELEMENTS):
        if start + 8 > end:  # before the seek, which raises on what no file can reach
            return
        file.seek(start)
        header = file.read(16)
        if len(header) < 8:
            return
        length, name = struct.unpack(">I4s", header[:8])
        if not _NAME.fullmatch(name):
            return  # no box: bytes that something appended
        header_length = 8
        if length == 1 and len(header) == 16:
            length, header_length = struct.unpack(">Q", header[8:])[0], 16
        elif length == 0:
            length = end - start
        if length < header_length:
            return
        yield Box(name, start + header_length, start + length)
        start += length


def find_box(file: BinaryIO, size: int, path: tuple[bytes, ...]) -> Box | None:
    """The first box at a path of names such as (``meta``, ``iprp``), or None; never raises on any bytes."""
    box: Box | None = Box(b"", 0, size)
    for name in path:
        if box is None:
            return None
        inner = Box(name, box.start + (4 if box.name == b"meta" else 0), box.end)  # meta has a version before its boxes
        box = next(iter(_named(file, inner, name)), None)
    return box


def _named(file: BinaryIO, parent: Box, name: bytes) -> list[Box]:
    # A child that claims to outlast its parent is clipped: each byte is walked once, whatever a file claims.
    return [
        Box(name, box.start, min(box.end, parent.end))
        for box in _boxes(file, parent.start, parent.end)
        if box.name == name
    ]


def _read_matroska(file: BinaryIO, size: int) -> Structure:
    segment = next((part for part in _elements(file, 0, size) if part.name == _SEGMENT), None)
    if segment is None:
        return Structure(cut_short=True, has_video=None)
    for part in _elements(file, segment.start, min(segment.end, size)):
        if part.name == _CLUSTER:
            break
        if part.name == _TRACKS:
            return Structure(segment.end > size, _has_video_track(file, part, size))
    return Structure(segment.end > size, None)


def _has_video_track(file: BinaryIO, tracks: Box, size: int) -> bool:
    tracks_end = min(tracks.end, size)
    for track in _elements(file, tracks.start, tracks_end):
        for part in _elements(file, track.start, min(track.end, tracks_end)) if track.name == _TRACK_ENTRY else ():
            file.seek(part.start)
            if part.name == _TRACK_TYPE and file.read(1) == b"\x01":
                return True
    return False


def _elements(file: BinaryIO, start: int, end: int) -> Iterator[Box]:
    """EBML elements; one of unknown size ends where its parent does."""
    for _ in range(_MAX_ELEMENTS):
        if start >= end:
            return
        file.seek(start)
        header = file.read(12)
        if not header or not header[0]:
            return
        id_length = 9 - header[0].bit_length()
        if id_length > 4 or len(header) <= id_length or not header[id_length]:
            return
        size_length = 9 - header[id_length].bit_length()
        raw = header[id_length : id_length + size_length]
        length = int.from_bytes(raw) & ((1 << 7 * size_length) - 1)
        content = start + id_length + size_length
        is_unknown = length == (1 << 7 * size_length) - 1
        yield Box(int.from_bytes(header[:id_length]), content, end if is_unknown else content + length)
        start = end if is_unknown else content + length
