"""What lies in the sources now: trees, single files and globs, local or on any filesystem that Beam knows."""

import itertools
import os
import re
import stat
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from pipelines.errors import UsageError
from pipelines.globs import SPECIAL
from pipelines.listing import as_pattern, check_reader, match_all
from pipelines.remote_file import RemoteFile
from transforms.beside.sidecars import Folder
from transforms.records import Place
from transforms.retry import is_passing, sentence_of

UNREADABLE_FOLDER = "Folder: "
"""How the problem of a place begins that stands for all that lies in a folder."""
_GONE = "If its files are gone for good, say so with --allow-empty."


def normalise(source: str) -> str:
    """A source as rows carry it: local ones absolute, without a trailing slash, ``..`` or a doubled first slash.

    Links stay as they are named, but for those before a ``..``, which decide what it means.
    """
    if "://" in source:
        return source.rstrip("/")
    path = Path(source).expanduser().absolute()
    if ".." in path.parts:
        after = len(path.parts) - path.parts[::-1].index("..")
        path = Path(*path.parts[:after]).resolve().joinpath(*path.parts[after:])
    return f"/{str(path).lstrip('/')}"


def covers(source: str, uri: str) -> bool:
    """Whether ``uri`` would be listed through ``source`` if it were there."""
    if uri == source or uri.startswith(f"{source.rstrip('/')}/"):
        return True
    if not SPECIAL.search(source):
        return False
    from apache_beam.io.filesystem import FileSystem

    return re.match(FileSystem.translate_pattern(source), uri) is not None


def beginning(source: str) -> str:
    """How the address of everything begins that a source covers: a coarse test, for many at once."""
    return source if Path(source).exists() else SPECIAL.split(source, maxsplit=1)[0]


def list_inputs(sources: Iterable[str], store: Path | str, *, may_be_empty: bool = False) -> Iterator[Place]:
    """What lies in the sources, but for the files of the store, which would grow by being scanned; with its sidecars.

    Args:
        sources: From ``normalise``.
        store: Root of the store: a folder without links, or an address.
        may_be_empty: Whether a glob, or an address on remote storage, under which there is nothing is no error.

    Raises:
        UsageError: There is nothing at a source.
    """

    @lru_cache
    def is_below(folder: str) -> bool:
        return isinstance(store, Path) and Path(os.path.realpath(folder)).is_relative_to(store)

    for source in sources:
        is_remote = "://" in source
        for place in with_sidecars(source, list_places(source, may_be_empty=may_be_empty)):
            is_ours = place.uri.startswith(f"{store}/") if is_remote else is_below(_folder_of(place) or "/")
            if not is_ours:
                yield place


def list_places(source: str, *, may_be_empty: bool = False) -> Iterator[Place]:
    """Every input under a source, one ``Place`` each, also for what cannot be read.

    Local trees are walked here and not by Beam, whose local filesystem passes in silence over folders that it may not
    read and links that lead nowhere, and rounds times. Links to files are followed, links to folders are not.

    Args:
        source: From ``normalise``.
        may_be_empty: As for ``list_inputs``.

    Raises:
        UsageError: There is nothing at ``source``.
    """
    if "://" in source:
        yield from _list_remote(source, may_be_empty=may_be_empty)
    elif Path(source).is_dir():
        yield from _walk(source)
    elif os.path.lexists(source):
        yield local_place(source, source)
    elif SPECIAL.search(source):
        yield from _list_local_glob(source, may_be_empty=may_be_empty)
    else:
        raise UsageError(f"There is nothing at {source}. Name a folder, a file or a glob in quotes.")


def with_sidecars(source: str, places: Iterable[Place]) -> Iterator[Place]:
    """The same places, each with the sidecars that lie in its folder, also where no source covers these.

    Args:
        source: Through which the places were listed.
        places: As ``list_places`` gives them.
    """
    if "://" in source:
        held = list(places)
        is_tree = not SPECIAL.search(source) and all(place.path != source for place in held)
        yield from with_remote_sidecars(source, held, is_tree=is_tree)
    else:
        yield from with_local_sidecars(source, places)


def with_local_sidecars(source: str, places: Iterable[Place]) -> Iterator[Place]:
    """As ``with_sidecars``, of local places, those of one folder one after another."""
    for folder, group in itertools.groupby(places, key=_folder_of):
        here = list(group)
        listed = {place.path: place for place in here}
        beside = Folder(_names_in(folder))
        for place in here:
            paths = [f"{folder}/{name}" for name in beside.beside(_name_of(place))]
            found = tuple(listed.get(path) or local_place(source, path) for path in paths)
            yield replace(place, beside=found) if found else place


