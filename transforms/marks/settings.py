"""What the marks layer is to read, and whom it trusts; plain dataclasses, since children import little."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class MarkReading:
    """Which declarations and traces are looked for.

    Attributes:
        enabled: Whether marks are read at all.
        watermarks: Whether the open invisible watermarks are looked for in pictures.
        keep_prompts: Whether prompts are stored; without it only their length and SHA-256 are, since they are often
            personal.
    """

    enabled: bool = True
    watermarks: bool = True
    keep_prompts: bool = False

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}


@dataclass(frozen=True, slots=True)
class Trust:
    """Whose signatures count as trusted.

    Attributes:
        anchors: Certificates of a trust list, PEM.
        organisation: Certificates that the user's organisation trusts besides, PEM.
        name: Which list it is, as rows say it: its name and date, or ``none``.
    """

    anchors: str = ""
    organisation: str = ""
    name: str = "none"
