"""Whether a frame is of a kind that a detector trained on photographs can stand behind; no torch, no Beam."""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

import cv2
import numpy as np
from numpy.typing import NDArray

from transforms.detect.preprocess import shrink

# The thresholds of ScopeRules hold for these scales only, so they are no settings.
_SHORT_SIDE, _LONG_SIDE = 384, 1536
_NEIGHBOURHOOD = np.ones((5, 5), np.uint8)
_FLAT, _HARD = 5, 64
_COLOURS, _COMMONEST = (32, 32, 32), 8
_STROKE_WIDTH, _STROKE_CONTRAST = np.ones((9, 9), np.uint8), 40
_CELLS, _CELL_SHARE = (16, 16), 0.05


class OutOfScope(StrEnum):
    """Why a frame is not assessable."""

    TOO_SMALL = "too_small"
    FLAT = "flat"
    TEXT_PAGE = "text_page"
    DRAWING = "drawing"


@dataclass(frozen=True)
class ScopeRules:
    """From where on a frame is out of a detector's scope.

    A pixel's *range* is the span of grey levels in the 5 × 5 pixels around it, on the frame shrunk to a short side of
    384 pixels. It is *flat* up to 5 levels, *soft* up to 64 (shading, texture, grain) and *hard* above (outlines,
    strokes). Photographs have soft pixels wherever they are not flat; text and drawings go from flat to hard at once.

    Attributes:
        min_short_side: Pixels of the frame as decoded; a smaller one is ``too_small``.
        flat_range: Grey levels; a frame is ``flat`` where 99 of 100 pixels have at most this range.
        text_colours: Share of the pixels that the 8 commonest colours (of 32,768) make up at least on a page of text.
        text_soft: Share of soft pixels among those that are not flat, at most, on a page of text.
        drawing_bits: Entropy of the grey levels in bits, at most, of a drawing; photographs have 5 to 8.
        drawing_soft_area: Share of soft pixels among all, at most, in a drawing.
        drawing_soft: Share of soft pixels among those that are not flat, at most, in a drawing. Keeps subjects in
            scope that lie softly lit on plain ground.
        page_strokes: Share of 16 × 16 cells with thin strokes in them from which a frame that is text or a drawing is
            called ``text_page``.
    """

    min_short_side: int = 128
    flat_range: int = 12
    text_colours: float = 0.70
    text_soft: float = 0.55
    drawing_bits: float = 4.5
    drawing_soft_area: float = 0.17
    drawing_soft: float = 0.70
    page_strokes: float = 0.25

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    def __post_init__(self) -> None:
        """Refuse numbers that cannot be what their unit says."""
        if self.min_short_side < 1:
            raise ValueError(f"scope min_short_side is {self.min_short_side}; it must be at least 1 pixel")
        # Below the flat range itself no pixel would be left to divide by.
        if not _FLAT <= self.flat_range <= 255:
            raise ValueError(f"scope flat_range is {self.flat_range}; it must be {_FLAT} to 255 grey levels")
        if not 0.0 <= self.drawing_bits <= 8.0:
            raise ValueError(f"scope drawing_bits is {self.drawing_bits}; it must be 0 to 8 bits")
        for name in ("text_colours", "text_soft", "drawing_soft_area", "drawing_soft", "page_strokes"):
            share = getattr(self, name)
            if not 0.0 <= share <= 1.0:
                raise ValueError(f"scope {name} is {share}; it must be a share, 0 to 1")


