"""Subtitle tracks of ISO base media and QuickTime files: ``tx3g``, ``text``, ``wvtt``, ``stpp``, ``sbtt``, ``stxt``.

Sources: ISO/IEC 14496-12 (sample tables, edit lists), 14496-30 (WebVTT and TTML in boxes), 3GPP TS 26.245 (``tx3g``),
QuickTime File Format (text media).
"""

import itertools
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import BinaryIO, Final

from transforms.beside.passages import Passage
from transforms.marks.containers.boxes import Box, boxes, code
from transforms.marks.containers.reading import read_at
from transforms.marks.pieces import Budget

_HANDLERS: Final = {b"text", b"sbtl", b"subt"}
_CODECS: Final = {b"tx3g", b"text", b"wvtt", b"stpp", b"sbtt", b"stxt"}
_SITE: Final = "subtitles"
_MOST_SAMPLES: Final = 6000
_MOST_SAMPLE_BYTES: Final = 1 << 16
_PARAGRAPH_END: Final = re.compile(r"</(?:\w{1,20}:)?p\s{0,9}>")
_PARAGRAPH: Final = re.compile(r"<(?:\w{1,20}:)?p(?=[\s>])[^<>]{0,400}>")
_CLOCK: Final = re.compile(
    r"\b(begin|end)=[\"'](?:(\d{1,4}):(\d\d):(\d\d(?:\.\d{1,6})?)|(\d{1,7}(?:\.\d{1,6})?)s)[\"']"
)


@dataclass(frozen=True, slots=True)
class _Track:
    """A subtitle track.

    Attributes:
        codec: Its sample entry.
        site: For locators.
        timescale: Units of its media in a second.
        shift_ms: What its edit list adds to times of its media.
        table: Boxes of its sample table.
    """

    codec: bytes
    site: str
    timescale: int
    shift_ms: float
    table: dict[bytes, Box]


def mp4_cues(file: BinaryIO, size: int, budget: Budget) -> Iterator[Passage]:
    """The texts of subtitle tracks, with their times; see ``subtitles``. Raises on no bytes."""
    movie = next((box for box in boxes(file, 0, size, _SITE, budget) if box.name == b"moov"), None)
    if movie is None:
        return
    parts = list(boxes(file, movie.start, movie.end, _SITE, budget))
    is_fragmented = any(box.name == b"mvex" for box in parts)
    movie_scale = next((_timescale(file, box) for box in parts if box.name == b"mvhd"), 0)
    tracks = (box for box in parts if box.name == b"trak")
    for number, box in enumerate(tracks, 1):
        track = _track(file, box, f"moov/trak[{number}]", movie_scale, budget)
        if track is None:
            continue
        if is_fragmented:
            budget.leave_out(f"{track.site}: what movie fragments hold of it")
        yield from _cues(file, size, track, budget)


def _track(file: BinaryIO, trak: Box, site: str, movie_scale: int, budget: Budget) -> _Track | None:
    parts = {box.name: box for box in boxes(file, trak.start, trak.end, _SITE, budget)}
    if b"mdia" not in parts:
        return None
    media = {box.name: box for box in boxes(file, parts[b"mdia"].start, parts[b"mdia"].end, _SITE, budget)}
    if not {b"hdlr", b"minf", b"mdhd"} <= media.keys() or read_at(file, media[b"hdlr"].start + 8, 4) not in _HANDLERS:
        return None
    inside = {box.name: box for box in boxes(file, media[b"minf"].start, media[b"minf"].end, _SITE, budget)}
    if b"stbl" not in inside:
        return None
    table = {box.name: box for box in boxes(file, inside[b"stbl"].start, inside[b"stbl"].end, _SITE, budget)}
    if not {b"stsd", b"stsz", b"stsc"} <= table.keys():
        return None
    entry = next(boxes(file, table[b"stsd"].start + 8, table[b"stsd"].end, _SITE, budget), None)
    timescale = _timescale(file, media[b"mdhd"])
    if entry is None or not timescale:
        return None
    site = f"{site} {code(entry.name)}"
    if entry.name not in _CODECS:
        budget.leave_out(f"{site}, subtitles of another form")
        return None
    shift_ms = _shift_ms(file, parts[b"edts"], movie_scale, timescale, budget) if b"edts" in parts else 0.0
    return _Track(entry.name, site, timescale, shift_ms, table)


def _timescale(file: BinaryIO, header: Box) -> int:
    """Of ``mvhd`` or ``mdhd``; 0 where the box is cut."""
    data = read_at(file, header.start, min(24, header.size))
    at = 20 if data[:1] == b"\1" else 12
    return int.from_bytes(data[at : at + 4]) if len(data) >= at + 4 else 0


def _shift_ms(file: BinaryIO, edits: Box, movie_scale: int, timescale: int, budget: Budget) -> float:
    """What empty edits put before the media, less where in the media the first other edit begins."""
    table = next((box for box in boxes(file, edits.start, edits.end, _SITE, budget) if box.name == b"elst"), None)
    if table is None or not movie_scale:
        return 0.0
    data = read_at(file, table.start, min(table.size, 8 + 16 * 20))
    form = ">QqI" if data[:1] == b"\1" else ">IiI"
    shift = 0.0
    for at in range(8, len(data) - struct.calcsize(form) + 1, struct.calcsize(form)):
        duration, media_time, _ = struct.unpack_from(form, data, at)
        if media_time != -1:
            return shift - media_time / timescale * 1000
        shift += duration / movie_scale * 1000
    return shift


