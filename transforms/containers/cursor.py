"""Lists a container, and reads members of it in about their order, each as often as it is asked for."""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import BinaryIO

from transforms.containers.entries import SEPARATOR, ContainerError, ContainerLimits, Entry, MemberError
from transforms.containers.formats import Members, open_container
from transforms.containers.nested import Opened, flattened
from transforms.outcomes import Reason

_KEPT_BYTES = 32 << 20
"""Of members that were passed: several are read at once, and their texts lie beside them."""


class Cursor:
    """A place in a container; what is asked for behind it is found going on, what lies before it by starting anew.

    Args:
        file: Seekable.
        limits: Of the container.
        file_bytes: Larger members are not read.
        tick: Called at every piece that was unpacked.
    """

    def __init__(self, file: BinaryIO, limits: ContainerLimits, file_bytes: int, tick: Callable[[], None]) -> None:
        self._file, self._limits, self._file_bytes, self._tick = file, limits, file_bytes, tick
        self._members: Members | None = None
        self._ahead: Iterator[Opened] = iter(())
        self._wanted = ""
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._kept_bytes = 0

    def entries(self) -> Iterator[Entry]:
        """Every member; with its hash where listing unpacks it anyway.

        Raises:
            ContainerError: There is an end before the end.
        """
        for number, (entry, chunks) in enumerate(self._from_the_first(lambda _: True)):
            if number == self._limits.members:
                sentence = f"There are more than {number:,} members, which is the limit."
                raise ContainerError(Reason.OVER_CONTAINER_LIMIT, sentence)
            if entry.refused is None and self._opened().unpacks_to_list:
                yield self._bounded(_found(entry, chunks))
            else:
                yield self._bounded(entry)

    def _bounded(self, entry: Entry) -> Entry:
        if entry.refused is not None or entry.size_bytes <= self._file_bytes:
            return entry
        sentence = f"The member has {entry.size_bytes:,} bytes; the limit is {self._file_bytes:,}."
        return replace(entry, content_sha256=None, refused=(Reason.OVER_SIZE_LIMIT, sentence))

    def read(self, path: str) -> Iterator[bytes]:
        """The bytes of a member.

        Args:
            path: As ``entries`` gave it.

        Raises:
            ContainerError: There is no such member, or it cannot be read.
        """
        self._wanted = path
        if path in self._kept:
            yield self._kept[path]
            return
        try:
            found = self._going_on(path)
        except ContainerError:  # it may lie before the place that is broken
            found = None
        if found is None:
            self._ahead = self._from_the_first(lambda held: self._wanted.startswith(held + SEPARATOR))
            found = self._going_on(path)
        if found is None:
            raise ContainerError(Reason.VANISHED, "The container has no such member any more.")
        yield from self._keeping(*found)

    def _going_on(self, path: str) -> Opened | None:
        for entry, chunks in self._ahead:
            if entry.path == path:
                return entry, chunks
            if entry.refused is None and self._opened().unpacks_to_list:
                with suppress(MemberError):  # it was not asked for
                    for _ in self._keeping(entry, chunks):
                        pass
        return None

    def _opened(self) -> Members:
        if self._members is None:
            self._file.seek(0)
            self._members = open_container(self._file, self._limits)
        return self._members

    def _from_the_first(self, may_hold: Callable[[str], bool]) -> Iterator[Opened]:
        for entry, chunks in flattened(self._opened(), self._limits, may_hold):
            self._tick()
            yield entry, self._ticking(chunks)

    def _ticking(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            self._tick()
            yield chunk

    def _keeping(self, entry: Entry, chunks: Iterator[bytes]) -> Iterator[bytes]:
        """The same bytes, which are kept where they can be had again only by starting anew."""
        if not self._opened().unpacks_to_list or entry.size_bytes > _KEPT_BYTES:
            yield from chunks
            return
        pieces, length = [], 0
        for chunk in chunks:
            pieces.append(chunk)
            length += len(chunk)
            if length > _KEPT_BYTES:  # more than its header says
                yield from pieces
                yield from chunks
                return
        whole = b"".join(pieces)
        self._kept_bytes += length - len(self._kept.pop(entry.path, b""))
        self._kept[entry.path] = whole
        while self._kept_bytes > _KEPT_BYTES:
            self._kept_bytes -= len(self._kept.popitem(last=False)[1])
        yield whole


def _found(entry: Entry, chunks: Iterator[bytes]) -> Entry:
    """The entry with the hash and the length of its bytes, or refused where these cannot be read."""
    digest, length = hashlib.sha256(), 0
    try:
        for chunk in chunks:
            digest.update(chunk)
            length += len(chunk)
    except MemberError as error:
        return replace(entry, refused=(error.reason, str(error)))
    return replace(entry, size_bytes=length, content_sha256=digest.hexdigest())
