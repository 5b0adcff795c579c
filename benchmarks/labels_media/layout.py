"""Where a label stands in its frame: its lines, their size, and their places."""

from typing import Final

import numpy as np

from benchmarks.labels_media.fonts import Box, Font, Sized, is_chinese

Place = tuple[str, int, int]
"""A line, and the upper left corner of its em square in pixels of the frame."""

SMALLEST_EM: Final = 8
LINE_HEIGHT: Final = 1.22
_MOST_LINES: Final = 4
_WIDEST: Final = 0.94  # of the frame


def wrap(text: str, most: float, font: Sized) -> list[str]:
    """The text in lines of at most ``most`` pixels, words whole; Chinese breaks between any two characters."""
    pieces = _pieces(text)
    joint = "" if is_chinese(text) else " "
    lines = [pieces[0]] if pieces else [""]
    for piece in pieces[1:]:
        longer = f"{lines[-1]}{joint}{piece}"
        if font.length(longer) <= most:
            lines[-1] = longer
        else:
            lines.append(piece)
    return lines


def _pieces(text: str) -> list[str]:
    if not is_chinese(text):
        return text.split()
    pieces: list[str] = []
    for character in text:  # Latin words stay whole; a closing mark stays with what it closes
        word = character.isascii() and character.isalnum() and pieces and pieces[-1][-1].isascii()
        if pieces and (word or character in "，。、：；！？）】》」"):
            pieces[-1] += character
        else:
            pieces.append(character)
    return pieces


def fitted(
    text: str, font: Font, em: int, frame: tuple[int, int], rng: np.random.Generator, *, wrapped: bool
) -> tuple[list[str], Sized, int]:
    """The lines, and the largest em of at most the one asked for at which they fit in the frame."""
    while True:
        sized = font.sized(em)
        widest = _WIDEST * frame[0] - 2 * em
        lines = [line for part in text.split("\n") for line in wrap(part, widest, sized)]
        if wrapped and len(lines) == 1 and len(_pieces(text)) > 1:
            whole = sized.length(text)
            most = whole / int(rng.integers(2, 4)) * 1.15
            lines = wrap(text, max(most, *map(sized.length, _pieces(text))), sized)
        fits = len(lines) <= max(_MOST_LINES, text.count("\n") + 1) and max(map(sized.length, lines)) <= widest
        if fits or em <= SMALLEST_EM:
            return lines, sized, em
        em = max(SMALLEST_EM, int(em * 0.9))


def placed(
    lines: list[str],
    font: Sized,
    em: int,
    position: str,
    frame: tuple[int, int],
    rng: np.random.Generator,
) -> tuple[list[Place], Box]:
    """Each line with the place of its em square, and the part of the frame that the label may touch."""
    width, height = frame
    step = round(em * LINE_HEIGHT)
    block = step * len(lines)
    margin = round(min(frame) * rng.uniform(0.02, 0.05)) + em // 3
    longest = max(map(font.length, lines))
    top = height * 5 // 6 - block // 2
    if position.startswith("top"):
        top = margin
    elif position.startswith("bottom"):
        top = height - margin - block
    top = max(0, min(top, height - block))
    places = []
    for number, line in enumerate(lines):
        length = font.length(line)
        if position.endswith("left"):
            x = float(margin)
        elif position.endswith("right"):
            x = width - margin - length
        else:
            x = (width - length) / 2
        places.append((line, max(0, round(x)), top + number * step))
    pad = em
    left = max(0, min(x for _, x, _ in places) - pad)
    right = min(width, round(left + longest + 2 * pad))
    if not position.endswith("left"):
        right = min(width, max(round(x + font.length(line)) for line, x, _ in places) + pad)
    upper, lower = max(0, top - pad), min(height, top + block + pad)
    return places, (left, upper, right - left, lower - upper)


def inked(line: str, x: int, y: int, font: Sized, frame: tuple[int, int]) -> Box:
    """Left, top, width and height of the line's ink inside the frame."""
    left, top, right, bottom = font.box(line)
    left, top = max(0, x + left), max(0, y + top)
    return left, top, min(frame[0], x + right) - left, min(frame[1], y + bottom) - top
