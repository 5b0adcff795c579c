"""Streams that are packed as a whole, unpacked with a count of what comes of them."""

import bz2
import gzip
import lzma
import zlib
from collections.abc import Callable
from io import BufferedIOBase
from typing import BinaryIO, Final, cast

import zstandard

from transforms.containers.entries import ContainerError, ContainerLimits
from transforms.outcomes import Reason

UNCHECKED_BYTES: Final = 64 << 20
"""How many may come of anything, however small it is packed."""
BROKEN_PACKING: Final = (EOFError, OSError, zlib.error, lzma.LZMAError, zstandard.ZstdError)
"""What unpackers raise on hostile bytes."""
_WIDEST_WINDOW: Final = 1 << 27


def _zstd(file: BinaryIO) -> BufferedIOBase:
    unpacker = zstandard.ZstdDecompressor(max_window_size=_WIDEST_WINDOW)
    return cast("BufferedIOBase", unpacker.stream_reader(file, read_across_frames=True, closefd=False))


UNPACKERS: Final[dict[str, Callable[[BinaryIO], BufferedIOBase]]] = {
    "plain": lambda file: cast("BufferedIOBase", file),
    "gz": lambda file: gzip.GzipFile(fileobj=file, mode="rb"),
    "bz2": bz2.BZ2File,
    "xz": lzma.LZMAFile,
    "zst": _zstd,
}
"""By packing what makes a plain stream of it."""


class Counted:
    """The unpacked stream, which ends with an error where it is over a limit."""

    def __init__(self, stream: BufferedIOBase, packed: BinaryIO, limits: ContainerLimits) -> None:
        self._stream, self._packed, self._limits = stream, packed, limits
        self._produced = 0

    def read(self, size: int) -> bytes:
        """No more than so many bytes of it.

        Raises:
            ContainerError: There are more than the limits allow.
        """
        data = self._stream.read1(size)  # what comes before a break is not lost with it
        self._produced += len(data)
        most = max(UNCHECKED_BYTES, self._packed.tell() * self._limits.ratio)
        if self._produced > min(most, self._limits.produced_bytes):
            sentence = f"{self._produced:,} bytes came of {self._packed.tell():,}, which is over the limit."
            raise ContainerError(Reason.OVER_CONTAINER_LIMIT, sentence)
        return data
