"""What an examiner child must know before its first file; plain dataclasses, since children import little."""

from dataclasses import asdict, dataclass, field
from typing import Annotated, Any, ClassVar

from annotated_types import Ge, Gt, Le

from transforms.containers.entries import ContainerLimits
from transforms.detect.preprocess import InputSpec
from transforms.detect.scope import ScopeRules
from transforms.labels.settings import LabelReading
from transforms.marks.settings import MarkReading, Trust

MAX_FRAME_BYTES = 256 << 20
"""What a child may send of one frame: the parent believes no larger claim."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """How frames are chosen.

    Attributes:
        frames: Most frames of a video or animation: spread evenly, first and last moment included.
    """

    frames: Annotated[int, Ge(1)] = 16

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one file's examination.

    Attributes:
        file_bytes: Larger files are not opened.
        pixels: Frames whose header claims more are not decoded.
        memory_bytes: Address space of one child; half a gigabyte is what its libraries take.
        cpu_seconds: Processor time for one file; does not depend on how busy the machine is.
        frame_seconds: Wall time between two frames, a backstop for a decoder that sleeps.
        file_seconds: Wall time for one file, the same backstop.
    """

    file_bytes: Annotated[int, Ge(1)] = 64 << 30
    pixels: Annotated[int, Ge(1)] = 200_000_000
    memory_bytes: Annotated[int, Ge(512 << 20)] = 3 << 30
    cpu_seconds: Annotated[int, Ge(1)] = 300
    frame_seconds: Annotated[float, Gt(0)] = 120.0
    file_seconds: Annotated[float, Gt(0)] = 1200.0

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}


@dataclass(frozen=True, slots=True)
class FaceSearch:
    """Whether people's faces are looked for.

    Attributes:
        enabled: Whether they are, in every frame; only boxes and counts are kept.
        scored: How many of a frame's largest faces each detector scores, for information.
    """

    enabled: bool = True
    scored: Annotated[int, Ge(0), Le(8)] = 1

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}


@dataclass(frozen=True, slots=True)
class DetectorNeeds:
    """What one detector wants to see of a frame, and of which frames it wants to see nothing."""

    input: InputSpec
    scope: ScopeRules | None = None


@dataclass(frozen=True, slots=True)
class ExamineSettings:
    """Everything that decides what a child returns for given bytes.

    ``lexicon`` holds the texts of an analyst's own lexicon files, which are added to the shipped ones. With
    ``show_readings`` children send what was read of each frame, too, with its pixels: for ``aiqyn labels``. With
    ``stills`` they send of each sampled frame a copy whose longer side has so many pixels: for people to look at;
    with ``show_manifests`` the C2PA manifest store as the library reports it.
    """

    sampling: Sampling
    limits: Limits
    detectors: tuple[DetectorNeeds, ...]
    faces: FaceSearch = field(default_factory=FaceSearch)
    marks: MarkReading = field(default_factory=MarkReading)
    trust: Trust = field(default_factory=Trust)
    labels: LabelReading = field(default_factory=LabelReading)
    lexicon: tuple[str, ...] = ()
    show_readings: bool = False
    stills: Annotated[int, Ge(0), Le(4096)] = 0
    show_manifests: bool = False
    containers: ContainerLimits = field(default_factory=ContainerLimits)

    def __post_init__(self) -> None:
        """Refuse what no frame could be sent for."""
        wanted = sum(3 * one.views * one.size**2 for one in self.inputs)
        wanted *= 1 + (self.faces.scored if self.faces.enabled else 0)
        wanted += 3 * self.stills**2
        if wanted > MAX_FRAME_BYTES:
            raise ValueError(
                f"The detectors want {wanted >> 20} MiB of each frame and its faces; the most is "
                f"{MAX_FRAME_BYTES >> 20} MiB. Name fewer detectors in one scan, or have fewer faces scored."
            )

    @property
    def inputs(self) -> tuple[InputSpec, ...]:
        """Every distinct input of the detectors, in their order: detectors that see alike share their views."""
        return tuple(dict.fromkeys(detector.input for detector in self.detectors))

    def to_json(self) -> dict[str, Any]:
        """The same as plain dictionaries."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "ExamineSettings":
        """The inverse of ``to_json``."""
        detectors = (
            DetectorNeeds(InputSpec(**one["input"]), one["scope"] and ScopeRules(**one["scope"]))
            for one in data["detectors"]
        )
        sampling, limits = Sampling(**data["sampling"]), Limits(**data["limits"])
        marks, trust = MarkReading(**data["marks"]), Trust(**data["trust"])
        faces, labels = FaceSearch(**data["faces"]), LabelReading(**data["labels"])
        lexicon, show, stills = tuple(data["lexicon"]), data["show_readings"], data["stills"]
        containers = ContainerLimits(**data["containers"])
        whole = {"stills": stills, "show_manifests": data["show_manifests"], "containers": containers}
        return cls(sampling, limits, tuple(detectors), faces, marks, trust, labels, lexicon, show, **whole)
