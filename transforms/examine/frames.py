"""Frames as decoders yield them, and which of them are wanted."""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from transforms.outcomes import Reason

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Frame:
    """One decoded frame: ``rgb`` is uint8 (height, width, 3), upright, sRGB; ``timestamp_ms`` as in ``FrameKey``."""

    timestamp_ms: float | None
    rgb: Pixels


class MediaError(Exception):
    """A file that cannot be examined, with its reason code and a line for people."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


def spread(count: int, budget: int) -> list[int]:
    """At most ``budget`` indices of ``range(count)``, evenly spread, first and last included, without repeats."""
    if count <= budget:
        return list(range(count))
    if budget == 1:
        return [0]
    return [round(step * (count - 1) / (budget - 1)) for step in range(budget)]


def check_pixels(width: int, height: int, limit: int) -> None:
    """Refuses a frame that claims too many pixels, before any is decoded.

    Raises:
        MediaError: ``over_pixel_limit``, or ``corrupt`` for a size of nothing.
    """
    if width < 1 or height < 1:
        raise MediaError(Reason.CORRUPT, f"The header claims {width} × {height} pixels.")
    if width * height > limit:
        detail = f"The header claims {width} × {height} pixels; the limit is {limit:,} in all."
        raise MediaError(Reason.OVER_PIXEL_LIMIT, detail)


def perceptual_hash(rgb: Pixels) -> str:
    """86 hexadecimal digits by which near-duplicates are told (``transforms.near_duplicates``).

    16 say where the picture gets lighter from left to right (a difference hash of 64 bits), 16 where it does from top
    to bottom, and 54 are the mean colours of its ninths, row by row, two digits for each of red, green and blue.

    Args:
        rgb: uint8 (height, width, 3).
    """
    small = cv2.resize(rgb, (72, 72), interpolation=cv2.INTER_AREA)  # 72 is a multiple of 9, 8 and 3
    grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
    across, down = (cv2.resize(grey, size, interpolation=cv2.INTER_AREA) for size in ((9, 8), (8, 9)))
    bits: NDArray[Any] = np.packbits([across[:, 1:] > across[:, :-1], down[1:] > down[:-1]])
    return bits.tobytes().hex() + cv2.resize(small, (3, 3), interpolation=cv2.INTER_AREA).tobytes().hex()
