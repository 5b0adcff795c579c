"""Gemini's star in the lower right corner: found by its shape, kept only where it is an even white veil."""

from dataclasses import dataclass
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
from transforms.labels.icon_shapes import EXPONENT, Plane, side_of

_COARSE: Final = 16
_FINE: Final = 48
_STEP: Final = 1.2
_LEAST_MIDDLE: Final = 0.24
_REACH: Final = 3.3
"""Times its size: how far from the corner the star reaches; margins of 2 × its size are known."""
_OFF_DIAGONAL: Final = 0.2
"""Of its size: how much its margins to the right and below may differ; its maker has them equal."""


@dataclass(frozen=True, slots=True)
class Veil:
    """What lies over a background inside a star, measured at pairs of points across the star's edge.

    Attributes:
        alpha: Opacity of the white that would make the inside out of the outside; the median of all pairs.
        spread: Median deviation of the pairs' opacities, over ``alpha``.
        weakest: The least of five parts' (four arms, the hollow sides) median opacities, over ``alpha``.
        brighter: Share of pairs whose inside is the brighter.
        tint: How far the medians of red, green and blue lie apart, over ``alpha``.
        contrast: Median difference across the edge, in levels of grey.
        tips: Median opacity near the four tips, over ``alpha``; a diamond has none there.
        middle: Opacity at the centre, over ``alpha``; a lamp has much more there.
        fading: Median opacity of the inner halves of the arms over that of the outer ones.
    """

    alpha: float
    spread: float
    weakest: float
    brighter: float
    tint: float
    contrast: float
    tips: float
    middle: float
    fading: float


def star_peaks(grey: NDArray[np.uint8], most: int = 3, least: float = 0.21) -> list[Peak]:
    """Where a star may stand near the lower right corner, on the diagonal that ends there.

    Args:
        grey: Light of a frame, uint8 (height, width).
        most: How many to return.
        least: The least correlation at the coarse scale.

    Returns:
        Peaks of positive score, the strongest first.
    """
    height, width = grey.shape
    short = min(height, width)
    side = side_of(_COARSE)
    largest = max(0.16 * short, min(104.0, 0.3 * short))
    corner = min(short, round(_REACH * largest) + 1)
    plane = grey[height - corner :, width - corner :].astype(np.float32)
    peaks: list[Peak] = []
    for size in ladder(max(14.0, 0.02 * short), largest, _STEP):
        extent = min(corner, round(_REACH * size))
        if extent < size * side / _COARSE:
            break
        part = round(extent * _COARSE / size)
        small = scaled(plane[corner - extent :, corner - extent :], part, extent)
        for scores in correlations(small, ["sparkle"], _COARSE):
            near = np.asarray(scores * _diagonal(*scores.shape), np.float32)
            peaks += [
                Peak(peak.x + width - extent, peak.y + height - extent, size, peak.score)
                for peak in strongest(np.maximum(near, 0), side, part / extent, size, 1, least)
            ]
    return without_overlaps(peaks, most)


@cache
def _diagonal(rows: int, columns: int) -> Plane:
    """1 where a star's margins to the right and below are alike, 0 elsewhere."""
    below, right = np.arange(rows, 0, -1)[:, None], np.arange(columns, 0, -1)[None, :]
    return (np.abs(below - right) <= _OFF_DIAGONAL * _COARSE).astype(np.float32)


def refined_star(grey: NDArray[Any], peak: Peak) -> Peak:
    """The star's place and size, as exactly as its correlation tells; roughly, where that is poor."""
    _, near = refined(grey, ["sparkle"], peak, 24, (0.93, 1.0, 1.07), 0.15)
    return near if near.score < _LEAST_MIDDLE else refined(grey, ["sparkle"], near, _FINE, (0.96, 1.0, 1.04), 0.05)[1]


_SIDES, _TIPS = 4, 5


def _pairs() -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Points (x, y) inside and outside of the star's edge at the fine scale, and the part each pair belongs to."""
    inside, outside, part = [], [], []
    half, middle = _FINE / 2, side_of(_FINE) / 2

    def at(x: float, y: float) -> tuple[float, float]:
        return middle + x * half - 0.5, middle + y * half - 0.5

    for arm, (ux, uy) in enumerate(((1, 0), (0, 1), (-1, 0), (0, -1))):
        for along in (0.4, 0.5, 0.6, 0.7):
            across = (1 - along**EXPONENT) ** (1 / EXPONENT) + 0.14
            for sign in (-1, 1):
                inside.append(at(ux * along, uy * along))
                outside.append(at(ux * along + uy * across * sign, uy * along + ux * across * sign))
                part.append(arm)
        for sign in (-1, 1):
            inside.append(at(ux * 0.86, uy * 0.86))
            outside.append(at(ux * 0.86 + uy * 0.26 * sign, uy * 0.86 + ux * 0.26 * sign))
            part.append(_TIPS)
    for sx, sy in ((1, 1), (1, -1), (-1, 1), (-1, -1)):
        for near, far in (((0.25, 0.25), (0.52, 0.52)), ((0.2, 0.3), (0.42, 0.6)), ((0.3, 0.2), (0.6, 0.42))):
            inside.append(at(sx * near[0], sy * near[1]))
            outside.append(at(sx * far[0], sy * far[1]))
            part.append(_SIDES)
    return np.rint(inside).astype(np.int64), np.rint(outside).astype(np.int64), np.array(part)


_INSIDE, _OUTSIDE, _PART = _pairs()


def veil(rgb: NDArray[np.uint8], star: Peak) -> Veil | None:
    """Measures what the star does to what it covers.

    Args:
        rgb: uint8 (height, width, 3).
        star: Where it stands.

    Returns:
        None where the background is too bright for white to show.
    """
    patch, _, _ = window(rgb, star.x, star.y, star.size, _FINE)
    inner = patch[_INSIDE[:, 1], _INSIDE[:, 0]]
    outer = patch[_OUTSIDE[:, 1], _OUTSIDE[:, 0]]
    room = 255 - outer
    if np.median(room) < 30:
        return None
    alphas = (inner - outer) / np.maximum(room, 20)
    grey = alphas.mean(axis=1)
    body = _PART != _TIPS
    alpha = float(np.median(grey[body]))
    if alpha <= 0:
        return None
    channels = np.median(alphas[body], axis=0)
    difference = (inner - outer).mean(axis=1)[body]
    middle = len(patch) // 2
    centre = patch[middle - 2 : middle + 2, middle - 2 : middle + 2].mean(axis=(0, 1))
    background = np.median(outer[body], axis=0)
    on_arms = grey[_PART < _SIDES].reshape(4, 4, 2)  # arm, how far out, side
    return Veil(
        alpha=alpha,
        spread=float(np.median(np.abs(grey[body] - alpha))) / alpha,
        weakest=min(float(np.median(grey[part == _PART])) for part in range(5)) / alpha,
        brighter=float((difference > 0).mean()),
        tint=float(channels.max() - channels.min()) / alpha,
        contrast=float(np.median(difference)),
        tips=float(np.median(grey[~body])) / alpha,
        middle=float(((centre - background) / np.maximum(255 - background, 20)).mean()) / alpha,
        fading=float(np.median(on_arms[:, :2]) / max(0.01, np.median(on_arms[:, 2:]))),
    )
