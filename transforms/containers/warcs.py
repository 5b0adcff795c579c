"""Members of a WARC (ISO 28500:2017), plain or packed, in its order: what a crawler got, by address."""

import io
from collections.abc import Iterator
from typing import Any, BinaryIO, Final, cast

from warcio.statusandheaders import StatusAndHeadersParser, StatusAndHeadersParserException

from transforms.containers.bodies import body, pieces
from transforms.containers.entries import ContainerError, ContainerLimits, Entry, MemberError, failing
from transforms.containers.packed import BROKEN_PACKING, UNCHECKED_BYTES, UNPACKERS, Counted
from transforms.outcomes import Reason

_CHUNK: Final = 1 << 20
_LONGEST_HEADER: Final = 256 << 10
_VERSIONS: Final = ["WARC/1.1", "WARC/1.0", "WARC/0.18", "WARC/0.17"]
_WITH_CONTENT: Final = frozenset({"response", "resource", "conversion", "revisit"})
_REVISIT: Final = "The record names an earlier capture of the same content and holds none itself."
_SEGMENT: Final = "The record holds the first part of a content whose others lie elsewhere; such are not joined."

Member = tuple[Entry, Iterator[bytes]]


class WarcMembers:
    """A WARC, which is read from its start to its end.

    Answers of servers are members, without their headers, and so is what crawlers kept of other things. Requests and
    notes are none, nor are answers without content, such as redirects.

    Args:
        file: Seekable, at its start.
        limits: Of the container.
        packing: One of ``UNPACKERS``.
    """

    unpacks_to_list = True

    def __init__(self, file: BinaryIO, limits: ContainerLimits, packing: str) -> None:
        self._file, self._limits, self._packing = file, limits, packing
        self._produced = 0

    def entries(self) -> Iterator[Member]:
        """Every member from the first on, with a way to its bytes that holds until the next one is asked for.

        Raises:
            ContainerError: The archive is broken, ends early, or is over a limit.
        """
        self._file.seek(0)
        self._produced = number = 0
        counted = Counted(UNPACKERS[self._packing](self._file), self._file, self._limits)
        stream = cast("BinaryIO", io.BufferedReader(_Unpacked(counted)))
        while line := _first_line(stream):
            headers = _header(stream, line)
            block = _Block(stream, _length(headers))
            member = self._member(headers, block)
            if member is not None:
                number += 1
                if number > self._limits.members:
                    sentence = f"The archive has more than {self._limits.members:,} members, which is the limit."
                    raise ContainerError(Reason.OVER_CONTAINER_LIMIT, sentence)
                yield member
            for _ in pieces(block):
                pass

    def _member(self, headers: Any, block: "_Block") -> Member | None:
        kind = _value(headers, "WARC-Type").lower()
        if kind not in _WITH_CONTENT:
            return None
        path = _value(headers, "WARC-Target-URI").removeprefix("<").removesuffix(">")
        entry = Entry(path, block.left)
        if kind == "revisit":
            return _refused(entry, MemberError(Reason.NOT_A_FILE, _REVISIT))
        if _value(headers, "WARC-Segment-Number"):
            return _refused(entry, MemberError(Reason.UNSUPPORTED_FORMAT, _SEGMENT))
        if kind != "response" or not path.lower().startswith(("http:", "https:")):
            return entry, self._counted(pieces(block), block.left)
        try:
            answer = _answer(block)
            if _holds_nothing(answer, block.left):
                return None
            chunks = body(block, _value(answer, "Transfer-Encoding"), _value(answer, "Content-Encoding"))
        except MemberError as error:
            return _refused(entry, error)
        return Entry(path, block.left), self._counted(chunks, block.left)

    def _counted(self, chunks: Iterator[bytes], packed: int) -> Iterator[bytes]:
        """The same bytes, which end with an error where they are over a limit."""
        produced = 0
        for chunk in chunks:
            produced += len(chunk)
            self._produced += len(chunk)
            if produced > max(UNCHECKED_BYTES, packed * self._limits.ratio):
                sentence = f"{produced:,} bytes came of {packed:,}, which is over the limit."
                raise MemberError(Reason.OVER_CONTAINER_LIMIT, sentence)
            if self._produced > self._limits.produced_bytes:
                sentence = f"Its members hold more than {self._limits.produced_bytes:,} bytes together."
                raise ContainerError(Reason.OVER_CONTAINER_LIMIT, sentence)
            yield chunk


