"""Views of an open descriptor for what reads files; what is read is counted."""

import io
import os
from typing import Any, BinaryIO

from transforms.work import did


def open_counted(descriptor: int) -> BinaryIO:
    """The file of a descriptor, which closing it closes, open for reading."""
    return io.BufferedReader(_CountedFile(descriptor))


class _CountedFile(io.FileIO):
    def readinto(self, buffer: Any) -> int | None:
        count = super().readinto(buffer)
        did("bytes_read", count or 0)
        return count

    def readall(self) -> bytes:
        data = super().readall()
        did("bytes_read", len(data or b""))
        return data


class DescriptorReader(io.RawIOBase):
    """Reads a regular file by position, so that several readers of one descriptor do not disturb each other.

    Closing it closes nothing.
    """

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self._descriptor = descriptor
        self._position = 0

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fills the buffer from the position on; how many bytes were there."""
        count = os.preadv(self._descriptor, [buffer], self._position)
        self._position += count
        did("bytes_read", count)
        return count

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Moves the position; it may lie beyond the end, not before the start."""
        origin = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: os.fstat(self._descriptor).st_size}[whence]
        if origin + offset < 0:
            raise OSError(22, "negative position")
        self._position = origin + offset
        return self._position
