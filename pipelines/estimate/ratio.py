"""From a stratified sample to a total with its interval: expansion and ratio estimators.

W. G. Cochran, Sampling Techniques, 3rd ed. (1977): 2.6 (expansion), 6.3 and 6.4 (ratio, its variance), 5.4 (degrees of
freedom, after Satterthwaite), 6.10 (each stratum its own ratio).
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import NormalDist

CONFIDENCE = 0.95
_FEWEST_FOR_RATIO = 10
"""Below, the bias of a ratio estimator, of the order 1/n, may not be left out of account (Cochran 6.8)."""


@dataclass(frozen=True, slots=True)
class Expansion:
    """How the sample of one stratum stands for the whole.

    Attributes:
        factor: What one sampled unit counts for; any sum over the sample times this is the stratum's total.
        is_ratio: Whether bytes were the measure, and not the number of places.
        total: Of the quantity from which the measure was chosen.
        variance: Of the total; 0 where all was sampled, infinite where one place stands for several.
        freedom: Degrees of freedom of the variance.
    """

    factor: float
    is_ratio: bool
    total: float
    variance: float
    freedom: int


def expand(values: Sequence[float], sizes: Sequence[float], places: int, size: float) -> Expansion:
    """A stratum's total by the number of places or by their size, whichever has the smaller variance.

    Args:
        values: Of the sampled places, at least one.
        sizes: Of the same places.
        places: Of the whole stratum.
        size: Of all its places together.

    Raises:
        ValueError: Nothing was sampled.
    """
    sampled = len(values)
    if sampled == 0:
        raise ValueError("a stratum of which nothing was sampled has no estimate")
    if sampled == places:
        return Expansion(1.0, False, math.fsum(values), 0.0, sampled - 1)
    mean = math.fsum(values) / sampled
    by_number = _variance([value - mean for value in values], places)
    simple = Expansion(places / sampled, False, places * mean, by_number, sampled - 1)
    of_sample = math.fsum(sizes)
    if sampled < _FEWEST_FOR_RATIO or of_sample <= 0:
        return simple
    ratio = math.fsum(values) / of_sample
    by_size = _variance([value - ratio * one for value, one in zip(values, sizes, strict=True)], places)
    if by_size >= by_number:
        return simple
    return Expansion(size / of_sample, True, size * ratio, by_size, sampled - 1)


def _variance(residuals: list[float], places: int) -> float:
    """Of a total: N² (1 − n/N) / n · Σ e² / (n − 1)."""
    sampled = len(residuals)
    if sampled == 1:
        return math.inf
    squares = math.fsum(one * one for one in residuals) / (sampled - 1)
    return places**2 * (1 - sampled / places) / sampled * squares


@dataclass(frozen=True, slots=True)
class Interval:
    """A total, and between what it lies with ``CONFIDENCE``; both bounds None where the sample cannot tell."""

    total: float
    low: float | None
    high: float | None


def interval(strata: Iterable[Expansion], *, at_least: float = 0.0) -> Interval:
    """The sum over strata, which are sampled independently.

    Args:
        strata: One for each.
        at_least: What was measured already: the whole cannot be less.
    """
    all_ = list(strata)
    total, variance = math.fsum(one.total for one in all_), math.fsum(one.variance for one in all_)
    if math.isinf(variance):
        return Interval(total, None, None)
    below = math.fsum(one.variance**2 / one.freedom for one in all_ if one.variance > 0)
    half = t_quantile(0.5 + CONFIDENCE / 2, variance**2 / below) * math.sqrt(variance) if below > 0 else 0.0
    return Interval(total, max(at_least, total - half), total + half)


def t_quantile(probability: float, freedom: float) -> float:
    """Of Student's distribution, by the expansion of Abramowitz and Stegun, 26.7.5.

    From 3 degrees of freedom on it is right to 2 in 100 at the probabilities of 95 % intervals; below it is too small.
    """
    x = NormalDist().inv_cdf(probability)
    terms = (
        (x**3 + x) / 4,
        (5 * x**5 + 16 * x**3 + 3 * x) / 96,
        (3 * x**7 + 19 * x**5 + 17 * x**3 - 15 * x) / 384,
        (79 * x**9 + 776 * x**7 + 1482 * x**5 - 1920 * x**3 - 945 * x) / 92160,
    )
    return x + sum(term / freedom**power for power, term in enumerate(terms, 1))
