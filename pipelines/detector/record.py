"""The evaluation as a record: the schema of the JSON that `aiqyn detector evaluate` writes, field by field.

Keys stand in the order of the fields. Shares lie between 0 and 1; an `interval` is [low, high] at 95 %; `label` is
`ai` or `real`; `treatment` is a key of `augment.TREATMENTS`. Fields may be added; `schema` changes when one is
renamed, dropped or takes another meaning.
"""

import json
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from transforms.detect.package import Interval, RollUp, Share, Skill

SCHEMA: Literal["aiqyn-evaluation/1"] = "aiqyn-evaluation/1"

Label = Literal["ai", "real"]
Group = Literal["all", "source", "generator"]


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Sample(_Record):
    """How many items of a source and generator were measured; `generator` is empty where none is stated."""

    source: str
    label: Label
    generator: str
    n: int


class Point(_Record):
    """An operating point as the package states it: the calibrated score from which `level` is said."""

    level: str
    threshold: Share
    target_false_alarm_rate: Share


class Outcome(_Record):
    """What became of one class after one treatment: how many items got each level, `n` in all.

    `not_assessable` counts those that the detector gave no score; `assessed` those that it did. Figures other than
    these leave items without a score out.
    """

    treatment: str
    label: Label
    n: int
    assessed: int
    levels: dict[str, int]


class Ranking(_Record):
    """A ranking figure (a key of `ranking.METRICS`) of a group's AI items against real ones.

    A source or generator of AI is set against all real items of the same network; a source of real items against
    all AI ones.
    """

    group: Group
    name: str
    treatment: str
    metric: str
    value: float
    interval: Interval
    n_ai: int
    n_real: int


class Rate(_Record):
    """The share of one class in a group that reaches an operating point: recall of `ai`, false alarms of `real`."""

    level: str
    group: Group
    name: str
    label: Label
    treatment: str
    hits: int
    n: int
    share: Share
    interval: Interval


class BaseRate(_Record):
    """What an operating point does to `items` assessed items of which the share `prevalence` is AI.

    Counts are expectations. `right_share` is the share of accusations that are right, null where none is expected.
    Intervals put both Wilson ends that are worst, and both that are best, together: they are wider than 95 %.
    """

    level: str
    treatment: str
    prevalence: Share
    items: int
    false_accusations: float
    false_accusations_interval: Interval
    true_finds: float
    true_finds_interval: Interval
    right_share: Share | None
    right_share_interval: Interval | None


class Bin(_Record):
    """Items whose calibrated score lies in [low, high), the last bin including 1; null where there is none."""

    low: float
    high: float
    n: int
    mean_score: Share | None
    ai_share: Share | None
    interval: Interval | None


class Reliability(_Record):
    """How far calibrated scores are shares of AI, at the class balance of the set, which is `ai_share`.

    `expected_calibration_error` is the mean distance of a bin's score from its share of AI, weighted by the bin's
    items; `balanced_error` is the same with both classes weighing the same, as in calibration.
    """

    treatment: str
    ai_share: Share
    expected_calibration_error: Share
    balanced_error: Share
    bins: list[Bin]


class Roc(_Record):
    """The ROC curve as [share of real items, share of AI items] at falling thresholds, from [0, 0] to [1, 1]."""

    treatment: str
    points: list[tuple[float, float]]


class Histogram(_Record):
    """How many items of one class have a calibrated score in each of equally wide bins from 0 to 1."""

    treatment: str
    label: Label
    counts: list[int]


class Videos(_Record):
    """What one evaluation found on videos, which are never pooled with pictures.

    Attributes:
        measured_on: Which network on which data.
        videos: Videos measured.
        frames: How many frames were sampled of each at most.
        rollup: How the logits of its frames became one.
        sample: What the videos are.
        treatments: In order; each was done to every sampled frame by itself.
        skill: As on a card.
        outcomes: Levels and coverage per treatment and class.
        ranking: Per treatment and group.
        rates: Per operating point, treatment and group; operating points were set on pictures.
    """

    measured_on: str
    videos: int
    frames: int
    rollup: RollUp
    sample: list[Sample]
    treatments: list[str]
    skill: list[Skill]
    outcomes: list[Outcome]
    ranking: list[Ranking]
    rates: list[Rate]


class Evaluation(_Record):
    """All that one evaluation found; every figure is of pictures, but for those in `videos`.

    Attributes:
        format: The name of this schema; in JSON its key is `schema`.
        detector: The package's name.
        version: The package's version.
        digest: The digest of the package's folder.
        measured_on: Which network on which data.
        device: Where the scores were computed: `cpu`, or a graphics card's model. They differ in their last digits.
        pictures: Pictures measured.
        skipped_videos: Videos of the split that were not measured, since networks are trained on pictures only.
        sample: What the items are.
        treatments: In order; the first is the one that plots show.
        operating_points: As the package states them.
        skill: The figures that stand on the card, by the same functions.
        outcomes: Levels and coverage per treatment and class.
        ranking: Per treatment and group.
        rates: Per operating point, treatment and group.
        base_rates: Per operating point, treatment and prevalence.
        reliability: Per treatment.
        roc: Per treatment.
        histograms: Per treatment and class.
        videos: The same of videos; null where none was measured.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, serialize_by_alias=True)

    format: Literal["aiqyn-evaluation/1"] = Field(SCHEMA, serialization_alias="schema")
    detector: str
    version: str
    digest: str
    measured_on: str
    device: str
    pictures: int
    skipped_videos: int
    sample: list[Sample]
    treatments: list[str]
    operating_points: list[Point]
    skill: list[Skill]
    outcomes: list[Outcome]
    ranking: list[Ranking]
    rates: list[Rate]
    base_rates: list[BaseRate]
    reliability: list[Reliability]
    roc: list[Roc]
    histograms: list[Histogram]
    videos: Videos | None

    def to_json(self) -> str:
        """The record as JSON text, a line for each entry; the same record gives the same bytes."""
        return _object(self.model_dump(mode="json"), "") + "\n"


def _object(fields: dict[str, Any], margin: str) -> str:
    lines = (f"{margin} {json.dumps(key)}: {_text(value, margin + ' ')}" for key, value in fields.items())
    return "{\n" + ",\n".join(lines) + f"\n{margin}}}"


def _text(value: Any, margin: str) -> str:
    if isinstance(value, dict) and any(isinstance(entry, list) for entry in value.values()):
        return _object(value, margin)
    if not isinstance(value, list) or not value or not isinstance(value[0], dict):
        return json.dumps(value, ensure_ascii=False)
    return "[\n" + ",\n".join(f"{margin} {json.dumps(entry, ensure_ascii=False)}" for entry in value) + f"\n{margin}]"
