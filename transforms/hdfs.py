"""Files on HDFS through WebHDFS, its interface over HTTP.

Beam's own filesystem is not used: a file that it may not see, or whose server fails, is not there for it; it waits for
a silent server without end, does not tell folders from files, and reads 20 MiB where 4 KiB are asked for.
"""

import errno
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

SCHEME = "hdfs://"
CONNECT_SECONDS, ANSWER_SECONDS = 10.0, 30.0
_CONNECTIONS = 32
_UNNAMED, _REFUSED, _MISSING, _CHANGED, _FAILING = 400, 403, 404, 412, 503
_STATUS_OF = {
    "FileNotFoundException": _MISSING,
    **dict.fromkeys(("AccessControlException", "AuthorizationException", "SecurityException"), _REFUSED),
}
"""By the name of the server's exception: the status that it answers with is 403 for these and for any failing disk."""


@dataclass(frozen=True, slots=True)
class HdfsServer:
    """Where a cluster answers, as Beam's options of the same names say it.

    Attributes:
        hdfs_host: The namenode, or what stands for it.
        hdfs_port: Of WebHDFS.
        hdfs_user: As whom to ask.
        hdfs_full_urls: Whether addresses begin with the name of a server, ``hdfs://server/folder/name``.
    """

    hdfs_host: str
    hdfs_port: str
    hdfs_user: str
    hdfs_full_urls: bool = False


@dataclass(frozen=True, slots=True)
class HdfsEntry:
    """A file or folder as the server tells of it; the tag is another one when the file was replaced or grew."""

    uri: str
    is_folder: bool
    size_bytes: int
    mtime_ns: int
    etag: str | None


class HdfsError(Exception):
    """The server's answer is an error.

    Attributes:
        code: The HTTP status that says what it means.
        message: The server's own words.
    """

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


_chosen: dict[str, HdfsServer] = {}


def use_server(server: HdfsServer | None) -> None:
    """Has this process ask a server; None: none."""
    _chosen.clear()
    if server:
        _chosen[SCHEME] = server


def chosen_server() -> HdfsServer | None:
    """The server that this process asks."""
    return _chosen.get(SCHEME)


def list_folder(uri: str) -> list[HdfsEntry]:
    """What lies in a folder itself.

    Raises:
        NotADirectoryError: It is a file.
        HdfsError: The server says no.
        Exception: As ``requests`` raised it, where nothing answers.
    """
    import hdfs  # noqa: PLC0415  (an extra)

    try:
        found = _client().list(_path(uri), status=True)
    except hdfs.HdfsError as error:  # of its own: answers are ours
        raise NotADirectoryError(errno.ENOTDIR, "This is no folder") from error
    return [_entry(f"{uri.rstrip('/')}/{name}", status) for name, status in found]


def find_file(uri: str) -> HdfsEntry:
    """The file at an address.

    Raises:
        IsADirectoryError: It is a folder.
        HdfsError: The server says no, with code 404 where there is nothing.
        Exception: As ``requests`` raised it, where nothing answers.
    """
    entry = _entry(uri, _client().status(_path(uri)))
    if entry.is_folder:
        raise IsADirectoryError(errno.EISDIR, "This is a folder. A manifest names files; name folders as SOURCE")
    return entry


@contextmanager
def open_file(uri: str, etag: str | None, start: int = 0, end: int | None = None) -> Iterator[Any]:
    """The bytes of a file as a stream.

    Args:
        uri: Of the file.
        etag: Of the file that was listed: of another one no byte is given.
        start: Where to begin.
        end: Before which byte to end, or None: at its end.

    Raises:
        HdfsError: The server says no, or another file lies there by now (code 412).
        Exception: As ``requests`` and ``urllib3`` raised it.
    """
    if etag and find_file(uri).etag != etag:
        raise HdfsError(_CHANGED, "another one lies there")
    with _client().read(_path(uri), offset=start, length=None if end is None else end - start) as stream:
        yield stream


def is_answer(error: Exception) -> bool:
    """Whether the server itself gave an error, rather than what is between it and us."""
    return isinstance(error, HdfsError | IsADirectoryError)


def _path(uri: str) -> str:
    """The path within the cluster."""
    path = uri.removeprefix(SCHEME)
    if _server().hdfs_full_urls:
        path = path.partition("/")[2]
    return f"/{path.strip('/')}"


def _entry(uri: str, status: Mapping[str, Any]) -> HdfsEntry:
    number, modified = status.get("fileId"), status["modificationTime"]  # some gateways tell no number
    etag = f"{number}-{modified}" if number else None
    return HdfsEntry(uri, status["type"] == "DIRECTORY", status["length"], modified * 1_000_000, etag)


def _server() -> HdfsServer:
    server = chosen_server()
    if server is None:
        raise HdfsError(_UNNAMED, "no server of HDFS is named")
    return server


def _client() -> Any:
    return _client_of(_server())


@lru_cache(maxsize=4)
def _client_of(server: HdfsServer) -> Any:
    """One for all threads; its errors are the server's answers, which its own would drop half of."""
    import hdfs  # noqa: PLC0415  (an extra)
    import requests  # noqa: PLC0415  (the client's)
    from requests.adapters import HTTPAdapter  # noqa: PLC0415

    session = requests.Session()
    session.mount("http://", HTTPAdapter(pool_maxsize=_CONNECTIONS))
    session.hooks["response"].append(_raise_answer)
    url = f"http://{server.hdfs_host}:{server.hdfs_port}"
    timeout = (CONNECT_SECONDS, ANSWER_SECONDS)
    return hdfs.InsecureClient(url, user=server.hdfs_user, session=session, timeout=timeout)


def _raise_answer(response: Any, **_: Any) -> None:
    """Raises an ``HdfsError`` for an answer that is an error."""
    if response.status_code < 400:
        return
    try:
        told = response.json()["RemoteException"]
        name, message = str(told["exception"]), str(told["message"]).partition("\n")[0]
    except (ValueError, KeyError, TypeError):  # of what stands before the server, say
        raise HdfsError(response.status_code, response.reason or f"status {response.status_code}") from None
    # For what fails within, such as a namenode that is not in charge yet, the status is 403 as well.
    is_failing = response.status_code == _REFUSED and name not in _STATUS_OF
    raise HdfsError(_FAILING if is_failing else _STATUS_OF.get(name, response.status_code), message)
