"""Base rates: what measured rates mean in an archive where AI is rare."""

from pipelines.detector.record import BaseRate, Rate
from transforms.detect.package import Interval

PREVALENCES = (0.001, 0.01, 0.1)
ITEMS = 100_000


def right_share(prevalence: float, recall: float, false_alarm_rate: float) -> float | None:
    """The share of accusations that are right (positive predictive value); None where there are none."""
    right, wrong = prevalence * recall, (1 - prevalence) * false_alarm_rate
    return right / (right + wrong) if right + wrong else None


def base_rate(prevalence: float, recall: Rate, false_alarms: Rate) -> BaseRate:
    """Expected accusations among `ITEMS` assessed items.

    Args:
        prevalence: The share of AI, 0 to 1.
        recall: Of AI items, at one operating point after one treatment.
        false_alarms: Of real items, at the same.
    """
    n_ai, n_real = ITEMS * prevalence, ITEMS * (1 - prevalence)
    share = right_share(prevalence, recall.share, false_alarms.share)
    low = right_share(prevalence, recall.interval[0], false_alarms.interval[1])
    high = right_share(prevalence, recall.interval[1], false_alarms.interval[0])
    return BaseRate(
        level=recall.level,
        treatment=recall.treatment,
        prevalence=prevalence,
        items=ITEMS,
        false_accusations=round(n_real * false_alarms.share, 1),
        false_accusations_interval=_scaled(n_real, false_alarms.interval),
        true_finds=round(n_ai * recall.share, 1),
        true_finds_interval=_scaled(n_ai, recall.interval),
        right_share=None if share is None else round(share, 4),
        # Wilson's upper ends are never 0, so both ends exist.
        right_share_interval=None if low is None or high is None else (round(low, 4), round(high, 4)),
    )


def base_rates(rates: list[Rate]) -> list[BaseRate]:
    """The table over every operating point and treatment that both classes were measured at.

    Args:
        rates: As `breakdown.rates` gives them; only those over all items count.
    """
    pooled = {(rate.level, rate.treatment, rate.label): rate for rate in rates if rate.group == "all"}
    return [
        base_rate(prevalence, recall, pooled[level, treatment, "real"])
        for (level, treatment, label), recall in pooled.items()
        if label == "ai" and (level, treatment, "real") in pooled
        for prevalence in PREVALENCES
    ]


def _scaled(items: float, interval: Interval) -> Interval:
    return round(items * interval[0], 1), round(items * interval[1], 1)
