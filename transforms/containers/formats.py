"""Opens containers of every kind."""

import tarfile
from collections.abc import Iterator
from contextlib import suppress
from typing import BinaryIO, Final, Protocol

from transforms.containers.beginnings import BEGINNING_BYTES, FOREIGN, kind_of, packing_of
from transforms.containers.entries import ContainerError, ContainerLimits, Entry
from transforms.containers.packed import BROKEN_PACKING, UNPACKERS
from transforms.containers.tars import END_MARK, TarMembers
from transforms.containers.zips import ZipMembers
from transforms.outcomes import Reason

HOW_TO_INSTALL: Final = (
    "Install the extra (pip install 'aiqyn[archives]') and the system's library (Debian, Ubuntu: libarchive13 or "
    "libarchive13t64; Fedora: libarchive), and scan with --retry-failed."
)


class Members(Protocol):
    """A container of any kind.

    Attributes:
        unpacks_to_list: Whether its members can be listed and read only from the first to the last.
    """

    unpacks_to_list: bool

    def entries(self) -> Iterator[tuple[Entry, Iterator[bytes]]]:
        """Every member, with a way to its bytes that holds until the next one is asked for."""


def open_container(file: BinaryIO, limits: ContainerLimits) -> Members:
    """The members of a container, of whatever kind its first bytes show.

    Args:
        file: Seekable, at its start.
        limits: Of the container.

    Raises:
        ContainerError: It is none, or cannot be read.
    """
    beginning = file.read(BEGINNING_BYTES)
    file.seek(0)
    kind, packing = kind_of(beginning), packing_of(beginning)
    if packing is not None:
        with suppress(*BROKEN_PACKING):  # which reading it as a tar tells
            kind = kind_of(UNPACKERS[packing](file).read(BEGINNING_BYTES))
        file.seek(0)
    if kind == "WARC":
        from transforms.containers.warcs import WarcMembers  # noqa: PLC0415  (slow, and others need it not)

        return WarcMembers(file, limits, packing or "plain")
    if kind == "zip" and packing is None:
        return ZipMembers(file, limits)
    if packing is None and kind in FOREIGN:
        return _foreign(file, limits, kind)
    if packing is not None or _is_tar(beginning):
        return TarMembers(file, limits, packing or "plain")
    raise ContainerError(Reason.CORRUPT, "The name says archive; the content is none of a kind that is read.")


def _foreign(file: BinaryIO, limits: ContainerLimits, kind: str) -> Members:
    try:
        from transforms.containers.foreign import ForeignMembers  # noqa: PLC0415  (an extra)
    except (ImportError, OSError, AttributeError) as error:  # the wrapper is not there, or what it wraps is not
        raise ContainerError(Reason.DECODER_MISSING, f"{kind} is read by libarchive. {HOW_TO_INSTALL}") from error
    return ForeignMembers(file, limits, kind)


def _is_tar(beginning: bytes) -> bool:
    """Whether a header of a tar archive stands there, or its end: the checksum decides, not all kinds have a magic."""
    try:
        tarfile.TarInfo.frombuf(beginning, "utf-8", "surrogateescape")
    except END_MARK:
        return True
    except tarfile.HeaderError:
        return False
    return True
