"""Marks that are told by their shape: the EU's icons, the Content Credentials pin and Gemini's star.

Pure functions on one frame; numpy and OpenCV only. What each mark looks like, and where that was seen, stands in
``icon_shapes``; how well each is found, and how seldom a photograph has one by chance, in ``docs/icons.md``. China's
corner mark is a text ("AI生成"), which the lexicon knows; a bare "AI" without a plate is none of the EU's icons.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from transforms.labels.fold import skeleton
from transforms.labels.icon_corners import corner_peaks, letters_contrast, recognised, rim
from transforms.labels.icon_plates import capsule_around, plate_around
from transforms.labels.icon_search import Peak
from transforms.labels.icon_sparkle import Veil, refined_star, star_peaks, veil
from transforms.marks.mark import Mark, MarkClass, Says, Shown

TOOL: Final = "aiqyn-labels/1"
EU_AI: Final = "icon.eu_ai"
EU_GENERATED: Final = "icon.eu_ai_generated"
EU_MODIFIED: Final = "icon.eu_ai_modified"
CONTENT_CREDENTIALS: Final = "icon.content_credentials"
GEMINI: Final = "trace.gemini_sparkle"

_MOST_SIDE: Final = 1440
"""Pixels: larger frames are looked at with their short side made this long."""
_LEAST_SIDE: Final = 96
_MOST_LINES: Final = 64
_AT_EDGE: Final = 0.22
"""Of the short side: a bare AI or CR counts within this far from an edge; elsewhere it is a word in the scene."""

_LEAST_STAR, _SURE_STAR = 0.28, 0.6
_LEAST_STAR_SIDE, _LEAST_MARK_SIDE = 19, 18
"""Pixels: a smaller one is a few pixels of anything, and its letters could not be read."""
_LEAST_RIM: Final = 0.8
_LEAST_SCORE: Final = {"eu_ai": 0.61, "cr_filled": 0.54, "cr_outline": 0.55}
"""The highest with enough contrast over 1,400 photographs and crops was 0.41, 0.47 and 0.43."""
_LEAST_SCORE_WITH_TEXT: Final = 0.36
"""Where OCR has read its letters at its middle."""
_LEAST_CONTRAST: Final = {"eu_ai": 50.0, "cr_filled": 60.0, "cr_outline": 25.0}
_OF_SHAPE: Final = {"eu_ai": EU_AI, "cr_filled": CONTENT_CREDENTIALS, "cr_outline": CONTENT_CREDENTIALS}
_OF_TEXT: Final = {
    "ai": EU_AI,
    "cr": CONTENT_CREDENTIALS,
    "aigenerated": EU_GENERATED,
    "aimodified": EU_MODIFIED,
}
_SAYS: Final = {
    EU_AI: Says.AI,
    EU_GENERATED: Says.AI,
    EU_MODIFIED: Says.AI_PART,
    CONTENT_CREDENTIALS: Says.UNKNOWN,
    GEMINI: Says.AI,
}
_LETTERS: Final = {EU_AI: 0.386, EU_GENERATED: 0.48, EU_MODIFIED: 0.47, CONTENT_CREDENTIALS: 0.39, GEMINI: 1.0}
"""Height of a mark's letters, or of a mark without any, over its own."""


@dataclass(frozen=True, slots=True)
class TextLine:
    """A line that OCR has read in the frame, in pixels of the frame."""

    text: str
    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class IconFound:
    """A mark in a frame.

    Attributes:
        kind: ``icon.eu_ai``, ``icon.eu_ai_generated``, ``icon.eu_ai_modified``, ``icon.content_credentials`` or
            ``trace.gemini_sparkle``.
        box: x, y, width and height in pixels of the frame.
        confidence: 0 to 1: how well its shape fits; not a probability.
        contrast: Between its ink and its ground, in levels of grey, 0 to 255.
        read: Whether OCR read its letters, too.
    """

    kind: str
    box: tuple[int, int, int, int]
    confidence: float
    contrast: float
    read: bool = False


def find_icons(rgb: NDArray[np.uint8], text_boxes: Sequence[TextLine] = ()) -> list[IconFound]:
    """Finds the marks that a frame shows near its corners and edges.

    Args:
        rgb: A frame, uint8 (height, width, 3). Nothing is found where its short side is under 96 pixels.
        text_boxes: What OCR read in it. Without them the discs, pins and stars are found by their shapes alone, and
            the capsules are not looked for.

    Returns:
        At most one for each place, the surest first. The same for the same frame and lines.
    """
    short = min(rgb.shape[:2])
    if short < _LEAST_SIDE:
        return []
    scale = min(1.0, _MOST_SIDE / short)
    if scale < 1:
        size = (round(rgb.shape[1] * scale), round(rgb.shape[0] * scale))
        rgb = np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)
        text_boxes = [_line_scaled(line, scale) for line in text_boxes]
    grey = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.uint8)
    found = [*_written(grey, text_boxes), *_shaped(grey), *_stars(rgb, grey)]
    found.sort(key=lambda icon: (-icon.confidence, icon.kind, icon.box))
    kept: list[IconFound] = []
    for icon in found:
        if not any(_overlap(icon.box, other.box) for other in kept):
            kept.append(icon)
    return [_icon_scaled(icon, 1 / scale) if scale < 1 else icon for icon in kept]


