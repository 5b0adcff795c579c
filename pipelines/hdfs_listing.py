"""What lies on HDFS, listed folder by folder."""

import re
from collections.abc import Iterator

from pipelines.globs import SPECIAL
from pipelines.remote_file import RemoteFile
from transforms import hdfs
from transforms.retry import is_passing, retried_or_none, sentence_of

_REACHES_BELOW = re.compile(r"\*\*|[?\[]")  # of Beam's patterns: ? and [ match a /


def match_on_hdfs(pattern: str) -> Iterator[RemoteFile]:
    """The files that match a pattern, as Beam's filesystems match; folders that none of them can lie in are not listed.

    Of a whole tree, ``hdfs://folder/**``, a folder below that may not be listed is given as such.

    Raises:
        Exception: As the client raised it.
    """
    from apache_beam.io.filesystem import FileSystem

    prefix = SPECIAL.split(pattern, maxsplit=1)[0]
    if prefix == pattern:
        try:
            found = find_on_hdfs(pattern)
        except IsADirectoryError:
            return
        yield from [found] if found else ()
        return
    root = prefix.rpartition("/")[0]
    rest = pattern.removeprefix(f"{root}/")
    levels = None if _REACHES_BELOW.search(rest) else rest.count("/")
    matches = re.compile(FileSystem.translate_pattern(pattern)).match
    for one in _walk(root, levels, tells_unlisted=rest == "**"):
        if one.unlisted or matches(one.uri):
            yield one


def find_on_hdfs(uri: str) -> RemoteFile | None:
    """The file at an address, or None for nothing.

    Raises:
        IsADirectoryError: A folder lies there.
        Exception: As the client raised it.
    """
    found = retried_or_none(lambda: hdfs.find_file(uri))
    return _file(found) if found else None


def _walk(root: str, levels: int | None, *, tells_unlisted: bool) -> Iterator[RemoteFile]:
    """All files below a folder, so many levels deep; None: however deep."""
    waiting = [(root, levels)]
    while waiting:
        folder, below = waiting.pop()
        try:
            entries = _listed(folder)
        except Exception as error:  # it raises whatever its library does
            if is_passing(error) or folder == root or not tells_unlisted:
                raise
            yield RemoteFile(folder, None, None, unlisted=sentence_of(error))
            continue
        for entry in entries:
            if not entry.is_folder:
                yield _file(entry)
            elif below != 0:
                waiting.append((entry.uri, below and below - 1))


def _listed(folder: str) -> list[hdfs.HdfsEntry]:
    """What lies in a folder: nothing, where it is none, or none any more."""
    try:
        return retried_or_none(lambda: hdfs.list_folder(folder)) or []
    except NotADirectoryError:
        return []


def _file(entry: hdfs.HdfsEntry) -> RemoteFile:
    return RemoteFile(entry.uri, entry.size_bytes, entry.mtime_ns, entry.etag)
