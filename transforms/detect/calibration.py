"""From raw logits to what a row states: roll-up, calibrated score and level, without torch."""

import math
from collections.abc import Sequence

from transforms.detect.levels import NONE, UNDECIDED
from transforms.detect.package import AnswerConfig, Calibration


def roll_up(frame_raws: Sequence[float], config: AnswerConfig) -> float:
    """The raw logit of an item from those of its frames.

    Args:
        frame_raws: Raw logits, one a frame, in any order.
        config: The detector's configuration; its `rollup` says how.

    Returns:
        One logit, the same for every order of the frames.

    Raises:
        ValueError: There is no frame: an item without frames has no score, and 0 would be a lie.
    """
    if not frame_raws:
        raise ValueError("no frame was scored, so there is nothing to roll up; record the item as failed")
    falling, rule = sorted(frame_raws, reverse=True), config.rollup
    if rule.rule == "trimmed_mean":
        cut = int(rule.share * len(falling))
        falling = falling[cut : len(falling) - cut]
    elif rule.rule == "top":
        falling = falling[: max(1, round(rule.share * len(falling)))]
    return math.fsum(falling) / len(falling)


def calibrate(raw: float, config: AnswerConfig) -> float:
    """The calibrated score in [0, 1] of a raw logit.

    It is a probability only where AI and real pictures are as frequent as in the data it was fitted on.

    Raises:
        ValueError: The raw logit is not finite: a broken score must not read as a low one.
    """
    return apply_platt(raw, config.calibration)


def apply_platt(raw: float, calibration: Calibration) -> float:
    """Platt scaling (Platt 1999): sigmoid(scale * raw + bias), in [0, 1].

    Raises:
        ValueError: The raw logit is not finite.
    """
    if not math.isfinite(raw):
        raise ValueError(f"the raw logit is {raw}, so there is no score; record the item as failed")
    z = calibration.scale * raw + calibration.bias
    if z >= 0:
        return 1.0 / (1.0 + math.exp(-z))
    return math.exp(z) / (1.0 + math.exp(z))


def level(calibrated: float, config: AnswerConfig) -> str:
    """The level that a calibrated score stands for.

    Returns:
        The highest of `elevated` and `suspected` whose threshold is reached; else `undecided` where the detector
        abstains; else `none`, which says that the detector saw nothing, not that a person made the picture.
    """
    reached = [p for p in config.operating_points if calibrated >= p.threshold]
    if reached:
        # At equal thresholds the stronger level wins, so compare the names too: "suspected" > "elevated".
        return max(reached, key=lambda p: (p.threshold, p.level)).level
    abstention = config.abstention
    return UNDECIDED if abstention and calibrated >= abstention.from_score else NONE
