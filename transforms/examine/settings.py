"""What an examiner child must know before its first file; plain dataclasses, since children import little."""

from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from transforms.detect.preprocess import InputSpec


@dataclass(frozen=True, slots=True)
class Sampling:
    """How frames are chosen: at most ``frames`` of them, spread evenly, first and last moment included."""

    frames: int = 16

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one file's examination.

    Attributes:
        file_bytes: Larger files are not opened.
        pixels: Frames whose header claims more are not decoded.
        memory_bytes: Address space of one child.
        cpu_seconds: Processor time for one file; does not depend on how busy the machine is.
        frame_seconds: Wall time between two frames, a backstop for a decoder that sleeps.
        file_seconds: Wall time for one file, the same backstop.
    """

    file_bytes: int = 64 << 30
    pixels: int = 200_000_000
    memory_bytes: int = 3 << 30
    cpu_seconds: int = 120
    frame_seconds: float = 120.0
    file_seconds: float = 600.0

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}


@dataclass(frozen=True, slots=True)
class ExamineSettings:
    """Everything that decides what a child returns for given bytes."""

    sampling: Sampling
    limits: Limits
    input: InputSpec

    def to_json(self) -> dict[str, Any]:
        """The same as plain dictionaries."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "ExamineSettings":
        """The inverse of ``to_json``."""
        return cls(Sampling(**data["sampling"]), Limits(**data["limits"]), InputSpec(**data["input"]))
