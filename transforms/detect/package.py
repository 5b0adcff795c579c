"""Detector packages: a folder with `detector.yaml` and weights; read and checked here without torch."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

import configs
from transforms.detect.errors import DetectorError
from transforms.detect.preprocess import InputSpec
from transforms.detect.scope import ScopeRules
from transforms.detect.weights import check_weights, sha256_file

# Names of other modules that belong to a package's interface; what is defined here needs no mention.
__all__ = ["DetectorError", "sha256_file"]

CONFIG_NAME = "detector.yaml"
EXPORTED = "exported"
NAME_PATTERN = r"^[a-z0-9][a-z0-9._-]*$"

Share = Annotated[float, Field(ge=0.0, le=1.0)]
Interval = tuple[float, float]
Params = dict[str, int | float | bool | str | list[int] | list[float]]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Architecture(_Model):
    """Which built-in network the weights belong to, or `exported`, and its parameters."""

    name: str
    params: Params = Field(default_factory=dict)


class Calibration(_Model):
    """Platt scaling (Platt 1999): calibrated = sigmoid(scale * raw + bias); `none` where it is still to be done."""

    method: Literal["platt", "none"]
    scale: float = Field(gt=0.0)
    bias: float
    fitted_on: str


class OperatingPoint(_Model):
    """A calibrated score from which a level is stated, and the false alarms measured there."""

    level: Literal["elevated", "suspected"]
    threshold: Share
    target_false_alarm_rate: Share
    false_alarm_rate: Share
    interval: Interval
    n: int = Field(ge=1)
    measured_on: str


class Abstention(_Model):
    """Below the lowest operating point and from `from_score` on, the level is `undecided`.

    Below `from_score` the level is `none`; `miss_rate` is the share of AI pictures that scored so low.
    """

    from_score: Share
    target_miss_rate: Share
    miss_rate: Share
    interval: Interval
    n: int = Field(ge=1)
    measured_on: str


class FormatShift(_Model):
    """What a file's format alone does: how far JPEG moved calibrated scores of the same pictures.

    The scores of `share` of the pictures moved by `shift` at most between the file and JPEG at `quality`.
    """

    quality: int = Field(ge=1, le=100)
    share: Share
    shift: Share
    n: int = Field(ge=1)
    measured_on: str


class RollUp(_Model):
    """How the logits of a clip's frames become one.

    `mean` is the mean of all; `trimmed_mean` leaves out the share `share` at either end; `top` is the mean of the
    highest share `share`, at least one frame.
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
    """One measured figure: never without its sample size and its interval."""

    source: str
    measured_on: str
    treatment: str
    metric: str
    value: float
    interval: Interval | None
    n_ai: int = Field(ge=0)
    n_real: int = Field(ge=0)


class TrainingSource(_Model):
    """A source that the weights were trained on, with its licence and its share of the drawn samples."""

    source: str
    label: Literal["ai", "real"]
    n: int = Field(ge=1)
    licence: str
    drawn: Share


class Weights(_Model):
    """The weight file and its digest."""

    file: str
    sha256: str = Field(pattern="^[0-9a-f]{64}$")

    @field_validator("file")
    @classmethod
    def _plain_name(cls, value: str) -> str:
        if not value or value.startswith(".") or Path(value).name != value or "\\" in value:
            raise ValueError("must be a plain file name in the package's own folder")
        return value


class SelfTest(_Model):
    """The raw logit of `preprocess.synthetic_views`: the answer that the network must give everywhere."""

    raw: float
    tolerance: float = Field(gt=0.0)


class DetectorConfig(_Model):
    """All of `detector.yaml`."""

    name: str = Field(pattern=NAME_PATTERN)
    version: str
    licence: str
    description: str
    architecture: Architecture
    input: InputSpec
    scope: ScopeRules | None = None
    rollup: RollUp
    calibration: Calibration
    abstention: Abstention | None = None
    operating_points: list[OperatingPoint]
    format_shift: FormatShift | None = None
    training: str
    training_data: list[TrainingSource]
    skill: list[Skill]
    blind_spots: list[str]
    weights: Weights
    self_test: SelfTest

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


