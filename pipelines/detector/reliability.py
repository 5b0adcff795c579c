"""Reliability: whether of the items scored 0.8 eight in ten are AI."""

import numpy as np
from numpy.typing import NDArray

from pipelines.detector import metrics
from pipelines.detector.record import Bin, Reliability

BINS = 10


def reliability(treatment: str, scores: metrics.Scores, labels: metrics.Labels, bins: int = BINS) -> Reliability:
    """Bin calibrated scores by equal width and compare each bin's mean with its share of AI.

    Args:
        treatment: What the items went through.
        scores: float64 (N,), calibrated, 0 to 1; N at least 1.
        labels: int64 (N,).
        bins: Number of bins.

    Returns:
        Bins with Wilson intervals, and the expected calibration error (Naeini, Cooper and Hauskrecht 2015).
    """
    # The last bin includes 1.
    place = np.minimum((scores * bins).astype(np.int64), bins - 1)
    balance = labels.mean()
    weights = np.where(labels == 1, 0.5 / max(balance, 1e-12), 0.5 / max(1 - balance, 1e-12))
    return Reliability(
        treatment=treatment,
        ai_share=round(float(balance), 4),
        expected_calibration_error=_error(place, scores, labels, np.ones(len(scores))),
        balanced_error=_error(place, scores, labels, weights),
        bins=[_bin(i, bins, scores[place == i], labels[place == i]) for i in range(bins)],
    )


def _bin(index: int, bins: int, scores: metrics.Scores, labels: metrics.Labels) -> Bin:
    low, high = round(index / bins, 6), round((index + 1) / bins, 6)
    if not len(scores):
        return Bin(low=low, high=high, n=0, mean_score=None, ai_share=None, interval=None)
    start, end = metrics.wilson(int(labels.sum()), len(labels))
    return Bin(
        low=low,
        high=high,
        n=len(scores),
        mean_score=round(float(scores.mean()), 4),
        ai_share=round(float(labels.mean()), 4),
        interval=(round(start, 4), round(end, 4)),
    )


def _error(
    place: NDArray[np.int64], scores: metrics.Scores, labels: metrics.Labels, weights: NDArray[np.float64]
) -> float:
    # |sum of w * (score - label)| of a bin is its weight times the distance of its means.
    gaps = np.bincount(place, weights * (scores - labels))
    return round(float(min(1.0, np.abs(gaps).sum() / weights.sum())), 4)
