"""Members of 7z and RAR archives, which libarchive reads, in their order; a solid archive is unpacked once."""

import os
import zlib
from collections.abc import Iterator
from ctypes import c_int, c_void_p, create_string_buffer, string_at
from typing import Any, BinaryIO, Final

import libarchive
from libarchive import ffi
from libarchive.exception import ArchiveError

from transforms.containers.entries import ContainerError, ContainerLimits, Entry, MemberError
from transforms.containers.packed import UNCHECKED_BYTES
from transforms.outcomes import Reason

_READERS: Final = {"7z": "7zip", "RAR 4": "rar", "RAR 5": "rar5"}
"""By kind libarchive's name; of all that it reads only the one that the first bytes show is let near them."""
_BLOCK: Final = 1 << 18
_TAIL: Final = 512
"""Bytes among which an end mark lies."""
_is_encrypted: Final = ffi.ffi("entry_is_encrypted", [c_void_p], c_int)

Member = tuple[Entry, Iterator[bytes]]


class ForeignMembers:
    """A 7z or RAR archive, which is read from its start to its end.

    Args:
        file: Seekable.
        limits: Of the container.
        kind: One that ``beginnings.kind_of`` tells.
    """

    unpacks_to_list = True

    def __init__(self, file: BinaryIO, limits: ContainerLimits, kind: str) -> None:
        self._file, self._limits, self._kind = file, limits, kind
        self._packed = file.seek(0, os.SEEK_END)
        self._produced = 0

    def entries(self) -> Iterator[Member]:
        """Every member from the first on, with a way to its bytes that holds until the next one is asked for.

        Raises:
            ContainerError: The archive is broken, ends early, or is over a limit.
        """
        self._file.seek(0)
        self._produced = number = 0
        try:
            with libarchive.stream_reader(self._file, _READERS[self._kind], "none", _BLOCK) as archive:
                for header in archive:
                    if header.isdir:
                        continue
                    number += 1
                    if number > self._limits.members:
                        sentence = f"The archive has more than {self._limits.members:,} members, which is the limit."
                        raise ContainerError(Reason.OVER_CONTAINER_LIMIT, sentence)
                    pointer = archive._pointer  # noqa: SLF001  (what the wrapper reads by takes warnings for bytes)
                    yield Entry(_path(header), header.size or 0, refused=_refused(header)), self._bytes(pointer)
        except ArchiveError as error:
            raise ContainerError(*_told(error, f"after {number:,} members")) from error
        self._file.seek(max(0, self._packed - _TAIL))
        if not _HAS_END[self._kind](self._file.read(_TAIL)):
            raise ContainerError(Reason.TRUNCATED, "The archive has no end mark: what came behind is missing.")

    def _bytes(self, archive: int) -> Iterator[bytes]:
        buffer = create_string_buffer(_BLOCK)
        try:
            while length := ffi.read_data(archive, buffer, _BLOCK):
                if length < 0:  # a warning
                    raise MemberError(Reason.CORRUPT, f"The member is broken: {_text(ffi.error_string(archive))}.")
                self._produced += length
                self._check()
                yield string_at(buffer, length)
        except ArchiveError as error:
            lasts = error.retcode == ffi.ARCHIVE_FATAL
            raise (ContainerError if lasts else MemberError)(*_told(error, "within this member")) from error

    def _check(self) -> None:
        most = max(UNCHECKED_BYTES, self._packed * self._limits.ratio)
        if self._produced > min(most, self._limits.produced_bytes):
            sentence = f"{self._produced:,} bytes came of {self._packed:,}, which is over the limit."
            raise ContainerError(Reason.OVER_CONTAINER_LIMIT, sentence)


def _has_rar4_end(tail: bytes) -> bool:
    """Whether a block is there that ends an archive: checksum, type 0x7b, flags, length, and more by the flags."""
    for at in range(len(tail) - 6):
        block = tail[at : at + int.from_bytes(tail[at + 5 : at + 7], "little")]
        if block[2:3] == b"\x7b" and zlib.crc32(block[2:]) & 0xFFFF == int.from_bytes(block[:2], "little"):
            return True
    return False


def _has_rar5_end(tail: bytes) -> bool:
    """Likewise: checksum, length 3, type 5, two bytes of flags."""
    blocks = (tail[at : at + 8] for at in range(len(tail) - 7))
    return any(one[4:6] == b"\3\5" and zlib.crc32(one[4:]) == int.from_bytes(one[:4], "little") for one in blocks)


_HAS_END: Final = {"7z": lambda _: True, "RAR 4": _has_rar4_end, "RAR 5": _has_rar5_end}
"""By kind what tells its end mark: libarchive takes any end of a RAR for the archive's; a 7z begins with its length."""


def _path(header: Any) -> str:
    try:
        path = header.pathname or ""
    except ValueError:  # a letter that is none
        return ""
    if isinstance(path, bytes):
        return path.decode("utf-8", "surrogateescape")
    return path.encode("utf-8", "backslashreplace").decode()  # halves of letters, which UTF-16 may have


def _refused(header: Any) -> tuple[Reason, str] | None:
    if not header.isreg or header.islnk:
        return Reason.NOT_A_FILE, "The member is a link, a device or a pipe; such are not followed."
    if _is_encrypted(header._entry_p):  # noqa: SLF001  (the library has the function, its wrapper has not)
        return Reason.ENCRYPTED, "The member is encrypted."
    return None


def _told(error: ArchiveError, where: str) -> tuple[Reason, str]:
    said = _text(error.msg)
    return _reason(said.lower()), f"The archive cannot be read further {where}: {said}."


def _text(said: str | bytes | None) -> str:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return (text or "its headers are broken").removesuffix(".")


def _reason(said: str) -> Reason:
    if "encrypt" in said or "passphrase" in said:
        return Reason.ENCRYPTED
    if any(words in said for words in ("truncated", "unexpected end", "i/o error")):
        return Reason.TRUNCATED
    if "allocate" in said or "out of memory" in said:
        return Reason.OUT_OF_MEMORY
    return Reason.UNSUPPORTED_FORMAT if "unsupported" in said or "not supported" in said else Reason.CORRUPT
