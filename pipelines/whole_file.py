"""Writes small files whole: a reader sees the old text or the new one."""

import os
from contextlib import suppress
from pathlib import Path


def write_whole(path: Path, text: str) -> None:
    """Replaces a file by a new text; its access rights are those that any new file gets.

    Of names that are no UTF-8 the stray bytes are written as escapes, as JSON has them.

    Raises:
        OSError: It cannot be written; the old one stands.
    """
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        unfinished.write_text(text, "utf-8", "backslashreplace")
        unfinished.replace(path)
    except BaseException:
        with suppress(OSError):  # a folder that takes no file may let none go; the error below says so
            unfinished.unlink(missing_ok=True)
        raise
