"""The files of a store, wherever it lies: in a folder, or on S3 below a prefix. Paths are relative to its root.

A file comes into being whole, and most never change: part files and commits of a log have names of their own.
"""

import os
import shutil
import uuid
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import Protocol

from transforms import s3
from transforms.outcomes import Reason
from transforms.retry import reason_of, retried

MANIFESTS = "_manifests"
"""The folder of manifests."""
_AT_ONCE = 16
_TRIES = 6
"""Half a minute: what fails here ends a scan, where a source that fails costs a row."""


class Files(Protocol):
    """What whoever writes rows needs of the place where they go; errors are those of its library."""

    def put(self, path: str, data: bytes) -> None:
        """Puts a whole file."""

    def read(self, path: str) -> bytes:
        """A file.

        Raises:
            FileNotFoundError: There is none.
        """

    def remove(self, path: str) -> None:
        """Removes a file, if there is one."""


class StoreFiles(Files, Protocol):
    """What stores need of the place where they lie; errors are ``OSError``s, on S3 botocore's."""

    @property
    def root(self) -> str:
        """The folder's path, or the address."""

    def written(self, path: str) -> AbstractContextManager[Path]:
        """A local path to write a file to, which is put in its place, and is safe there, when the block ends well."""

    def sizes(self, folder: str) -> dict[str, int]:
        """Sizes of all files below a folder, by path relative to it."""

    def size(self, path: str) -> int | None:
        """A file's size; None where there is none."""

    def copies(self, paths: Iterable[str]) -> list[str]:
        """Local paths at which files that never change can be read, here or as copies for this process.

        Raises:
            FileNotFoundError: On S3: there is none.
        """


class FolderFiles:
    """See ``StoreFiles``: in a folder."""

    def __init__(self, root: Path) -> None:
        self._root = root

    @property
    def root(self) -> str:
        """See ``StoreFiles``."""
        return str(self._root)

    def put(self, path: str, data: bytes) -> None:
        """See ``StoreFiles``."""
        with self._begun(path) as unfinished:
            unfinished.write_bytes(data)
        _settle(unfinished, self._root / path)

    @contextmanager
    def written(self, path: str) -> Iterator[Path]:
        """See ``StoreFiles``."""
        with self._begun(path) as unfinished:
            yield unfinished
        descriptor = os.open(unfinished, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        _settle(unfinished, self._root / path)

    def read(self, path: str) -> bytes:
        """See ``StoreFiles``."""
        return (self._root / path).read_bytes()

    def sizes(self, folder: str) -> dict[str, int]:
        """See ``StoreFiles``."""
        root = self._root / folder
        found = {}
        for here, _, names in os.walk(root):
            for name in names:
                path = Path(here, name)
                try:
                    found[path.relative_to(root).as_posix()] = path.lstat().st_size
                except FileNotFoundError:
                    continue  # whoever is writing it has renamed it
        return found

    def size(self, path: str) -> int | None:
        """See ``StoreFiles``."""
        whole = self._root / path
        return whole.stat().st_size if whole.is_file() else None

    def remove(self, path: str) -> None:
        """See ``StoreFiles``."""
        with suppress(FileNotFoundError):
            (self._root / path).unlink()

    def copies(self, paths: Iterable[str]) -> list[str]:
        """See ``StoreFiles``."""
        return [f"{self._root}/{path}" for path in paths]

    @contextmanager
    def _begun(self, path: str) -> Iterator[Path]:
        """A file of another name beside it, which goes where writing it fails: the disk may be full."""
        whole = self._root / path
        whole.parent.mkdir(parents=True, exist_ok=True)
        unfinished = whole.with_name(f".{whole.name}.{uuid.uuid4().hex}")
        try:
            yield unfinished
        except BaseException:
            with suppress(OSError):
                unfinished.unlink(missing_ok=True)
            raise


def _settle(unfinished: Path, whole: Path) -> None:
    unfinished.rename(whole)


class S3Files:
    """See ``StoreFiles``: on S3. A put is one request, and what it puts is seen whole or not at all.

    Copies lie in a temporary folder as long as the process lives: DuckDB and Arrow read them as they read a store here.
    """

    def __init__(self, root: str) -> None:
        self._root = root
        self._copies: TemporaryDirectory[str] | None = None
        self._lock = Lock()

    @property
    def root(self) -> str:
        """See ``StoreFiles``."""
        return self._root

    def put(self, path: str, data: bytes) -> None:
        """See ``StoreFiles``."""
        retried(lambda: s3.put_object(self._uri(path), data), tries=_TRIES)

    @contextmanager
    def written(self, path: str) -> Iterator[Path]:
        """See ``StoreFiles``."""
        with TemporaryDirectory(prefix="aiqyn-") as folder:
            unfinished = Path(folder) / "unfinished"
            yield unfinished
            self.put(path, unfinished.read_bytes())

    def read(self, path: str) -> bytes:
        """See ``StoreFiles``."""
        found = retried(lambda: s3.read_object(self._uri(path)), tries=_TRIES)
        if found is None:
            raise FileNotFoundError(self._uri(path))
        return found.data

    def sizes(self, folder: str) -> dict[str, int]:
        """See ``StoreFiles``."""
        root = f"{self._uri(folder)}/"
        return {one.uri.removeprefix(root): one.size_bytes for one in s3.list_objects(root)}

    def size(self, path: str) -> int | None:
        """See ``StoreFiles``."""
        try:
            return retried(lambda: s3.find_object(self._uri(path)), tries=_TRIES).size_bytes
        except Exception as error:
            if reason_of(error) is Reason.VANISHED:
                return None
            raise

    def remove(self, path: str) -> None:
        """See ``StoreFiles``."""
        retried(lambda: s3.delete_object(self._uri(path)), tries=_TRIES)

    def copies(self, paths: Iterable[str]) -> list[str]:
        """See ``StoreFiles``."""
        wanted = list(paths)
        folder = self._folder()
        missing = [path for path in wanted if not (folder / path).exists()]
        if missing:
            with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="copies") as threads:
                list(threads.map(self._copy, missing))
        return [f"{folder}/{path}" for path in wanted]

    def _copy(self, path: str) -> None:
        copy = self._folder() / path
        copy.parent.mkdir(parents=True, exist_ok=True)
        unfinished = copy.with_name(f".{copy.name}.{uuid.uuid4().hex}")
        try:
            retried(lambda: _fetch(self._uri(path), unfinished), tries=_TRIES)
        except Exception as error:
            unfinished.unlink(missing_ok=True)
            if reason_of(error) is Reason.VANISHED:
                raise FileNotFoundError(self._uri(path)) from error
            raise
        unfinished.rename(copy)

    def _folder(self) -> Path:
        with self._lock:
            if self._copies is None:
                self._copies = TemporaryDirectory(prefix="aiqyn-", ignore_cleanup_errors=True)
        return Path(self._copies.name)

    def _uri(self, path: str) -> str:
        return f"{self._root}/{path}"


def _fetch(uri: str, target: Path) -> None:
    # Not the body's own ``with``: that gives the stream below it, which takes a body cut short for a whole one.
    with closing(s3.open_object(uri, None)) as body, target.open("wb") as file:
        shutil.copyfileobj(body, file, 1 << 20)


@lru_cache(maxsize=4)
def files_of(root: str) -> StoreFiles:
    """The files of the store at a path or ``s3://`` address; the same for the same one, so that copies are shared."""
    return S3Files(root) if root.startswith(s3.SCHEME) else FolderFiles(Path(root))
