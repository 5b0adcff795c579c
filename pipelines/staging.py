"""Rows that workers left beside the store, where they can write: brought into it before they are committed."""

import json
from contextlib import suppress
from typing import Any

from apache_beam.io.filesystem import BeamIOError
from apache_beam.io.filesystems import FileSystems

from transforms.retry import retried
from transforms.write import manifest_path, write_file

Manifest = dict[str, Any]


def read_manifest(root: str, segment_id: str) -> Manifest:
    """What the segment's pipeline wrote last."""
    manifest: Manifest = json.loads(_read(manifest_path(root, segment_id)))
    return manifest


def bring_home(manifest: Manifest, staged: str, store: str) -> None:
    """Copies a segment's part files from below ``staged`` into the store, its manifest last, and removes them there.

    As after a pipeline that wrote into the store itself, whoever finds the manifest may commit the segment. A driver
    that is killed meanwhile leaves files at ``staged``, and the segment is done again.

    Raises:
        RuntimeError: A part file has another size than the manifest says.
    """
    sources = []
    for part in manifest["parts"]:
        source = f"{staged}/{part['table']}/{part['path']}"
        data = _read(source)
        if len(data) != part["size_bytes"]:
            raise RuntimeError(f"{source} has {len(data):,} bytes, and its manifest says {part['size_bytes']:,}")
        write_file(f"{store}/{part['table']}/{part['path']}", data)
        sources.append(source)
    write_file(manifest_path(store, manifest["segment_id"]), json.dumps(manifest, indent=1).encode())
    with suppress(BeamIOError):  # what stays there is in nobody's way
        FileSystems.delete([*sources, manifest_path(staged, manifest["segment_id"])])


def _read(path: str) -> bytes:
    def read() -> bytes:
        with FileSystems.open(path) as file:
            content: bytes = file.read()
            return content

    return retried(read)
