"""From raw scores to calibration, operating points and an abstain band: pure, the same for every detector."""

import math

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.detector.metrics import fit_platt, wilson
from transforms.detect.calibration import apply_platt
from transforms.detect.package import Abstention, Calibration, DetectorError, OperatingPoint

TARGETS = {"elevated": 0.05, "suspected": 0.01}
MISS_TARGET = 0.05
MIN_SOURCE = 20
"""Sources of fewer pictures count as one source together: a single picture of theirs is no rate."""
SMALL = "small sources"
COLUMNS = ("path", "label", "source", "treatment", "raw")

Scores = NDArray[np.float64]


def calibrate_scores(
    predictions: pd.DataFrame, scored_by: str = "the network"
) -> tuple[Calibration, list[OperatingPoint], Abstention]:
    """Choose what turns a detector's raw scores into levels.

    Every threshold has to hold for sources that nobody has seen, so each is the strictest of several demands: a
    rate is kept over all pictures, and as a mean over sources that weigh the same, in every treatment. The rate is
    so far below the target that chance alone would not bring it there (`rate_within`). A
    large easy source can therefore not buy false alarms on a smaller hard one. Sources of fewer than `MIN_SOURCE`
    pictures count as one.

    Args:
        predictions: One row a picture and treatment: `path`, `label` (1 AI, 0 real), `source`, `treatment`, `raw`
            (logits). Rows whose `raw` is NaN got no score and are left out.
        scored_by: Who gave the scores, in words, for `fitted_on`.

    Returns:
        Platt scaling on all rows, both classes weighing the same; the points `elevated` and `suspected`; the band
        below them in which the detector abstains. Rates and intervals (Wilson 1927) are those of the worst
        treatment, over pictures; the words beside them hold the mean over sources and what a real source had
        whose own pictures did not help to choose the threshold.

    Raises:
        DetectorError: `one_class` when no picture of a class was scored, `score_not_finite` when a raw score is
            infinite, `saturated_scores` when so many real pictures have the highest score there is that no
            threshold keeps a target.

    Example:
        >>> rows = [("a", 0, "s", "as_is", -1.0), ("b", 1, "t", "as_is", 1.0)]
        >>> _, points, band = calibrate_scores(pd.DataFrame(rows, columns=list(COLUMNS)))
        >>> [point.level for point in points], band.n
        (['elevated', 'suspected'], 1)
    """
    scored = predictions.loc[predictions["raw"].notna(), list(COLUMNS)]
    scored = scored.assign(source=_grouped(scored))
    labels, raws = scored["label"].to_numpy(np.int64), scored["raw"].to_numpy(np.float64)
    if not 0 < labels.sum() < len(labels):
        raise DetectorError(
            "one_class", "calibration needs scored pictures of both classes; give AI and real ones that are in scope"
        )
    if not np.isfinite(raws).all():
        path = scored["path"].to_numpy()[~np.isfinite(raws)][0]
        raise DetectorError("score_not_finite", f"{path} has an infinite score; mend the network before you calibrate")
    scale, bias = fit_platt(raws, labels)
    calibration = Calibration(
        method="platt",
        scale=float(f"{scale:.6g}"),
        bias=round(bias, 6),
        fitted_on=f"Platt scaling on scores of {scored_by} over all treatments, both classes weighing the same "
        f"({_pictures(scored, 1)} AI, {_pictures(scored, 0)} real pictures)",
    )
    scored = scored.assign(score=[apply_platt(raw, calibration) for raw in raws])
    real, ai = scored[scored["label"] == 0], scored[scored["label"] == 1]
    points = [_operating_point(real, level, target) for level, target in TARGETS.items()]
    return calibration, points, _abstention(ai, min(point.threshold for point in points))


def shortfalls(real: int, ai: int) -> list[str]:
    """What is missing for the targets to be more than words; empty when there are pictures enough.

    With fewer pictures than this not even a count of zero speaks for the target: the one-sided 95 % limit of 0 of n
    (Clopper and Pearson 1934), 1 - 0.05 ** (1 / n), is above it.

    Args:
        real: Real pictures that were scored.
        ai: AI pictures that were scored.
    """
    wanted = (("real", real, min(TARGETS.values()), "false alarms"), ("AI", ai, MISS_TARGET, "misses"))
    return [
        f"{needed} {kind} pictures are needed for a claim of at most {target:.0%} {what}, {have} are there"
        for kind, have, target, what in wanted
        if have < (needed := needed_for(target))
    ]


def needed_for(target: float) -> int:
    """The fewest pictures of which 0 hits show, at 95 %, that a rate is at most `target`: 299 for 1 %."""
    return math.ceil(math.log(0.05) / math.log(1.0 - target))


def rate_within(n: int, target: float) -> float:
    """The highest rate that speaks, at 95 %, for a true rate of at most `target`.

    As if scores of `n` pictures were drawn anew: the one-sided limit of Clopper and Pearson (1934) is within it.

    Returns:
        0 where there are fewer pictures than `needed_for` asks for.
    """
    below, chance = 0.0, (1.0 - target) ** n
    for hits in range(n + 1):
        below += chance
        if below > 0.05:
            return max(0, hits - 1) / n
        chance *= (n - hits) / (hits + 1) * target / (1.0 - target)
    return 1.0


