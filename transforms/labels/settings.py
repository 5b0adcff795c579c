"""Whether and how visible labels are looked for; plain dataclasses, since children import little."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from annotated_types import Ge, Le


@dataclass(frozen=True, slots=True)
class LabelReading:
    """How labels are read.

    Attributes:
        enabled: Whether text and icons are looked for in the pixels; texts beside a file are read with the marks.
        lines: Most lines of text that are read of one frame, those nearest to its edges first.
        passes: Most frames and composites of one video or animation in which text is looked for.
    """

    enabled: bool = True
    lines: Annotated[int, Ge(1), Le(200)] = 40
    passes: Annotated[int, Ge(2), Le(100)] = 12

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}
