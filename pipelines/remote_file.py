"""What a listing of remote storage tells of one file."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file as its storage tells of it.

    Attributes:
        uri: Its address.
        size_bytes: Its length.
        mtime_ns: When it was modified.
        etag: Another one when the file was replaced; None where the storage gives none.
        unlisted: It is a folder, of which nothing could be listed, and this is why.
    """

    uri: str
    size_bytes: int | None
    mtime_ns: int | None
    etag: str | None = None
    unlisted: str | None = None
