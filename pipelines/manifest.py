"""A list of inputs, named one by one: what is there, and what is not."""

import itertools
import os
import posixpath
import re
import stat
import unicodedata
import urllib.parse
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.context import ContextTable, read_context_table
from pipelines.errors import UsageError
from pipelines.inventory import (
    local_place,
    normalise,
    printable,
    remote_place,
    with_local_sidecars,
    with_remote_sidecars,
)
from pipelines.listing import heeds_beam_options, look_up
from transforms.containers.beginnings import is_named_as_container
from transforms.containers.entries import SEPARATOR
from transforms.outcomes import Reason
from transforms.records import Place
from transforms.retry import sentence_of

_ESCAPED: Final = re.compile(rb"\\x([0-9a-f]{2})")
_BATCH: Final = 50_000


@dataclass(slots=True)
class Named:
    """What a manifest's rows name.

    Attributes:
        places: What is there, or cannot be told; each once, in the order of their addresses.
        absent: Files that are not there, and members that are not in their containers.
        members: Addresses of members of containers that rows name; their containers are among the others.
        uris: Of all places, also absent ones, as the store knows them; in Arrow's memory, since they are many.
    """

    places: list[Place] = field(default_factory=list)
    absent: list[Place] = field(default_factory=list)
    members: set[tuple[str, str]] = field(default_factory=set)
    uris: pa.Array = field(default_factory=lambda: pa.array([], pa.large_string()))


class Manifest:
    """A table of inputs; its other columns are those of a context table.

    Args:
        file: CSV or Parquet with a column ``uri``.

    Raises:
        UsageError: It cannot be read, or names nothing.
    """

    def __init__(self, file: Path) -> None:
        self.source = normalise(str(file))
        self.table: ContextTable = read_context_table(Path(self.source), "manifest")
        self._folder = posixpath.dirname(self.source)
        addresses = (self._address(cell) for cell in self.table.uris())
        self._addresses = _folder_by_folder(pc.unique(pa.array(addresses, pa.large_string())))
        if len(self._addresses) == 0:
            raise UsageError(f"The manifest {file} names no input. Fill its column 'uri'.")

    @property
    def heeds_beam_options(self) -> bool:
        """Whether Beam's options may say how something is read that it names."""
        remote = self._addresses.filter(pc.match_substring(self._addresses, "://"))
        return any(map(heeds_beam_options, _texts(remote)))

    def look(self) -> Named:
        """Looks up everything that it names: local files here, remote ones through Beam.

        Raises:
            UsageError: A filesystem cannot be asked, or does not answer.
        """
        is_remote = pc.match_substring(self._addresses, "://")
        named = Named()
        local = self._local(_texts(self._addresses.filter(pc.invert(is_remote))), named)
        local = with_local_sidecars(self.source, local)
        remote = self._remote(_texts(self._addresses.filter(is_remote)), named)
        remote = with_remote_sidecars(self.source, list(remote), is_tree=False)
        # Each once: rows may write one name in two ways, or name members of one container.
        named.places = list({place.path: place for place in itertools.chain(local, remote)}.values())
        named.absent = list({place.path: place for place in named.absent}.values())
        uris = (place.uri for place in itertools.chain(named.places, named.absent))
        named.uris = pc.unique(pa.array(uris, pa.large_string()))
        return named

    def _address(self, cell: str) -> str:
        """A cell as an absolute path or a URI; nothing in it is a pattern."""
        text = cell.strip()
        if text.startswith("file://"):
            text = urllib.parse.unquote(text.removeprefix("file://").removeprefix("localhost"))
        if "://" in text:
            return text.rstrip("/")
        path = posixpath.join(self._folder, text)
        if ".." in path.split("/"):
            return normalise(path)
        return f"/{posixpath.normpath(path).lstrip('/')}"

    def _local(self, addresses: Iterable[str], named: Named) -> Iterator[Place]:
        found = (self._local_place(address, named) for address in addresses)
        return (place for place in found if place is not None)

    def _local_place(self, address: str, named: Named) -> Place | None:
        for path in _spellings(address):
            try:
                status = os.lstat(path)
            except (FileNotFoundError, NotADirectoryError):
                continue
            except (OSError, ValueError) as error:  # ValueError: a name that no file system takes
                problem = getattr(error, "strerror", None) or f"This is no path: {error}."
                return Place(self.source, printable(path), path, None, None, problem=problem)
            if stat.S_ISDIR(status.st_mode):
                problem = "This is a folder. A manifest names files; name folders as SOURCE."
                return Place(self.source, printable(path), path, None, status.st_mtime_ns, problem=problem)
            return local_place(self.source, path)
        if container := _container_of(address):
            named.members.add((container, address[len(container) + len(SEPARATOR) :]))
            return self._local_place(container, named)
        named.absent.append(self._absent(address))
        return None

    def _remote(self, addresses: Iterable[str], named: Named) -> Iterator[Place]:
        wanted: dict[str, None] = {}
        for address in addresses:
            if container := _container_of(address):
                named.members.add((container, address[len(container) + len(SEPARATOR) :]))
            wanted[container or address] = None
        uri = None
        try:
            for uri, found in look_up(wanted):
                if found is None:
                    named.absent.append(self._absent(uri))
                elif isinstance(found, Exception):
                    yield Place(self.source, uri, uri, None, None, problem=sentence_of(found))
                else:
                    yield remote_place(self.source, found)
        except UsageError:
            raise
        except Exception as error:  # filesystems raise whatever their libraries do
            told = f"What the manifest {self.source} names cannot be looked up{f', after {uri}' if uri else ''}"
            raise UsageError(
                f"{told}: {sentence_of(error)} Is the extra of its filesystem installed? "
                "If so, run the same command again; nothing was recorded."
            ) from error

    def _absent(self, address: str) -> Place:
        refused = (Reason.NOT_FOUND, Reason.NOT_FOUND.sentence)
        return Place(self.source, printable(address), address, None, None, refused=refused)


