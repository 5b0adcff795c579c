"""Where what a test writes lies: in its folder, or on S3 behind a proxy that fails now and then.

Tests write and change files in local folders, and name local paths, also of stores. Under ``both_places`` they
run twice; the second time those folders are mirrored to a bucket before each scan, and the stores are on S3.
"""

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipelines.globs import SPECIAL
from pipelines.store import Store
from tests.s3_server import Bucket


class Mirror:
    """A bucket that holds what lies in a local folder, as of the last time it was brought.

    Args:
        root: The folder.
        bucket: The bucket.
    """

    def __init__(self, root: Path, bucket: Bucket) -> None:
        self.root, self._bucket = root, bucket
        self._digests: dict[str, bytes] = {}

    def address(self, path: str) -> str:
        """Where it lies in the bucket."""
        return self._bucket.uri(path.removeprefix(f"{self.root}/"))

    def bring(self, source: str) -> None:
        """Puts what is new or changed in a folder, or in that of a file or glob, and deletes what is gone."""
        named = Path(SPECIAL.split(source, maxsplit=1)[0])
        folder = named if named.is_dir() else named.parent
        here = {str(path.relative_to(self.root)): path for path in folder.rglob("*") if path.is_file()}
        below = f"{folder.relative_to(self.root)}/"
        for key in [key for key in self._digests if key.startswith(below) and key not in here]:
            self._bucket.delete(key)
            del self._digests[key]
        for key, path in here.items():
            data = path.read_bytes()
            digest = hashlib.sha256(data).digest()
            if self._digests.get(key) != digest:  # an object that is put anew is another one
                self._bucket.put(key, data)
                self._digests[key] = digest


_mirrors: list[Mirror] = []


@contextmanager
def mirrored(root: Path, bucket: Bucket) -> Iterator[None]:
    """Has what lies in a folder be on S3."""
    _mirrors.append(Mirror(root, bucket))
    try:
        yield
    finally:
        _mirrors.pop()


def source_at(path: Path | str) -> str:
    """The address under which to scan what a test wrote to a path, or a glob; it is there as it is here now."""
    told = str(path)
    for mirror in _mirrors:
        if told.startswith(f"{mirror.root}/"):
            mirror.bring(told)
            return mirror.address(told)
    return told


def store_at(path: Path | str) -> Path | str:
    """Where the store is that a test names by a path: one that lies here is here."""
    told = str(path)
    for mirror in _mirrors:
        if told.startswith(f"{mirror.root}/") and not Path(path).exists():
            return mirror.address(told)
    return path


def wait_until_free(store: Store) -> None:
    """Until nobody holds it: on S3 nothing but time tells that a driver died."""
    end = time.monotonic() + 60
    while store.locks.is_held():
        assert time.monotonic() < end


def beginning_at(store: Path | str) -> str:
    """How addresses begin of what was scanned into a store: what of them is no place of the test's own."""
    for mirror in _mirrors:
        return mirror.address("") if str(store).startswith("s3://") else str(mirror.root)
    return ""
