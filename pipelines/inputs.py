"""Everything that a scan looks at, or has to answer for: sources and a manifest, sifted, with members and context."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from pipelines.containers import is_container
from pipelines.context import read_context_table
from pipelines.errors import UsageError
from pipelines.held import HeldPlaces
from pipelines.inventory import covers, list_inputs, normalise
from pipelines.listing import heeds_beam_options
from pipelines.manifest import Manifest, Named, with_missing
from pipelines.s3_endpoint import check_no_credentials
from pipelines.scan_part import WHOLE, ScanPart
from pipelines.selection import LeftOut, Selection
from transforms.records import Place

WithMembers = Callable[[list[Place]], Iterable[Place]]
"""Follows each container with its members."""


@dataclass(slots=True)
class Inputs:
    """What was found.

    Attributes:
        places: What a scan looks at.
        absent: What a manifest names and is not there: gone where the store knows it, else never there.
        left_out: What filters leave out.
        named: What a manifest names, as the store knows it, column ``uri``.
        filled: Sources, and the manifest, that hold something.
    """

    places: HeldPlaces = field(default_factory=HeldPlaces)
    absent: list[Place] = field(default_factory=list)
    left_out: LeftOut = field(default_factory=LeftOut)
    named: pa.Table = field(default_factory=lambda: _table(Named()))
    filled: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Scope:
    """What a scan was told to look at.

    Attributes:
        sources: From ``normalise``, sorted.
        manifest: Inputs named one by one, or None.
        selection: Filters.
        context: Of ``--context``, or None.
        opens_containers: Whether the members of containers are inputs.
        part: Of the places, those that are looked at.
    """

    sources: list[str]
    manifest: Manifest | None = None
    selection: Selection = field(default_factory=Selection)
    context: Path | None = None
    opens_containers: bool = True
    part: ScanPart = WHOLE

    @property
    def addresses(self) -> list[str]:
        """The sources and the manifest, as rows carry them in ``source``."""
        return [*self.sources, *([self.manifest.source] if self.manifest else [])]

    @property
    def heeds_beam_options(self) -> bool:
        """Whether Beam's options may say how some of it is read."""
        return any(map(heeds_beam_options, self.sources)) or (
            self.manifest is not None and self.manifest.heeds_beam_options
        )

    def gather(self, store: Path | str, with_members: WithMembers, *, may_be_empty: bool = False) -> Inputs:
        """Lists everything.

        Args:
            store: Root of the store: a folder without links, or an address.
            with_members: Not called where no container is opened.
            may_be_empty: As for ``list_inputs``.

        Raises:
            UsageError: There is nothing at a source, or the context table cannot be read.
        """
        table = read_context_table(self.context) if self.context else None
        named = self.manifest.look() if self.manifest else Named()
        inputs = Inputs(named=_table(named), filled={place.source for place in named.places[:1]})
        listed = _noted(list_inputs(self.sources, store, may_be_empty=may_be_empty), inputs.filled)
        unlisted: list[str] = []
        places = self._sifted(self._of_part(_joined(listed, named), unlisted), inputs.left_out)
        if self.opens_containers:
            places = self._opened(places, named, inputs.left_out, with_members)
        if self.manifest and self.manifest.table.says_something:
            places = self.manifest.table.attach(places, tells_unused=False)
        inputs.places = HeldPlaces(table.attach(places, tells_unused=self.part.is_whole) if table else places)
        inputs.places.unlisted += unlisted
        absent = (place for place in named.absent if self.part.takes(place.uri))
        inputs.absent = list(self._sifted(absent, inputs.left_out))
        inputs.left_out.keep(inputs.places.keys())
        inputs.left_out.keep((place.uri, place.member_path) for place in inputs.absent)
        return inputs

    def _opened(
        self, places: Iterable[Place], named: Named, left_out: LeftOut, with_members: WithMembers
    ) -> Iterator[Place]:
        """The places with members; containers last, since what the store knows of them is asked for once."""
        containers = []
        for place in places:
            if is_container(place):
                containers.append(place)
            else:
                yield place
        yield from self._sifted(with_missing(named, with_members(containers)), left_out)

    def _of_part(self, places: Iterable[Place], unlisted: list[str]) -> Iterator[Place]:
        """The part's places, and how those begin that lie below what could not be read, whosever it is to say so."""
        for place in places:
            if self.part.takes(place.uri):
                yield place
            elif place.problem and self._why_not(place) is None:
                unlisted.append(f"{place.uri}/")

    def looks_at(self, place: Place, *, is_named: bool) -> bool:
        """Whether a place that the store knows would be looked at if it were there, with the size and time it had.

        Args:
            place: As the store knows it.
            is_named: Whether the manifest names it.
        """
        through = [source for source in self.sources if covers(source, place.uri)]
        if is_named and self.manifest:
            through.append(self.manifest.source)
        if self.selection.is_everything:
            return bool(through)
        return any(self._why_not(_through(source, place)) is None for source in through)

    def _sifted(self, places: Iterable[Place], left_out: LeftOut) -> Iterable[Place]:
        return places if self.selection.is_everything else left_out.sift(places, self._why_not)

    def _why_not(self, place: Place) -> str | None:
        return self.selection.why_not(place, opens_containers=self.opens_containers)


def parse_scope(
    sources: Sequence[str],
    manifest: Path | None,
    selection: Selection,
    context: Path | None,
    *,
    opens_containers: bool,
    part: ScanPart = WHOLE,
) -> Scope:
    """A scope as the command line has it.

    Raises:
        UsageError: It names nothing, or the manifest cannot be read.
    """
    if not sources and manifest is None:
        raise UsageError("There is nothing to scan. Name a SOURCE (a folder, file, glob or URI) or --manifest FILE.")
    for source in sources:
        check_no_credentials(source)
    names = sorted({normalise(source) for source in sources})
    return Scope(names, Manifest(manifest) if manifest else None, selection, context, opens_containers, part)


def _noted(listed: Iterable[Place], filled: set[str]) -> Iterator[Place]:
    for place in listed:
        filled.add(place.source)
        yield place


def _joined(listed: Iterable[Place], named: Named) -> Iterator[Place]:
    """A file that a source holds, too, is that source's."""
    names = {place.uri for place in named.places}
    listed_names = set()
    for place in listed:
        if place.uri in names:
            listed_names.add(place.uri)
        yield place
    yield from (place for place in named.places if place.uri not in listed_names)


def _through(source: str, place: Place) -> Place:
    return Place(source, place.uri, place.path, place.size_bytes, place.mtime_ns, place.member_path)


def _table(named: Named) -> pa.Table:
    return pa.table({"uri": named.uris})
