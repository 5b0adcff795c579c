"""Containers that are bytes, listed and read."""

import io

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