def threshold_within(scores: Scores, weights: Scores, target: float) -> float:
    """The lowest threshold that scores of at most this weight reach.

    Args:
        scores: float64 (N,), N at least 1.
        weights: float64 (N,), summing to 1.
        target: Share of the weight, 0 to below 1.

    Returns:
        A threshold for `score >= threshold`, just above one of the scores.
    """
    order = np.argsort(-scores, kind="stable")
    reached = np.cumsum(weights[order]) > target + 1e-9
    return float(np.nextafter(scores[order][int(reached.argmax())], np.inf))


def _grouped(scored: pd.DataFrame) -> "pd.Series[str]":
    pictures = scored.groupby(["label", "source"])["path"].transform("nunique")
    return scored["source"].where(pictures >= MIN_SOURCE, SMALL)


def _operating_point(real: pd.DataFrame, level: str, target: float) -> OperatingPoint:
    threshold = _threshold(real, target)
    worst, count, n = _worst_treatment(real, real["score"] >= threshold)
    point = {
        "level": level,
        "threshold": threshold,
        "target_false_alarm_rate": target,
        "false_alarm_rate": round(count / n, 4),
        "interval": [round(end, 4) for end in wilson(count, n)],
        "n": n,
        "measured_on": f"the real pictures on which the threshold was chosen, worst treatment ({worst}); "
        f"mean over {real['source'].nunique()} source(s) {_mean_over_sources(real, threshold):.1%}"
        + _new_sources(real, target),
    }
    return OperatingPoint.model_validate(point)


def _strictest(real: pd.DataFrame, target: float) -> float:
    """Above 1 where no calibrated score would do."""
    return max(
        threshold_within(part["score"].to_numpy(np.float64), weights, rate_within(len(part), target))
        for _, part in real.groupby("treatment")
        for weights in _weights(part)
    )


def _threshold(real: pd.DataFrame, target: float) -> float:
    wanted = _strictest(real, target)
    if wanted > 1.0:
        raise DetectorError(
            "saturated_scores",
            f"more than {target:.0%} of the real pictures have the highest score there is; give logits, not "
            "probabilities that are rounded to 1, or more pictures",
        )
    return min(1.0, math.ceil(wanted * 1e6) / 1e6)


def _abstention(ai: pd.DataFrame, lowest_point: float) -> Abstention:
    # Misses are false alarms seen in a mirror: the same rule with the sign of the scores turned.
    kept = min(
        -threshold_within(-part["score"].to_numpy(np.float64), weights, MISS_TARGET)
        for _, part in ai.groupby("treatment")
        for weights in _weights(part)
    )
    start = min(lowest_point, max(0.0, math.floor(kept * 1e6) / 1e6))
    worst, count, n = _worst_treatment(ai, ai["score"] < start)
    return Abstention(
        from_score=start,
        target_miss_rate=MISS_TARGET,
        miss_rate=round(count / n, 4),
        interval=(round(wilson(count, n)[0], 4), round(wilson(count, n)[1], 4)),
        n=n,
        measured_on=f"the AI pictures on which the band was chosen, {ai['source'].nunique()} source(s), "
        f"worst treatment ({worst})",
    )


def _worst_treatment(part: pd.DataFrame, counted: "pd.Series[bool]") -> tuple[str, int, int]:
    """The treatment with the highest share of counted pictures: its name, how many, of how many."""
    found = [(str(name), int(rows.sum()), len(rows)) for name, rows in counted.groupby(part["treatment"])]
    return max(found, key=lambda entry: entry[1] / entry[2])


def _weights(part: pd.DataFrame) -> tuple[Scores, Scores]:
    """Each picture the same, and each source the same."""
    size = part.groupby("source")["score"].transform("size").to_numpy(np.float64)
    return np.full(len(part), 1.0 / len(part)), 1.0 / (size * part["source"].nunique())


def _mean_over_sources(real: pd.DataFrame, threshold: float) -> float:
    rates = (real["score"] >= threshold).groupby([real["treatment"], real["source"]]).mean()
    return float(rates.groupby(level=0).mean().max())


def _new_sources(real: pd.DataFrame, target: float) -> str:
    """What to expect of a new source: each is measured at a threshold that the others chose."""
    sources = [str(name) for name in sorted(real["source"].unique())]
    if len(sources) < 2:
        return "; one source only, so nothing is known about new ones"
    rates = {}
    for name in sources:
        own = real["source"] == name
        # Where the others leave no threshold, the highest score there is says the worst.
        reached = real.loc[own, "score"] >= min(1.0, _strictest(real[~own], target))
        rates[name] = float(reached.groupby(real.loc[own, "treatment"]).mean().max())
    worst = max(rates, key=lambda name: rates[name])
    mean = sum(rates.values()) / len(rates)
    return (
        f"; at a threshold chosen without it, a source had {mean:.1%} on average, at worst {rates[worst]:.1%} ({worst})"
    )


def _pictures(scored: pd.DataFrame, label: int) -> int:
    return int(scored.loc[scored["label"] == label, "path"].nunique())
