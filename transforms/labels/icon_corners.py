"""The EU's disc and the Content Credentials pin in the four corners of a frame: found by shape alone."""

from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from transforms.labels.icon_search import (
    Peak,
    correlations,
    ladder,
    refined,
    scaled,
    strongest,
    window,
    without_overlaps,
)
from transforms.labels.icon_shapes import Plane, coverage, side_of

SHAPES: Final = ("eu_ai", "cr_filled", "cr_outline")
_COARSE: Final = 12
_COARSE_SHAPES: Final = ("filled", "cr_outline")
_MIDDLE, _FINE = 20, 32
_STEP: Final = 1.2
_LEAST_MIDDLE: Final = 0.36
_OUTLINE_OVER_INSIDE: Final = 1.2
_MARGIN: Final = 0.1
"""Of the short side: how far from the corner a mark may stand, about."""
_LEAST_STEP: Final = 2.0
"""Levels of grey across an edge that is seen."""
_SMALLEST, _LARGEST = 0.03, 0.19
"""Of the short side: a mark's width."""


def corner_peaks(grey: NDArray[np.uint8], most: int = 4, least: float = 0.33) -> list[Peak]:
    """Where a disc or pin may stand in one of the four corners.

    Args:
        grey: Light of a frame, uint8 (height, width).
        most: How many to return.
        least: The least absolute correlation at the coarse scale.
    """
    height, width = grey.shape
    short = min(height, width)
    side = side_of(_COARSE)
    peaks: list[Peak] = []
    for size in ladder(max(16.0, _SMALLEST * short), _LARGEST * short, _STEP):
        reach = min(short // 2, round(1.2 * size + _MARGIN * short))
        part = round(reach * _COARSE / size)
        corners = [(x, y) for y in (0, height - reach) for x in (0, width - reach)]
        row = np.hstack([grey[y : y + reach, x : x + reach] for x, y in corners]).astype(np.float32)
        small = scaled(row, part, reach)
        whole = _within_a_corner(part)
        for scores in correlations(small, _COARSE_SHAPES, _COARSE):
            for peak in strongest(np.asarray(scores * whole, np.float32), side, part / reach, size, 2, least):
                number = min(3, int(peak.x // reach))
                x, y = corners[number]
                peaks.append(Peak(peak.x - number * reach + x, peak.y + y, size, peak.score))
    return without_overlaps(peaks, most)


@cache
def _within_a_corner(part: int) -> Plane:
    """1 for the templates that lie in one of the four corners that stand side by side, 0 for those across two."""
    side = side_of(_COARSE)
    columns = np.arange(4 * part - side + 1)
    return (columns % part <= part - side).astype(np.float32)[None, :]


def recognised(grey: NDArray[Any], peak: Peak) -> tuple[str, Peak]:
    """Which of ``SHAPES`` stands near the peak, exactly where, and how well it correlates; roughly, where ill."""
    name, near = refined(grey, SHAPES, peak, _MIDDLE, (0.89, 1.0, 1.12), 0.15)
    if abs(near.score) < _LEAST_MIDDLE:
        return name, near
    name, place = refined(grey, SHAPES, near, _FINE, (0.95, 1.0, 1.05), 0.07)
    if name == "cr_filled":  # the inside of an outline looks like a filled pin of the other polarity
        around = Peak(place.x, place.y, place.size * _OUTLINE_OVER_INSIDE, 0.0)
        outline = refined(grey, ("cr_outline",), around, _FINE, (0.95, 1.0, 1.05), 0.1)
        if abs(outline[1].score) > abs(place.score):
            return outline
    return name, place


def rim(grey: NDArray[Any], name: str, place: Peak) -> float:
    """Share of a mark's round edge that is seen: letters without a disc or ring around them have about half."""
    patch, _, _ = window(grey, place.x, place.y, place.size, _FINE)
    steps = (_at_radius(patch, 0.457) - _at_radius(patch, 0.55)) * np.sign(place.score)
    if name == "cr_outline":  # a line: it differs from its inside, too
        steps = np.minimum(steps, (_at_radius(patch, 0.457) - _at_radius(patch, 0.38)) * np.sign(place.score))
    else:
        steps = np.minimum(steps, (_at_radius(patch, 0.43) - _at_radius(patch, 0.57)) * np.sign(place.score))
    return float((steps >= _LEAST_STEP).mean())


def _at_radius(patch: Plane, radius: float) -> Plane:
    """The patch's values on the three quarters of a circle that discs and pins have in common."""
    turns = np.linspace(0.6 * np.pi, 1.9 * np.pi, 40)
    middle = len(patch) / 2 - 0.5
    columns, rows = middle + radius * _FINE * np.cos(turns), middle + radius * _FINE * np.sin(turns)
    return patch[np.rint(rows).astype(np.int64), np.rint(columns).astype(np.int64)]


def letters_contrast(grey: NDArray[Any], name: str, peak: Peak) -> float:
    """Between a mark's ink and its ground, inside of its circle, in levels of grey."""
    patch, _, _ = window(grey, peak.x, peak.y, peak.size, _FINE)
    inked = coverage(name, _FINE)
    centres = np.arange(len(inked)) - (len(inked) - 1) / 2
    inside = np.hypot(*np.meshgrid(centres, centres)) < _FINE * 0.42
    ink, ground = patch[inside & (inked > 0.9)], patch[inside & (inked < 0.1)]
    return float(abs(ink.mean() - ground.mean()))
