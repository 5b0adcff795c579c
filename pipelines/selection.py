"""Filters of a scan: which of the inputs that a source holds are looked at."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from pipelines.amounts import parse_moment, parse_size
from pipelines.errors import UsageError
from pipelines.globs import SPECIAL, Glob, composed
from pipelines.inventory import UNREADABLE_FOLDER
from transforms.containers.beginnings import is_named_as_container
from transforms.containers.entries import SEPARATOR
from transforms.records import Place

Key = tuple[str, str | None]
"""A place's ``uri`` and ``member_path``."""

NOT_INCLUDED, EXCLUDED, OLDER, SMALLER, LARGER = "not included", "excluded", "older", "smaller", "larger"
"""Why an input is left out."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What is looked at: what every filter lets pass.

    An input of which size or time is not known passes the filter that asks for it. A container that is opened passes
    where one of its members might: size is asked of these alone.

    Attributes:
        include: If there are any, one of these has to match.
        exclude: None of these may match.
        since_ns: Earliest modification time, in nanoseconds since the epoch.
        min_bytes: Smallest size.
        max_bytes: Largest size.
    """

    include: tuple[Glob, ...] = ()
    exclude: tuple[Glob, ...] = ()
    since_ns: int | None = None
    min_bytes: int | None = None
    max_bytes: int | None = None

    @property
    def is_everything(self) -> bool:
        """Whether there is no filter."""
        return self == Selection()

    def why_not(self, place: Place, *, opens_containers: bool) -> str | None:
        """Why a place is left out, or None.

        Args:
            place: As it was listed, or as the store knows it.
            opens_containers: Whether the members of containers are inputs.
        """
        path = composed(path_below(place.source, place.address))
        is_folder = (place.problem or "").startswith(UNREADABLE_FOLDER)
        is_container = opens_containers and place.member_path is None and is_named_as_container(place.name)
        if any(glob.matches(path) or (is_folder and glob.matches_all_below(path)) for glob in self.exclude):
            return EXCLUDED
        inside = f"{path}/" if is_folder else f"{path}{SEPARATOR}" if is_container else None
        if self.include and not any(
            glob.matches(path) or (inside is not None and glob.may_match_below(inside)) for glob in self.include
        ):
            return NOT_INCLUDED
        if self.since_ns is not None and place.mtime_ns is not None and place.mtime_ns < self.since_ns:
            return OLDER
        if place.size_bytes is None or is_container:
            return None
        if self.min_bytes is not None and place.size_bytes < self.min_bytes:
            return SMALLER
        if self.max_bytes is not None and place.size_bytes > self.max_bytes:
            return LARGER
        return None


@dataclass(slots=True)
class LeftOut:
    """Inputs that a filter left out, and why."""

    whys: dict[Key, str] = field(default_factory=dict)

    @property
    def counts(self) -> dict[str, int]:
        """How many, by why."""
        return dict(sorted(Counter(self.whys.values()).items()))

    def sift(self, places: Iterable[Place], why_not: Callable[[Place], str | None]) -> Iterator[Place]:
        """The places that are looked at."""
        for place in places:
            why = why_not(place)
            if why is None:
                yield place
            else:
                self.whys[place.uri, place.member_path] = why

    def keep(self, keys: Iterable[Key]) -> None:
        """Takes back what is looked at: one that several sources hold need pass for one of them only."""
        if self.whys:
            for key in keys:
                self.whys.pop(key, None)


def parse_selection(
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    newer_than: str | None = None,
    min_size: str | None = None,
    max_size: str | None = None,
    now: datetime | None = None,
) -> Selection:
    """Filters as the command line has them.

    Raises:
        UsageError: One cannot be read, or all together let nothing pass.
    """
    smallest = parse_size(min_size, "--min-size") if min_size else None
    largest = parse_size(max_size, "--max-size") if max_size else None
    if smallest is not None and largest is not None and smallest > largest:
        raise UsageError(f"No file has {min_size} or more and {max_size} or less. Correct --min-size or --max-size.")
    return Selection(
        tuple(map(Glob, include)),
        tuple(map(Glob, exclude)),
        parse_moment(newer_than, "--newer-than", now or datetime.now(UTC)) if newer_than else None,
        smallest,
        largest,
    )


def path_below(source: str, address: str) -> str:
    """What globs match: an address without its source, or without the folder that a file or a glob begins in.

    The files of a manifest are below its folder; of those that lie elsewhere it is all but ``scheme://`` or ``/``.
    """
    if address.startswith(root := f"{source.rstrip('/')}/"):
        return address[len(root) :]
    beginning = source if address.startswith(source) else SPECIAL.split(source, maxsplit=1)[0]
    if address.startswith(root := f"{beginning.rpartition('/')[0]}/"):
        return address[len(root) :]
    return address.partition("://")[2] or address.lstrip("/")
