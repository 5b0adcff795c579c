"""Members of containers as inputs: listed where a container is new or changed, else as the store has them."""

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace

import pyarrow as pa

from pipelines.held import SCHEMA
from pipelines.store import Store
from pipelines.tables import connect
from transforms.beside.sidecars import Folder
from transforms.containers.beginnings import BEGINNING_BYTES, is_named_as_container, kind_of, may_hold_anything
from transforms.containers.opener import Opener, open_place
from transforms.outcomes import FLEETING, OF_LISTING, Reason
from transforms.records import Place

Refused = tuple[Reason, str]
_Stored = tuple[str, int, Refused | None]
_LISTED_ANEW = FLEETING - {Reason.DECODER_MISSING}
"""Reasons of a container's own row after which its members are not known; a missing decoder waits to be retried."""
_KNOWN = """
WITH container AS (
    SELECT latest.uri, latest.mtime_ns, latest.etag, latest.members, latest.reason, latest.detail
    FROM items_latest AS latest JOIN listed USING (uri, size_bytes, mtime_ns)
    WHERE latest.member_path IS NULL AND latest.examination = $examination AND latest.outcome <> 'gone'
      AND latest.etag IS NOT DISTINCT FROM listed.etag
      AND latest.reason IS NOT NULL AND NOT list_contains($fleeting, latest.reason)
)
SELECT container.uri, container.reason, container.detail, member.member_path, member.size_bytes,
       CASE WHEN list_contains($of_listing, member.reason) THEN member.reason END AS refused, member.detail AS why
FROM container LEFT JOIN items_latest AS member
    ON member.uri = container.uri AND member.member_path IS NOT NULL AND member.mtime_ns = container.mtime_ns
    AND member.etag IS NOT DISTINCT FROM container.etag AND member.outcome <> 'gone'
-- Members may be missing where a scan was interrupted before the segments in which they were.
WHERE container.members = (
    SELECT count(*) FROM items_latest AS one
    WHERE one.uri = container.uri AND one.member_path IS NOT NULL AND one.mtime_ns = container.mtime_ns
      AND one.etag IS NOT DISTINCT FROM container.etag AND one.outcome <> 'gone'
      AND one.reason IS DISTINCT FROM 'changed_during_scan'
)
ORDER BY container.uri, member.member_path
"""


def is_container(place: Place) -> bool:
    """Whether a file is one: its name says so or, of a local one whose name says nothing, its first bytes."""
    name = place.name
    if is_named_as_container(name):
        return True
    if place.problem or "://" in place.path or not may_hold_anything(name):
        return False
    try:
        with os.fdopen(open_place(place), "rb", buffering=0) as file:
            return kind_of(file.read(BEGINNING_BYTES)) is not None
    except OSError:
        return False  # which its examination tells


def with_members(
    places: Iterable[Place], store: Store, opener: Opener, examination: str, *, retry_failed: bool
) -> Iterator[Place]:
    """The containers, each followed by its members.

    A container's own row says that it is one, or why it could not be listed to its end.

    Args:
        places: Containers.
        store: Knows the members of containers that have not changed since.
        opener: Lists the others.
        examination: Under which they have to have been listed.
        retry_failed: Whether what failed is tried again: then all are listed.
    """
    held = list(places)
    containers = [place for place in held if not place.problem]
    known = {} if retry_failed else _known(store, containers, examination)
    for place in held:
        if place.uri in known:
            refused, members = known[place.uri]
            yield replace(place, refused=refused, members=len(members))
            yield from _with_sidecars([_member(place, *one) for one in members])
        elif not place.problem:
            refused, found = _listed(place, opener)
            yield replace(place, refused=refused, members=len(found))
            yield from _with_sidecars(found)
        else:
            yield place


def _listed(place: Place, opener: Opener) -> tuple[Refused, list[Place]]:
    listed = opener.members(place)
    members = [
        _member(place, entry.path, entry.size_bytes, entry.refused, entry.content_sha256, number)
        for number, entry in enumerate(listed.entries)
    ]
    told = f"Members with rows of their own: {len(members):,}."
    if listed.ended is None:
        return (Reason.CONTAINER, f"The file is a container. {told}"), members
    reason, sentence = listed.ended
    return (reason, f"{sentence} {told}" if members else sentence), members


def _member(
    container: Place,
    path: str,
    size_bytes: int,
    refused: Refused | None = None,
    content_sha256: str | None = None,
    ordinal: int | None = None,
) -> Place:
    at = container.source, container.uri, container.path
    return Place(
        *at,
        size_bytes,
        container.mtime_ns,
        path,
        refused=refused,
        content_sha256=content_sha256,
        ordinal=ordinal,
        etag=container.etag,
    )


def _known(store: Store, containers: list[Place], examination: str) -> dict[str, tuple[Refused, list[_Stored]]]:
    """By the container's uri what its row says, and its members."""
    if not containers or not store.exists():
        return {}
    names = ("uri", "size_bytes", "mtime_ns", "etag")
    columns = {
        name: pa.array([getattr(place, name) for place in containers], SCHEMA.field(name).type) for name in names
    }
    parameters = {"examination": examination, "fleeting": sorted(_LISTED_ANEW), "of_listing": sorted(OF_LISTING)}
    with connect(store, with_later=True, asked=_KNOWN) as tables:
        tables.register("listed", pa.table(columns))
        rows = tables.execute(_KNOWN, parameters).fetchall()
    known: dict[str, tuple[Refused, list[_Stored]]] = {}
    for uri, reason, detail, path, size, refused, why in rows:
        _, members = known.setdefault(uri, ((Reason(reason), detail), []))
        if path is not None:
            members.append((path, size, (Reason(refused), why) if refused else None))
    return known


def _with_sidecars(members: list[Place]) -> Iterator[Place]:
    """The members, each with the sidecars that lie in its folder of the container."""
    folders: defaultdict[str, dict[str, Place]] = defaultdict(dict)
    for member in members:
        folders[_folder(member)][member.name] = member
    beside = {folder: Folder(names) for folder, names in folders.items()}
    for member in members:
        names = beside[_folder(member)].beside(member.name)
        yield replace(member, beside=tuple(folders[_folder(member)][name] for name in names)) if names else member


def _folder(member: Place) -> str:
    return (member.member_path or "").rpartition("/")[0]
