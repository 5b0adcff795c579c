"""For how long a label is shown: in which of the frames looked at it stands, and how much time these stand for."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from transforms.examine.frames import Frame, Pixels
from transforms.labels.lines import Box

_LEAST_LIKENESS: Final = 0.45


def present_in(frames: Sequence[Frame], seen: Pixels, box: Box) -> list[int]:
    """Indices of the frames that show at a place what was seen there.

    What is compared is the fine structure, in which letters outweigh the photograph behind them: the normalised
    cross-correlation of both, after what is wider than a letter was taken away.

    Args:
        frames: All of the size of ``seen``.
        seen: The frame or composite in which the label was found, uint8 (H, W, 3).
        box: Where it stands.
    """
    wanted = _fine(box.cut_from(seen), box.height)
    return [
        index
        for index, frame in enumerate(frames)
        if _likeness(wanted, _fine(box.cut_from(frame.rgb), box.height)) >= _LEAST_LIKENESS
    ]


def shown_times(times_ms: Sequence[float], duration_ms: float, present: Sequence[int]) -> tuple[float, float, float]:
    """When something is first seen, last seen, and for how long in all, in milliseconds.

    Every frame stands for the time up to halfway to its neighbours, the first and the last up to the ends.

    Args:
        times_ms: Of all frames looked at, in order.
        duration_ms: Of the video.
        present: Indices of the frames that show it, in order; not empty.
    """
    middles = [(one + other) / 2 for one, other in pairwise(times_ms)]
    edges = [times_ms[0], *middles, max(times_ms[-1], times_ms[0] + duration_ms)]
    shown = sum(edges[index + 1] - edges[index] for index in present)
    return round(times_ms[present[0]], 3), round(times_ms[present[-1]], 3), round(shown, 3)


def _fine(rgb: Pixels, line_height: int) -> NDArray[np.float32]:
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32)
    return np.asarray(grey - cv2.GaussianBlur(grey, (0, 0), max(1.0, line_height / 4)), np.float32)


def _likeness(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    spread = float(np.sqrt((one * one).sum() * (other * other).sum()))
    return float((one * other).sum()) / spread if spread > 0 else 0.0
