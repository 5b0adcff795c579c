import cv2
import numpy as np
import pytest

from pipelines.detector.augment import TREATMENTS, jpeg, training_view
from transforms.detect.preprocess import InputSpec

SPEC = InputSpec(size=32, views=1, short_side=48)


@pytest.mark.parametrize("shape", [(1, 1, 3), (10, 200, 3), (90, 70, 3), (33, 32, 3), (300, 400, 3)])
def test_every_size_gives_a_view_and_chance_comes_from_the_generator_only(shape):
    rgb = np.random.default_rng(1).integers(0, 256, shape, np.uint8)
    before = rgb.copy()
    for seed in range(20):
        view = training_view(rgb, SPEC, np.random.default_rng(seed))
        assert view.shape == (32, 32, 3)
        assert view.dtype == np.uint8
        assert np.array_equal(view, training_view(rgb, SPEC, np.random.default_rng(seed)))
    assert np.array_equal(rgb, before)


@pytest.mark.parametrize("name", TREATMENTS)
@pytest.mark.parametrize("shape", [(1, 1, 3), (41, 60, 3)])
def test_treatments_are_repeatable_and_keep_channels_in_order(name, shape):
    rgb = np.zeros(shape, np.uint8)
    rgb[..., 0] = 200
    treated = TREATMENTS[name](rgb)
    assert np.array_equal(treated, TREATMENTS[name](rgb))
    assert treated[..., 0].mean() > 150 > treated[..., 2].mean()
    sizes = {
        "half": {(1, 1, 3): (1, 1), (41, 60, 3): (20, 30)},
        "screenshot": {(1, 1, 3): (1, 1), (41, 60, 3): (27, 38)},
    }
    assert treated.shape[:2] == sizes.get(name, {}).get(shape, shape[:2])


def test_a_screenshot_moves_the_block_grid():
    rgb = np.random.default_rng(0).integers(0, 256, (200, 200, 3), np.uint8)
    scaled = cv2.resize(rgb, (144, 144), interpolation=cv2.INTER_LINEAR)
    assert np.array_equal(TREATMENTS["screenshot"](rgb), jpeg(np.ascontiguousarray(scaled[3:, 5:]), 85))
    assert not np.array_equal(TREATMENTS["screenshot"](rgb), jpeg(scaled, 85)[3:, 5:])
