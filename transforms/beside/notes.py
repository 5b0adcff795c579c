"""What could not be read of the texts beside a file, as its row says it."""

from typing import Final

from transforms.marks.meaning.marking import storable
from transforms.records import LayerNote

LAYER: Final = "caption"
SIDECAR_KIND: Final = "caption.sidecar"
CONTEXT_KIND: Final = "caption.context"
SUBTITLES_KIND: Final = "caption.subtitles"
_MANIFEST: Final = "sidecar_manifest"
_MOST_NAME: Final = 100


def unread(name: str, code: str, sentence: str) -> LayerNote:
    """The note of a text that was not read, or not to its end; ``code`` is stable."""
    return LayerNote(LAYER, "not_checked", _detail(name, code, sentence))


def manifest_beside(name: str) -> LayerNote:
    """The note of a C2PA manifest that lies beside its file: it may state what the file does not."""
    sentence = "a C2PA manifest beside the file, which is not read; signatures there were not checked."
    return LayerNote("c2pa", "not_checked", _detail(name, _MANIFEST, sentence))


def is_of_the_place(note: LayerNote) -> bool:
    """Whether a note tells of what lies beside a file, and so not of the same bytes in another place."""
    return note.layer == LAYER or (note.layer == "c2pa" and (note.detail or "").startswith(f"{_MANIFEST}:"))


def short_name(name: str) -> str:
    """A sidecar's name as locators and notes have it: its end, which has the suffix."""
    return storable(name)[-_MOST_NAME:]


def _detail(name: str, code: str, sentence: str) -> str:
    return storable(f"{code}: {short_name(name)}: {sentence}")
