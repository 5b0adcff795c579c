"""Where in a plane of light a shape stands: correlation with its template over sizes, coarse first, then finer."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from transforms.labels.icon_shapes import Plane, edges, side_of, template

_FLAT: Final = 1.0
"""Levels of grey: a window that varies by less counts as if it varied by this, so that noise on a wall is no shape."""

_SAME_SIZE: Final = 1.7


@dataclass(frozen=True, slots=True)
class Peak:
    """A place where a shape may stand, in pixels of the plane that was searched.

    Attributes:
        x: Its centre.
        y: Its centre.
        size: Its width.
        score: Correlation, −1 to 1; negative where the shape is darker than what surrounds it.
    """

    x: float
    y: float
    size: float
    score: float


def correlations(plane: Plane, names: Sequence[str], size: int) -> list[Plane]:
    """How well each shape of this width, in pixels, correlates at every place of the plane.

    Returns:
        For each name a float32 plane, −1 to 1, smaller than ``plane`` by the side of the template less one; none where
        the plane is smaller than the template.
    """
    side = side_of(size)
    if min(plane.shape) < side:
        return []
    area = side * side
    plane = edges(plane, size)
    mean = cv2.boxFilter(plane, cv2.CV_32F, (side, side), anchor=(0, 0), borderType=cv2.BORDER_REPLICATE)
    square = cv2.sqrBoxFilter(plane, cv2.CV_32F, (side, side), anchor=(0, 0), borderType=cv2.BORDER_REPLICATE)
    rows, columns = plane.shape[0] - side + 1, plane.shape[1] - side + 1
    norm: NDArray[np.float32] = np.array(square[:rows, :columns], np.float32)
    norm -= np.square(mean[:rows, :columns], dtype=np.float32)
    np.maximum(norm, _FLAT * _FLAT, out=norm)
    norm *= area
    np.sqrt(norm, out=norm)
    return [
        np.asarray(cv2.matchTemplate(plane, template(name, size), cv2.TM_CCORR) / norm, np.float32) for name in names
    ]


def ladder(smallest: float, largest: float, step: float) -> list[float]:
    """Sizes from the smallest to at most the largest, each ``step`` times the one before."""
    sizes = []
    while smallest <= largest:
        sizes.append(smallest)
        smallest *= step
    return sizes


def scaled(plane: Plane, part: int, whole: int) -> Plane:
    """The plane at ``part`` / ``whole`` of its size, smoothed where it shrinks."""
    width, height = (max(1, side * part // whole) for side in plane.shape[::-1])
    while plane.shape[1] >= 2 * width and min(plane.shape) > 2:
        plane = np.asarray(cv2.pyrDown(plane), np.float32)
    return np.asarray(cv2.resize(plane, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


def strongest(scores: Plane, side: int, factor: float, size: float, most: int, least: float) -> list[Peak]:
    """The highest absolute scores of one correlation plane, none within half a shape of a higher one."""
    peaks: list[Peak] = []
    strength = np.abs(scores)
    reach = side // 2
    while len(peaks) < most:
        row, column = np.unravel_index(int(strength.argmax()), strength.shape)
        if strength[row, column] < least:
            break
        x, y = (column + side / 2) / factor, (row + side / 2) / factor
        peaks.append(Peak(float(x), float(y), size, float(scores[row, column])))
        strength[max(0, row - reach) : row + reach + 1, max(0, column - reach) : column + reach + 1] = 0
    return peaks


def without_overlaps(peaks: Iterable[Peak], most: int) -> list[Peak]:
    """The strongest peaks, none that a stronger one of about its size stands on; a letter in a ring hides no ring."""
    kept: list[Peak] = []
    for peak in sorted(peaks, key=lambda peak: (-abs(peak.score), peak.size, peak.y, peak.x)):
        if not any(_same_place(peak, one) for one in kept):
            kept.append(peak)
            if len(kept) == most:
                break
    return kept


def _same_place(one: Peak, other: Peak) -> bool:
    apart = max(abs(one.x - other.x), abs(one.y - other.y))
    return apart <= other.size / 2 and _SAME_SIZE > one.size / other.size > 1 / _SAME_SIZE


def refined(
    plane: NDArray[Any], names: Sequence[str], peak: Peak, canonical: int, sizes: Sequence[float], reach: float
) -> tuple[str, Peak]:
    """The shape, place and size near a peak that correlate best, at a finer scale.

    Args:
        plane: What was searched, uint8 or float32 (height, width).
        names: Of the shapes to try.
        peak: Near where to look.
        canonical: How many pixels wide the shape is to be.
        sizes: Factors on the peak's size to try.
        reach: How far from the peak's centre to look, as a part of its size.
    """
    best_name, best = names[0], Peak(peak.x, peak.y, peak.size, 0.0)
    middle = side_of(canonical) / 2
    for factor in sizes:
        size = peak.size * factor
        patch, left, top = window(plane, peak.x, peak.y, size, canonical, reach)
        for name, scores in zip(names, correlations(patch, names, canonical), strict=True):
            row, column = np.unravel_index(int(np.abs(scores).argmax()), scores.shape)
            score = float(scores[row, column])
            if abs(score) > abs(best.score):
                x, y = left + (column + middle) * size / canonical, top + (row + middle) * size / canonical
                best_name, best = name, Peak(float(x), float(y), size, score)
    return best_name, best


def window(
    plane: NDArray[Any], x: float, y: float, size: float, canonical: int, reach: float = 0.0
) -> tuple[NDArray[np.float32], float, float]:
    """A square of the plane, or of its channels, around a centre, at the scale where ``size`` is ``canonical`` pixels.

    Returns:
        The square, with the border of a template and ``reach`` × ``size`` more on each side; what lies beyond the
        plane repeats its edge. Then the coordinates of the square's upper left corner in the plane.
    """
    side = side_of(canonical) + 2 * round(canonical * reach)
    step = size / canonical
    left, top = x - side / 2 * step, y - side / 2 * step
    x0, y0 = max(0, int(left) - 4), max(0, int(top) - 4)
    x1, y1 = max(0, int(left + side * step) + 5), max(0, int(top + side * step) + 5)
    part = plane[y0:y1, x0:x1].astype(np.float32)
    if not part.size:
        return np.zeros((side, side, *plane.shape[2:]), np.float32), left, top
    halved = 1
    while step / halved >= 2 and min(part.shape[:2]) > 2:  # else samples would skip pixels
        part = np.asarray(cv2.pyrDown(part), np.float32)
        halved *= 2
    scale = step / halved
    matrix = np.array(
        [
            [scale, 0, (left - x0 + step / 2 - 0.5) / halved],
            [0, scale, (top - y0 + step / 2 - 0.5) / halved],
        ]
    )
    square = cv2.warpAffine(
        part, matrix, (side, side), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(square, np.float32), left, top
