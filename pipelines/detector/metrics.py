"""Figures of merit with intervals, in numpy; scores are higher for AI, labels are 1 for AI and 0 for real."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float64]
Labels = NDArray[np.int64]
Metric = Callable[[Scores, Labels], float]


def auc(scores: Scores, labels: Labels) -> float:
    """Area under the ROC curve: the chance that an AI picture scores above a real one, ties counting half.

    Args:
        scores: float64 (N,).
        labels: int64 (N,).

    Returns:
        0 to 1; NaN when a class is empty.
    """
    positives = int(labels.sum())
    negatives = len(labels) - positives
    if not positives or not negatives:
        return float("nan")
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    last_rank = np.cumsum(counts)
    mean_rank = last_rank - (counts - 1) / 2.0
    rank_sum = float(mean_rank[inverse][labels == 1].sum())
    return (rank_sum - positives * (positives + 1) / 2.0) / (positives * negatives)


def average_precision(scores: Scores, labels: Labels) -> float:
    """The mean, over AI pictures, of the precision at their score; equal scores count as one threshold.

    Returns:
        0 to 1; NaN when there is no AI picture. It depends on how frequent AI is in the set.
    """
    if not labels.sum():
        return float("nan")
    order = np.argsort(-scores, kind="stable")
    ordered, hits = scores[order], np.cumsum(labels[order])
    ends = np.flatnonzero(np.append(np.diff(ordered) != 0, np.True_))
    gained = np.diff(hits[ends], prepend=0)
    return float((gained * hits[ends] / (ends + 1)).sum() / labels.sum())


def recall_at(false_positive_rate: float) -> Metric:
    """The recall at the lowest threshold that lets at most this share of the real pictures through."""

    def recall(scores: Scores, labels: Labels) -> float:
        real, ai = scores[labels == 0], scores[labels == 1]
        if not len(real) or not len(ai):
            return float("nan")
        return float((ai >= threshold_for(real, false_positive_rate)).mean())

    return recall


def threshold_for(real: Scores, false_positive_rate: float) -> float:
    """The lowest threshold that at most this share of the real pictures' scores reaches.

    Args:
        real: float64 (N,), N at least 1.
        false_positive_rate: 0 to 1.

    Returns:
        A threshold for `score >= threshold`.
    """
    allowed = int(np.floor(false_positive_rate * len(real) + 1e-9))
    falling = np.sort(real)[::-1]
    return float("-inf") if allowed >= len(real) else float(np.nextafter(falling[allowed], np.inf))


def wilson(hits: int, n: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson 1927), honest at 0 of n too, where a bootstrap gives (0, 0).

    Raises:
        ValueError: `n` is below 1.
    """
    if n < 1:
        raise ValueError("a share of nothing has no interval; leave the figure out")
    z = 1.959964
    share, square = hits / n, z * z / n
    centre = (share + square / 2) / (1 + square)
    spread = z * np.sqrt(share * (1 - share) / n + square / (4 * n)) / (1 + square)
    return max(0.0, float(centre - spread)), min(1.0, float(centre + spread))


def fit_platt(raws: Scores, labels: Labels) -> tuple[float, float]:
    """Scale and bias so that sigmoid(scale * raw + bias) is the share of AI, both classes weighing the same.

    Newton's method on Platt's smoothed targets (Platt 1999; Lin, Lin and Weng 2007).

    Args:
        raws: float64 (N,).
        labels: int64 (N,), both classes present.

    Returns:
        (scale, bias); the scale is at least 0.001, since calibration must not turn the order of scores.
    """
    positives, negatives = int(labels.sum()), int((1 - labels).sum())
    target = np.where(labels == 1, (positives + 1) / (positives + 2), 1 / (negatives + 2))
    weight = np.where(labels == 1, 0.5 / positives, 0.5 / negatives)
    design = np.stack([raws, np.ones_like(raws)], axis=1)
    theta = np.array([0.0, 0.0])

    def loss(at: Scores) -> float:
        z = design @ at
        return float((weight * (np.logaddexp(0.0, z) - target * z)).sum())

    for _ in range(100):
        p = 1.0 / (1.0 + np.exp(-np.clip(design @ theta, -50, 50)))
        gradient = design.T @ (weight * (p - target))
        hessian = (design * (weight * p * (1 - p))[:, None]).T @ design + 1e-9 * np.eye(2)
        step = np.linalg.solve(hessian, gradient)
        while loss(theta - step) > loss(theta) and np.abs(step).max() > 1e-9:
            step /= 2
        theta = theta - step
        if np.abs(step).max() < 1e-9:
            break
    return max(float(theta[0]), 0.001), float(theta[1])
