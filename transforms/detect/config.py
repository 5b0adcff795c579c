"""What stands in a `detector.yaml`, for a detector with a network of its own and for a fusion of others."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from transforms.detect.preprocess import InputSpec
from transforms.detect.scope import ScopeRules

NAME_PATTERN = r"^[a-z0-9][a-z0-9._-]*$"

Share = Annotated[float, Field(ge=0.0, le=1.0)]
Interval = tuple[float, float]
Params = dict[str, int | float | bool | str | list[int] | list[float]]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Architecture(_Model):
    """Which network the weights belong to.

    Attributes:
        name: A built-in one's, or `exported`: a program of `torch.export`.
        params: What that network needs besides.
    """

    name: str
    params: Params = Field(default_factory=dict)


class Calibration(_Model):
    """How raw scores become calibrated ones: sigmoid(scale * raw + bias).

    Attributes:
        method: `platt` (Platt 1999); `none` where it is still to be done.
        scale: Factor of the raw score.
        bias: What is added to it.
        fitted_on: The scores that it was fitted on, in words.
    """

    method: Literal["platt", "none"]
    scale: float = Field(gt=0.0)
    bias: float
    fitted_on: str


class OperatingPoint(_Model):
    """A calibrated score from which a level is stated, and the false alarms measured there.

    Attributes:
        level: The level.
        threshold: The calibrated score.
        target_false_alarm_rate: The share of real pictures that it was to accuse at most.
        false_alarm_rate: The share that it did accuse.
        interval: That share's, of 95 %.
        n: How many real pictures were measured.
        measured_on: Which, in words.
    """

    level: Literal["elevated", "suspected"]
    threshold: Share
    target_false_alarm_rate: Share
    false_alarm_rate: Share
    interval: Interval
    n: int = Field(ge=1)
    measured_on: str


class Abstention(_Model):
    """Below the lowest operating point and from `from_score` on, the level is `undecided`.

    Attributes:
        from_score: The calibrated score; below it the level is `none`.
        target_miss_rate: The share of AI pictures that was to score so low at most.
        miss_rate: The share that did.
        interval: That share's, of 95 %.
        n: How many AI pictures were measured.
        measured_on: Which, in words.
    """

    from_score: Share
    target_miss_rate: Share
    miss_rate: Share
    interval: Interval
    n: int = Field(ge=1)
    measured_on: str


class FormatShift(_Model):
    """What a file's format alone does: how far JPEG moved calibrated scores of the same pictures.

    Attributes:
        quality: Of the JPEG that files were compared with.
        share: Share of the pictures of which it was so.
        shift: By how much their scores moved at most.
        n: How many pictures were measured.
        measured_on: Which, in words.
    """

    quality: int = Field(ge=1, le=100)
    share: Share
    shift: Share
    n: int = Field(ge=1)
    measured_on: str


class RollUp(_Model):
    """How the logits of a clip's frames become one.

    Attributes:
        rule: `mean` of all; `trimmed_mean`, which leaves out a share at either end; `top`, the mean of the highest
            share.
        share: That share; of `top` one frame at least.
    """

    rule: Literal["mean", "trimmed_mean", "top"] = "mean"
    share: float = Field(default=0.0, ge=0.0, le=1.0)

    @model_validator(mode="after")
    def _leaves_frames(self) -> Self:
        if self.rule == "trimmed_mean" and self.share >= 0.5:
            raise ValueError("rollup: a trimmed mean leaves out less than half (0.5) at either end")
        if self.rule == "top" and self.share == 0.0:
            raise ValueError("rollup: 'top' needs a share above 0")
        return self


class Skill(_Model):
    """One measured figure: never without its sample size and its interval.

    Attributes:
        source: Where the pictures came from.
        measured_on: Which of the source, in words.
        treatment: What was done to them before.
        metric: What was measured.
        value: The figure.
        interval: The figure's, of 95 %.
        n_ai: How many AI pictures it rests on.
        n_real: How many real ones.
    """

    source: str
    measured_on: str
    treatment: str
    metric: str
    value: float
    interval: Interval | None
    n_ai: int = Field(ge=0)
    n_real: int = Field(ge=0)


class TrainingSource(_Model):
    """A source that the weights were trained on.

    Attributes:
        source: Its name.
        label: What its pictures are.
        n: How many.
        licence: Under which they were used.
        drawn: Its share of the samples that training drew.
    """

    source: str
    label: Literal["ai", "real"]
    n: int = Field(ge=1)
    licence: str
    drawn: Share


class Weights(_Model):
    """The weight file.

    Attributes:
        file: Its name in the package's folder.
        sha256: Its digest.
    """

    file: str
    sha256: str = Field(pattern="^[0-9a-f]{64}$")

    @field_validator("file")
    @classmethod
    def _plain_name(cls, value: str) -> str:
        if not value or value.startswith(".") or Path(value).name != value or "\\" in value:
            raise ValueError("must be a plain file name in the package's own folder")
        return value


class SelfTest(_Model):
    """The answer that the network must give everywhere, of pictures drawn by formula (`preprocess.synthetic_views`).

    Attributes:
        raw: The raw score.
        tolerance: By how much it may differ.
    """

    raw: float
    tolerance: float = Field(gt=0.0)


class AnswerConfig(_Model):
    """What every detector states: who it is, how its logits become levels, and what was measured of it.

    Attributes:
        name: As rows have it.
        version: Of the detector.
        licence: Of its weights.
        description: One sentence.
        operating_points: From which scores on a level is stated; none where it is not yet calibrated.
        training: How it was trained, in words.
        training_data: What it was trained on.
        skill: What was measured of it.
        blind_spots: What it cannot see, each in one sentence.
    """

    name: str = Field(pattern=NAME_PATTERN)
    version: str
    licence: str
    description: str
    rollup: RollUp
    calibration: Calibration
    abstention: Abstention | None = None
    operating_points: list[OperatingPoint]
    format_shift: FormatShift | None = None
    training: str
    training_data: list[TrainingSource]
    skill: list[Skill]
    blind_spots: list[str]

    @model_validator(mode="after")
    def _levels_rise(self) -> Self:
        if bool(self.operating_points) != (self.calibration.method != "none"):
            raise ValueError("operating_points: they must stand there, except where calibration.method is 'none'")
        thresholds = {point.level: point.threshold for point in self.operating_points}
        if len(thresholds) != len(self.operating_points):
            raise ValueError("operating_points: each level may stand there once")
        if thresholds.get("suspected", 1.0) < thresholds.get("elevated", 0.0):
            raise ValueError("operating_points: 'suspected' must not lie below 'elevated'")
        if self.abstention and self.abstention.from_score > min(thresholds.values()):
            raise ValueError("abstention: from_score must not lie above the lowest operating point")
        return self


class DetectorConfig(AnswerConfig):
    """All of the `detector.yaml` of a detector with a network of its own."""

    architecture: Architecture
    input: InputSpec
    scope: ScopeRules | None = None
    weights: Weights
    self_test: SelfTest


class Member(_Model):
    """A detector that a fusion listens to.

    Attributes:
        name: Its name.
        digest: SHA-256 of its package: weights and thresholds hold for that one only.
        weight: Of its logit in the sum.
    """

    name: str = Field(pattern=NAME_PATTERN)
    digest: str = Field(pattern="^[0-9a-f]{64}$")
    weight: float = Field(gt=0.0, le=1e6)


class FusionConfig(AnswerConfig):
    """All of the `detector.yaml` of a fusion: no network, but the weighted sum of other detectors' logits.

    Attributes:
        fuses: Those detectors.
    """

    fuses: list[Member] = Field(min_length=2)

    @model_validator(mode="after")
    def _members_differ(self) -> Self:
        names = [self.name, *(member.name for member in self.fuses)]
        if len(set(names)) != len(names):
            raise ValueError("fuses: each member stands there once, and none has the fusion's own name")
        return self
