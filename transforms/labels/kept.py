"""What is kept of the frames of a video until its labels are read; loads nothing, for children that read none."""

from dataclasses import replace
from typing import Final

import cv2
import numpy as np

from transforms.examine.frames import Frame

LAYER: Final = "visible_label"
_SHORT_SIDE: Final = 720
"""Pixels: frames of videos are kept with a short side of at most this."""


def small(frame: Frame) -> Frame:
    """A frame as this layer keeps it: short side at most 720 pixels."""
    height, width = frame.rgb.shape[:2]
    short = min(height, width)
    if short <= _SHORT_SIDE:
        return frame
    size = (round(width * _SHORT_SIDE / short), round(height * _SHORT_SIDE / short))
    return replace(frame, rgb=np.asarray(cv2.resize(frame.rgb, size, interpolation=cv2.INTER_AREA), np.uint8))
