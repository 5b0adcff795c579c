"""Embeds the open invisible watermarks, as ``invisible-watermark`` 0.2.0 (MIT) does with its method ``dwtDct``."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

_STEP: Final = 36
_BLOCK: Final = 4


def embed(rgb: NDArray[np.uint8], bits: tuple[int, ...]) -> NDArray[np.uint8]:
    """The picture with the message in its U channel: a bit for each 4 × 4 block of the Haar approximation, repeated.

    Args:
        rgb: uint8 (height, width, 3).
        bits: The message.
    """
    yuv = cv2.cvtColor(np.ascontiguousarray(rgb), cv2.COLOR_RGB2YUV).astype(np.float64)
    height, width = (side // 4 * 4 for side in rgb.shape[:2])
    u = yuv[:height, :width, 1]
    a, b, c, d = u[::2, ::2], u[::2, 1::2], u[1::2, ::2], u[1::2, 1::2]
    low = (a + b + c + d) / 2
    rows, columns = low.shape[0] // _BLOCK, low.shape[1] // _BLOCK
    blocks = low[: rows * _BLOCK, : columns * _BLOCK].reshape(rows, _BLOCK, columns, _BLOCK).transpose(0, 2, 1, 3)
    blocks = blocks.reshape(rows * columns, _BLOCK * _BLOCK)
    number = np.arange(len(blocks))
    largest = np.abs(blocks[:, 1:]).argmax(1) + 1
    wanted = np.asarray(bits)[number % len(bits)]
    change = np.zeros_like(blocks)
    values = blocks[number, largest]
    change[number, largest] = (values // _STEP + 0.25 + 0.5 * wanted) * _STEP - values
    changes = change.reshape(rows, columns, _BLOCK, _BLOCK).transpose(0, 2, 1, 3)
    changes = changes.reshape(rows * _BLOCK, columns * _BLOCK)
    # What is added to the approximation is added, halved, to each of its four pixels.
    u[: 2 * rows * _BLOCK, : 2 * columns * _BLOCK] += np.kron(changes, np.full((2, 2), 0.5))
    return cv2.cvtColor(yuv.clip(0, 255).astype(np.uint8), cv2.COLOR_YUV2RGB)
