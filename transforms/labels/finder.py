"""Finds lines of text in a frame: a small network marks where text stands, outlines of what it marks become boxes.

The network is PP-OCRv6's tiny detector (PaddleOCR, Apache-2.0), trained further on labels over photographs. Its output
is made into boxes as in Liao et al., *Real-time Scene Text Detection with Differentiable Binarization*, 2020: what it
marks is the shrunken core of a line, which is widened by area / perimeter.
"""

import math
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from transforms.examine.frames import Pixels
from transforms.labels.lines import Box

_MARKED, _LEAST_CONFIDENCE = 0.15, 0.25
_WIDENING = 1.6
_STEP = 32
_SHORT_SIDE, _LONG_SIDE = 544, 1280
_COARSE_SHORT_SIDE, _COARSE_LONG_SIDE = 256, 640
"""Large letters are found in a smaller copy: the network sees no farther than some sixty pixels."""
_SEEN = 0.7
"""Of a box from the smaller copy: where the other boxes cover as much, it is nothing new."""
_LEAST_SIDE = 3
_MEAN, _SPREAD = np.array([0.485, 0.456, 0.406], np.float32), np.array([0.229, 0.224, 0.225], np.float32)


class TextFinder:
    """Holds the network.

    Args:
        session: An ``onnxruntime.InferenceSession`` of the network.
    """

    def __init__(self, session: Any) -> None:
        self._session = session
        self._input = session.get_inputs()[0].name

    def find(self, rgb: Pixels, most: int) -> list[Box]:
        """The lines of text in a frame, those nearest to its edges, where labels stand, first.

        Args:
            rgb: The frame, uint8 (H, W, 3).
            most: How many are kept.
        """
        fine = self._boxes(rgb, _SHORT_SIDE, _LONG_SIDE)
        coarse = self._boxes(rgb, _COARSE_SHORT_SIDE, _COARSE_LONG_SIDE)
        boxes = united(fine, coarse)
        return sorted(boxes, key=lambda box: _from_edge(box, rgb.shape[0]))[:most]

    def _boxes(self, rgb: Pixels, short_side: int, long_side: int) -> list[Box]:
        tensor = prepare(rgb, short_side, long_side)
        marked = self._session.run(None, {self._input: tensor})[0][0, 0]
        return to_boxes(marked, rgb.shape[:2])


def united(fine: Sequence[Box], coarse: Sequence[Box]) -> list[Box]:
    """The boxes of both copies: those of the smaller one that are new, instead of the pieces that lie in them."""
    new = [box for box in coarse if sum(box.shared(other) for other in fine) < _SEEN * box.area]
    return [*new, *(box for box in fine if all(box.shared(other) < _SEEN * box.area for other in new))]


def prepare(rgb: Pixels, short_side: int = _SHORT_SIDE, long_side: int = _LONG_SIDE) -> NDArray[np.float32]:
    """A frame as the network takes it, BGR, sides multiples of 32.

    Args:
        rgb: uint8 (H, W, 3).
        short_side: To which a longer short side is shrunk, in pixels.
        long_side: To which a longer long side is.

    Returns:
        float32 (1, 3, H', W').
    """
    height, width = rgb.shape[:2]
    scale = min(1.0, short_side / min(height, width), long_side / max(height, width))
    size = tuple(max(_STEP, round(side * scale / _STEP) * _STEP) for side in (width, height))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    small = cv2.resize(rgb, size, interpolation=method)[..., ::-1]
    scaled = (small.astype(np.float32) / np.float32(255) - _MEAN) / _SPREAD
    return np.ascontiguousarray(scaled.transpose(2, 0, 1)[None])


def to_boxes(marked: NDArray[np.float32], frame_size: tuple[int, int]) -> list[Box]:
    """What the network marks, as boxes in pixels of the frame.

    Args:
        marked: Probability of text, float32 (H', W').
        frame_size: Height and width of the frame.
    """
    rows, columns = marked.shape
    down, along = frame_size[0] / rows, frame_size[1] / columns
    outlines, _ = cv2.findContours((marked > _MARKED).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    boxes = []
    for outline in outlines:
        x, y, width, height = cv2.boundingRect(outline)
        if min(width, height) < _LEAST_SIDE:
            continue
        mask = np.zeros((height, width), np.uint8)
        cv2.drawContours(mask, [outline - (x, y)], 0, 1, cv2.FILLED)
        if cv2.mean(marked[y : y + height, x : x + width], mask)[0] < _LEAST_CONFIDENCE:
            continue
        area, perimeter = width * height, 2 * (width + height)
        margin = _WIDENING * area / perimeter
        left, top = max(0, math.floor((x - margin) * along)), max(0, math.floor((y - margin) * down))
        right = min(frame_size[1], math.ceil((x + width + margin) * along))
        bottom = min(frame_size[0], math.ceil((y + height + margin) * down))
        boxes.append(Box(left, top, right - left, bottom - top))
    return boxes


def _from_edge(box: Box, height: int) -> tuple[int, int, int]:
    return min(box.y, height - box.bottom), box.y, box.x