def assess(rgb: NDArray[np.uint8], rules: ScopeRules) -> OutOfScope | None:
    """Says whether a frame is out of scope, and why.

    Costs 0.3 to 1.2 ms on one core besides the shrinking; a frame already shrunk to a short side of 384 pixels gives
    the same answer, unless it is longer than 1536. Measured with the default rules on the project's development
    media (512 pixels; as they are / JPEG 75 / half size and JPEG 75), on which the thresholds were also chosen:

    * wrongly out of 1,053 photographs (10 sources): 0 / 1 / 1, besides the 24 below 128 pixels at half size;
      out of 414 photographic AI pictures: none. Seven of 95 GPT-4o pictures are out: posters, prints, pixel art.
    * found: 84 flat frames 100 / 100 / 100 %; 292 pages and slides in seven languages 97 / 97 / 94 %; 60 user
      interfaces 98 / 95 / 55 %; 60 charts 98 / 98 / 78 %; 30 line drawings 100 %; 77 icons 57 / 44 / 31 %; 80
      crowded flat cartoons 51 / 38 / 11 %; 50 figures and screenshots from software manuals 94 / 88 / 78 %.

    So a drawing with much shading or compression stays in scope: an assessable photograph must not be lost. Known
    miss: the plain surface of a brick wall, in grey, is taken for a page. Line drawings are mostly called text pages.

    Args:
        rgb: The frame as decoded, uint8 (H, W, 3), with H and W at least 1.
        rules: The thresholds.

    Returns:
        The first reason that holds, or None for an assessable frame.

    Raises:
        ValueError: The array is not a non-empty uint8 (H, W, 3) picture.
    """
    if rgb.dtype != np.uint8 or rgb.ndim != 3 or rgb.shape[2] != 3 or 0 in rgb.shape:
        raise ValueError(f"a frame must be uint8 (H, W, 3) with H, W >= 1; this one is {rgb.dtype} {rgb.shape}")
    short, long = sorted(rgb.shape[:2])
    if short < rules.min_short_side:
        return OutOfScope.TOO_SMALL
    small = np.ascontiguousarray(shrink(rgb, max(1, min(_SHORT_SIDE, short * _LONG_SIDE // long))))
    grey = np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), np.uint8)
    span = np.asarray(cv2.dilate(grey, _NEIGHBOURHOOD) - cv2.erode(grey, _NEIGHBOURHOOD), np.uint8)
    up_to = np.cumsum(_shares(span))
    if up_to[rules.flat_range] >= 0.99:
        return OutOfScope.FLAT
    soft_area = float(up_to[_HARD] - up_to[_FLAT])
    soft = soft_area / float(1.0 - up_to[_FLAT])
    is_text = soft <= rules.text_soft and _share_of_commonest_colours(small) >= rules.text_colours
    is_drawing = (
        soft <= rules.drawing_soft and soft_area <= rules.drawing_soft_area and _bits(grey) <= rules.drawing_bits
    )
    if not (is_text or is_drawing):
        return None
    return OutOfScope.TEXT_PAGE if _stroke_cells(grey) >= rules.page_strokes else OutOfScope.DRAWING


def _shares(levels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """How often each of the 256 levels occurs."""
    return np.bincount(levels.ravel(), minlength=256) / levels.size


def _share_of_commonest_colours(rgb: NDArray[np.uint8]) -> float:
    """Share of the pixels that have one of the 8 commonest colours, at 5 bits a channel."""
    counts = cv2.calcHist([rgb], [0, 1, 2], None, list(_COLOURS), [0, 256] * 3)
    # Only the used ones: sorting 30,000 zeros takes ten times as long as all the rest.
    return float(np.sort(counts[counts > 0])[-_COMMONEST:].sum() / (rgb.size // 3))


def _bits(grey: NDArray[np.uint8]) -> float:
    """Shannon entropy of the grey levels, in bits."""
    shares = _shares(grey)
    used = shares[shares > 0]
    return float(-(used * np.log2(used)).sum())


def _stroke_cells(grey: NDArray[np.uint8]) -> float:
    """Share of the cells in which 5 % of the pixels belong to something thin, darker or lighter than its surround."""
    dark = cv2.morphologyEx(grey, cv2.MORPH_BLACKHAT, _STROKE_WIDTH)
    light = cv2.morphologyEx(grey, cv2.MORPH_TOPHAT, _STROKE_WIDTH)
    strokes = (cv2.max(dark, light) > _STROKE_CONTRAST).astype(np.float32)
    return float((cv2.resize(strokes, _CELLS, interpolation=cv2.INTER_AREA) > _CELL_SHARE).mean())
