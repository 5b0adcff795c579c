"""Files on storage that Beam knows and stores do not, such as gs://: where workers leave rows to be fetched."""

import uuid
from contextlib import suppress

from apache_beam.io.filesystem import BeamIOError, CompressionTypes
from apache_beam.io.filesystems import FileSystems

from transforms.retry import retried


class BeamFiles:
    """See ``Files``: through Beam's filesystems."""

    def __init__(self, root: str) -> None:
        self._root = root

    def put(self, path: str, data: bytes) -> None:
        """See ``Files``: under a temporary name first, then renamed."""
        folder, _, name = f"{self._root}/{path}".rpartition("/")
        temporary = f"{folder}/.{name}.{uuid.uuid4().hex}"
        with suppress(OSError):  # it exists
            FileSystems.mkdirs(folder)
        with FileSystems.create(temporary, compression_type=CompressionTypes.UNCOMPRESSED) as file:
            file.write(data)
        FileSystems.rename([temporary], [f"{folder}/{name}"])

    def read(self, path: str) -> bytes:
        """See ``Files``."""

        def read() -> bytes:
            with FileSystems.open(f"{self._root}/{path}", compression_type=CompressionTypes.UNCOMPRESSED) as file:
                content: bytes = file.read()
                return content

        return retried(read)

    def remove(self, path: str) -> None:
        """See ``Files``."""
        with suppress(BeamIOError):  # there is none
            FileSystems.delete([f"{self._root}/{path}"])
