import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.detector.metrics import wilson
from pipelines.detector.reliability import reliability

CASES = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 1)), min_size=1, max_size=60)


def test_bins_and_error_by_hand():
    scores = np.array([0.1, 0.2, 0.3, 0.6, 0.9, 1.0])
    labels = np.array([0, 0, 1, 1, 1, 0])
    found = reliability("as_is", scores, labels, bins=2)
    assert [(b.low, b.high, b.n) for b in found.bins] == [(0.0, 0.5, 3), (0.5, 1.0, 3)]
    assert [b.mean_score for b in found.bins] == [0.2, 0.8333]
    assert [b.ai_share for b in found.bins] == [0.3333, 0.6667]
    assert found.bins[0].interval == pytest.approx(wilson(1, 3), abs=1e-4)
    # (3 * |0.2 - 1/3| + 3 * |0.8333 - 2/3|) / 6
    assert found.expected_calibration_error == pytest.approx(0.15, abs=1e-4)
    assert found.ai_share == 0.5
    assert found.balanced_error == found.expected_calibration_error


def test_balance_matters_to_one_error_and_not_to_the_other():
    # Half of those scored 0.5 are AI where classes weigh the same; here one in ten is.
    scores, labels = np.full(100, 0.5), np.repeat([0, 1], [90, 10])
    found = reliability("as_is", scores, labels)
    assert (found.ai_share, found.expected_calibration_error, found.balanced_error) == (0.1, 0.4, 0.0)


@given(CASES)
def test_every_item_is_in_one_bin_and_errors_are_shares(pairs):
    scores, labels = np.array([s for s, _ in pairs]), np.array([label for _, label in pairs])
    found = reliability("as_is", scores, labels)
    assert sum(b.n for b in found.bins) == len(pairs)
    for b in found.bins:
        if b.n:
            assert b.low - 1e-4 <= b.mean_score <= b.high + 1e-4
            assert b.interval[0] <= b.ai_share <= b.interval[1]
        else:
            assert (b.mean_score, b.ai_share, b.interval) == (None, None, None)


def test_one_class_alone():
    found = reliability("as_is", np.array([0.2, 0.4]), np.array([0, 0]))
    assert found.expected_calibration_error == pytest.approx(0.3)
