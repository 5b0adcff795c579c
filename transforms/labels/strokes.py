"""The strokes of a line of text, told from the photograph behind them."""

import cv2
import numpy as np

from transforms.examine.frames import Pixels

_SHADOWS, _LIGHTS = 2, 98
_FAR, _STRONG, _LEAST_STRONG = 0.6, 97, 8.0
_GREY, _REACH = 128, 100


def strokes_of(grey: Pixels) -> Pixels:
    """How far each pixel stands out of what surrounds it, in levels of grey, towards the side on which letters are.

    Light letters are what a morphological opening takes away, dark ones what a closing does (top hat and black hat;
    Serra, *Image Analysis and Mathematical Morphology*, 1982), so that the photograph does not count. On which side
    they are tells the skew of the fine structure: letters cover less than what surrounds them.

    Args:
        grey: A line with its margins, uint8 (H, W).
    """
    values = grey.astype(np.float32)
    fine = values - cv2.GaussianBlur(values, (0, 0), max(1.0, grey.shape[0] / 3))
    kind = cv2.MORPH_TOPHAT if float((fine**3).sum()) >= 0 else cv2.MORPH_BLACKHAT
    side = max(3, grey.shape[0] // 2 | 1)
    kernel = cv2.getStructuringElement(cv2.MORPH_RECT, (side, side))
    return np.asarray(cv2.morphologyEx(grey, kind, kernel), np.uint8)


def strokes_alone(line: Pixels) -> Pixels:
    """The strokes of a line in stretched grey, for lines that are hard to read, uint8 (H, W, 3).

    Args:
        line: uint8 (H, W, 3) RGB, not empty.
    """
    strokes = strokes_of(np.asarray(cv2.cvtColor(line, cv2.COLOR_RGB2GRAY), np.uint8))
    low, high = np.percentile(strokes, (_SHADOWS, _LIGHTS))
    scaled = (strokes.astype(np.float32) - low) * (255 / max(1.0, high - low))
    return np.repeat(scaled.clip(0, 255).astype(np.uint8)[..., None], 3, axis=2)


def without_background(line: Pixels) -> Pixels:
    """The line in its colours, even grey in place of what changes slowly: faint letters over a photograph.

    Args:
        line: uint8 (H, W, 3) RGB, not empty.
    """
    values = line.astype(np.float32)
    fine = values - cv2.GaussianBlur(values, (0, 0), line.shape[0] * _FAR)
    strength = max(_LEAST_STRONG, float(np.percentile(np.abs(fine), _STRONG)))
    return np.asarray((_GREY + fine * (_REACH / strength)).clip(0, 255), np.uint8)
