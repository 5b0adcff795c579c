"""The closer look goes where a rough one suspects text, and nowhere else."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from transforms.labels.regions import Region, suspected_regions

ROWS, COLUMNS = 12, 20


def marked(*spots: tuple[int, int], probability: float = 0.5, scale: int = 20) -> NDArray[np.float32]:
    """A rough look in which single pixels in the middle of those cells (row, column) are marked."""
    look = np.zeros((ROWS * scale, COLUMNS * scale), np.float32)
    for row, column in spots:
        look[row * scale + scale // 2, column * scale + scale // 2] = probability
    return look


@pytest.mark.parametrize(
    ("looks", "regions"),
    [
        pytest.param([marked()], [], id="nothing suspected"),
        pytest.param([marked((5, 5), probability=0.009)], [], id="too faint to suspect"),
        pytest.param([marked((5, 5))], [Region(4, 5, 7, 6)], id="a spot, and a cell on either side"),
        pytest.param([marked((0, 0))], [Region(0, 0, 2, 1)], id="at the corner"),
        pytest.param([marked((5, 5), (5, 8))], [Region(4, 5, 10, 6)], id="one line in two pieces"),
        pytest.param(
            [marked((1, 2), (10, 17))], [Region(1, 1, 4, 2), Region(16, 10, 19, 11)], id="far apart: two looks"
        ),
        pytest.param(
            [marked((1, 2)), marked((10, 17), scale=12)],
            [Region(1, 1, 4, 2), Region(16, 10, 19, 11)],
            id="of two copies of other sizes",
        ),
        pytest.param(
            [np.ones((ROWS * 8, COLUMNS * 8), np.float32)], [Region(0, 0, COLUMNS, ROWS)], id="everything: one look"
        ),
    ],
)
def test_regions(looks: list[NDArray[np.float32]], regions: list[Region]) -> None:
    assert suspected_regions(looks, ROWS, COLUMNS) == regions


@given(st.lists(st.tuples(st.integers(0, ROWS - 1), st.integers(0, COLUMNS - 1)), max_size=30))
def test_whatever_is_suspected_is_looked_at(spots: list[tuple[int, int]]) -> None:
    regions = suspected_regions([marked(*spots)], ROWS, COLUMNS)
    assert all(0 <= one.left < one.right <= COLUMNS and 0 <= one.top < one.bottom <= ROWS for one in regions)
    for row, column in spots:
        assert any(one.top <= row < one.bottom and one.left <= column < one.right for one in regions)
