"""What an examiner child must know before its first file; plain dataclasses, since children import little."""

from dataclasses import asdict, dataclass
from typing import Annotated, Any, ClassVar

from annotated_types import Ge, Gt

from transforms.detect.preprocess import InputSpec


@dataclass(frozen=True, slots=True)
class Sampling:
    """How frames are chosen: at most ``frames`` of them, spread evenly, first and last moment included."""

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
