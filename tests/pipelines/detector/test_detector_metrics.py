import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.detector import metrics

CASES = st.lists(st.tuples(st.integers(-3, 3), st.integers(0, 1)), min_size=2, max_size=30).filter(
    lambda pairs: len({label for _, label in pairs}) == 2
)


def arrays(pairs):
    return np.array([s for s, _ in pairs], np.float64), np.array([label for _, label in pairs], np.int64)


@given(CASES)
def test_auc_is_the_share_of_pairs_in_order(pairs):
    scores, labels = arrays(pairs)
    ai, real = scores[labels == 1], scores[labels == 0]
    wins = (ai[:, None] > real).mean() + 0.5 * (ai[:, None] == real).mean()
    assert metrics.auc(scores, labels) == pytest.approx(wins)


@given(CASES)
def test_average_precision_is_the_sum_over_thresholds(pairs):
    scores, labels = arrays(pairs)
    total, before = 0.0, 0
    for threshold in sorted(set(scores), reverse=True):
        hits = int(labels[scores >= threshold].sum())
        total += (hits - before) * hits / int((scores >= threshold).sum())
        before = hits
    assert metrics.average_precision(scores, labels) == pytest.approx(total / labels.sum())


@given(st.lists(st.integers(-3, 3), min_size=1, max_size=50), st.sampled_from([0.0, 0.01, 0.05, 0.5, 1.0]))
def test_the_threshold_keeps_its_promise(values, rate):
    real = np.array(values, np.float64)
    assert (real >= metrics.threshold_for(real, rate)).mean() <= rate


def test_known_figures():
    scores, labels = np.array([0.9, 0.8, 0.3, 0.1]), np.array([1, 0, 1, 0])
    assert metrics.auc(scores, labels) == 0.75
    assert metrics.average_precision(scores, labels) == pytest.approx((1 + 2 / 3) / 2)
    assert metrics.recall_at(0.0)(scores, labels) == 0.5
    assert metrics.recall_at(0.5)(scores, labels) == 1.0


@pytest.mark.parametrize(
    ("hits", "n", "wanted"), [(0, 100, (0.0, 0.037)), (100, 100, (0.963, 1.0)), (5, 50, (0.043, 0.214))]
)
def test_wilson(hits, n, wanted):
    assert metrics.wilson(hits, n) == pytest.approx(wanted, abs=5e-4)


def test_wilson_of_nothing_is_refused():
    with pytest.raises(ValueError, match="leave the figure out"):
        metrics.wilson(0, 0)


def test_platt_finds_the_scale_that_made_the_labels():
    rng = np.random.default_rng(0)
    raws = rng.normal(0, 2, 20000)
    labels = (rng.random(20000) < 1 / (1 + np.exp(-1.5 * raws))).astype(np.int64)
    scale, bias = metrics.fit_platt(raws, labels)
    assert scale == pytest.approx(1.5, abs=0.08)
    assert bias == pytest.approx(0.0, abs=0.08)


@pytest.mark.parametrize(
    "raws", [[-1.0, -2.0, 1.0, 2.0], [1.0, 2.0, -1.0, -2.0], [0.0, 0.0, 0.0, 0.0], [1e4, 0.0, -1e4, 3.0]]
)
def test_platt_never_turns_the_order_and_stays_finite(raws):
    scale, bias = metrics.fit_platt(np.array(raws), np.array([0, 0, 1, 1]))
    assert scale > 0
    assert np.isfinite([scale, bias]).all()
