"""Matroska and WebM: EBML elements (RFC 8794) with the identifiers of Matroska (RFC 9559)."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import BinaryIO, Final

from transforms.marks.containers.ebml import Element, elements, text_of
from transforms.marks.containers.positions import without_position
from transforms.marks.containers.reading import MOST_NAME_CHARACTERS, read_value
from transforms.marks.pieces import Budget, Form, Piece

_SEGMENT, _SEEK_HEAD, _INFO, _TRACKS, _CLUSTER = 0x18538067, 0x114D9B74, 0x1549A966, 0x1654AE6B, 0x1F43B675
_CUES, _CHAPTERS, _ATTACHMENTS, _TAGS = 0x1C53BB6B, 0x1043A770, 0x1941A469, 0x1254C367
_TOP: Final = {_SEEK_HEAD, _INFO, _TRACKS, _CLUSTER, _CUES, _CHAPTERS, _ATTACHMENTS, _TAGS}
_WANTED: Final = {_SEEK_HEAD, _INFO, _TRACKS, _ATTACHMENTS, _TAGS}
_SEEK, _SEEK_POSITION = 0x4DBB, 0x53AC
_TAG, _SIMPLE_TAG, _TAG_NAME, _TAG_STRING, _TAG_BINARY = 0x7373, 0x67C8, 0x45A3, 0x4487, 0x4485
_TRACK_ENTRY, _ATTACHED_FILE, _DATE = 0xAE, 0x61A7, 0x4461
_TEXTS: Final = {
    _INFO: {0x7BA9: "Title", 0x4D80: "MuxingApp", 0x5741: "WritingApp", _DATE: "DateUTC"},
    _TRACK_ENTRY: {0x536E: "Name", 0x258688: "CodecName"},
    _ATTACHED_FILE: {0x466E: "FileName"},
}
_LISTS: Final = {
    _TRACKS: ("Tracks", _TRACK_ENTRY, "Tracks/TrackEntry"),
    _ATTACHMENTS: ("Attachments", _ATTACHED_FILE, "Attachments/AttachedFile"),
}
_EPOCH: Final = datetime(2001, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class _Segment:
    """One segment, and what the walk knows of it so far."""

    file: BinaryIO
    budget: Budget
    start: int
    end: int
    targets: list[int] = field(default_factory=list)  # offsets to which seek heads point
    seen: set[int] = field(default_factory=set)  # offsets read: seek heads may point in circles
    has_seek_head: bool = False
    has_tags: bool = False


def walk_matroska(file: BinaryIO, size: int, budget: Budget) -> Iterator[Piece]:
    """The metadata of a Matroska or WebM file; see ``Walker``.

    A seek head leads to the tags behind the clusters. Where there is none, or it leads to no tags, the headers of the
    clusters are walked.
    """
    for part in elements(file, 0, size, "the file", budget):
        if part.name == _SEGMENT:
            yield from _read_segment(_Segment(file, budget, part.start, part.end))


def _read_segment(segment: _Segment) -> Iterator[Piece]:
    first_cluster: int | None = None
    for part in _outline(segment, segment.start):
        if part.name == _CLUSTER:
            first_cluster = part.offset
            break
        yield from _read_top(segment, part)
    if first_cluster is None:
        return
    behind = first_cluster
    while segment.targets:
        target = next(_outline(segment, segment.targets.pop()), None)
        if target is not None and target.name in _WANTED:
            yield from _read_top(segment, target)
            behind = max(behind, target.end)
    is_told = segment.has_seek_head and segment.has_tags
    if not is_told or behind > first_cluster:
        # Behind the last element that the seek head knows there may be one that was added later.
        for part in _outline(segment, behind if is_told else first_cluster):
            yield from _read_top(segment, part)


def _outline(segment: _Segment, start: int) -> Iterator[Element]:
    """The elements of a segment from an offset on; those of unknown size are entered, since nothing tells their end."""
    return elements(segment.file, start, segment.end, "Segment", segment.budget, enters_unknown=True)


def _read_top(segment: _Segment, part: Element) -> Iterator[Piece]:
    if part.name not in _WANTED or part.offset in segment.seen:
        return
    segment.seen.add(part.offset)
    if part.name == _SEEK_HEAD:
        _read_seek_head(segment, part)
    elif part.name == _TAGS:
        segment.has_tags = True
        for tag in _children(segment, part, "Tags", _TAG):
            for simple_tag in _children(segment, tag, "Tags/Tag", _SIMPLE_TAG):
                yield from _simple_tag(segment, simple_tag, "Tags/Tag/SimpleTag", 1)
    elif part.name == _INFO:
        yield from _texts(segment, part, "Info")
    else:
        site, entry_name, entry_site = _LISTS[part.name]
        for entry in _children(segment, part, site, entry_name):
            yield from _texts(segment, entry, entry_site)


def _read_seek_head(segment: _Segment, seek_head: Element) -> None:
    segment.has_seek_head = True
    for seek in _children(segment, seek_head, "SeekHead", _SEEK):
        for position in _children(segment, seek, "SeekHead/Seek", _SEEK_POSITION):
            value = _value(segment, position, "SeekHead/Seek") or b""
            segment.targets.append(segment.start + int.from_bytes(value[:8]))


def _simple_tag(segment: _Segment, tag: Element, site: str, depth: int) -> Iterator[Piece]:
    if depth > segment.budget.limits.depth:
        segment.budget.leave_out(f"tags nested more than {segment.budget.limits.depth} deep")
        return
    name = text = ""
    nested: list[Element] = []
    for part in _children(segment, tag, site):
        if part.name == _TAG_NAME:
            name = text_of(_value(segment, part, site))[:MOST_NAME_CHARACTERS]
        elif part.name == _TAG_STRING:
            text = text_of(_value(segment, part, f"{site} '{name}'"))
        elif part.name == _TAG_BINARY:
            segment.budget.leave_out(f"{site} '{name}', a binary value")
        elif part.name == _SIMPLE_TAG:
            nested.append(part)
    if text:
        yield Piece(Form.TEXT, "container", site, name, without_position(name, text), tag.offset)
    for inner in nested:
        yield from _simple_tag(segment, inner, f"{site}/SimpleTag", depth + 1)


def _texts(segment: _Segment, parent: Element, site: str) -> Iterator[Piece]:
    names = _TEXTS[parent.name]
    for part in _children(segment, parent, site):
        name = names.get(part.name)
        if name is None:
            continue
        value = _value(segment, part, f"{site}/{name}")
        text = _date(value) if part.name == _DATE else text_of(value)
        if text:
            yield Piece(Form.TEXT, "container", site, name, text, part.offset)


def _children(segment: _Segment, parent: Element, site: str, name: int | None = None) -> Iterator[Element]:
    """The elements in another, or those of one name; one of unknown size ends where a part of the segment starts."""
    for part in elements(segment.file, parent.start, parent.end, site, segment.budget):
        if part.name in _TOP:
            return
        if name is None or part.name == name:
            yield part


def _value(segment: _Segment, part: Element, what: str) -> bytes | None:
    if not part.is_whole:
        segment.budget.leave_out(f"{what}, which is cut short")
        return None
    return read_value(segment.file, part.start, part.end - part.start, what, segment.budget)


def _date(value: bytes | None) -> str:
    """Nanoseconds since 2001 (RFC 8794, 7.6), as ISO 8601."""
    if value is None or len(value) != 8:
        return ""
    moment = _EPOCH + timedelta(microseconds=int.from_bytes(value, signed=True) // 1000)
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")
