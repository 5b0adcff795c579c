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
_WIDENING, _BESIDE = 1.6, 0.6
"""The second for the ends of a line alone: a letter that is cut off costs the word, a strip of background nothing."""
_STEP = 32
_SHORT_SIDE, _LONG_SIDE = 544, 1280
_COARSE_SHORT_SIDE, _COARSE_LONG_SIDE = 256, 640
"""Large letters are found in a smaller copy: the network sees no farther than some sixty pixels."""
_SEEN, _OF_HEIGHT = 0.7, 0.35
"""How much of a box lies in another one that it is seen in it, and how much of its height a line in it has."""
_LEAST_SIDE = 3
_LEAST_LINEAR = 0.6
"""Down to here, two pixels each way take in all that there is, in a sixth of the time."""
_MEAN, _SPREAD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_TABLES = [
    (np.arange(256, dtype=np.float32) / np.float32(255) - np.float32(mean)) / np.float32(spread)
    for mean, spread in zip(_MEAN, _SPREAD, strict=True)
]
"""What each value becomes in each channel, blue first: PaddleOCR takes RGB's mean and spread from BGR."""


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
        small = shrunk(rgb, _SHORT_SIDE, _LONG_SIDE)
        coarse = self._boxes(shrunk(small, _COARSE_SHORT_SIDE, _COARSE_LONG_SIDE), rgb.shape[:2])
        boxes = without_pieces(united(self._boxes(small, rgb.shape[:2]), coarse))
        return sorted(boxes, key=lambda box: _from_edge(box, rgb.shape[0]))[:most]

    def _boxes(self, small: Pixels, frame_size: tuple[int, int]) -> list[Box]:
        marked = self._session.run(None, {self._input: to_tensor(small)})[0][0, 0]
        return to_boxes(marked, frame_size)


def united(fine: Sequence[Box], coarse: Sequence[Box]) -> list[Box]:
    """The boxes of both copies: those of the smaller one that are new, instead of the pieces that lie in them.

    A box of the smaller copy is nothing new where the others fill most of its width with lines of some height: then it
    is the same line, loosely, or several lines as one.
    """
    new = []
    for box in coarse:
        inside = [one for one in fine if one.shared(box) >= _SEEN * one.area and one.height >= _OF_HEIGHT * box.height]
        columns = np.zeros(box.width, bool)
        for one in inside:
            columns[max(0, one.x - box.x) : max(0, one.right - box.x)] = True
        if columns.mean() < _SEEN:
            new.append(box)
    return [*new, *(box for box in fine if all(box.shared(other) < _SEEN * box.area for other in new))]


def without_pieces(boxes: Sequence[Box]) -> list[Box]:
    """The boxes but for those that lie in a larger one of about their height: pieces of the same line."""
    kept: list[Box] = []
    for box in sorted(boxes, key=lambda box: (-box.area, box.y, box.x)):
        if all(box.shared(other) < _SEEN * box.area or box.height < _OF_HEIGHT * other.height for other in kept):
            kept.append(box)
    return kept


def shrunk(rgb: Pixels, short_side: int = _SHORT_SIDE, long_side: int = _LONG_SIDE) -> Pixels:
    """A frame in the size in which text is looked for: no side longer than asked for, both multiples of 32.

    Args:
        rgb: uint8 (H, W, 3).
        short_side: Of the result at most, in pixels.
        long_side: Of the result at most.
    """
    height, width = rgb.shape[:2]
    scale = min(1.0, short_side / min(height, width), long_side / max(height, width))
    size = (max(_STEP, round(width * scale / _STEP) * _STEP), max(_STEP, round(height * scale / _STEP) * _STEP))
    method = cv2.INTER_AREA if scale < _LEAST_LINEAR else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(rgb, size, interpolation=method), np.uint8)


def to_tensor(small: Pixels) -> NDArray[np.float32]:
    """A frame as the network takes it: BGR, with ImageNet's mean and spread taken out.

    Args:
        small: From ``shrunk``, uint8 (H, W, 3).

    Returns:
        float32 (1, 3, H, W).
    """
    tensor = np.empty((1, 3, *small.shape[:2]), np.float32)
    for channel, table in enumerate(_TABLES):
        tensor[0, channel] = cv2.LUT(cv2.extractChannel(small, 2 - channel), table)
    return tensor


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
        beside = margin + _BESIDE * min(width, height)
        left, top = max(0, math.floor((x - beside) * along)), max(0, math.floor((y - margin) * down))
        right = min(frame_size[1], math.ceil((x + width + beside) * along))
        bottom = min(frame_size[0], math.ceil((y + height + margin) * down))
        boxes.append(Box(left, top, right - left, bottom - top))
    return boxes


def _from_edge(box: Box, height: int) -> tuple[int, int, int]:
    return min(box.y, height - box.bottom), box.y, box.x
