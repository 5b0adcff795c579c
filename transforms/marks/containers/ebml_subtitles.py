"""Subtitle tracks of Matroska and WebM: SubRip, SubStation and WebVTT in blocks (RFC 9559, and its codec registry)."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, Final

from transforms.beside.passages import Passage
from transforms.marks.containers.ebml import Element, elements, text_of
from transforms.marks.containers.reading import read_at
from transforms.marks.pieces import Budget

_SEGMENT, _SEEK_HEAD, _INFO, _TRACKS, _CLUSTER, _CUES = (
    0x18538067,
    0x114D9B74,
    0x1549A966,
    0x1654AE6B,
    0x1F43B675,
    0x1C53BB6B,
)
_TOP: Final = {_SEEK_HEAD, _INFO, _TRACKS, _CLUSTER, _CUES, 0x1043A770, 0x1941A469, 0x1254C367}
_TIMESTAMP_SCALE, _SEEK, _SEEK_ID, _SEEK_POSITION = 0x2AD7B1, 0x4DBB, 0x53AB, 0x53AC
_TRACK_ENTRY, _TRACK_NUMBER, _CODEC = 0xAE, 0xD7, 0x86
_ENCODINGS, _ENCODING, _COMPRESSION, _ENCRYPTION, _ALGORITHM, _SETTINGS = 0x6D80, 0x6240, 0x5034, 0x5035, 0x4254, 0x4255
_CUE_POINT, _POSITIONS, _CUE_TRACK, _CUE_CLUSTER, _CUE_RELATIVE = 0xBB, 0xB7, 0xF7, 0xF1, 0xF0
_TIMESTAMP, _SIMPLE_BLOCK, _BLOCK_GROUP, _BLOCK, _DURATION = 0xE7, 0xA3, 0xA0, 0xA1, 0x9B
_ZLIB, _STRIPPED = 0, 3
_CODECS: Final = ("S_TEXT/", "S_ASS", "S_SSA", "D_WEBVTT/SUBTITLES", "D_WEBVTT/CAPTIONS")
_OTHERS: Final = ("S_", "D_WEBVTT")
_LACING: Final = 0x06
_MOST_BLOCK_BYTES: Final = 1 << 16
_MOST_NUMBER_BYTES: Final = 8


@dataclass(slots=True)
class _Track:
    """A subtitle track; ``stripped`` stands before each of its blocks, which ``is_deflated`` says how to read."""

    number: int = 0
    codec: str = ""
    is_deflated: bool = False
    is_readable: bool = True
    stripped: bytes = b""


@dataclass(slots=True)
class _Segment:
    """A segment, and what its head says."""

    file: BinaryIO
    budget: Budget
    start: int
    end: int
    scale: int = 1_000_000  # nanoseconds in a unit of time
    tracks: dict[int, _Track] = field(default_factory=dict)
    cues: int | None = None  # where the cues begin
    seen: int = 0  # texts of the segment so far

    def parts(self, parent: Element) -> Iterator[Element]:
        for part in elements(self.file, parent.start, parent.end, "subtitles", self.budget):
            if part.name in _TOP:
                return
            yield part

    def bytes_of(self, part: Element, most: int) -> bytes:
        return read_at(self.file, part.start, min(most, part.end - part.start))

    def number(self, part: Element) -> int:
        return int.from_bytes(self.bytes_of(part, _MOST_NUMBER_BYTES))


def matroska_cues(file: BinaryIO, size: int, budget: Budget) -> Iterator[Passage]:
    """The texts of subtitle tracks, with their times; see ``subtitles``. Raises on no bytes.

    The index of the file leads to them; where it knows none, clusters are walked.
    """
    for part in elements(file, 0, size, "subtitles", budget):
        if part.name == _SEGMENT:
            yield from _read(_Segment(file, budget, part.start, part.end))


def _read(segment: _Segment) -> Iterator[Passage]:
    first_cluster = segment.end
    for part in elements(segment.file, segment.start, segment.end, "subtitles", segment.budget, enters_unknown=True):
        if part.name == _CLUSTER:
            first_cluster = part.offset
            break
        _read_head(segment, part)
    if not segment.tracks:
        return
    positions = sorted(set(_indexed(segment)))
    if positions:
        for cluster, block in positions:
            yield from _indexed_block(segment, cluster, block)
    else:
        yield from _walked(segment, first_cluster)


def _read_head(segment: _Segment, part: Element) -> None:
    if part.name == _SEEK_HEAD:
        _read_seek_head(segment, part)
    elif part.name == _INFO:
        for inner in segment.parts(part):
            if inner.name == _TIMESTAMP_SCALE:
                segment.scale = segment.number(inner) or segment.scale
    elif part.name == _TRACKS:
        for entry in segment.parts(part):
            if entry.name == _TRACK_ENTRY:
                _read_track(segment, entry)
    elif part.name == _CUES:
        segment.cues = part.offset


def _read_seek_head(segment: _Segment, seek_head: Element) -> None:
    for seek in segment.parts(seek_head):
        found = {inner.name: segment.number(inner) for inner in segment.parts(seek)} if seek.name == _SEEK else {}
        if found.get(_SEEK_ID) == _CUES and _SEEK_POSITION in found:
            segment.cues = segment.start + found[_SEEK_POSITION]


def _read_track(segment: _Segment, entry: Element) -> None:
    track = _Track()
    for part in segment.parts(entry):
        if part.name == _TRACK_NUMBER:
            track.number = segment.number(part)
        elif part.name == _CODEC:
            track.codec = text_of(segment.bytes_of(part, 64))
        elif part.name == _ENCODINGS:
            for encoding in segment.parts(part):
                if encoding.name == _ENCODING:
                    _read_encoding(segment, encoding, track)
    if not track.codec.startswith(_OTHERS):
        return
    if track.codec.startswith(_CODECS) and track.is_readable:
        segment.tracks[track.number] = track
    else:
        segment.budget.leave_out(f"Track {track.number} {track.codec}, of another form")


def _read_encoding(segment: _Segment, encoding: Element, track: _Track) -> None:
    for part in segment.parts(encoding):
        if part.name == _ENCRYPTION:
            track.is_readable = False
        elif part.name == _COMPRESSION:
            inside = {one.name: one for one in segment.parts(part)}
            algorithm = segment.number(inside[_ALGORITHM]) if _ALGORITHM in inside else _ZLIB
            track.is_deflated = algorithm == _ZLIB
            track.is_readable = track.is_readable and algorithm in {_ZLIB, _STRIPPED}
            if algorithm == _STRIPPED and _SETTINGS in inside:
                track.stripped = segment.bytes_of(inside[_SETTINGS], 256)


def _indexed(segment: _Segment) -> Iterator[tuple[int, int]]:
    """Offsets of cluster and block of what the index knows of subtitle tracks."""
    if segment.cues is None:
        return
    index = next(elements(segment.file, segment.cues, segment.end, "subtitles", segment.budget), None)
    if index is None or index.name != _CUES:
        return
    for point in segment.parts(index):
        for positions in segment.parts(point) if point.name == _CUE_POINT else ():
            if positions.name == _POSITIONS:
                found = {part.name: segment.number(part) for part in segment.parts(positions)}
                if found.get(_CUE_TRACK) in segment.tracks and {_CUE_CLUSTER, _CUE_RELATIVE} <= found.keys():
                    yield segment.start + found[_CUE_CLUSTER], found[_CUE_RELATIVE]


def _indexed_block(segment: _Segment, cluster_offset: int, relative: int) -> Iterator[Passage]:
    cluster = next(elements(segment.file, cluster_offset, segment.end, "subtitles", segment.budget), None)
    if cluster is None or cluster.name != _CLUSTER:
        return
    head = next((part for part in segment.parts(cluster) if part.name == _TIMESTAMP), None)
    start = cluster.start + relative
    block = next(elements(segment.file, start, cluster.end, "subtitles", segment.budget), None)
    if head is not None and block is not None:
        yield from _block(segment, block, segment.number(head))


def _walked(segment: _Segment, start: int) -> Iterator[Passage]:
    time = 0
    # Clusters are entered like those of unknown size: what they hold follows each other.
    for cluster in elements(segment.file, start, segment.end, "subtitles", segment.budget, enters_unknown=True):
        if cluster.name == _TIMESTAMP:
            time = segment.number(cluster)
        elif cluster.name in {_SIMPLE_BLOCK, _BLOCK_GROUP}:
            yield from _block(segment, cluster, time)
        elif cluster.name == _CLUSTER and cluster.is_whole:
            for part in segment.parts(cluster):
                if part.name == _TIMESTAMP:
                    time = segment.number(part)
                elif part.name in {_SIMPLE_BLOCK, _BLOCK_GROUP}:
                    yield from _block(segment, part, time)


def _block(segment: _Segment, part: Element, time: int) -> Iterator[Passage]:
    """The text of a block, or of the block of a group, if it is one of a subtitle track."""
    block, duration = part, 0
    if part.name == _BLOCK_GROUP:
        inside = {one.name: one for one in segment.parts(part)}
        if _BLOCK not in inside:
            return
        block = inside[_BLOCK]
        duration = segment.number(inside[_DURATION]) if _DURATION in inside else 0
    head = segment.bytes_of(block, 12)
    width = 9 - head[0].bit_length() if head and head[0] else 0
    track = segment.tracks.get(int.from_bytes(head[:width]) & ((1 << 7 * width) - 1)) if width else None
    if track is None or len(head) < width + 3:
        return
    length = block.end - block.start - width - 3
    where = f"Track {track.number} {track.codec}"
    if (
        head[width + 2] & _LACING
        or not block.is_whole
        or not segment.budget.take(where, min(length, _MOST_BLOCK_BYTES))
    ):
        return
    data = read_at(segment.file, block.start + width + 3, min(length, _MOST_BLOCK_BYTES))
    text = _text(track, data)
    segment.seen += 1
    if text:
        units = time + int.from_bytes(head[width : width + 2], signed=True)
        first = max(0.0, units * segment.scale / 1e6)
        last = first + duration * segment.scale / 1e6
        yield Passage(text, f"{where}:{segment.seen}", first_ms=first, last_ms=last)


def _text(track: _Track, data: bytes) -> str:
    if track.is_deflated:
        try:
            data = zlib.decompressobj().decompress(data, _MOST_BLOCK_BYTES)
        except zlib.error:
            return ""
    text = text_of(track.stripped + data)
    if track.codec.startswith(("S_TEXT/ASS", "S_TEXT/SSA", "S_ASS", "S_SSA")):
        return text.split(",", 8)[-1]
    if track.codec.startswith("D_WEBVTT"):
        return "\n".join(text.split("\n")[2:])  # after the cue's name and its settings
    return text
