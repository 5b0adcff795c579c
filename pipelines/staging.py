"""Rows that workers left beside the store, where they can write: brought into it before they are committed."""

import json
from typing import Any

from transforms.part_files import manifest_path, written_to
from transforms.store_files import StoreFiles

Manifest = dict[str, Any]


def read_manifest(root: str, segment_id: str) -> Manifest:
    """What the segment's pipeline wrote last."""
    manifest: Manifest = json.loads(written_to(root).read(manifest_path(segment_id)))
    return manifest


def bring_home(manifest: Manifest, staged: str, store: StoreFiles) -> None:
    """Copies a segment's part files from below ``staged`` into the store, its manifest last, and removes them there.

    As after a pipeline that wrote into the store itself, whoever finds the manifest may commit the segment. A driver
    that is killed meanwhile leaves files at ``staged``, and the segment is done again.

    Raises:
        RuntimeError: A part file has another size than the manifest says.
    """
    place = written_to(staged)
    paths = []
    for part in manifest["parts"]:
        path = f"{part['table']}/{part['path']}"
        data = place.read(path)
        if len(data) != part["size_bytes"]:
            told = f"{staged}/{path} has {len(data):,} bytes, and its manifest says {part['size_bytes']:,}"
            raise RuntimeError(told)
        store.put(path, data)
        paths.append(path)
    home = manifest_path(manifest["segment_id"])
    store.put(home, json.dumps(manifest, indent=1).encode())
    for path in (*paths, home):
        place.remove(path)
