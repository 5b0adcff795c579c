"""A filesystem of Beam's that lies in memory and fails as told: ``faulty://…``."""

import io
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any, ClassVar

from apache_beam.io.filesystem import BeamIOError, FileMetadata, FileSystem


class StorageError(Exception):
    """As clients of object storage raise it: no OSError, with the status code of the answer."""

    def __init__(self, code: int | None, message: str = "the storage says no") -> None:
        super().__init__(message)
        self.message, self.code = message, code


class FaultyFileSystem(FileSystem):
    """Files and faults are the class's, since Beam makes an instance for every call; ``reset`` before each test."""

    files: ClassVar[dict[str, tuple[bytes, float]]] = {}
    faults: ClassVar[defaultdict[tuple[str, str], list[Exception]]] = defaultdict(list)
    calls: ClassVar[Counter[tuple[str, str]]] = Counter()
    options: ClassVar[Any] = None

    def __init__(self, pipeline_options: Any) -> None:
        super().__init__(pipeline_options)
        FaultyFileSystem.options = pipeline_options

    @classmethod
    def reset(cls) -> None:
        for state in (cls.files, cls.faults, cls.calls):
            state.clear()

    @classmethod
    def fails(cls, operation: str, path: str, *errors: Exception) -> None:
        """Has the next calls of ``list``, ``metadata``, ``open`` or ``read`` for a path fail, one error each."""
        cls.faults[operation, path] += errors

    @classmethod
    def scheme(cls) -> str:
        return "faulty"

    def has_dirs(self) -> bool:
        return False

    def _list(self, dir_or_prefix: str) -> Iterator[FileMetadata]:
        found = [path for path in self.files if path.startswith(dir_or_prefix)]
        for path in found[: len(found) // 2]:
            yield self._metadata(path)
        self._may_fail("list", dir_or_prefix)  # half-way
        for path in found[len(found) // 2 :]:
            yield self._metadata(path)

    def open(self, path: str, mime_type: str = "", compression_type: str = "auto") -> Any:
        self._may_fail("open", path)
        if path not in self.files:
            raise StorageError(404)
        return _Reader(self, path)

    def exists(self, path: str) -> bool:
        self._may_fail("metadata", path)
        return path in self.files

    def metadata(self, path: str) -> FileMetadata:
        return self._metadata(path)

    def _metadata(self, path: str) -> FileMetadata:
        data, updated = self.files[path]
        return FileMetadata(path, len(data), updated)

    def _may_fail(self, operation: str, path: str) -> None:
        self.calls[operation, path] += 1
        if self.faults[operation, path]:
            raise BeamIOError(f"{operation} failed", {path: self.faults[operation, path].pop(0)})

    def _unused(self, *_: Any, **__: Any) -> Any:
        raise NotImplementedError

    join = split = mkdirs = create = copy = rename = size = last_updated = delete = _unused  # type: ignore[assignment]


class _Reader(io.BytesIO):
    def __init__(self, system: FaultyFileSystem, path: str) -> None:
        super().__init__(system.files[path][0])
        self._system, self._path = system, path

    def read(self, size: int | None = -1) -> bytes:
        if self.tell():
            self._system._may_fail("read", self._path)
        return super().read(min(size or -1, 8) if size else size)
