"""Scan profiles: ``configs/profiles/<name>.yaml``, or a file of the user's."""

import hashlib
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

import configs
from pipelines.errors import UsageError
from transforms.containers.entries import ContainerLimits
from transforms.examine.settings import FaceSearch, Limits, Sampling
from transforms.labels.settings import LabelReading
from transforms.marks.settings import MarkReading


class SegmentSize(BaseModel):
    """How much work goes into one segment.

    Attributes:
        target_seconds: About how long one should take: what a kill costs at most.
        max_items: Most places in one.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    target_seconds: float = Field(gt=0)
    max_items: int = Field(ge=1)


class TrustFiles(BaseModel):
    """Whose C2PA signatures count as trusted: PEM files, named from the profile's folder on.

    Attributes:
        lists: The files of a trust list.
        anchors: Those that the organisation trusts besides.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    lists: tuple[Path, ...] = ()
    anchors: tuple[Path, ...] = ()

    def found_from(self, folder: Path) -> "TrustFiles":
        """The same with whole paths."""
        return TrustFiles(
            lists=tuple(folder / file for file in self.lists), anchors=tuple(folder / file for file in self.anchors)
        )


class Profile(BaseModel):
    """One scan profile.

    Attributes:
        name: As rows of ``scans`` have it.
        lexicon: Files of phrases that are added to the shipped ones, named from the profile's folder on.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    sampling: Sampling
    limits: Limits
    faces: FaceSearch = Field(default_factory=FaceSearch)
    marks: MarkReading = Field(default_factory=MarkReading)
    labels: LabelReading = Field(default_factory=LabelReading)
    containers: ContainerLimits = Field(default_factory=ContainerLimits)
    lexicon: tuple[Path, ...] = ()
    trust: TrustFiles = Field(default_factory=TrustFiles)
    segments: SegmentSize

    @property
    def digest(self) -> str:
        """SHA-256 of the validated profile."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()


def load_profile(name_or_file: str) -> Profile:
    """Reads a profile by the name of a shipped one, or from a YAML file.

    Raises:
        UsageError: It is missing or not valid; the message names the field.
    """
    path = Path(name_or_file)
    if path.suffix not in {".yaml", ".yml"}:
        path = configs.ROOT / "profiles" / f"{name_or_file}.yaml"
    try:
        profile = Profile.model_validate(yaml.safe_load(path.read_text("utf-8")))
    except OSError as error:
        shipped = ", ".join(sorted(file.stem for file in (configs.ROOT / "profiles").glob("*.yaml")))
        raise UsageError(f"There is no profile {name_or_file}. Shipped: {shipped}; or name a .yaml file.") from error
    except (yaml.YAMLError, ValidationError) as error:
        raise UsageError(f"The profile {path} is not valid: {error}") from error
    folder = path.resolve().parent
    lexicon = tuple(folder / file for file in profile.lexicon)
    return profile.model_copy(update={"trust": profile.trust.found_from(folder), "lexicon": lexicon})
