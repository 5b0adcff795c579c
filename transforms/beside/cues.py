"""Subtitles: the cues of SubRip and WebVTT files, as far as their syntax holds."""

import html
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from transforms.beside.decoding import TextError
from transforms.beside.passages import Passage

_TIME: Final = r"(?:(\d{1,4}):)?(\d{1,2}):(\d{1,2})(?:[.,](\d{1,3}))?"
_TIMING: Final = re.compile(rf"^\s{{0,9}}{_TIME}\s{{0,9}}--?>\s{{0,9}}{_TIME}(?:\s|$)")
_TAG: Final = re.compile(
    r"</?[a-zA-Z][^<>\n]{0,200}>|</>|<\d[\d:.,]{0,20}>|\{\\[^{}\n]{0,200}\}|\{/?[a-zA-Z]:[^{}\n]{0,40}\}"
)
_BREAK: Final = re.compile(r"\\[Nn]|<br ?/?>", re.IGNORECASE)
_NUMBER: Final = re.compile(r"\d{1,9}")
_UNSHOWN: Final = ("STYLE", "REGION")
_HEADERS: Final = ("WEBVTT", "NOTE")


def plain_cue(text: str) -> str:
    """A cue's text without tags, styles and character references; its lines are put together."""
    parts = html.unescape(_TAG.sub("", _BREAK.sub("\n", text))).splitlines()
    return " ".join(part for line in parts if (part := line.strip()))


def read_cues(text: str, locator: str) -> Iterator[Passage]:
    """The cues of a subtitle file, each under the line of its text; text outside of cues comes without times.

    Numbers, names of cues, styles and headers are no text.

    Raises:
        TextError: ``broken_subtitles`` after all texts: there are some, and none has a time.
    """
    lines = [line.strip("\ufeff") for line in text.splitlines()]
    has_time = has_text = False
    for start, end in _blocks(lines):
        times = _times(lines[start])
        body = start if times is None else start + 1
        has_time = has_time or times is not None
        passage = Passage(_shown(lines[body:end]), f"{locator}:{body + 1}")
        if not passage.text:
            continue
        has_text = True
        first_ms, last_ms = times or (None, None)
        yield replace(passage, first_ms=first_ms, last_ms=last_ms)
    if has_text and not has_time:
        raise TextError("broken_subtitles", "None of its lines has times as subtitles have them; read as plain text.")


def _blocks(lines: list[str]) -> Iterator[tuple[int, int]]:
    """Runs of lines: from a timing to the next or to a blank line, and what stands between such runs."""
    start: int | None = None
    for index, line in enumerate(lines):
        is_timing = _TIMING.match(line) is not None
        if start is not None and (is_timing or not line.strip()):
            end = index
            if is_timing and _TIMING.match(lines[start]) is None:
                end -= 1  # the name of the cue
            elif is_timing and index - start > 2 and _NUMBER.fullmatch(lines[index - 1].strip()):
                end -= 1  # the next cue's number, with no blank line before it
            if end > start and not lines[start].startswith(_UNSHOWN):
                yield start, end
            start = None
        if start is None and line.strip():
            start = index
    if start is not None and not lines[start].startswith(_UNSHOWN):
        yield start, len(lines)


def _shown(lines: list[str]) -> str:
    kept = [line for line in lines if not _NUMBER.fullmatch(line.strip())]
    if kept and (header := next((one for one in _HEADERS if kept[0].startswith(one)), None)):
        kept[0] = kept[0].removeprefix(header).lstrip(" -")
    return plain_cue("\n".join(kept))


def _times(line: str) -> tuple[float, float] | None:
    match = _TIMING.match(line)
    if match is None:
        return None
    first, last = _milliseconds(match.groups()[:4]), _milliseconds(match.groups()[4:])
    return first, max(first, last)


def _milliseconds(parts: tuple[str | None, ...]) -> float:
    hours, minutes, seconds, fraction = (part or "0" for part in parts)
    return float(((int(hours) * 60 + int(minutes)) * 60 + int(seconds)) * 1000 + int(fraction.ljust(3, "0")))
