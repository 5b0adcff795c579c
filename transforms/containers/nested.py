"""Members of a container and, to a depth, of the containers among them, in their order."""

import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import chain

from transforms.containers.beginnings import is_named_as_container, kind_of, may_hold_anything
from transforms.containers.entries import SEPARATOR, ContainerError, ContainerLimits, Entry, OwnPaths, failing
from transforms.containers.formats import Members, open_container
from transforms.outcomes import Reason

_LARGEST_NESTED = 256 << 20
"""Bytes of a container within a container: it is unpacked into memory."""

Opened = tuple[Entry, Iterator[bytes]]


def flattened(
    members: Members, limits: ContainerLimits, may_hold: Callable[[str], bool], prefix: str = "", depth: int = 1
) -> Iterator[Opened]:
    """Every member, with a way to its bytes that holds until the next one is asked for.

    A container among them comes behind its own members, since only then is known whether these are all.

    Args:
        members: Of the outermost container.
        limits: Of each container.
        may_hold: Whether a container among the members, by its path, is to be opened.
        prefix: Of paths.
        depth: Of ``members``.
    """
    paths = OwnPaths(prefix)
    for raw, unread in members.entries():
        entry = paths.of(raw)
        is_looked_at = entry.refused is None and may_hold_anything(raw.path) and may_hold(entry.path)
        begins_so, chunks = _looked_at(unread) if is_looked_at else (False, unread)
        if entry.refused is not None or not (begins_so or is_named_as_container(raw.path)):
            yield entry, chunks
        elif depth >= limits.depth:
            yield _refused(entry, Reason.NESTED, f"It lies {depth} containers deep, which is the limit."), chunks
        elif entry.size_bytes > _LARGEST_NESTED:
            yield _refused(entry, Reason.NESTED, _too_large(entry.size_bytes)), chunks
        elif may_hold(entry.path):
            yield from _opened(entry, chunks, limits, may_hold, depth)


def _opened(
    entry: Entry, chunks: Iterator[bytes], limits: ContainerLimits, may_hold: Callable[[str], bool], depth: int
) -> Iterator[Opened]:
    number = 0
    ended = Reason.CONTAINER, ""
    try:
        inner = open_container(io.BytesIO(_whole(chunks)), limits)
        for one in flattened(inner, limits, may_hold, entry.path + SEPARATOR, depth + 1):
            number += 1
            yield one
    except ContainerError as error:
        ended = error.reason, f"{error} "
    reason, sentence = ended
    yield _refused(entry, reason, f"{sentence}Members with rows of their own: {number:,}."), iter(())


def _looked_at(chunks: Iterator[bytes]) -> tuple[bool, Iterator[bytes]]:
    """Whether a member begins as a container does, and all of its bytes."""
    try:
        first = next(chunks, b"")
    except ContainerError as error:
        return False, failing(error)
    return kind_of(first) is not None, chain([first], chunks)


def _whole(chunks: Iterator[bytes]) -> bytes:
    """The bytes of a container within a container, which may be more than its header says."""
    pieces, length = [], 0
    for chunk in chunks:
        pieces.append(chunk)
        length += len(chunk)
        if length > _LARGEST_NESTED:
            raise ContainerError(Reason.NESTED, _too_large(length))
    return b"".join(pieces)


def _too_large(length: int) -> str:
    return f"It has {length:,} bytes; within a container the limit is {_LARGEST_NESTED:,}."


def _refused(entry: Entry, reason: Reason, sentence: str) -> Entry:
    return replace(entry, refused=(reason, sentence))
