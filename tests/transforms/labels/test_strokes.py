"""Letters told from the photograph behind them."""

import numpy as np
import pytest

from transforms.examine.frames import Pixels
from transforms.labels.strokes import strokes_alone, without_background

LETTERS = np.s_[16:32, 40:44]


def line(background: Pixels, change: int) -> Pixels:
    """Two strokes, that many levels lighter or darker than a background, uint8 (48, 200, 3)."""
    pixels = background.astype(np.int16)
    pixels[LETTERS] += change
    pixels[16:32, 120:124] += change
    return pixels.clip(0, 255).astype(np.uint8)


def slope() -> Pixels:
    return np.repeat(np.tile(np.linspace(60, 200, 200), (48, 1))[..., None], 3, axis=2).astype(np.uint8)


@pytest.mark.parametrize("change", [12, 25, -25])
def test_faint_letters_stand_out_of_what_changes_slowly(change: int) -> None:
    faint = line(slope(), change)
    found = without_background(faint).astype(int)
    assert abs(found[:, 60:110].mean() - 128) < 20, "the background is grey"
    contrast = (found[LETTERS].mean() - found[16:32, 48:60].mean()) * np.sign(change)
    assert contrast > 2 * abs(change)


@pytest.mark.parametrize("change", [25, -25])
def test_strokes_alone_are_white(change: int) -> None:
    found = strokes_alone(line(slope(), change)).astype(int)
    assert found[LETTERS].mean() > 200
    assert found[:, 60:110].mean() < 60


@pytest.mark.parametrize("shape", [(1, 1, 3), (3, 400, 3), (48, 16, 3)])
def test_lines_of_any_size_and_without_any_letter(shape: tuple[int, int, int]) -> None:
    flat = np.full(shape, 90, np.uint8)
    assert without_background(flat).shape == strokes_alone(flat).shape == shape
    assert (abs(without_background(flat).astype(int) - 128) <= 1).all()