def with_missing(named: Named, places: Iterable[Place]) -> Iterator[Place]:
    """The same places; in the end, members that a manifest names and that their containers do not hold are absent.

    Args:
        named: From ``Manifest.look``; its ``absent`` grows by members of containers that were listed to their end.
        places: All containers of the scan, and their members.
    """
    missing = set(named.members)
    whole: dict[str, Place] = {}
    for place in places:
        yield place
        if place.member_path is not None:
            missing.discard((place.uri, place.member_path))
        elif missing and place.refused and place.refused[0] is Reason.CONTAINER:
            whole[place.uri] = place
    refused = (Reason.NOT_FOUND, Reason.NOT_FOUND.sentence)
    named.absent += [
        Place(whole[uri].source, uri, whole[uri].path, None, None, member, refused=refused)
        for uri, member in sorted(missing)
        if uri in whole
    ]


def _spellings(address: str) -> Iterator[str]:
    """How a name may lie on disk: as written, else with «й» in one or in two, else with the bytes that rows escape."""
    yield address
    if not address.isascii():
        for form in ("NFC", "NFD"):
            if (other := unicodedata.normalize(form, address)) != address:
                yield other
    if "\\" in address:
        raw = _ESCAPED.sub(lambda found: bytes([int(found[1], 16)]), address.encode())
        yield os.fsdecode(raw)
        yield address.replace("\\", "/")


def _container_of(address: str) -> str | None:
    """The container of which an address names a member, or None."""
    container, separator, _ = address.partition(SEPARATOR)
    return container if separator and is_named_as_container(container) else None


def _folder_by_folder(addresses: pa.Array) -> pa.Array:
    """Sorted so that the files of a folder follow one another, and each folder is listed once for their sidecars."""
    folders = pc.replace_substring_regex(addresses, "[^/]*$", "")
    keys = pa.table({"folder": folders, "address": addresses})
    return addresses.take(pc.sort_indices(keys, [("folder", "ascending"), ("address", "ascending")]))


def _texts(array: pa.Array) -> Iterator[str]:
    for start in range(0, len(array), _BATCH):
        yield from array.slice(start, _BATCH).to_pylist()