def with_remote_sidecars(source: str, places: list[Place], *, is_tree: bool) -> Iterator[Place]:
    """As ``with_sidecars``, of remote places: a tree was listed whole; else the rest of each folder is listed, once."""
    listed: dict[str, Place] = {}
    if not is_tree:
        for folder in {_folder_of(place) for place in places}:
            listed.update((place.path, place) for place in _list_remote_folder(source, folder))
    listed.update((place.path, place) for place in places)
    names: defaultdict[str, list[str]] = defaultdict(list)
    for one in listed.values():
        names[_folder_of(one)].append(_name_of(one))
    folders = {folder: Folder(inside) for folder, inside in names.items()}
    for place in places:
        folder = _folder_of(place)
        found = tuple(listed[f"{folder}/{name}"] for name in folders[folder].beside(_name_of(place)))
        yield replace(place, beside=found) if found else place


def _list_remote_folder(source: str, folder: str) -> Iterator[Place]:
    try:
        found = match_all([f"{as_pattern(folder)}/*"])
    except Exception as error:  # filesystems raise whatever their libraries do
        if is_passing(error):
            raise UsageError(_cannot_list(source, error)) from error
        return  # a place may be readable in a folder that is not
    yield from (remote_place(source, one) for one in found)


def _folder_of(place: Place) -> str:
    return place.path.rpartition("/")[0]


def _name_of(place: Place) -> str:
    return place.path.rpartition("/")[2]


def _names_in(folder: str) -> list[str]:
    try:
        return os.listdir(folder or "/")  # noqa: PTH208  (hot loop; names may be no text)
    except OSError:  # the folder has a place of its own that says so
        return []


def _walk(source: str) -> Iterator[Place]:
    unreadable: list[OSError] = []
    for folder, folders, names in os.walk(source, onerror=unreadable.append):
        folders.sort()
        for name in sorted(names):
            yield local_place(source, os.path.join(folder, name))  # noqa: PTH118  (hot loop; names may be no text)
    for error in unreadable:
        path = os.fsdecode(error.filename)
        yield Place(source, printable(path), path, None, None, problem=f"{UNREADABLE_FOLDER}{error.strerror}.")


def local_place(source: str, path: str) -> Place:
    """A place as the local filesystem tells of it, also where it cannot be opened."""
    try:
        status = os.stat(path)  # noqa: PTH116
    except OSError as error:
        return Place(source, printable(path), path, None, None, problem=error.strerror)
    if not stat.S_ISREG(status.st_mode):
        problem = "This is no regular file."
        return Place(source, printable(path), path, None, status.st_mtime_ns, problem=problem)
    return Place(source, printable(path), path, status.st_size, status.st_mtime_ns)


def printable(path: str) -> str:
    """A path that Parquet and a terminal can show: bytes that are no UTF-8 become backslash escapes."""
    if path.isascii():
        return path
    text = os.fsencode(path).decode("utf-8", "backslashreplace")
    return path if text == path else text  # a scan holds all its places: most need one string


def _list_local_glob(source: str, *, may_be_empty: bool) -> Iterator[Place]:
    from apache_beam.io.filesystems import FileSystems

    paths = [metadata.path for result in FileSystems.match([source]) for metadata in result.metadata_list]
    if not paths and not may_be_empty:
        raise UsageError(f"Nothing matches {source}. In a glob, * stops at / and ** does not. {_GONE}")
    yield from (local_place(source, path) for path in sorted(paths))


def _list_remote(source: str, *, may_be_empty: bool) -> Iterator[Place]:
    check_reader(source)
    patterns = [source] if SPECIAL.search(source) else [f"{source}/**", source]
    try:
        found = match_all(patterns)
    except Exception as error:  # filesystems raise whatever their libraries do
        raise UsageError(_cannot_list(source, error)) from error
    if not found and not may_be_empty:
        raise UsageError(f"There is nothing at {source}. {_GONE}")
    for _, one in sorted({one.uri: one for one in found}.items()):
        yield remote_place(source, one)


def _cannot_list(source: str, error: Exception) -> str:
    told = f"{source} cannot be listed: {sentence_of(error)}"
    if is_passing(error):
        return f"{told} It was tried several times; nothing was recorded. Run the same command again."
    return f"{told} Is the address right, and may you list it?"


def remote_place(source: str, one: RemoteFile) -> Place:
    """A place as its storage's listing tells of it."""
    problem = one.unlisted and f"{UNREADABLE_FOLDER}{one.unlisted}"
    return Place(source, one.uri, one.uri, one.size_bytes, one.mtime_ns, problem=problem, etag=one.etag)
