"""Bytes of remote places: S3 and HDFS by clients of our own, all else through Beam's filesystems."""

import errno
import os
from contextlib import AbstractContextManager, closing, suppress
from typing import IO, Any

from transforms import hdfs, s3
from transforms.outcomes import Reason
from transforms.records import Place
from transforms.retry import RemoteError, ShortReadError, reason_of, retried, sentence_of
from transforms.scratch import ScratchError, scratch_file

_GOOGLE = "gs://"


def copy_remote(place: Place) -> int:
    """A descriptor of an unnamed copy here of a remote place.

    Raises:
        OSError: The bytes cannot be had.
    """
    try:
        with scratch_file() as copy:
            retried(lambda: _copy(place, copy))
            copy.flush()
            return os.dup(copy.fileno())
    except ScratchError:
        raise
    except Exception as error:  # filesystems raise whatever their libraries do
        raise _told(error, place) from error


def read_head(place: Place, length: int) -> bytes:
    """The first bytes of a remote place, without the rest.

    Raises:
        OSError: They cannot be had.
    """

    def read() -> bytes:
        with _stream(place, 0, length) as remote:
            return bytes(remote.read(length))

    try:
        return retried(read)
    except Exception as error:  # filesystems raise whatever their libraries do
        raise _told(error, place) from error


def _copy(place: Place, copy: IO[bytes]) -> None:
    """Copies a remote place; where its storage vouches for the bytes, those that an earlier try copied stay."""
    if place.etag is None:
        copy.seek(0)
        copy.truncate()
    length = copy.tell()
    if length == 0 or length != place.size_bytes:
        with _stream(place, length, None) as remote:
            while chunk := remote.read(1 << 20):
                length += copy.write(chunk)
    if place.size_bytes is not None and length != place.size_bytes:
        raise ShortReadError(f"{length:,} bytes came, and {place.size_bytes:,} were listed.")


def _stream(place: Place, start: int, end: int | None) -> AbstractContextManager[Any]:
    """The bytes of a remote place from ``start`` on; where its storage can say so, none at or after ``end``."""
    if place.path.startswith(s3.SCHEME):
        return closing(s3.open_object(place.path, place.etag, start, end))
    if place.path.startswith(hdfs.SCHEME):
        return hdfs.open_file(place.path, place.etag, start, end)
    if place.path.startswith(_GOOGLE) and end is not None:
        from apache_beam.io.gcp.gcsio import GcsIO  # noqa: PLC0415  (an extra)

        return closing(GcsIO().open(place.path, read_buffer_size=end))  # else 16 MiB come at once
    from apache_beam.io.filesystem import CompressionTypes  # noqa: PLC0415  (slow, and local scans need it not)
    from apache_beam.io.filesystems import FileSystems  # noqa: PLC0415

    as_it_is = CompressionTypes.UNCOMPRESSED  # else ``.gz`` would be unpacked on the way
    return closing(FileSystems.open(place.path, compression_type=as_it_is))


def _told(error: Exception, place: Place) -> OSError:
    """The error as ``unopened`` reads it."""
    reason = reason_of(error)
    if reason is Reason.VANISHED and place.path.startswith(_GOOGLE) and _is_there(place.path):
        return RemoteError(Reason.CHANGED_DURING_SCAN, "The file changed after it was listed: another one lies there.")
    if reason is Reason.VANISHED:
        return FileNotFoundError(errno.ENOENT, "It is not there.")
    if reason is Reason.CHANGED_DURING_SCAN:
        return RemoteError(reason, f"The file changed after it was listed: {sentence_of(error)}")
    return RemoteError(reason, sentence_of(error))


def _is_there(uri: str) -> bool:
    """Whether something lies at an address of Google's, which says 404 of an object replaced while it was read."""
    from apache_beam.io.filesystems import FileSystems  # noqa: PLC0415  (slow, and local scans need it not)

    with suppress(Exception):  # then it is as the first answer says
        return bool(FileSystems.exists(uri))
    return False
