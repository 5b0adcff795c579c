"""Open invisible watermarks: what Stable Diffusion 1 and 2, SDXL and FLUX write into a picture's colours.

Their reference code embeds a fixed message with the method ``dwtDct`` of the library ``invisible-watermark`` (MIT): one
bit in the largest coefficient of each 4 × 4 block of a Haar approximation of the U channel. This decoder is bit-equal
to that library's and torch-free, and asks another question: instead of counting equal bits, how well do their means
correlate with the message? Pictures of one colour, which decode to all ones, no longer come near a message.

Only the original pixels at their original size hold the message; saving as JPEG wears it out (``docs/marks.md`` has the
recall by quality). So it is evidence where it is found, and nothing where it is not.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from transforms.marks.mark import Mark, MarkClass, Says
from transforms.work import did

TOOL: Final = "aiqyn-watermark/1"
MOST_PIXELS: Final = 2048 * 2048
"""Larger pictures are not looked at: no generator known to embed one of the messages writes them at once."""

_LEAST_CORRELATION: Final = 0.7
"""The largest over 1,368 unmarked crops of 1024² pixels and two messages was 0.46."""
_LEAST_BLOCKS_PER_BIT: Final = 4
_STEP: Final = 36
_BLOCK: Final = 4


@dataclass(frozen=True, slots=True)
class Message:
    """A message that a generator's reference code embeds; ``bits`` in the order of embedding."""

    kind: str
    generator: str
    bits: tuple[int, ...]


def _bits_of(text: str) -> tuple[int, ...]:
    return tuple(int(bit) for byte in text.encode() for bit in f"{byte:08b}")


MESSAGES: Final = (
    Message("watermark.sd1", "Stable Diffusion 1", _bits_of("StableDiffusionV1")),
    Message("watermark.sd2", "Stable Diffusion 2", _bits_of("SDV2")),
    Message(
        "watermark.sdxl",
        "Stable Diffusion XL",
        tuple(map(int, "101100111110110010010000011110111011000110011110")),
    ),
    Message("watermark.flux", "FLUX.1", tuple(map(int, "001010101111111010000111100111001111010100101110"))),
)


def find_watermarks(rgb: NDArray[np.uint8]) -> list[Mark]:
    """Looks for every known message.

    Args:
        rgb: A picture at its native size, uint8 (height, width, 3); at most ``MOST_PIXELS``.

    Returns:
        One mark for each message found, with its correlation.
    """
    did("watermark_searches")
    bits = embedded_bits(rgb)
    marks = []
    for message in MESSAGES:
        correlation = correlate(bits, message.bits)
        if correlation > _LEAST_CORRELATION:
            facts = {"correlation": f"{correlation:.3f}", "generator": message.generator}
            marks.append(
                Mark("watermark", message.kind, Says.AI, MarkClass.HEURISTIC, "pixels", None, None, TOOL, facts=facts)
            )
    return marks


def embedded_bits(rgb: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """One bit for each 4 × 4 block of the Haar approximation of U (``dwtDct``, scale 36), row by row.

    Args:
        rgb: uint8 (height, width, 3).

    Returns:
        bool (blocks,); empty for a picture of less than 8 pixels a side.
    """
    height, width = (side // 4 * 4 for side in rgb.shape[:2])
    if not (height and width):
        return np.zeros(0, np.bool_)
    # The library's conversion, to the bit: OpenCV's YUV of an 8-bit picture.
    u = cv2.extractChannel(cv2.cvtColor(np.ascontiguousarray(rgb[:height, :width]), cv2.COLOR_RGB2YUV), 1)
    pairs = np.add(u[::2], u[1::2], dtype=np.uint16)
    approximation = pairs[:, ::2] + pairs[:, 1::2]  # twice the orthonormal Haar LL
    rows, columns = approximation.shape[0] // _BLOCK, approximation.shape[1] // _BLOCK
    approximation = approximation[: rows * _BLOCK, : columns * _BLOCK]
    # The message is in the largest coefficient of a block but for its first; sums of bytes are never negative.
    approximation[::_BLOCK, ::_BLOCK] = 0
    tallest = np.maximum.reduce([approximation[row::_BLOCK] for row in range(_BLOCK)])
    largest = np.maximum.reduce([tallest[:, column::_BLOCK] for column in range(_BLOCK)]).ravel()
    halves: NDArray[np.bool_] = largest % (2 * _STEP) > _STEP
    return halves


def correlate(bits: NDArray[np.bool_], message: tuple[int, ...]) -> float:
    """Pearson's correlation of the bits' means, one for each bit of the repeated message, with the message.

    Args:
        bits: bool (blocks,).
        message: Its bits, 0 or 1.

    Returns:
        -1 to 1; 0 where there are too few blocks, or where all means are equal.
    """
    if len(bits) < _LEAST_BLOCKS_PER_BIT * len(message):
        return 0.0
    position = np.arange(len(bits)) % len(message)
    means = np.bincount(position, bits) / np.bincount(position)
    if np.ptp(means) == 0:
        return 0.0
    return float(np.corrcoef(means, message)[0, 1])
