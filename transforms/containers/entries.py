"""What a container's headers tell of its members, and how listing it may end early."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Annotated, ClassVar

from annotated_types import Ge, Le

from transforms.outcomes import Reason

SEPARATOR = "!/"
"""Between a container's path and that of its member: ``album.zip!/2026/a.jpg``."""
_LONGEST_PATH = 1_000
"""Characters of a member's path that rows carry; a longer one is cut and told apart by number."""


@dataclass(frozen=True, slots=True)
class ContainerLimits:
    """Bounds of what one container may make a scan do.

    Attributes:
        enabled: Whether members are listed; else a container is one file that is no media.
        members: How many are listed, those of containers within it included.
        depth: How many containers may lie within each other.
        produced_bytes: What its members hold together, counted as they are unpacked.
        ratio: How many bytes may come of one that is read, beyond the first 64 MiB: pictures and videos hardly shrink.
    """

    enabled: bool = True
    members: Annotated[int, Ge(1)] = 1_000_000
    depth: Annotated[int, Ge(1), Le(8)] = 3
    produced_bytes: Annotated[int, Ge(1)] = 4 << 40
    ratio: Annotated[int, Ge(1)] = 200

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}


@dataclass(frozen=True, slots=True)
class Entry:
    """A member that is no folder.

    Attributes:
        path: As rows carry it: the name in the container, which is data and never a path that is opened.
        size_bytes: As its header has it; where listing unpacks anyway, as it was found.
        content_sha256: Where listing has to unpack anyway, else None.
        refused: Reason and sentence for one that is not to be read.
    """

    path: str
    size_bytes: int
    content_sha256: str | None = None
    refused: tuple[Reason, str] | None = None


@dataclass(slots=True)
class Listed:
    """A container's members, as far as they could be listed.

    Attributes:
        entries: In the order in which they lie in it.
        ended: Reason and sentence where that was not to the end.
    """

    entries: list[Entry] = field(default_factory=list)
    ended: tuple[Reason, str] | None = None


class ContainerError(OSError):
    """A container, or a member, that cannot be read further."""

    def __init__(self, reason: Reason, sentence: str) -> None:
        super().__init__(sentence)
        self.reason = reason


class MemberError(ContainerError):
    """A member that cannot be read; those behind it can."""


def failing(error: ContainerError) -> Iterator[bytes]:
    """The bytes of a member of which the error is known before it is read."""
    raise error
    yield


class OwnPaths:
    """Gives members paths that are printable and stand once each: the second ``a.jpg`` is ``a.jpg#2``."""

    def __init__(self, prefix: str = "") -> None:
        self._prefix = prefix
        self._taken: dict[str, int] = {}

    def of(self, entry: Entry) -> Entry:
        """The entry with a path of its own."""
        path = entry.path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
        path = self._prefix + (path[:_LONGEST_PATH] or "unnamed")
        own, number = path, self._taken.get(path, 1)
        while own in self._taken:
            number += 1
            own = f"{path}#{number}"
        self._taken[own] = 1
        self._taken[path] = number  # where to go on: a million members may share one name
        return entry if own == entry.path else replace(entry, path=own)
