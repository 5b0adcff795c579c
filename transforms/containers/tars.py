"""Members of a tar archive (POSIX.1-2001 pax, GNU and old formats), plain or packed as a whole, in its order."""

import tarfile
from collections.abc import Iterator
from typing import Any, BinaryIO, Final

from transforms.containers.entries import ContainerError, ContainerLimits, Entry
from transforms.containers.packed import BROKEN_PACKING, UNCHECKED_BYTES, UNPACKERS, Counted
from transforms.outcomes import Reason

_CHUNK: Final = 1 << 20
_BROKEN: Final = (tarfile.TarError, ValueError, *BROKEN_PACKING)
"""What readers raise on hostile bytes."""


END_MARK: Final = tarfile.EOFHeaderError  # type: ignore[attr-defined]
NO_HEADER: Final = (tarfile.EmptyHeaderError, tarfile.TruncatedHeaderError)  # type: ignore[attr-defined]


class TarMembers:
    """A tar archive, which is read from its start to its end.

    Args:
        file: Seekable, at its start.
        limits: Of the container.
        packing: One of ``UNPACKERS``.
    """

    def __init__(self, file: BinaryIO, limits: ContainerLimits, packing: str) -> None:
        self._file, self._limits, self._packing = file, limits, packing
        self.unpacks_to_list = packing != "plain"

    def entries(self) -> Iterator[tuple[Entry, Iterator[bytes]]]:
        """Every member from the first on, with a way to its bytes that holds until the next one is asked for.

        Raises:
            ContainerError: The archive is broken, ends early, or is over a limit.
        """
        number = produced = 0
        try:
            with self._opened() as archive:
                while (info := archive.next()) is not None:
                    archive.members = []  # else it keeps them all
                    if info.isdir():
                        continue
                    number, produced = number + 1, produced + info.size
                    self._check(number, produced)
                    yield Entry(info.name, info.size, refused=self._refused(info)), self._bytes(archive, info)
                _check_end(archive)
        except ContainerError:
            raise
        except _BROKEN as error:
            raise self._told(error, f"after {number:,} members") from error

    def _check(self, number: int, produced: int) -> None:
        if produced > self._limits.produced_bytes:
            sentence = f"Its members hold more than {self._limits.produced_bytes:,} bytes together."
            raise ContainerError(Reason.OVER_CONTAINER_LIMIT, sentence)
        if number > self._limits.members:
            sentence = f"The archive has more than {self._limits.members:,} members, which is the limit."
            raise ContainerError(Reason.OVER_CONTAINER_LIMIT, sentence)

    def _refused(self, info: tarfile.TarInfo) -> tuple[Reason, str] | None:
        if not info.isreg():
            kind = f"a link to {info.linkname[:100]!r}" if info.issym() or info.islnk() else "a device or a pipe"
            return Reason.NOT_A_FILE, f"The member is {kind}; such are not followed."
        pieces: Any = info.sparse or ()
        held = sum(size for _, size in pieces)
        if info.issparse() and info.size > max(UNCHECKED_BYTES, held * self._limits.ratio):
            return Reason.OVER_CONTAINER_LIMIT, f"The member claims {info.size:,} bytes, of which {held:,} are no hole."
        return None

    def _opened(self) -> Any:
        self._file.seek(0)
        stream: Any = self._file
        if self.unpacks_to_list:
            stream = Counted(UNPACKERS[self._packing](self._file), self._file, self._limits)
        mode: Any = "r|" if self.unpacks_to_list else "r:"
        return tarfile.open(fileobj=stream, mode=mode, tarinfo=_Header, errors="surrogateescape")

    def _bytes(self, archive: tarfile.TarFile, info: tarfile.TarInfo) -> Iterator[bytes]:
        try:
            member = archive.extractfile(info)
            while member is not None and (chunk := member.read(_CHUNK)):
                yield chunk
        except ContainerError:
            raise
        except _BROKEN as error:
            raise self._told(error, "within this member") from error

    def _told(self, error: Exception, where: str) -> ContainerError:
        is_short = isinstance(error, EOFError) or any(told in str(error) for told in ("unexpected end", "empty file"))
        reason = Reason.TRUNCATED if is_short else Reason.CORRUPT
        return ContainerError(reason, f"The archive {'ends' if is_short else 'is broken'} {where}: {error}")


class _Header(tarfile.TarInfo):
    """A header that remembers on its archive what ended the list of members: ``tarfile`` passes most ends over."""

    @classmethod
    def fromtarfile(cls, tarfile: Any) -> "_Header":
        try:
            return super().fromtarfile(tarfile)
        except Exception as error:
            tarfile.ended_with = error
            raise


def _check_end(archive: Any) -> None:
    """Refuses an end that is not the one that an archive has: two blocks of zeros, and nothing behind them.

    Raises:
        ContainerError: A header is broken or missing, or there is more.
    """
    end = getattr(archive, "ended_with", None)
    if isinstance(end, NO_HEADER):
        raise ContainerError(Reason.TRUNCATED, "The archive has no end mark: what came behind is missing.")
    if not isinstance(end, END_MARK):
        raise ContainerError(Reason.CORRUPT, f"A header is broken, and members behind it are not found: {end}")
    while chunk := archive.fileobj.read(_CHUNK):
        if chunk.strip(b"\0"):
            raise ContainerError(Reason.CORRUPT, "More lies behind the archive's end mark; its members are not listed.")
