"""Whether a word stands alone on a plate: a disc, capsule, box or ring around it, and nothing else on it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

_LETTERS: Final = 16
"""Pixels: the height of the letters at the scale where plates are looked for."""
_AROUND: Final = 2.0
"""Times the height of the letters: how far from them a plate's edge is looked for."""
_MOST_WIDTH: Final = 24
"""Times its height: a longer line is no mark, and is not looked at."""
_LEAST_FILL: Final = 0.62
"""Of a plate's box that the plate fills; a disc fills 0.79, a capsule more."""
_CAPSULE_OVER_LETTERS: Final = (1.7, 2.0, 2.3, 2.7, 3.1)
"""Height of a capsule over that of its words' box: 2.1 where the box is tight, less where OCR adds a margin."""
_LEAST_EDGE, _LEAST_STEP = 0.75, 3.0
"""Share of a capsule's edge that must be seen, and the levels of grey from which it is."""
_LEAST_TOLERANCE, _MOST_TOLERANCE = 16.0, 40.0


@dataclass(frozen=True, slots=True)
class Plate:
    """What surrounds a word.

    Attributes:
        x: Left edge in pixels of the frame.
        y: Top edge.
        width: Of its box.
        height: Of its box.
        contrast: Between its ground and the letters on it, in levels of grey.
    """

    x: int
    y: int
    width: int
    height: int
    contrast: float


def plate_around(grey: NDArray[np.uint8], box: tuple[int, int, int, int]) -> Plate | None:
    """The plate on which a word stands, if it has one.

    The ground next to the letters is followed as far as it has about one tone. A plate ends on every side within twice
    the height of the letters, above as far from them as below, and left as right.

    Args:
        grey: Light of a frame, uint8 (height, width).
        box: Of the word as OCR has it: x, y, width, height.

    Returns:
        None where the ground runs on, as a wall or a sky does, or where the word is too small to tell.
    """
    x, y, width, height = box
    if height < 6 or width < 4 or width > _MOST_WIDTH * height:
        return None
    reach = round(_AROUND * height)
    left, top = max(0, x - reach), max(0, y - reach)
    part = grey[top : y + height + reach, left : x + width + reach]
    if min(part.shape) < height:
        return None
    scale = _LETTERS / height
    size = (max(1, round(part.shape[1] * scale)), max(1, round(part.shape[0] * scale)))
    small = cv2.resize(part, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR).astype(np.float32)
    word = tuple(round(side * scale) for side in (x - left, y - top, width, height))
    ground, around = _ground(small, word)
    if ground is None or around is None:
        return None
    x0, y0, x1, y1 = around
    margins = (word[0] - x0, word[1] - y0, x1 - word[0] - word[2], y1 - word[1] - word[3])
    if not _even(margins):
        return None
    letters = small[word[1] : word[1] + word[3], word[0] : word[0] + word[2]]
    contrast = float(np.percentile(np.abs(letters - ground), 90))
    return Plate(
        left + round(x0 / scale),
        top + round(y0 / scale),
        round((x1 - x0) / scale),
        round((y1 - y0) / scale),
        contrast,
    )


def capsule_around(grey: NDArray[np.uint8], box: tuple[int, int, int, int]) -> Plate | None:
    """The EU's capsule around its two words, half transparent and on any background: told by its edge alone.

    Args:
        grey: Light of a frame, uint8 (height, width).
        box: Of the words as OCR has it: x, y, width, height.

    Returns:
        The capsule of the proportions published whose edge is seen best; None where too little of every edge is.
    """
    x, y, width, height = box
    if height < 6 or width > _MOST_WIDTH * height:
        return None
    smooth = cv2.blur(grey, (3, 3))
    best, best_share = None, _LEAST_EDGE
    for ratio in _CAPSULE_OVER_LETTERS:
        tall = height * ratio
        wide = width + 0.86 * tall
        middle = (x + width / 2, y + height / 2)
        inner, outer = (_along_capsule(smooth, middle, wide, tall, offset * tall) for offset in (-0.08, 0.08))
        steps = inner - outer
        share = max(float((steps >= _LEAST_STEP).mean()), float((steps <= -_LEAST_STEP).mean()))
        if share > best_share:
            letters = grey[y : y + height, x : x + width]
            contrast = float(np.percentile(letters, 90)) - float(np.percentile(letters, 10))
            left, top = round(middle[0] - wide / 2), round(middle[1] - tall / 2)
            best, best_share = Plate(max(0, left), max(0, top), round(wide), round(tall), contrast), share
    return best


def _along_capsule(
    grey: NDArray[Any], middle: tuple[float, float], wide: float, tall: float, offset: float
) -> NDArray[np.float64]:
    """Values along a capsule's outline, moved outwards by an offset; those beyond the frame repeat its edge."""
    radius = tall / 2 + offset
    straight = np.linspace(-(wide - tall) / 2, (wide - tall) / 2, 48)
    turn = np.linspace(-np.pi / 2, np.pi / 2, 12)
    ends = (wide - tall) / 2 + radius * np.cos(turn)
    columns = middle[0] + np.concatenate([straight, straight, ends, -ends])
    rows = middle[1] + np.concatenate([np.full(48, -radius), np.full(48, radius), *[radius * np.sin(turn)] * 2])
    height, width = grey.shape
    columns, rows = np.clip(np.rint(columns), 0, width - 1), np.clip(np.rint(rows), 0, height - 1)
    return np.asarray(grey[rows.astype(np.int64), columns.astype(np.int64)], np.float64)


def _ground(small: NDArray[np.float32], word: Sequence[int]) -> tuple[float | None, tuple[int, int, int, int] | None]:
    """The tone next to the word, and the box of all that has it and hangs together; None where that has no end."""
    x, y, width, height = word
    near = np.zeros(small.shape, np.uint8)
    cv2.rectangle(near, (x - 2, y - 2), (x + width + 1, y + height + 1), 1, 2)
    tones = small[near > 0]
    if tones.size < 16:
        return None, None
    tone = float(np.median(tones))
    tolerance = float(np.clip(3 * np.median(np.abs(tones - tone)), _LEAST_TOLERANCE, _MOST_TOLERANCE))
    alike = (np.abs(small - tone) <= tolerance).astype(np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(alike, connectivity=4)
    counts = np.bincount(labels[(near > 0) & (alike > 0)], minlength=len(stats))
    counts[0] = 0
    number = int(counts.argmax())
    if counts[number] < 0.6 * near.sum():
        return tone, None
    left, top, across, down, _ = (int(value) for value in stats[number])
    if left <= 0 or top <= 0 or left + across >= small.shape[1] or top + down >= small.shape[0]:
        return tone, None
    if _filled_area(labels == number) < _LEAST_FILL * across * down:
        return tone, None
    return tone, (left, top, left + across, top + down)


def _filled_area(part: NDArray[Any]) -> float:
    contours, _ = cv2.findContours(part.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return max(cv2.contourArea(contour) for contour in contours)


def _even(margins: Sequence[int]) -> bool:
    left, top, right, bottom = margins
    within = min(margins) > 0 and max(margins) <= _AROUND * _LETTERS
    return within and abs(left - right) <= 0.6 * _LETTERS and abs(top - bottom) <= 0.5 * _LETTERS
