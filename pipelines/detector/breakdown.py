"""The parts of an evaluation: by source, by generator, by class, and the curves that plots show."""

from collections import Counter
from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.detector import metrics
from pipelines.detector.evaluate import fold_of
from pipelines.detector.ranking import ranking
from pipelines.detector.record import (
    Group,
    Histogram,
    Label,
    Outcome,
    Point,
    Ranking,
    Rate,
    Roc,
    Sample,
)
from transforms.detect.levels import NOT_ASSESSABLE

# Under five pictures a figure says more about chance than about the generator.
MIN_GROUP = 5
HISTOGRAM_BINS = 50
ROC_POINTS = 200
LABELS: dict[Label, int] = {"ai": 1, "real": 0}


def sample(items: pd.DataFrame) -> list[Sample]:
    """What was measured, in the order of the names.

    Args:
        items: One row an item: `source`, `label`, `generator`.
    """
    counts = Counter(zip(items["label"], items["source"], items["generator"], strict=True))
    return [
        Sample(source=str(source), label="ai" if label else "real", generator=str(generator), n=n)
        for (label, source, generator), n in sorted(counts.items())
    ]


def outcomes(treatment: str, part: pd.DataFrame, levels: "pd.Series[str]", known: list[str]) -> list[Outcome]:
    """How many items of each class got each level.

    Args:
        treatment: What the items went through.
        part: Predictions after it, with rows that have no score.
        levels: The level of each row with a score, whatever the detector calls it.
        known: Levels to name even where no item got them.
    """
    named = levels.reindex(part.index).fillna(NOT_ASSESSABLE)
    found = []
    order = list(dict.fromkeys([*sorted(set(named) - {*known, NOT_ASSESSABLE}), *known, NOT_ASSESSABLE]))
    for label, code in LABELS.items():
        own = named[part["label"] == code]
        counts = {name: int((own == name).sum()) for name in order}
        scored = int(part.loc[own.index, "raw"].notna().sum())
        found.append(Outcome(treatment=treatment, label=label, n=len(own), assessed=scored, levels=counts))
    return found


def rankings(treatment: str, part: pd.DataFrame) -> list[Ranking]:
    """Ranking figures over all, per source and per generator, where each class has `MIN_GROUP` items.

    Args:
        treatment: What the items went through.
        part: Predictions after it, every row with a raw score.
    """
    found = []
    for group, name, compared in _compared(part):
        labels = compared["label"].to_numpy(np.int64)
        ai = int(labels.sum())
        if min(ai, len(labels) - ai) < (MIN_GROUP if group != "all" else 1):
            continue
        for metric, estimate in ranking(compared["raw"].to_numpy(np.float64), labels).items():
            found.append(
                Ranking(
                    group=group,
                    name=name,
                    treatment=treatment,
                    metric=metric,
                    value=round(estimate.value, 4),
                    interval=(round(estimate.interval[0], 4), round(estimate.interval[1], 4)),
                    n_ai=ai,
                    n_real=len(labels) - ai,
                )
            )
    return found


def rates(treatment: str, part: pd.DataFrame, scores: NDArray[np.float64], points: list[Point]) -> list[Rate]:
    """Recall and false alarms at each operating point, over all, per source and per generator.

    Args:
        treatment: What the items went through.
        part: Predictions after it, every row with a raw score.
        scores: float64 (N,), calibrated, in the order of `part`.
        points: The operating points.
    """
    found = []
    for point in points:
        reached = pd.Series(scores >= point.threshold, index=part.index)
        for group, name, members in _members(part):
            for label, code in LABELS.items():
                own = reached[members.index[members["label"] == code]]
                hits, n = int(own.sum()), len(own)
                if n < (MIN_GROUP if group == "generator" else 1):
                    continue
                low, high = metrics.wilson(hits, n)
                found.append(
                    Rate(
                        level=point.level,
                        group=group,
                        name=name,
                        label=label,
                        treatment=treatment,
                        hits=hits,
                        n=n,
                        share=round(hits / n, 4),
                        interval=(round(low, 4), round(high, 4)),
                    )
                )
    return found


def roc(treatment: str, scores: metrics.Scores, labels: metrics.Labels) -> Roc:
    """The ROC curve, thinned to about `ROC_POINTS` points; both classes are present."""
    order = np.argsort(-scores, kind="stable")
    ends = np.flatnonzero(np.append(np.diff(scores[order]) != 0, np.True_))
    found = np.cumsum(labels[order])[ends]
    x = np.append(0.0, (ends + 1 - found) / (labels == 0).sum())
    y = np.append(0.0, found / labels.sum())
    # Evenly along the curve; the low false-alarm rates, which matter most, twice as dense.
    length = np.cumsum(np.append(0.0, np.hypot(np.diff(np.sqrt(x)), np.diff(y))))
    places = np.searchsorted(length, np.linspace(0.0, length[-1], ROC_POINTS) - 1e-12)
    kept = np.unique(np.append(places, len(x) - 1))
    return Roc(treatment=treatment, points=[(round(float(x[i]), 4), round(float(y[i]), 4)) for i in kept])


def histograms(treatment: str, scores: metrics.Scores, labels: metrics.Labels) -> list[Histogram]:
    """How the calibrated scores of each class are spread."""
    place = np.minimum((scores * HISTOGRAM_BINS).astype(np.int64), HISTOGRAM_BINS - 1)
    return [
        Histogram(
            treatment=treatment,
            label=label,
            counts=np.bincount(place[labels == code], minlength=HISTOGRAM_BINS).tolist(),
        )
        for label, code in LABELS.items()
    ]


def _members(part: pd.DataFrame) -> Iterator[tuple[Group, str, pd.DataFrame]]:
    yield "all", "all", part
    for column in ("source", "generator"):
        for name in sorted(set(part[column]) - {""}):
            yield ("source" if column == "source" else "generator"), name, part[part[column] == name]


def _compared(part: pd.DataFrame) -> Iterator[tuple[Group, str, pd.DataFrame]]:
    folds = fold_of(part)
    for group, name, members in _members(part):
        if group == "all":
            yield group, name, part
            continue
        # Raw scores of different networks do not compare, so only those of the same fold are set against each other.
        same = part[folds.isin(set(folds[members.index]))]
        ai, real = members[members["label"] == 1], members[members["label"] == 0]
        if len(ai):
            yield group, name, pd.concat([ai, same[same["label"] == 0]])
        elif group == "source":
            yield group, name, pd.concat([real, same[same["label"] == 1]])