class _Unpacked(io.RawIOBase):
    """What a packed file holds, as a raw stream; that it is broken is the container's error."""

    def __init__(self, stream: Counted) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            data = self._stream.read(len(buffer))
        except ContainerError:
            raise
        except EOFError as error:
            raise _ended() from error
        except BROKEN_PACKING as error:
            raise ContainerError(Reason.CORRUPT, f"The archive cannot be unpacked further: {error}.") from error
        buffer[: len(data)] = data
        return len(data)


class _Block:
    """The bytes of one record, which end where its header says, and not before."""

    def __init__(self, stream: BinaryIO, left: int) -> None:
        self._stream, self.left = stream, left

    def read(self, size: int) -> bytes:
        return self._taken(self._stream.read(min(size, self.left)))

    def readline(self, size: int) -> bytes:
        return self._taken(self._stream.readline(min(size, self.left)))

    def _taken(self, data: bytes) -> bytes:
        if self.left and not data:
            raise _ended()
        self.left -= len(data)
        return data


class _Lines:
    """The lines of one header, which are bounded."""

    def __init__(self, stream: "BinaryIO | _Block") -> None:
        self._stream, self._left = stream, _LONGEST_HEADER

    def readline(self) -> bytes:
        line = self._stream.readline(self._left)
        self._left -= len(line)
        if not line:
            raise _ended()
        if not self._left:
            raise ContainerError(Reason.OVER_CONTAINER_LIMIT, f"A header is longer than {_LONGEST_HEADER:,} bytes.")
        return line


def _first_line(stream: BinaryIO) -> bytes:
    """The next record's, or nothing at the end; before it lie two empty lines, or what some take for such."""
    empty = 0
    while line := stream.readline(_LONGEST_HEADER):
        if line.strip():
            return line
        empty += len(line)
        if empty > _LONGEST_HEADER:
            raise ContainerError(Reason.CORRUPT, "Nothing but empty lines lies behind a record.")
    return b""


def _header(stream: BinaryIO, first: bytes) -> Any:
    try:
        return StatusAndHeadersParser(_VERSIONS).parse(_Lines(stream), first)
    except StatusAndHeadersParserException as error:
        sentence = "A record does not begin where the one before it says that it ends; those behind it are not found."
        raise ContainerError(Reason.CORRUPT, sentence) from error


def _length(headers: Any) -> int:
    told = _value(headers, "Content-Length")
    if not (told.isascii() and told.isdigit() and len(told) < 19):
        raise ContainerError(Reason.CORRUPT, "A record does not say how long it is; those behind it are not found.")
    return int(told)


def _answer(block: _Block) -> Any:
    """The header of an HTTP answer.

    Raises:
        MemberError: There is none that could be read.
    """
    first = block.readline(_LONGEST_HEADER)
    if not first.startswith(b"HTTP/"):
        raise MemberError(Reason.CORRUPT, "The record is that of an HTTP answer, and holds none.")
    try:
        return StatusAndHeadersParser([], verify=False).parse(_Lines(block), first)
    except ContainerError as error:
        if block.left and error.reason is Reason.TRUNCATED:
            raise
        raise MemberError(error.reason, str(error)) from error


def _holds_nothing(answer: Any, left: int) -> bool:
    """Whether a server only said where to look, or that nothing is there."""
    status = answer.statusline[:3]
    return status.startswith("3") or (left == 0 and status != "200")


def _value(headers: Any, name: str) -> str:
    return (headers.get_header(name) or "").strip()


def _refused(entry: Entry, error: MemberError) -> Member:
    return Entry(entry.path, entry.size_bytes, refused=(error.reason, str(error))), failing(error)


def _ended() -> ContainerError:
    return ContainerError(Reason.TRUNCATED, "The archive ends within a record.")
