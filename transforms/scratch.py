"""Temporary files, whose troubles are this machine's: no row may blame them on an input."""

import errno
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})


class ScratchError(RuntimeError):
    """There is no room, or no folder, for a temporary file; no ``OSError``, which would be taken for an input's."""


@contextmanager
def scratch_file() -> Iterator[IO[bytes]]:
    """An unnamed temporary file.

    Raises:
        ScratchError: It cannot be made, or what is written within finds no room.
    """
    try:
        file = tempfile.TemporaryFile()  # noqa: SIM115  (only what making it raises is caught here)
    except OSError as error:
        raise ScratchError(f"No temporary file can be made: {error}") from error
    with file:
        try:
            yield file
        except OSError as error:
            if error.errno in _NO_ROOM:
                raise ScratchError(f"A temporary file finds no room: {error}") from error
            raise
