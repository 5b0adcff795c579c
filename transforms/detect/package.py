"""Detector packages: a folder with `detector.yaml` and, but for a fusion, weights; checked here without torch."""

import functools
import hashlib
from dataclasses import dataclass
from pathlib import Path

import yaml
from pydantic import ValidationError

import configs
from transforms.detect.config import (
    NAME_PATTERN,
    Abstention,
    AnswerConfig,
    Architecture,
    Calibration,
    DetectorConfig,
    FormatShift,
    FusionConfig,
    Interval,
    Member,
    OperatingPoint,
    Params,
    RollUp,
    SelfTest,
    Share,
    Skill,
    TrainingSource,
    Weights,
)
from transforms.detect.errors import DetectorError
from transforms.detect.weights import check_weights, sha256_file
from transforms.quick_yaml import load_yaml

# Names of other modules that belong to a package's interface; what is defined here needs no mention.
__all__ = [
    "NAME_PATTERN",
    "Abstention",
    "AnswerConfig",
    "Architecture",
    "Calibration",
    "DetectorConfig",
    "DetectorError",
    "FormatShift",
    "FusionConfig",
    "Interval",
    "Member",
    "OperatingPoint",
    "Params",
    "RollUp",
    "SelfTest",
    "Share",
    "Skill",
    "TrainingSource",
    "Weights",
    "sha256_file",
]

CONFIG_NAME = "detector.yaml"
EXPORTED = "exported"


@dataclass(frozen=True)
class Package:
    """A package that was read and checked.

    Attributes:
        config: The contents of `detector.yaml`.
        directory: The folder.
        digest: SHA-256 of every file in the folder, as 64 hexadecimal digits.
    """

    config: AnswerConfig
    directory: Path
    digest: str


@dataclass(frozen=True)
class DetectorPackage(Package):
    """A detector with a network of its own."""

    config: DetectorConfig

    @property
    def weights_path(self) -> Path:
        """Where the weight file lies."""
        return self.directory / self.config.weights.file


@dataclass(frozen=True)
class FusionPackage(Package):
    """A fusion: its answers are computed from those of its members."""

    config: FusionConfig


def load_any(name_or_dir: str, *, calibrated: bool = True) -> DetectorPackage | FusionPackage:
    """Read a detector package and check all that can be checked without torch.

    Args:
        name_or_dir: The name of a shipped detector, such as `aiqyn-lite`, or the path of a package folder.
        calibrated: Refuse a package that states no calibration: its scores have no meaning yet.

    Returns:
        The package; its weights, where it has any, have the stated digest and are no pickle.

    Raises:
        DetectorError: `missing_package`, `invalid_config`, `uncalibrated`, and what `weights.check_weights` raises.
    """
    directory = _find(name_or_dir)
    config = read_config(directory / CONFIG_NAME)
    try:
        digest = digest_folder(directory)
        package: DetectorPackage | FusionPackage
        if isinstance(config, FusionConfig):
            package = FusionPackage(config, directory, digest)
        else:
            package = DetectorPackage(config, directory, digest)
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


def load_package(name_or_dir: str, *, calibrated: bool = True) -> DetectorPackage:
    """As `load_any`, where only a detector with a network of its own will do.

    Raises:
        DetectorError: `is_fusion` where it is a fusion, and what `load_any` raises.

    Example:
        >>> load_package("aiqyn-lite").config.rollup.rule
        'trimmed_mean'
    """
    package = load_any(name_or_dir, calibrated=calibrated)
    if isinstance(package, FusionPackage):
        members = ", ".join(member.name for member in package.config.fuses)
        raise DetectorError(
            "is_fusion", f"{package.config.name} is a fusion without a network of its own; name a member: {members}"
        )
    return package


@functools.lru_cache(maxsize=16)
def load_named(name_or_dir: str, digest: str) -> Package:
    """As `load_any`, once for all segments that this process works on.

    Args:
        name_or_dir: As the driver of a scan named it.
        digest: Of the package that the driver has.

    Raises:
        DetectorError: `other_package`, and what `load_any` raises.
    """
    package = load_any(name_or_dir)
    check_digest(package, digest)
    return package


def check_digest(package: Package, digest: str) -> None:
    """Refuse a package that goes by the name of the one that the driver of a scan named.

    Raises:
        DetectorError: `other_package`.
    """
    if package.digest != digest:
        raise DetectorError(
            "other_package",
            f"This worker's {package.config.name} has digest {package.digest[:12]}…, the scan's has {digest[:12]}…. "
            "Install the same aiqyn and detector package on every worker.",
        )


def read_config(path: Path) -> DetectorConfig | FusionConfig:
    """Read and validate a `detector.yaml`; one with `fuses` is a fusion's.

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
        fields = load_yaml(text)
        is_fusion = isinstance(fields, dict) and "fuses" in fields
        return (FusionConfig if is_fusion else DetectorConfig).model_validate(fields)
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
