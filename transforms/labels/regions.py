"""Which parts of a frame are worth a closer look: those in which a rough look suspects text at all."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

CELL = 32
"""Pixels of the closer look that are looked at together, each way: the network's step."""
_SUSPECTED = 0.01
_PER_CELL = 4
_MOST_WASTE = 2
"""Cells that two regions may hold more as one than apart: one look costs less than two."""
_WHOLE = 0.8


@dataclass(frozen=True, slots=True)
class Region:
    """Cells of a frame: columns ``left`` to before ``right``, rows ``top`` to before ``bottom``."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def area(self) -> int:
        """In cells."""
        return (self.right - self.left) * (self.bottom - self.top)

    def joined(self, other: "Region") -> "Region":
        """The smallest region around both."""
        return Region(
            min(self.left, other.left),
            min(self.top, other.top),
            max(self.right, other.right),
            max(self.bottom, other.bottom),
        )


def suspected_regions(marked: Sequence[NDArray[np.float32]], rows: int, columns: int) -> list[Region]:
    """The regions of a frame in which text is suspected, with a cell around them; none in most frames.

    Args:
        marked: Probabilities of text from rough looks at the whole frame, float32 (H, W) each of its own size.
        rows: Of cells in the frame.
        columns: Likewise.

    Returns:
        From top to bottom; one of everything where they would take up most of the frame.
    """
    fine = (columns * _PER_CELL, rows * _PER_CELL)
    cells = np.zeros((rows, columns), bool)
    for one in marked:
        suspected = cv2.resize((one > _SUSPECTED).astype(np.float32), fine, interpolation=cv2.INTER_AREA)
        grown = cv2.dilate(suspected, np.ones((3, 3), np.uint8))
        cells |= grown.reshape(rows, _PER_CELL, columns, _PER_CELL).max(axis=(1, 3)) > 0
    if not cells.any():
        return []
    cells = cv2.dilate(cells.astype(np.uint8), np.ones((1, 3), np.uint8))
    count, _, found, _ = cv2.connectedComponentsWithStats(cells, connectivity=8)
    regions = _merged([Region(x, y, x + width, y + height) for x, y, width, height, _ in found[1:count].tolist()])
    if sum(region.area for region in regions) > _WHOLE * rows * columns:
        return [Region(0, 0, columns, rows)]
    return regions


def _merged(regions: list[Region]) -> list[Region]:
    """The regions, those joined that overlap or that cost less together, until none is left to join."""
    done: list[Region] = []
    waiting = list(regions)
    while waiting:
        region = waiting.pop()
        near = next((one for one in done if region.joined(one).area <= region.area + one.area + _MOST_WASTE), None)
        if near is None:
            done.append(region)
        else:
            done.remove(near)
            waiting.append(region.joined(near))
    return sorted(done, key=lambda one: (one.top, one.left))
