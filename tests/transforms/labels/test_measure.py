"""Height and contrast of drawn letters are measured, whatever is behind them."""

import numpy as np
import pytest

from tests.transforms.labels.drawn import scenery, write
from transforms.labels.measure import measure


@pytest.mark.parametrize("em", [20, 36, 60])
@pytest.mark.parametrize(("ground", "ink"), [(60, 255), (200, 20), (100, 160)])
def test_height_and_contrast_on_an_even_ground(em: int, ground: int, ink: int) -> None:
    frame = np.full((em * 3, em * 10, 3), ground, np.uint8)
    line = write(frame, "ЖИ жасаған", (em, 2 * em), em, colour=(ink, ink, ink))[em // 2 : em * 5 // 2]
    inked = np.flatnonzero((line[..., 0] != ground).any(axis=1))
    height, contrast = measure(line)
    assert height == pytest.approx(inked[-1] - inked[0] + 1, rel=0.2)
    assert contrast == pytest.approx(abs(ink - ground), rel=0.25)


def test_opacity_lowers_contrast() -> None:
    ground = scenery(600, 120)
    strong, faint = (write(ground, "Создано ИИ", (40, 80), 40, alpha=alpha)[30:100] for alpha in (1.0, 0.4))
    assert measure(faint)[1] < 0.7 * measure(strong)[1]


def test_a_plain_patch_has_no_contrast() -> None:
    assert measure(np.full((40, 200, 3), 90, np.uint8)) == (40.0, 0.0)


@pytest.mark.parametrize("shape", [(1, 1, 3), (2, 300, 3), (300, 2, 3)])
def test_slivers_are_measured_without_complaint(shape: tuple[int, ...]) -> None:
    assert measure(np.zeros(shape, np.uint8))[1] == 0.0
