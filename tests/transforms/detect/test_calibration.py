import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

import configs
from transforms.detect.calibration import calibrate, level, roll_up
from transforms.detect.package import RollUp, load_package

CONFIG = load_package(configs.DEFAULT_DETECTOR).config
RAWS = st.floats(-1e6, 1e6)
ROLL_UPS = [RollUp(), RollUp(rule="trimmed_mean", share=0.2), RollUp(rule="top", share=0.25)]


@given(RAWS, RAWS)
def test_calibration_stays_in_range_and_order(a, b):
    low, high = sorted((a, b))
    assert 0.0 <= calibrate(low, CONFIG) <= calibrate(high, CONFIG) <= 1.0


@pytest.mark.parametrize("raw", [math.nan, math.inf, -math.inf])
def test_a_broken_score_never_reads_as_low(raw):
    with pytest.raises(ValueError, match="no score"):
        calibrate(raw, CONFIG)


@given(st.sampled_from(ROLL_UPS), st.lists(st.floats(-50, 50), min_size=1, max_size=20), st.randoms())
def test_roll_up_does_not_depend_on_the_order(rule, raws, random):
    config = CONFIG.model_copy(update={"rollup": rule})
    shuffled = list(raws)
    random.shuffle(shuffled)
    assert roll_up(raws, config) == roll_up(shuffled, config)
    assert min(raws) - 1e-9 <= roll_up(raws, config) <= max(raws) + 1e-9


@pytest.mark.parametrize(("rule", "expected"), list(zip(ROLL_UPS, [2.8, (1 + 2 + 3) / 3, 8.0], strict=True)))
def test_each_rule_rolls_up_as_it_says(rule, expected):
    assert roll_up([0.0, 1.0, 2.0, 3.0, 8.0], CONFIG.model_copy(update={"rollup": rule})) == pytest.approx(expected)


def test_an_item_without_frames_has_no_score():
    with pytest.raises(ValueError, match="no frame"):
        roll_up([], CONFIG)


def test_levels_begin_at_their_thresholds(tiny_package):
    config = load_package(str(tiny_package)).config
    found = [level(score, config) for score in (0.0, 0.4999, 0.5, 0.8999, 0.9, 1.0)]
    assert found == ["none", "none", "elevated", "elevated", "suspected", "suspected"]


def test_a_score_that_is_neither_low_nor_high_is_undecided(tiny_package, edit):
    band = {"from_score": 0.3, "target_miss_rate": 0.05, "miss_rate": 0.05, "interval": [0.0, 0.1], "n": 20}
    edit(tiny_package, "abstention", {**band, "measured_on": "nothing"})
    config = load_package(str(tiny_package)).config
    assert [level(score, config) for score in (0.0, 0.29, 0.3, 0.49, 0.5)] == [
        "none", "none", "undecided", "undecided", "elevated",
    ]  # fmt: skip


def test_at_equal_thresholds_the_stronger_level_is_stated(tiny_package, edit):
    edit(tiny_package, "operating_points.0.threshold", 0.9)
    assert level(0.9, load_package(str(tiny_package)).config) == "suspected"
