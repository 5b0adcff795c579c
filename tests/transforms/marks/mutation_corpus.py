"""Whole files of every format that has a walker: what mutants are made from."""

from collections import defaultdict
from typing import Final

from tests.transforms.marks import c2pa_corpus, corpus
from transforms.examine.sniff import SNIFF_BYTES, sniff

_RAW_HEADERS: Final = {
    "image/x-canon-cr2": b"II*\0",
    "image/x-olympus-orf": b"IIRO",
    "image/x-panasonic-rw2": b"IIU\0",
}


def unsigned_files() -> dict[str, list[bytes]]:
    """Files by media type, the same each time. Raw files are TIFF files with another header, as cameras make them."""
    found = defaultdict(list)
    for data in corpus.files().values():
        found[str(sniff(data[:SNIFF_BYTES]))].append(data)
    for media_type, header in _RAW_HEADERS.items():
        found[media_type] = [header + data[4:] for data in found["image/tiff"] if data.startswith(b"II")]
    return dict(found)


def files() -> dict[str, list[bytes]]:
    """Files by media type with signed ones among them, whose keys are others each time."""
    found = unsigned_files()
    for media_type in c2pa_corpus.MEDIA_TYPES:
        plain = c2pa_corpus.media(media_type)
        created = c2pa_corpus.signed(plain, media_type)
        edit = c2pa_corpus.manifest(c2pa_corpus.opened(0), c2pa_corpus.action("c2pa.edited"))
        origin = c2pa_corpus.Ingredient(created, media_type)
        found[media_type] += [created, c2pa_corpus.signed(plain, media_type, edit, ingredients=[origin])]
    return found
