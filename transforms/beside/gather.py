"""The bytes of a place's sidecars, for an examiner child to read; nothing is parsed here."""

import os
from collections.abc import Sequence

from transforms.beside.notes import manifest_beside, unread
from transforms.beside.sidecars import MANIFEST_SUFFIX, MOST_BYTES, MOST_SIDECARS, suffix_of
from transforms.containers.opener import Opener
from transforms.records import LayerNote, Place


def gather(sidecars: Sequence[Place], opener: Opener) -> tuple[list[tuple[str, bytes]], list[LayerNote]]:
    """Name and bytes of each sidecar that can be read, and a note for each other one.

    Args:
        sidecars: ``Place.beside``: the first ``MOST_SIDECARS`` are read, none larger than ``MOST_BYTES``.
        opener: Opens them.
    """
    texts: list[tuple[str, bytes]] = []
    notes: list[LayerNote] = []
    for number, place in enumerate(sidecars):
        name = place.name
        if suffix_of(name) == MANIFEST_SUFFIX:
            notes.append(manifest_beside(name))
        elif number >= MOST_SIDECARS:
            sentence = f"{len(sidecars)} files lie beside this one; the first {MOST_SIDECARS} are read."
            notes.append(unread(name, "over_limit", sentence))
            break
        else:
            found = _read(place, name, opener)
            if isinstance(found, LayerNote):
                notes.append(found)
            else:
                texts.append((name, found))
    return texts, notes


def _read(place: Place, name: str, opener: Opener) -> bytes | LayerNote:
    if place.problem or place.refused:
        return unread(name, "unreadable", place.problem or (place.refused or ("", ""))[1])
    if (place.size_bytes or 0) > MOST_BYTES:  # a remote one would be copied
        return _too_large(name)
    try:
        with os.fdopen(opener.open(place), "rb") as file:
            file.seek(0)
            data = file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        return unread(name, "vanished", "It vanished during the scan.")
    except (OSError, ValueError) as error:  # ValueError: a name that no file system takes
        return unread(name, "unreadable", getattr(error, "strerror", None) or str(error))
    if len(data) > MOST_BYTES:
        return _too_large(name)
    return data


def _too_large(name: str) -> LayerNote:
    return unread(name, "over_size_limit", f"It is larger than {MOST_BYTES:,} bytes.")
