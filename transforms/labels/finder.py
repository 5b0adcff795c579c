"""Finds lines of text in a frame: a small network marks where text stands, outlines of what it marks become boxes.

The network is PP-OCRv6's tiny detector (PaddleOCR, Apache-2.0), trained further on labels over photographs. Its output
is made into boxes as in Liao et al., *Real-time Scene Text Detection with Differentiable Binarization*, 2020: what it
marks is the shrunken core of a line, which is widened by area / perimeter.
"""

import math
from collections.abc import Sequence
from dataclasses import astuple
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from transforms.examine.frames import Pixels
from transforms.labels.lines import Box
from transforms.labels.regions import CELL, suspected_regions
from transforms.work import did

_MARKED, _LEAST_CONFIDENCE = 0.15, 0.25
_WIDENING, _BESIDE = 1.6, 0.6
"""The second for the ends of a line alone: a letter that is cut off costs the word, a strip of background nothing."""
_NEAR, _FAR, _FARTHEST = (640, 1504), (384, 896), (256, 640)
"""Most pixels of the short and the long side of each look. Large letters are found in the smallest: the network sees no
farther than some sixty pixels."""
_AROUND = 32
_BESIDE_PLACE, _ABOVE_PLACE, _MOST_AROUND = 14, 4, 600_000
"""Heights of a place that are looked at on either side of it, above and below it; pixels of the closer look."""
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
        size = rgb.shape[:2]
        near = shrunk(rgb, *_NEAR)
        far = shrunk(near, *_FAR)
        farthest, marked = shrunk(far, *_FARTHEST), self._marked(far)
        # Of a small frame the copies are one and the same, and the network would say the same of each.
        copies = [marked, marked if farthest.shape == far.shape else self._marked(farthest)]
        boxes = to_boxes(self._looked_closely(near, copies), size)
        for copy in copies:
            boxes = united(boxes, to_boxes(copy, size))
        return sorted(without_pieces(boxes), key=lambda box: _from_edge(box, rgb.shape[0]))[:most]

    def find_around(self, rgb: Pixels, box: Box, height: int) -> list[Box]:
        """The lines of text around a place, looked at so that what stands there is so many pixels high.

        Args:
            rgb: The frame, uint8 (H, W, 3).
            box: The place.
            height: Of it in the closer look.
        """
        around = box.widened(_BESIDE_PLACE, rgb.shape[:2]).heightened(_ABOVE_PLACE, rgb.shape[:2])
        pixels = around.cut_from(rgb)
        scale = min(height / box.height, math.sqrt(_MOST_AROUND / around.area))
        boxes = to_boxes(self._marked(resized(pixels, scale)), pixels.shape[:2])
        return without_pieces([Box(one.x + around.x, one.y + around.y, one.width, one.height) for one in boxes])

    def _looked_closely(self, near: Pixels, copies: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
        """What the closer look marks of a frame, where the others suspect text; nothing elsewhere."""
        height, width = near.shape[:2]
        is_marked = copies[0].shape == (height, width)
        marked = np.zeros((height, width), np.float32)
        for region in suspected_regions(copies, height // CELL, width // CELL):
            left, top, right, bottom = (CELL * edge for edge in astuple(region))
            x, y = max(0, left - _AROUND), max(0, top - _AROUND)
            around = near[y : bottom + _AROUND, x : right + _AROUND]
            seen = copies[0] if is_marked and around.shape == near.shape else self._marked(around)
            part = marked[top:bottom, left:right]
            np.maximum(part, seen[top - y : bottom - y, left - x : right - x], out=part)
        return marked

    def _marked(self, small: Pixels) -> NDArray[np.float32]:
        """Probability of text, float32 of the height and width of ``small``, both multiples of 32."""
        did("text_searches")
        did("text_pixels", small.shape[0] * small.shape[1])
        return np.asarray(self._session.run(None, {self._input: to_tensor(small)})[0][0, 0], np.float32)


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


def shrunk(rgb: Pixels, short_side: int, long_side: int) -> Pixels:
    """A frame in the size in which text is looked for: no side longer than asked for, both multiples of 32.

    Args:
        rgb: uint8 (H, W, 3).
        short_side: Of the result at most, in pixels.
        long_side: Of the result at most.
    """
    return resized(rgb, min(1.0, short_side / min(rgb.shape[:2]), long_side / max(rgb.shape[:2])))


def resized(rgb: Pixels, scale: float) -> Pixels:
    """A frame of about so many times its size, both sides multiples of 32.

    Args:
        rgb: uint8 (H, W, 3).
        scale: Above 0.
    """
    height, width = rgb.shape[:2]
    size = (max(CELL, round(width * scale / CELL) * CELL), max(CELL, round(height * scale / CELL) * CELL))
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
