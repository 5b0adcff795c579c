"""A file-like view of an open descriptor for decoders: with a position of its own, and closing it closes nothing."""

import io
import os
from typing import Any


class DescriptorReader(io.RawIOBase):
    """Reads a regular file by position, so that several readers of one descriptor do not disturb each other."""

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
        return count

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Moves the position; it may lie beyond the end, not before the start."""
        origin = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: os.fstat(self._descriptor).st_size}[whence]
        if origin + offset < 0:
            raise OSError(22, "negative position")
        self._position = origin + offset
        return self._position
