"""Which files are containers: those that are named so and begin so."""

import tarfile
from typing import BinaryIO, Final

from transforms.containers.entries import ContainerError, ContainerLimits
from transforms.containers.tars import END_MARK, TarMembers
from transforms.containers.zips import ZipMembers
from transforms.outcomes import Reason

_SUFFIXES: Final = (
    *(".zip", ".cbz", ".tar", ".tar.gz", ".tgz", ".tar.bz2"),
    *(".tbz2", ".tar.xz", ".txz", ".tar.zst", ".tzst"),
)
_BEGINNINGS: Final = {
    "zip": (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08"),
    "tar.gz": (b"\x1f\x8b",),
    "tar.bz2": (b"BZh",),
    "tar.xz": (b"\xfd7zXZ\x00",),
    "tar.zst": (b"\x28\xb5\x2f\xfd",),
}
Members = ZipMembers | TarMembers


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
    beginning = file.read(512)
    file.seek(0)
    for kind, starts in _BEGINNINGS.items():
        if beginning.startswith(starts):
            return ZipMembers(file, limits) if kind == "zip" else TarMembers(file, limits, kind)
    if _is_tar(beginning):
        return TarMembers(file, limits, "tar")
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
