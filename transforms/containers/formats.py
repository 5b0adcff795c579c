"""Which files are containers: those that are named so and begin so."""

import tarfile
from collections.abc import Iterator
from contextlib import suppress
from typing import BinaryIO, Final, Protocol

from transforms.containers.entries import ContainerError, ContainerLimits, Entry
from transforms.containers.packed import BROKEN_PACKING, UNPACKERS
from transforms.containers.tars import END_MARK, TarMembers
from transforms.containers.zips import ZipMembers
from transforms.outcomes import Reason

_SUFFIXES: Final = (
    *(".zip", ".cbz", ".tar", ".tar.gz", ".tgz", ".tar.bz2"),
    *(".tbz2", ".tar.xz", ".txz", ".tar.zst", ".tzst"),
    *(".warc", ".warc.gz"),
)
_ZIP: Final = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_WARC: Final = b"WARC/"
_PACKED: Final = {b"\x1f\x8b": "gz", b"BZh": "bz2", b"\xfd7zXZ\x00": "xz", b"\x28\xb5\x2f\xfd": "zst"}
_BEGINNING: Final = 512


class Members(Protocol):
    """A container of any kind.

    Attributes:
        unpacks_to_list: Whether its members can be listed and read only from the first to the last.
    """

    unpacks_to_list: bool

    def entries(self) -> Iterator[tuple[Entry, Iterator[bytes]]]:
        """Every member, with a way to its bytes that holds until the next one is asked for."""


def is_named_as_container(name: str) -> bool:
    """Whether a file's name says that it is a container of a kind that is read."""
    return name.lower().endswith(_SUFFIXES)


def open_container(file: BinaryIO, limits: ContainerLimits) -> Members:
    """The members of a container, of whatever kind its first bytes show.

    Args:
        file: Seekable, at its start.
        limits: Of the container.

    Raises:
        ContainerError: It is none, or cannot be read.
    """
    beginning = file.read(_BEGINNING)
    file.seek(0)
    if beginning.startswith(_ZIP):
        return ZipMembers(file, limits)
    packing = next((packing for start, packing in _PACKED.items() if beginning.startswith(start)), "plain")
    if packing != "plain":
        with suppress(*BROKEN_PACKING):  # which reading it as a tar tells
            beginning = UNPACKERS[packing](file).read(_BEGINNING)
        file.seek(0)
    if beginning.startswith(_WARC):
        from transforms.containers.warcs import WarcMembers  # noqa: PLC0415  (slow, and others need it not)

        return WarcMembers(file, limits, packing)
    if packing != "plain" or _is_tar(beginning):
        return TarMembers(file, limits, packing)
    raise ContainerError(Reason.CORRUPT, "The name says archive; the content is none of a kind that is read.")


def _is_tar(beginning: bytes) -> bool:
    """Whether a header of a tar archive stands there, or its end: the checksum decides, not all kinds have a magic."""
    try:
        tarfile.TarInfo.frombuf(beginning, "utf-8", "surrogateescape")
    except END_MARK:
        return True
    except tarfile.HeaderError:
        return False
    return True
