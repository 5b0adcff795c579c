import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.detector import metrics
from pipelines.detector.ranking import METRICS, RECALLS, ranking

CASES = st.lists(st.tuples(st.integers(-3, 3), st.integers(0, 1)), min_size=2, max_size=60).filter(
    lambda pairs: len({label for _, label in pairs}) == 2
)


def arrays(pairs):
    return np.array([s for s, _ in pairs], np.float64), np.array([label for _, label in pairs], np.int64)


def plain_bootstrap(metric, scores, labels, draws):
    rng = np.random.default_rng(0)
    classes = [np.flatnonzero(labels == label) for label in (0, 1)]
    values = []
    for _ in range(draws):
        chosen = np.concatenate([rng.choice(members, len(members)) for members in classes])
        values.append(metric(scores[chosen], labels[chosen]))
    return np.quantile(values, [0.025, 0.975])


@settings(max_examples=30)
@given(CASES)
def test_counting_gives_what_resampling_one_by_one_gives(pairs):
    scores, labels = arrays(pairs)
    for name, estimate in ranking(scores, labels, draws=40).items():
        assert estimate.value == pytest.approx(METRICS[name](scores, labels))
        low, high = plain_bootstrap(METRICS[name], scores, labels, 40)
        if name in RECALLS:
            ai = int(labels.sum())
            floor, ceiling = metrics.wilson(round(estimate.value * ai), ai)
            low, high = min(low, floor), max(high, ceiling)
        assert estimate.interval == pytest.approx((low, high))


def test_intervals_hold_the_value_and_repeat():
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1], 50)
    scores = rng.normal(labels, 1.0)
    found = ranking(scores, labels)
    assert found == ranking(scores, labels)
    for estimate in found.values():
        assert estimate.interval[0] < estimate.value < estimate.interval[1]


def test_large_sets_are_resampled_in_parts_with_the_same_result(monkeypatch):
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1], 40)
    scores = rng.normal(labels, 1.0)
    whole = ranking(scores, labels)
    monkeypatch.setattr("pipelines.detector.ranking._CELLS_AT_ONCE", 1000)
    assert ranking(scores, labels) == whole


def test_finding_none_is_not_certainty():
    scores, labels = np.repeat([1.0, 0.0], [100, 10]), np.repeat([0, 1], [100, 10])
    found = ranking(scores, labels)
    assert found["recall_at_1pct_fpr"].value == 0.0
    assert found["recall_at_1pct_fpr"].interval == pytest.approx(metrics.wilson(0, 10))


def test_one_class_is_refused():
    with pytest.raises(ValueError, match="both classes"):
        ranking(np.zeros(3), np.ones(3, np.int64))
