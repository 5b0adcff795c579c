"""Which files are containers, told from their names and from their first bytes."""

from typing import Final

from transforms.beside.sidecars import is_sidecar_name
from transforms.examine.sniff import is_named_as_media

BEGINNING_BYTES: Final = 512
"""How many of a file tell what it is."""
_SUFFIXES: Final = (
    *(".zip", ".cbz", ".tar", ".tar.gz", ".tgz", ".tar.bz2"),
    *(".tbz2", ".tar.xz", ".txz", ".tar.zst", ".tzst"),
    *(".warc", ".warc.gz", ".7z", ".cb7", ".rar", ".cbr"),
)
_KINDS: Final = {
    **dict.fromkeys((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08"), "zip"),
    b"WARC/": "WARC",
    b"7z\xbc\xaf\x27\x1c": "7z",
    b"Rar!\x1a\x07\0": "RAR 4",
    b"Rar!\x1a\x07\x01\0": "RAR 5",
}
FOREIGN: Final = frozenset({"7z", "RAR 4", "RAR 5"})
"""Kinds that only libarchive reads."""
_TAR_MAGIC: Final = b"ustar"
_PACKINGS: Final = {b"\x1f\x8b": "gz", b"BZh": "bz2", b"\xfd7zXZ\x00": "xz", b"\x28\xb5\x2f\xfd": "zst"}


def is_named_as_container(name: str) -> bool:
    """Whether a file's name says that it is a container of a kind that is read."""
    return name.lower().endswith(_SUFFIXES)


def may_hold_anything(name: str) -> bool:
    """Whether only a file's content can say that it is a container: its name says nothing else that we know of."""
    name = name.rpartition("/")[2]
    return not (is_named_as_container(name) or is_named_as_media(name) or is_sidecar_name(name))


def kind_of(beginning: bytes) -> str | None:
    """The kind of container that the first bytes show, or None: the packing of a packed one has to be taken off.

    Args:
        beginning: The first ``BEGINNING_BYTES`` of the file, or all of it.
    """
    if beginning[257:262] == _TAR_MAGIC:
        return "tar"
    return next((kind for start, kind in _KINDS.items() if beginning.startswith(start)), None)


def packing_of(beginning: bytes) -> str | None:
    """How a file is packed as a whole, or None."""
    return next((packing for start, packing in _PACKINGS.items() if beginning.startswith(start)), None)