@dataclass(frozen=True)
class DetectorPackage:
    """A package that was read and checked.

    Attributes:
        config: The contents of `detector.yaml`.
        directory: The folder.
        digest: SHA-256 of every file in the folder, as 64 hexadecimal digits.
    """

    config: DetectorConfig
    directory: Path
    digest: str

    @property
    def weights_path(self) -> Path:
        """Where the weight file lies."""
        return self.directory / self.config.weights.file


def load_package(name_or_dir: str, *, calibrated: bool = True) -> DetectorPackage:
    """Read a detector package and check all that can be checked without torch.

    Args:
        name_or_dir: The name of a shipped detector, such as `aiqyn-lite`, or the path of a package folder.
        calibrated: Refuse a package that states no calibration: its scores have no meaning yet.

    Returns:
        The package; its weights have the stated digest and are no pickle.

    Raises:
        DetectorError: `missing_package`, `invalid_config`, `uncalibrated`, and what `weights.check_weights` raises.

    Example:
        >>> load_package("aiqyn-lite").config.rollup.rule
        'trimmed_mean'
    """
    directory = _find(name_or_dir)
    config = read_config(directory / CONFIG_NAME)
    try:
        package = DetectorPackage(config, directory, digest_folder(directory))
        check_weights(package.weights_path, config.weights.sha256, exported=config.architecture.name == EXPORTED)
    except OSError as e:
        raise DetectorError("missing_package", f"{directory} cannot be read: {e}; check its permissions") from e
    if calibrated and config.calibration.method == "none":
        raise DetectorError(
            "uncalibrated",
            f"{directory} is not calibrated, so its scores have no meaning yet; "
            "run 'aiqyn detector calibrate' and use the package that it writes",
        )
    return package


def read_config(path: Path) -> DetectorConfig:
    """Read and validate a `detector.yaml`.

    Raises:
        DetectorError: `missing_package` when it cannot be read, `invalid_config` naming the offending field.
    """
    try:
        text = path.read_text("utf-8")
    except OSError as e:
        raise DetectorError("missing_package", f"{path} cannot be read ({e.strerror}); check the path") from e
    except UnicodeDecodeError as e:
        raise DetectorError("invalid_config", f"{path} is not UTF-8 text; restore the package") from e
    try:
        return DetectorConfig.model_validate(yaml.safe_load(text))
    except yaml.YAMLError as e:
        raise DetectorError("invalid_config", f"{path} is not valid YAML: {_one_line(e)}; correct it there") from e
    except ValidationError as e:
        faults = "; ".join(
            f"{'.'.join(map(str, error['loc'])) or 'top level'}: {error['msg']}" for error in e.errors()[:5]
        )
        raise DetectorError("invalid_config", f"{path} does not describe a detector: {faults}; correct it") from e


def digest_folder(directory: Path) -> str:
    """SHA-256 over the relative name and bytes of every file in a folder, in the order of the names."""
    total = hashlib.sha256()
    for path in sorted(p for p in directory.rglob("*") if p.is_file()):
        name = path.relative_to(directory).as_posix().encode()
        # Lengths go in too: otherwise bytes could move between a name and its file unnoticed.
        total.update(len(name).to_bytes(8, "little") + name + path.stat().st_size.to_bytes(8, "little"))
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                total.update(block)
    return total.hexdigest()


def _find(name_or_dir: str) -> Path:
    bare = Path(name_or_dir).name == name_or_dir and not name_or_dir.startswith(".")
    shipped = configs.ROOT / "detectors"
    candidates = [shipped / name_or_dir] if bare else []
    candidates.append(Path(name_or_dir))
    for candidate in candidates:
        if (candidate / CONFIG_NAME).is_file():
            return candidate
    known = ", ".join(sorted(p.parent.name for p in shipped.glob(f"*/{CONFIG_NAME}"))) or "none"
    raise DetectorError(
        "missing_package",
        f"no detector '{name_or_dir}': neither a shipped one ({known}) nor a folder with {CONFIG_NAME}; "
        "name one of them or give the folder's path",
    )


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