def to_mark(icon: IconFound, short_side: int) -> Mark:
    """The row for a mark that is a label, or for a star, which is a trace.

    Args:
        icon: What was found.
        short_side: Of the frame, in pixels.
    """
    x, y, width, height = icon.box
    shown = Shown(
        language=None,
        exactness="exact" if icon.read else "probable",
        box_x=x,
        box_y=y,
        box_width=width,
        box_height=height,
        height_ratio=round(height * _LETTERS[icon.kind] / max(1, short_side), 4),
        contrast=round(icon.contrast, 1),
    )
    trace = icon.kind.startswith("trace.")
    facts = {"confidence": f"{icon.confidence:.2f}"} | ({"generator": "Gemini"} if icon.kind == GEMINI else {})
    return Mark(
        layer="visible_label",
        kind=icon.kind,
        says=_SAYS[icon.kind],
        mark_class=MarkClass.HEURISTIC if trace else MarkClass.DECLARED,
        locator=f"box {x},{y},{width},{height}",
        value=None,
        value_sha256=None,
        tool=TOOL,
        facts=facts,
        shown=shown,
    )


def _stars(rgb: NDArray[np.uint8], grey: NDArray[np.uint8]) -> list[IconFound]:
    for peak in star_peaks(grey):
        star = refined_star(grey, peak)
        over = veil(rgb, star) if star.score >= _LEAST_STAR and star.size >= _LEAST_STAR_SIDE else None
        if over is not None and _is_veil(over, star.score):
            return [IconFound(GEMINI, _square(star, grey), _sure(star.score), over.contrast)]
    return []


def _is_veil(over: Veil, score: float) -> bool:
    """Whether what lies over the background is an even white; the worse the shape fits, the more even it must be."""
    strict = score < 0.45
    even = over.spread <= (0.35 if strict else 0.5) and over.weakest >= (0.5 if strict else 0.3)
    white = over.brighter >= (0.88 if strict else 0.8) and over.tint <= (0.25 if strict else 0.45)
    like_a_star = over.tips >= 0.25 and 0.55 <= over.middle <= 1.5 and 0.6 <= over.fading <= 1.6
    if score < _SURE_STAR:  # where lamps with rays come
        flat = 0.65 <= over.middle <= 1.3 and 0.7 <= over.fading <= 1.18
        like_a_star = flat and over.tips >= 0.5 and over.tint <= 0.22
    return 0.18 <= over.alpha <= 0.85 and over.contrast >= 6 and even and white and like_a_star


def _shaped(grey: NDArray[np.uint8]) -> list[IconFound]:
    found = []
    for peak in corner_peaks(grey):
        name, place = recognised(grey, peak)
        contrast = letters_contrast(grey, name, place)
        fits = abs(place.score) >= _LEAST_SCORE[name] and contrast >= _LEAST_CONTRAST[name]
        if fits and place.size >= _LEAST_MARK_SIDE and rim(grey, name, place) >= _LEAST_RIM:
            found.append(IconFound(_OF_SHAPE[name], _square(place, grey), _sure(place.score), contrast))
    return found


def _written(grey: NDArray[np.uint8], lines: Sequence[TextLine]) -> list[IconFound]:
    """Marks whose letters OCR has read: they need less of a shape, but need one."""
    found = []
    for line in lines[:_MOST_LINES]:
        kind = _OF_TEXT.get("".join(filter(str.isalnum, skeleton(line.text)))) if len(line.text) <= 20 else None
        if kind is None or min(line.width, line.height) < 4:
            continue
        if kind in (EU_AI, CONTENT_CREDENTIALS):
            if not _at_edge(line, grey):
                continue
            size = line.width / (0.54 if kind == EU_AI else 0.6)
            middle = Peak(line.x + line.width / 2, line.y + line.height / 2, size, 0.0)
            name, place = recognised(grey, middle)
            fits = _OF_SHAPE[name] == kind and abs(place.score) >= _LEAST_SCORE_WITH_TEXT
            if fits and rim(grey, name, place) >= _LEAST_RIM:
                contrast = letters_contrast(grey, name, place)
                found.append(IconFound(kind, _square(place, grey), max(0.8, _sure(place.score)), contrast, read=True))
                continue
        if kind == CONTENT_CREDENTIALS:  # a box with CR on it is no pin
            continue
        box = (line.x, line.y, line.width, line.height)
        plate = plate_around(grey, box)
        if plate is None and kind != EU_AI:
            plate = capsule_around(grey, box)
        if plate is not None:
            box = (plate.x, plate.y, plate.width, plate.height)
            found.append(IconFound(kind, box, 0.8, plate.contrast, read=True))
    return found


def _sure(score: float) -> float:
    return round(min(1.0, abs(score)), 3)


def _square(peak: Peak, grey: NDArray[np.uint8]) -> tuple[int, int, int, int]:
    """The box of a mark as wide as high, within the frame."""
    half = peak.size / 2
    left, top = max(0, round(peak.x - half)), max(0, round(peak.y - half))
    right, bottom = min(grey.shape[1], round(peak.x + half)), min(grey.shape[0], round(peak.y + half))
    return left, top, right - left, bottom - top


def _at_edge(line: TextLine, grey: NDArray[np.uint8]) -> bool:
    height, width = grey.shape
    reach = _AT_EDGE * min(height, width)
    above, below = line.y + line.height <= reach, line.y >= height - reach
    return above or below or line.x + line.width <= reach or line.x >= width - reach


def _overlap(one: tuple[int, int, int, int], other: tuple[int, int, int, int]) -> bool:
    across = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    down = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    return across > 0 and down > 0


def _line_scaled(line: TextLine, scale: float) -> TextLine:
    return TextLine(line.text, *(round(side * scale) for side in (line.x, line.y, line.width, line.height)))


def _icon_scaled(icon: IconFound, scale: float) -> IconFound:
    x, y, width, height = (round(side * scale) for side in icon.box)
    return IconFound(icon.kind, (x, y, width, height), icon.confidence, icon.contrast, icon.read)
