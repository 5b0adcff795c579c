"""Texts with their places, as they are looked through for labels."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

MOST_PASSAGES: Final = 20_000
"""Of one file."""

_WRAP_CHARACTERS: Final = 50
"""A line as long as this may be broken by its writer's editor; a shorter one ends where it ends."""

_ENDED: Final = re.compile(r"[.!?:;…。！？：；|]['\"»”’)\]]*$")
_ITEM: Final = re.compile(r"(?:[-–—*•>#|]|\d{1,3}[.)]) ?")


@dataclass(frozen=True, slots=True)
class Passage:
    """A text.

    Attributes:
        text: As it stands; white space may be of any kind.
        locator: Where: ``clip.srt:12`` (the line), ``clip.json:$.meta.caption``.
        name: The key of a value; empty where a text has none.
        first_ms: When a subtitle comes up; None for a text that is not timed.
        last_ms: When it goes.
        is_nested: Whether the text is JSON itself, whose values are passages of their own.
    """

    text: str
    locator: str
    name: str = ""
    first_ms: float | None = None
    last_ms: float | None = None
    is_nested: bool = False


def lines_of(text: str, locator: str, *, name: str = "", first_line: int | None = 1) -> Iterator[Passage]:
    """A text by its lines; what was wrapped is put together again, so that no label is cut from its «не».

    A line goes on in the next where it does not end a sentence, and that begins in small letters or this is long.

    Args:
        text: Of any length.
        locator: Of the text.
        name: Of the passages.
        first_line: Number of the first line, for locators that name lines; None: all have the locator of the text.
    """
    run: list[str] = []
    start = 0
    for index, line in enumerate(text.splitlines()):
        line = line.strip()  # noqa: PLW2901
        if run and not (line and _goes_on(run[-1], line)):
            yield _joined(run, locator, name, start, first_line)
            run = []
        if line:
            start = start if run else index
            run.append(line)
    if run:
        yield _joined(run, locator, name, start, first_line)


def _joined(run: list[str], locator: str, name: str, start: int, first_line: int | None) -> Passage:
    where = locator if first_line is None else f"{locator}:{first_line + start}"
    return Passage(" ".join(run), where, name)


def _goes_on(line: str, following: str) -> bool:
    if _ENDED.search(line) or _ITEM.match(following):
        return False
    return following[0].islower() or len(line) >= _WRAP_CHARACTERS


def goes_on(text: str, following: str) -> bool:
    """Whether a sentence that one subtitle begins goes on in the next: nothing ends it, and that begins small."""
    last, first = text.rstrip(), following.lstrip()
    return bool(last) and not _ENDED.search(last) and first[:1].islower()
