"""How well scores order AI above real: the ranking figures of one set, each with its interval."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.detector import metrics

# Recall at a false-alarm rate needs at least 1 / rate real pictures to mean what it says.
RECALLS = {"recall_at_1pct_fpr": 0.01, "recall_at_5pct_fpr": 0.05}
METRICS: dict[str, metrics.Metric] = {
    "auc": metrics.auc,
    "average_precision": metrics.average_precision,
    **{name: metrics.recall_at(rate) for name, rate in RECALLS.items()},
}

_CELLS_AT_ONCE = 2_000_000

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Estimate:
    """A figure and its 95 % interval."""

    value: float
    interval: tuple[float, float]


def ranking(
    scores: metrics.Scores,
    labels: metrics.Labels,
    names: tuple[str, ...] = tuple(METRICS),
    *,
    draws: int = 1000,
    seed: int = 0,
) -> dict[str, Estimate]:
    """Ranking figures with the 95 % percentile interval (Efron 1979), each class resampled by itself.

    All figures see the same resamples. The interval of a recall is never narrower than Wilson's for as many
    AI pictures: where none was found, every resample finds none, and [0, 0] would claim certainty.

    Args:
        scores: float64 (N,), finite.
        labels: int64 (N,), both classes present.
        names: Keys of `METRICS`.
        draws: Number of resamples.
        seed: Of the resampling; the same seed gives the same intervals.

    Returns:
        For each name its estimate; shares, 0 to 1.

    Raises:
        ValueError: A class is empty, so that nothing can be ranked.
    """
    ai = int(labels.sum())
    if not 0 < ai < len(labels):
        raise ValueError("ranking needs scores of both classes; leave the figure out")
    resampled = _resampled(scores, labels, names, draws, seed)
    found = {}
    for name in names:
        value = METRICS[name](scores, labels)
        low, high = (float(end) for end in np.quantile(resampled[name], [0.025, 0.975]))
        if name in RECALLS:
            floor, ceiling = metrics.wilson(round(value * ai), ai)
            low, high = min(low, floor), max(high, ceiling)
        found[name] = Estimate(value, (low, high))
    return found


def _resampled(
    scores: metrics.Scores, labels: metrics.Labels, names: tuple[str, ...], draws: int, seed: int
) -> dict[str, NDArray[np.float64]]:
    # Counting how often each distinct score was drawn makes all figures sums over sorted counts: no sort a draw.
    distinct, codes = np.unique(-scores, return_inverse=True)
    real, ai = codes[labels == 0], codes[labels == 1]
    rng = np.random.default_rng(seed)
    rows = max(1, _CELLS_AT_ONCE // len(distinct))
    parts: dict[str, list[NDArray[np.float64]]] = {name: [] for name in names}
    for start in range(0, draws, rows):
        count = min(rows, draws - start)
        drawn = np.empty((2, count, len(distinct)), np.int64)
        for i in range(count):
            for label, members in enumerate((real, ai)):
                chosen = rng.integers(0, len(members), len(members))
                drawn[label, i] = np.bincount(members[chosen], minlength=len(distinct))
        for name in names:
            parts[name].append(_figure(name, drawn[0], drawn[1]))
    return {name: np.concatenate(values) for name, values in parts.items()}


def _figure(name: str, real: Counts, ai: Counts) -> NDArray[np.float64]:
    """One figure of many resamples.

    Args:
        name: A key of `METRICS`.
        real: int64 (draws, distinct scores), how often each score was drawn, the highest score first.
        ai: The same for the AI pictures.
    """
    above, found = real.cumsum(axis=1), ai.cumsum(axis=1)
    n_real, n_ai = int(real[0].sum()), int(ai[0].sum())
    if name == "auc":
        return np.asarray((ai * (n_real - above + real / 2)).sum(axis=1) / (n_ai * n_real), np.float64)
    if name == "average_precision":
        return np.asarray((ai * found / np.maximum(found + above, 1)).sum(axis=1) / n_ai, np.float64)
    allowed = int(np.floor(RECALLS[name] * n_real + 1e-9))
    # The first score at which too many real pictures would be let through; AI pictures above it are found.
    stop = (above > allowed).argmax(axis=1)[:, None]
    reached = np.take_along_axis(found, stop, 1) - np.take_along_axis(ai, stop, 1)
    return np.asarray(reached[:, 0] / n_ai, np.float64)
