"""How a line of text is shown: how high its letters are and how far they stand out."""

import cv2
import numpy as np

from transforms.examine.frames import Pixels
from transforms.labels.strokes import strokes_of

_LEAST_SIDE = 4
_INKED_ROW = 0.12
"""Of the fullest row's ink: rows with less belong to no letter."""


def measure(line: Pixels) -> tuple[float, float]:
    """Height of the letters in pixels, and their contrast with what surrounds them, in levels of grey.

    Args:
        line: A line with its margins, uint8 (H, W, 3) RGB, not empty.
    """
    grey = np.asarray(cv2.cvtColor(line, cv2.COLOR_RGB2GRAY), np.uint8)
    if min(grey.shape) < _LEAST_SIDE:
        return float(grey.shape[0]), 0.0
    strokes = strokes_of(grey)
    threshold, ink = cv2.threshold(strokes, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    if not ink.any():
        return float(grey.shape[0]), 0.0
    contrast = float(strokes[strokes > threshold].mean())
    sums = (ink > 0).sum(axis=1)
    rows = np.flatnonzero(sums > _INKED_ROW * sums.max())
    return float(rows[-1] - rows[0] + 1), round(contrast, 1)
