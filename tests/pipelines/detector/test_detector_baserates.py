import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.detector.baserates import PREVALENCES, base_rate, base_rates, right_share
from pipelines.detector.metrics import wilson
from pipelines.detector.record import Rate

SHARE = st.floats(0, 1)
COUNT = st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def rate(label, hits, n, *, treatment="as_is", group="all"):
    low, high = wilson(hits, n)
    return Rate(
        level="suspected",
        group=group,
        name=group,
        label=label,
        treatment=treatment,
        hits=hits,
        n=n,
        share=hits / n,
        interval=(low, high),
    )


@pytest.mark.parametrize(
    ("prevalence", "recall", "false_alarm_rate", "wanted"),
    [
        (0.01, 0.5, 0.01, 0.005 / 0.0149),  # 500 finds and 990 false accusations in 100,000
        (0.001, 1.0, 0.01, 0.001 / 0.01099),
        (0.1, 0.9, 0.0, 1.0),
        (0.1, 0.0, 0.2, 0.0),
        (0.5, 0.3, 0.3, 0.5),
        (0.1, 0.0, 0.0, None),
    ],
)
def test_the_share_of_accusations_that_are_right(prevalence, recall, false_alarm_rate, wanted):
    assert right_share(prevalence, recall, false_alarm_rate) == (None if wanted is None else pytest.approx(wanted))


@pytest.mark.parametrize(
    ("prevalence", "false_accusations", "true_finds", "right"),
    [(0.001, 999.0, 50.0, 0.0477), (0.01, 990.0, 500.0, 0.3356), (0.1, 900.0, 5000.0, 0.8475)],
)
def test_expected_counts(prevalence, false_accusations, true_finds, right):
    found = base_rate(prevalence, rate("ai", 50, 100), rate("real", 5, 500))
    assert (found.false_accusations, found.true_finds, found.right_share) == (false_accusations, true_finds, right)
    # Wilson: 5 of 500 is 0.0043 to 0.0232, 50 of 100 is 0.4038 to 0.5962.
    assert found.false_accusations_interval == pytest.approx(
        (100_000 * (1 - prevalence) * 0.00428, 100_000 * (1 - prevalence) * 0.02320), rel=2e-3
    )
    assert found.true_finds_interval == pytest.approx(
        (100_000 * prevalence * 0.4038, 100_000 * prevalence * 0.5962), rel=2e-3
    )


def test_nothing_accused_gives_no_share_and_still_its_bounds():
    found = base_rate(0.01, rate("ai", 0, 10), rate("real", 0, 10))
    assert found.right_share is None
    assert found.right_share_interval == (0.0, 1.0)


@given(st.sampled_from(PREVALENCES), COUNT, COUNT)
def test_intervals_hold_their_value(prevalence, ai, real):
    found = base_rate(prevalence, rate("ai", *ai), rate("real", *real))
    assert found.false_accusations_interval[0] <= found.false_accusations <= found.false_accusations_interval[1]
    assert found.true_finds_interval[0] <= found.true_finds <= found.true_finds_interval[1]
    assert 0 <= found.true_finds <= found.items * prevalence
    if found.right_share is not None:
        assert found.right_share_interval[0] <= found.right_share <= found.right_share_interval[1]


@given(SHARE, SHARE, SHARE, SHARE)
def test_the_rarer_ai_is_the_fewer_accusations_are_right(one, other, recall, false_alarm_rate):
    shares = [right_share(p, recall, false_alarm_rate) for p in sorted((one, other))]
    if None not in shares:
        assert shares[0] <= shares[1] + 1e-12


def test_only_pairs_over_all_items_stand_in_the_table():
    rates = [
        rate("ai", 1, 2),
        rate("real", 1, 2),
        rate("ai", 1, 2, group="source"),
        rate("ai", 1, 2, treatment="half"),
    ]
    assert [(b.treatment, b.prevalence) for b in base_rates(rates)] == [("as_is", p) for p in PREVALENCES]
