"""Members of a zip archive (PKWARE's APPNOTE 6.3, ZIP64 included), in the order of its central directory."""

import stat
import zipfile
import zlib
from collections.abc import Iterator
from lzma import LZMAError
from typing import BinaryIO

from transforms.containers.entries import ContainerError, ContainerLimits, Entry
from transforms.containers.unpacked import METHODS as BOUNDED
from transforms.containers.unpacked import unpacked
from transforms.outcomes import Reason

_CHUNK = 1 << 20
_UNCHECKED_BYTES = 64 << 20
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA}
_BROKEN = (zipfile.BadZipFile, zlib.error, LZMAError, EOFError, OSError, NotImplementedError, RuntimeError, ValueError)
"""What ``zipfile`` raises on hostile bytes."""


class ZipMembers:
    """A zip archive whose members can be read in any order.

    Args:
        file: Seekable.
        limits: Of the container.

    Raises:
        ContainerError: The central directory cannot be read.
    """

    unpacks_to_list = False

    def __init__(self, file: BinaryIO, limits: ContainerLimits) -> None:
        self._limits = limits
        try:
            self._archive = zipfile.ZipFile(file)
        except _BROKEN as error:
            raise ContainerError(Reason.CORRUPT, f"The archive's directory cannot be read: {error}") from error
        self._members = [info for info in self._archive.infolist() if not info.filename.endswith("/")]

    def entries(self) -> Iterator[tuple[Entry, Iterator[bytes]]]:
        """Every member, with a way to its bytes.

        Raises:
            ContainerError: There are more, or they hold more together, than the limits allow.
        """
        produced = 0
        for number, info in enumerate(self._members):
            if number == self._limits.members:
                sentence = f"The archive has {len(self._members):,} members; the limit is {number:,}."
                raise ContainerError(Reason.OVER_CONTAINER_LIMIT, sentence)
            produced += info.file_size
            if produced > self._limits.produced_bytes:
                sentence = f"Its members hold more than {self._limits.produced_bytes:,} bytes together."
                raise ContainerError(Reason.OVER_CONTAINER_LIMIT, sentence)
            yield Entry(info.filename, info.file_size, refused=self._refused(info)), self._bytes(info)

    def _refused(self, info: zipfile.ZipInfo) -> tuple[Reason, str] | None:
        kind = stat.S_IFMT(info.external_attr >> 16)
        if kind not in (0, stat.S_IFREG):
            return Reason.NOT_A_FILE, "The member is a link or a device; such are not followed."
        if info.flag_bits & 1:
            return Reason.ENCRYPTED, "The member is encrypted."
        if info.compress_type not in _METHODS:
            return Reason.UNSUPPORTED_FORMAT, f"The member is packed by method {info.compress_type}, which is not read."
        if info.file_size > max(_UNCHECKED_BYTES, info.compress_size * self._limits.ratio):
            sentence = f"The member claims {info.file_size:,} bytes of {info.compress_size:,} packed ones."
            return Reason.OVER_CONTAINER_LIMIT, sentence
        return None

    def _bytes(self, info: zipfile.ZipInfo) -> Iterator[bytes]:
        try:
            if info.compress_type in BOUNDED:
                yield from unpacked(self._archive, info)
                return
            with self._archive.open(info) as member:  # which gives no more than the size that was told
                while chunk := member.read(_CHUNK):
                    yield chunk
        except _BROKEN as error:
            raise ContainerError(Reason.CORRUPT, f"The member cannot be unpacked: {error}") from error
