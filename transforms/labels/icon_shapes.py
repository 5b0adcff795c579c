"""The shapes of the marks that are looked for, drawn from a few numbers: no artwork of others is in the project.

What each looks like, and where that was seen:

* ``sparkle``: Gemini's corner mark, a white four-pointed star with hollow sides. Two alpha maps that
  ``allenk/GeminiWatermarkTool`` (MIT) captured on black at 36 and 96 pixels fit |x|^0.71 + |y|^0.71 < 1 (correlation
  0.98); their alpha is even, 0.31, a little more at the tips. The first generation is known to be about 0.5 at its
  middle. The Veo mark is the same star.
* ``eu_ai``: the basic icon of the EU (June 2026): a full circle, black or white, or either at half opacity, with the
  letters AI, their height 0.386 of the diameter. Seen as SVG in public repositories that redistribute it. "AI
  GENERATED" and "AI MODIFIED" are capsules, 5.2 and 4.6 times as wide as high, letters 0.48 and 0.38 of their height;
  these are read by OCR and only confirmed here.
* ``cr``: the Content Credentials pin: a circle with one square corner at the lower right, in outline (a line of 0.087
  of its width) or filled, with the letters c and r. Seen as SVG of a 500 by 500 view box in a public repository.

Not seen, so not looked for: the marks of Samsung (stars in the lower left) and of Meta.
"""

from functools import cache
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float32]

BORDER: Final = 0.1875
"""Of a mark's size: what a template shows of the surroundings on each side."""
EXPONENT: Final = 0.71
"""Of the superellipse that bounds the star."""
_BLUNT: Final = 1.03
"""How much longer the superellipse is than the star, whose tips are blunt."""
_BLUR: Final = 0.094
"""Of a shape's width: sigma of the blur that is taken off. Of 0.06 to 0.19 it finds most stars on photographs."""
_SUPERSAMPLING: Final = 8


@cache
def template(name: str, size: int) -> Plane:
    """One shape with its border, as ``edges`` shows it, its mean 0 and its norm 1.

    Args:
        name: ``sparkle``, ``eu_ai``, ``cr_outline``, ``cr_filled``, or ``filled`` for the mean of two.
        size: Width of the shape in pixels; the template is 1 + 2 × ``BORDER`` times as wide.

    Returns:
        float32, a square; its values are inked (positive) or not, so that a mark of the other polarity correlates
        negatively. Not to be changed: it is shared.
    """
    beyond = size
    drawn = edges(np.pad(coverage(name, size), beyond).astype(np.float32), size)[beyond:-beyond, beyond:-beyond]
    centred = drawn - drawn.mean()
    result = (centred / np.linalg.norm(centred)).astype(np.float32)
    result.setflags(write=False)
    return result


def edges(plane: Plane, size: int) -> Plane:
    """The plane less its blur: what is smaller than a shape of this width, so that slow light does not count."""
    sigma = size * _BLUR
    return np.asarray(plane - cv2.GaussianBlur(plane, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE), np.float32)


def side_of(size: int) -> int:
    """How wide the template of a shape of this width is, in pixels."""
    return size + 2 * round(size * BORDER)


@cache
def coverage(name: str, size: int) -> NDArray[np.float64]:
    """How much of each pixel the shape covers, 0 to 1, with its border."""
    fine = side_of(size) * _SUPERSAMPLING
    centres = (np.arange(fine) + 0.5) / (size * _SUPERSAMPLING) - fine / (size * _SUPERSAMPLING * 2)
    x, y = np.meshgrid(centres, centres)  # the shape spans -0.5 … 0.5
    drawn = _DRAWN[name](x, y)
    side = side_of(size)
    return np.asarray(
        drawn.reshape(side, _SUPERSAMPLING, side, _SUPERSAMPLING).mean(axis=(1, 3), dtype=np.float64), np.float64
    )


Grid = NDArray[np.float64]
Mask = NDArray[Any]


def _sparkle(x: Grid, y: Grid) -> Mask:
    x, y = np.abs(2 * x), np.abs(2 * y)
    return ((x / _BLUNT) ** EXPONENT + (y / _BLUNT) ** EXPONENT < 1) & (x < 1) & (y < 1)


def _disc(x: Grid, y: Grid) -> Mask:
    return x * x + y * y < 0.25


def _pin(x: Grid, y: Grid, shrink: float = 0.0) -> Mask:
    radius = 0.5 - shrink
    return (x * x + y * y < radius * radius) | ((x > 0) & (y > 0) & (x < radius) & (y < radius))


def _ring(x: Grid, y: Grid) -> Mask:
    return _pin(x, y) & ~_pin(x, y, 0.087)


def _eu_ai(x: Grid, y: Grid) -> Mask:
    return _disc(x, y) & ~(_letter_a(x + 0.102, y) | _bar(x, y, 0.14, 0.251, -0.193, 0.193))


def _letter_a(x: Grid, y: Grid) -> Mask:
    x = np.abs(x)
    outer = (y > -0.193) & (y < 0.193) & (x < 0.056 + (y + 0.193) * 0.337)
    hole = (y < 0.045) & (x < (y + 0.1) * 0.352)
    foot = (y > 0.125) & (x < 0.074 + (y - 0.125) * 0.27)
    return outer & ~hole & ~foot


def _bar(x: Grid, y: Grid, left: float, right: float, top: float, bottom: float) -> Mask:
    return (x > left) & (x < right) & (y > top) & (y < bottom)


def _letters_cr(x: Grid, y: Grid) -> Mask:
    across, down = x + 0.12, y - 0.042
    opening = (across > 0) & (np.abs(down) < 0.057)
    c = (np.hypot(across / 0.184, down / 0.194) < 1) & (np.hypot(across / 0.094, down / 0.112) > 1) & ~opening
    stem = _bar(x, y, 0.087, 0.173, -0.142, 0.225)
    bend = np.hypot(x - 0.295, y - 0.06)
    arm = (bend < 0.2) & (bend > 0.115) & (x > 0.12) & (x < 0.295) & (y < 0.06)
    return c | stem | arm


def _cr_outline(x: Grid, y: Grid) -> Mask:
    return _ring(x, y) | _letters_cr(x, y)


def _cr_filled(x: Grid, y: Grid) -> Mask:
    return _pin(x, y) & ~_letters_cr(x, y)


def _filled(x: Grid, y: Grid) -> Mask:
    """Half the one and half the other: one template that finds both where they are small."""
    return _eu_ai(x, y) * 0.5 + _cr_filled(x, y) * 0.5


_DRAWN: Final = {
    "sparkle": _sparkle,
    "filled": _filled,
    "eu_ai": _eu_ai,
    "cr_outline": _cr_outline,
    "cr_filled": _cr_filled,
}
