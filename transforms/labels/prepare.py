"""Other preparations of a line's pixels, for lines that the recogniser is unsure of."""

import cv2
import numpy as np

from transforms.examine.frames import Pixels
from transforms.labels.strokes import strokes_of

_SHADOWS, _LIGHTS = 2, 98


def preparations(line: Pixels) -> tuple[Pixels, Pixels]:
    """The line in stretched grey, and its strokes alone, each uint8 (H, W, 3).

    Args:
        line: uint8 (H, W, 3) RGB, not empty.
    """
    grey = np.asarray(cv2.cvtColor(line, cv2.COLOR_RGB2GRAY), np.uint8)
    strokes = strokes_of(grey)
    return _stretched(grey), _stretched(strokes)


def _stretched(grey: Pixels) -> Pixels:
    low, high = np.percentile(grey, (_SHADOWS, _LIGHTS))
    scaled = (grey.astype(np.float32) - low) * (255 / max(1.0, high - low))
    return np.repeat(scaled.clip(0, 255).astype(np.uint8)[..., None], 3, axis=2)
