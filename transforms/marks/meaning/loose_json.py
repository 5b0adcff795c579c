r"""Reads the JSON that files hold in practice.

Seen: NaN; HTML escapes (``&quot;``) in XMP; a prefix (``prompt:{…}``, ``AIGC{…}``); rubbish behind it; FFmpeg's escapes
(``\=``, ``\;``, ``\#``); the whole once more as a string; JSON strings inside JSON.
"""

import html
import json
import re
from collections.abc import Iterator
from typing import Any

_DECODER = json.JSONDecoder(strict=False)
_FFMPEG_ESCAPE = re.compile(r"\\([=;#])")
_MOST_PREFIX = 80


def parse_json(text: str) -> dict[str, Any] | list[Any] | None:
    """The first object or array that begins within the first 80 characters; None where none can be read."""
    for candidate in _readings(text):
        found = _decode(candidate)
        if isinstance(found, str):
            found = _decode(found)
        if isinstance(found, dict | list):
            return found
    return None


def object_at(text: str, start: int) -> tuple[dict[str, Any], str] | None:
    """The object that begins at ``start``, and its text; None where none can be read."""
    try:
        found, end = _DECODER.raw_decode(text, start)
    except (ValueError, RecursionError):
        return None
    return (found, text[start:end]) if isinstance(found, dict) else None


def _readings(text: str) -> Iterator[str]:
    yield text
    if "&quot;" in text or "&#" in text:
        yield html.unescape(text)
    if _FFMPEG_ESCAPE.search(text):
        yield _FFMPEG_ESCAPE.sub(r"\1", text)
    if '{\\"' in text[: _MOST_PREFIX + 3]:
        start = text.index('{\\"')
        yield f'"{text[start:]}"'


def _decode(text: str) -> Any:
    start = _start(text)
    if start is None:
        return None
    try:
        return _DECODER.raw_decode(text, start)[0]
    except (ValueError, RecursionError):  # ValueError also of an integer with too many digits
        return None


def _start(text: str) -> int | None:
    if text[:1] == '"':
        return 0
    begins = [at for at in (text.find("{", 0, _MOST_PREFIX), text.find("[", 0, _MOST_PREFIX)) if at >= 0]
    return min(begins, default=None)
