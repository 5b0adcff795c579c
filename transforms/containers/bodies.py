"""Bodies of recorded HTTP answers as a browser would have them: without chunks, unpacked in bounded memory."""

import re
import zlib
from collections.abc import Iterator
from itertools import chain
from typing import Final, Protocol

from transforms.containers.entries import MemberError
from transforms.outcomes import Reason

_CHUNK: Final = 1 << 20
_LONGEST_SIZE: Final = 1_000
_SIZE: Final = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(;.*)?\r?\n", re.DOTALL)
_WINDOWS: Final = {"gzip": (31,), "x-gzip": (31,), "deflate": (15, -15)}
"""By content coding the formats that pass for it, as zlib numbers them (RFC 9110, 8.4.1)."""
_NOT_READ: Final = frozenset({"br", "zstd", "compress", "x-compress"})


class Block(Protocol):
    """The bytes of a record."""

    def read(self, size: int) -> bytes:
        """So many bytes; fewer only at the end."""

    def readline(self, size: int) -> bytes:
        """A line, or so many bytes of it."""


def pieces(block: Block) -> Iterator[bytes]:
    """All that a block holds."""
    while piece := block.read(_CHUNK):
        yield piece


def body(block: Block, transfer: str, coding: str) -> Iterator[bytes]:
    """What an answer holds.

    Crawlers store answers as they came or unpacked, and leave the header as it was: where the bytes do not begin as it
    says, they are taken for unpacked.

    Args:
        block: Behind the answer's header.
        transfer: Its ``Transfer-Encoding``.
        coding: Its ``Content-Encoding``.

    Raises:
        MemberError: It cannot be unpacked.
    """
    raw = _without_chunks(block) if "chunked" in transfer.lower() else pieces(block)
    codings = [name for name in re.split(r"[\s,]+", coding.lower()) if name in _WINDOWS or name in _NOT_READ]
    if not codings:
        return raw
    if len(codings) > 1 or codings[0] in _NOT_READ:
        sentence = f"The answer is packed by {' and '.join(codings[:3])}, which is not read."
        raise MemberError(Reason.UNSUPPORTED_FORMAT, sentence)
    return _unpacked(raw, codings[0])


def _without_chunks(block: Block) -> Iterator[bytes]:
    line = block.readline(_LONGEST_SIZE)
    if not _SIZE.fullmatch(line):
        yield line
        yield from pieces(block)
        return
    while told := _SIZE.fullmatch(line):
        left = int(told[1], 16)
        if not left:
            return
        while left:
            piece = block.read(min(left, _CHUNK))
            if not piece:
                raise MemberError(Reason.TRUNCATED, "The answer ends within one of its chunks.")
            left -= len(piece)
            yield piece
        if block.readline(2).strip():
            raise MemberError(Reason.CORRUPT, "One of the answer's chunks is longer than it says.")
        line = block.readline(_LONGEST_SIZE)
    if line:
        raise MemberError(Reason.CORRUPT, "One of the answer's chunks has no size.")
    raise MemberError(Reason.TRUNCATED, "The answer ends before its last chunk.")


def _unpacked(packed: Iterator[bytes], coding: str) -> Iterator[bytes]:
    first = next(packed, b"")
    unpacker = _unpacker(first, coding)
    if unpacker is None:
        yield from chain([first], packed)
        return
    try:
        for piece in chain([first], packed):
            data, unpacked = piece, bytes(_CHUNK)
            while not unpacker.eof and (data or len(unpacked) == _CHUNK):  # a full piece may leave more behind
                unpacked = unpacker.decompress(data, _CHUNK)
                data = unpacker.unconsumed_tail
                yield unpacked
    except zlib.error as error:
        raise MemberError(Reason.CORRUPT, f"The answer cannot be unpacked: {error}.") from error
    if not unpacker.eof:
        raise MemberError(Reason.TRUNCATED, "The answer ends before what is packed in it does.")


def _unpacker(first: bytes, coding: str) -> "zlib._Decompress | None":
    for window in _WINDOWS[coding]:
        try:
            zlib.decompressobj(window).decompress(first, 1)
        except zlib.error:
            continue
        return zlib.decompressobj(window)
    return None