def _cues(file: BinaryIO, size: int, track: _Track, budget: Budget) -> Iterator[Passage]:
    samples = zip(_offsets(file, track.table), _times(file, track.table), strict=False)
    for number, ((offset, length), (start, duration)) in enumerate(samples, 1):
        if number > _MOST_SAMPLES:
            budget.leave_out(f"{track.site}: samples after the first {_MOST_SAMPLES:,}")
            return
        if length <= 2 or offset + length > size or not budget.take(track.site, min(length, _MOST_SAMPLE_BYTES)):
            continue  # without text
        data = read_at(file, offset, min(length, _MOST_SAMPLE_BYTES))
        first = start / track.timescale * 1000 + track.shift_ms
        last = first + duration / track.timescale * 1000
        for text, times in _texts(track.codec, data, budget):
            begin, end = times or (first, last)
            yield Passage(text, f"{track.site}:{number}", first_ms=max(0.0, begin), last_ms=max(0.0, begin, end))


def _texts(codec: bytes, data: bytes, budget: Budget) -> Iterator[tuple[str, tuple[float, float] | None]]:
    """The texts of one sample, with times of their own where these are told there."""
    if codec in {b"tx3g", b"text"}:
        yield _decoded(data[2 : 2 + int.from_bytes(data[:2])]), None
    elif codec == b"wvtt":
        file = BytesIO(data)
        for cue in boxes(file, 0, len(data), _SITE, budget):
            for part in boxes(file, cue.start, cue.end, _SITE, budget) if cue.name == b"vttc" else ():
                if part.name == b"payl":
                    yield _decoded(data[part.start : part.end]), None
    elif codec == b"stpp":
        yield from _paragraphs(_decoded(data))
    else:
        yield _decoded(data), None


def _paragraphs(text: str) -> Iterator[tuple[str, tuple[float, float] | None]]:
    """The paragraphs of TTML; styles and metadata are none."""
    for part in _PARAGRAPH_END.split(text)[:-1]:
        starts = list(_PARAGRAPH.finditer(part))
        if starts:
            start = starts[-1]
            times = dict(_clock(match) for match in _CLOCK.finditer(start[0]))
            own = (times["begin"], times["end"]) if times.keys() == {"begin", "end"} else None
            yield part[start.end() :], own


def _clock(match: re.Match[str]) -> tuple[str, float]:
    name, hours, minutes, seconds, plain = match.groups()
    total = float(plain) if plain else (int(hours) * 60 + int(minutes)) * 60 + float(seconds)
    return name, total * 1000


def _decoded(data: bytes) -> str:
    if data[:2] in {b"\xfe\xff", b"\xff\xfe"}:
        return data.decode("utf-16", "replace")
    return data.decode("utf-8", "replace").lstrip("\ufeff")


def _numbers(file: BinaryIO, box: Box, columns: int, width: int = 4) -> list[tuple[int, ...]]:
    """The rows of a table of a sample table, as many as it holds and may be read."""
    head = read_at(file, box.start, min(8, box.size))
    count = min(int.from_bytes(head[4:8]), _MOST_SAMPLES + 1)
    data = read_at(file, box.start + 8, min(count * columns * width, box.size - 8))
    values = [int.from_bytes(data[at : at + width]) for at in range(0, len(data) - width + 1, width)]
    return list(zip(*(values[column::columns] for column in range(columns)), strict=False))


def _times(file: BinaryIO, table: dict[bytes, Box]) -> Iterator[tuple[int, int]]:
    """Start and duration of each sample; zeros after those that are told."""
    start = 0
    for count, duration in _numbers(file, table[b"stts"], 2) if b"stts" in table else ():
        for _ in range(min(count, _MOST_SAMPLES + 1)):
            yield start, duration
            start += duration
    yield from itertools.repeat((start, 0))


def _offsets(file: BinaryIO, table: dict[bytes, Box]) -> Iterator[tuple[int, int]]:
    """Offset and size of each sample."""
    sizes = iter(_sizes(file, table[b"stsz"]))
    name, width = (b"stco", 4) if b"stco" in table else (b"co64", 8)
    if name not in table:
        return
    chunks = _numbers(file, table[name], 1, width)
    runs = _numbers(file, table[b"stsc"], 3)
    position = 0
    for index, (offset,) in enumerate(chunks, 1):
        while position + 1 < len(runs) and runs[position + 1][0] <= index:
            position += 1
        for size in itertools.islice(sizes, runs[position][1] if runs else 0):
            yield offset, size
            offset += size  # noqa: PLW2901


def _sizes(file: BinaryIO, box: Box) -> list[int]:
    head = read_at(file, box.start, min(12, box.size))
    same, count = int.from_bytes(head[4:8]), min(int.from_bytes(head[8:12]), _MOST_SAMPLES + 1)
    if same:
        return [same] * count
    data = read_at(file, box.start + 12, min(4 * count, box.size - 12))
    return [int.from_bytes(data[at : at + 4]) for at in range(0, len(data) - 3, 4)]
