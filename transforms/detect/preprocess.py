"""From a decoded frame to the pixels a detector sees; examiner children import it: no torch, no Beam."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

# Where a view sits along (height, width): 0 is the top or left edge, 1 the bottom or right one.
_PLACES = ((0.5, 0.5), (0.0, 0.0), (1.0, 1.0), (0.0, 1.0), (1.0, 0.0))
MAX_VIEWS = len(_PLACES)


@dataclass(frozen=True)
class InputSpec:
    """What a detector wants to see of a frame.

    Attributes:
        size: Side of one square view, in pixels.
        views: Number of views per frame, 1 to 5: centre, top left, bottom right, top right, bottom left.
        short_side: Pixels. A frame whose short side is larger is scaled down to it; a smaller one stays.
    """

    size: int
    views: int
    short_side: int

    def __post_init__(self) -> None:
        """Refuse a spec that no frame could satisfy."""
        if not 16 <= self.size <= 1024:
            raise ValueError(f"input size is {self.size}; it must be 16 to 1024 pixels")
        if not 1 <= self.views <= MAX_VIEWS:
            raise ValueError(f"input views is {self.views}; it must be 1 to {MAX_VIEWS}")
        if not self.size <= self.short_side <= 4096:
            raise ValueError(f"input short_side is {self.short_side}; it must be {self.size} (size) to 4096 pixels")


def prepare(rgb: NDArray[np.uint8], spec: InputSpec) -> NDArray[np.uint8]:
    """Cut the views that a detector scores out of one frame.

    A frame is never enlarged, since interpolation looks like generation to a detector: a frame smaller than a
    view is continued by reflection. The same pixels and spec give the same views.

    Args:
        rgb: The frame, uint8 (H, W, 3), with H and W at least 1.
        spec: What the detector wants to see.

    Returns:
        uint8 (views, size, size, 3).

    Raises:
        ValueError: The array is not a non-empty uint8 (H, W, 3) picture.
    """
    if rgb.dtype != np.uint8 or rgb.ndim != 3 or rgb.shape[2] != 3 or 0 in rgb.shape:
        raise ValueError(f"a frame must be uint8 (H, W, 3) with H, W >= 1; this one is {rgb.dtype} {rgb.shape}")
    scaled = shrink(rgb, spec.short_side)
    height, width = scaled.shape[:2]
    views = np.empty((spec.views, spec.size, spec.size, 3), np.uint8)
    for view, (down, along) in zip(views, _PLACES, strict=False):
        rows = _window(height, spec.size, down)
        columns = _window(width, spec.size, along)
        view[...] = scaled[rows][:, columns]
    return views


def shrink(rgb: NDArray[np.uint8], short_side: int) -> NDArray[np.uint8]:
    """Scale a picture down, by area averaging, until its short side is at most `short_side` pixels.

    Args:
        rgb: uint8 (H, W, 3).
        short_side: The largest short side that stays as it is, in pixels.

    Returns:
        uint8 (H', W', 3): the same array where nothing had to be done.
    """
    height, width = rgb.shape[:2]
    short = min(height, width)
    if short <= short_side:
        return rgb
    size = (max(1, round(width * short_side / short)), max(1, round(height * short_side / short)))
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)


def synthetic_views(spec: InputSpec) -> NDArray[np.uint8]:
    """The question of a known-answer self test: a picture that integer arithmetic makes alike anywhere.

    Args:
        spec: What the detector wants to see.

    Returns:
        uint8 (views, size, size, 3): ramps, a checkerboard and pseudo-random grain.
    """
    view, row, column, channel = np.indices((spec.views, spec.size, spec.size, 3), dtype=np.uint32)
    ramp = (row * (3 + channel) + column * (5 - channel)) // 8
    board = ((row // 8 + column // 8 + view) % 2) * 64
    mixed = (row * 73_856_093) ^ (column * 19_349_663) ^ (channel * 83_492_791) ^ (view * 2_654_435)
    grain = (mixed * np.uint32(1_103_515_245) + np.uint32(12_345)) >> np.uint32(27)
    return ((ramp + board + grain) % 256).astype(np.uint8)


def _window(length: int, size: int, place: float) -> slice | NDArray[np.intp]:
    if length >= size:
        start = round((length - size) * place)
        return slice(start, start + size)
    period = max(1, 2 * (length - 1))
    folded = (np.arange(size) - (size - length) // 2) % period
    return np.minimum(folded, period - folded).clip(max=length - 1)
