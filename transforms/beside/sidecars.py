"""Which files lie beside a file as its sidecars, told by their names."""

import os
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

SUFFIXES: Final = (".txt", ".json", ".xmp", ".srt", ".vtt", ".md")
"""Of sidecars, in the order in which they are read."""

MANIFEST_SUFFIX: Final = ".c2pa"
"""Of C2PA manifests beside a file: told, and not read."""

MOST_BYTES: Final = 1 << 20
"""Of one sidecar."""

MOST_SIDECARS: Final = 16
"""Of one file."""

_ALL: Final = (*SUFFIXES, MANIFEST_SUFFIX)
_FURTHER: Final = {
    ".srt": re.compile(r"[a-z]{2,3}(?:[-_][a-zA-Z]{2,4})?"),
    ".vtt": re.compile(r"[a-z]{2,3}(?:[-_][a-zA-Z]{2,4})?"),
    ".json": re.compile("info"),
}
"""What may stand between the stem and the suffix: the language of subtitles, and what yt-dlp writes."""


def suffix_of(name: str) -> str:
    """A file's suffix in small letters, with its dot; empty where it has none."""
    return os.path.splitext(name)[1].lower()  # noqa: PTH122  (hot loop)


def is_sidecar_name(name: str) -> bool:
    """Whether a file is named as a sidecar is, so that it has none itself."""
    return suffix_of(name) in _ALL


class Folder:
    """The names in one folder, by what they may lie beside.

    Args:
        names: Of everything in the folder.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._by_stem: defaultdict[str, list[str]] = defaultdict(list)
        own: set[str] = set()
        further: list[tuple[str, str]] = []
        for name in names:
            stem, suffix = os.path.splitext(name)  # noqa: PTH122  (hot loop)
            suffix = suffix.lower()
            if suffix not in _ALL:
                own.add(stem)
                continue
            self._by_stem[stem].append(name)
            shorter, dot, between = stem.rpartition(".")
            if dot and suffix in _FURTHER and _FURTHER[suffix].fullmatch(between):
                further.append((shorter, name))
        for stem, name in further:
            if f"{stem}.{name[len(stem) + 1 :].split('.', 1)[0]}" not in own:  # it has a file of its own
                self._by_stem[stem].append(name)

    def beside(self, name: str) -> Sequence[str]:
        """Names of the sidecars of a file, in the order in which they are read: by suffix, then by name.

        ``clip.txt`` and ``clip.mp4.txt`` lie beside ``clip.mp4``, ``clip.ru.srt`` and ``clip.info.json`` do, too. A
        sidecar has none itself.
        """
        if not self._by_stem or is_sidecar_name(name):
            return ()
        stem = os.path.splitext(name)[0]  # noqa: PTH122  (hot loop)
        found = {*self._by_stem.get(stem, ()), *self._by_stem.get(name, ())}
        return sorted(found, key=lambda one: (_ALL.index(suffix_of(one)), one)) if found else ()
