import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.detector.operating import (
    COLUMNS,
    MISS_TARGET,
    TARGETS,
    calibrate_scores,
    needed_for,
    rate_within,
    shortfalls,
    threshold_within,
)
from transforms.detect.calibration import apply_platt
from transforms.detect.package import DetectorError


def predictions(*groups):
    """Rows of groups (label, source, treatment, raws)."""
    rows = [
        (f"{source}/{i}", label, source, treatment, raw)
        for label, source, treatment, raws in groups
        for i, raw in enumerate(raws)
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def drawn(seed, shifts, n=400):
    rng = np.random.default_rng(seed)
    groups = [
        (label, source, treatment, rng.normal(shift + (treatment == "jpeg") * 0.4, 1.0, n))
        for label, source, shift in shifts
        for treatment in ("as_is", "jpeg")
    ]
    return predictions(*groups)


SHIFTS = [(0, "phones", -1.0), (0, "studio", -2.0), (1, "old", 1.0), (1, "new", 0.5)]


def rates(rows, calibration, threshold, label):
    chosen = rows[rows["label"] == label]
    reached = pd.Series([apply_platt(raw, calibration) >= threshold for raw in chosen["raw"]], chosen.index)
    return reached.groupby([chosen["treatment"], chosen["source"]]).agg(["sum", "size"])


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_targets_hold_over_pictures_and_over_sources_in_every_treatment(seed):
    rows = drawn(seed, SHIFTS)
    calibration, points, band = calibrate_scores(rows)
    assert [point.level for point in points] == ["elevated", "suspected"]
    for point in points:
        found = rates(rows, calibration, point.threshold, 0)
        pooled = found.groupby(level=0).sum()
        assert (pooled["sum"] / pooled["size"]).max() <= TARGETS[point.level]
        assert (found["sum"] / found["size"]).groupby(level=0).mean().max() <= TARGETS[point.level] + 1e-9
        shares = pooled["sum"] / pooled["size"]
        assert point.false_alarm_rate == round(float(shares.max()), 4)
        assert point.n == 800
        worst = shares.index[shares == shares.max()]
        assert any(f"worst treatment ({name})" in point.measured_on for name in worst)
    kept = rates(rows, calibration, band.from_score, 1).groupby(level=0).sum()
    assert 1 - (kept["sum"] / kept["size"]).min() <= MISS_TARGET + 1e-9
    assert band.from_score <= points[0].threshold <= points[1].threshold


@pytest.mark.parametrize(
    ("n", "target", "hits"),
    [(10, 0.01, 0), (298, 0.01, 0), (299, 0.01, 0), (473, 0.01, 1), (59, 0.05, 0), (93, 0.05, 1)],
)
def test_a_rate_leaves_room_for_chance(n, target, hits):
    # Clopper and Pearson's one-sided 95 % limit of 0 of 299 and of 1 of 473 is 1 %; of 0 of 59 and of 1 of 93, 5 %.
    assert rate_within(n, target) == pytest.approx(hits / n)


def test_pictures_of_small_sources_count_as_one_source():
    many = [(0, f"tiny {i}", "as_is", [3.0, -3.0, -3.0]) for i in range(4)]
    large = [(0, f"large {i}", "as_is", np.linspace(-3, -2, 300)) for i in range(9)]
    points = calibrate_scores(predictions(*many, *large, (1, "ai", "as_is", [1.0] * 60)))[1]
    assert "mean over 10 source(s)" in points[0].measured_on


def test_a_small_hard_source_weighs_as_much_as_a_large_easy_one():
    easy = (0, "easy", "as_is", np.linspace(-3, -2, 970))
    hard = (0, "hard", "as_is", np.linspace(0, 1, 30))
    calibration, points, _ = calibrate_scores(predictions(easy, hard, (1, "ai", "as_is", np.linspace(-1, 2, 100))))
    at_hard = np.mean([apply_platt(raw, calibration) >= points[0].threshold for raw in hard[3]])
    # Over pictures 5 % would let every picture of the hard source through (30 of 1,000).
    assert at_hard <= 0.1
    assert "at worst 100.0% (hard)" in points[0].measured_on


def test_one_source_says_nothing_about_new_ones():
    rows = predictions((0, "one", "as_is", [-1.0, -2.0]), (1, "ai", "as_is", [1.0]))
    assert "nothing is known about new ones" in calibrate_scores(rows)[1][0].measured_on


def test_a_source_that_the_others_cannot_bound_does_not_stop_calibration():
    saturated = (0, "bright", "as_is", [1e6] * 9 + [0.0] * 191)
    calm = [(0, f"calm {i}", "as_is", np.linspace(-3, -2, 400)) for i in range(9)]
    rows = predictions(saturated, *calm, (1, "a", "as_is", [1e6] * 50))
    points = calibrate_scores(rows)[1]
    assert all(point.false_alarm_rate <= point.target_false_alarm_rate for point in points)


def test_scores_that_are_missing_are_left_out():
    rows = drawn(3, SHIFTS, n=50)
    holes = pd.concat([rows, rows.assign(raw=float("nan"), path="hole")])
    assert calibrate_scores(rows) == calibrate_scores(holes)


def test_a_detector_that_separates_perfectly_abstains_nowhere():
    rows = predictions((0, "r", "as_is", np.linspace(-9, -8, 50)), (1, "a", "as_is", np.linspace(8, 9, 50)))
    _, points, band = calibrate_scores(rows)
    assert band.from_score == points[0].threshold
    assert band.miss_rate == 0.0


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        (predictions((0, "r", "as_is", [1.0, 2.0])), "one_class"),
        (predictions((0, "r", "as_is", [1.0]), (1, "a", "as_is", [float("nan")])), "one_class"),
        (predictions((0, "r", "as_is", [1.0]), (1, "a", "as_is", [float("inf")])), "score_not_finite"),
        (predictions((0, "r", "as_is", [0.0] * 50 + [1e6] * 9), (1, "a", "as_is", [1e6] * 999)), "saturated_scores"),
    ],
)
def test_what_cannot_be_calibrated_is_refused(rows, code):
    with pytest.raises(DetectorError) as caught:
        calibrate_scores(rows)
    assert caught.value.code == code


def test_the_order_of_the_rows_does_not_matter():
    rows = drawn(4, SHIFTS, n=60)
    first, second = calibrate_scores(rows), calibrate_scores(rows.sample(frac=1.0, random_state=1))
    assert first == second


@settings(max_examples=60)
@given(st.lists(st.sampled_from([0.0, 0.2, 0.5, 0.9, 1.0]), min_size=1, max_size=40), st.floats(0.0, 0.5))
def test_the_threshold_is_the_lowest_that_keeps_the_target(scores, target):
    array, weights = np.array(scores), np.full(len(scores), 1.0 / len(scores))
    threshold = threshold_within(array, weights, target)
    assert (array >= threshold).mean() <= target + 1e-6
    below = array[array < threshold].max()
    assert (array >= below).mean() > target


def test_how_many_pictures_a_claim_needs():
    assert (needed_for(0.01), needed_for(0.05)) == (299, 59)
    assert shortfalls(299, 59) == []
    assert shortfalls(298, 59) == ["299 real pictures are needed for a claim of at most 1% false alarms, 298 are there"]
    assert len(shortfalls(0, 0)) == 2
