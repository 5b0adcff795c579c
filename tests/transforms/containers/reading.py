"""Containers that are bytes, listed and read."""

import hashlib
import io
from collections.abc import Sequence

from transforms.containers.cursor import Cursor
from transforms.containers.entries import ContainerError, ContainerLimits, Entry

LIMITS = ContainerLimits()


def cursor(data: bytes, limits: ContainerLimits = LIMITS, file_bytes: int = 1 << 30) -> Cursor:
    return Cursor(io.BytesIO(data), limits, file_bytes, lambda: None)


def listed(data: bytes, limits: ContainerLimits = LIMITS, file_bytes: int = 1 << 30) -> tuple[list[Entry], str]:
    """The entries, and the reason for an early end."""
    found: list[Entry] = []
    try:
        for entry in cursor(data, limits, file_bytes).entries():
            found.append(entry)  # noqa: PERF402  (kept also where an error ends the listing)
    except ContainerError as error:
        return found, error.reason.value
    return found, ""


def refusals(data: bytes, **more: int) -> dict[str, str]:
    return {entry.path: entry.refused[0].value if entry.refused else "" for entry in listed(data, **more)[0]}


def assert_read_in_any_order(data: bytes, files: Sequence[tuple[str, bytes]]) -> None:
    """Its members are these, and can be read forwards, backwards and by leaps."""
    opened = cursor(data)
    assert [(entry.path, entry.size_bytes, entry.content_sha256, entry.refused) for entry in opened.entries()] == [
        (path, len(content), hashlib.sha256(content).hexdigest(), None) for path, content in files
    ]
    for path, content in [*files, *reversed(files), files[2], files[0]]:
        assert b"".join(opened.read(path)) == content


def with_byte(data: bytes, at: int, value: int) -> bytes:
    """The same with one byte changed."""
    changed = bytearray(data)
    changed[at % len(data)] = value
    return bytes(changed)
