"""Reads everything that a file declares about its making: walk, properties, meaning, and the C2PA store."""

import os
from collections.abc import Callable, Sequence
from typing import BinaryIO

from transforms.marks.c2pa_marks import c2pa_marks
from transforms.marks.c2pa_store import Status, Store, read_store, supports
from transforms.marks.found import MarksFound
from transforms.marks.mark import Mark, cut
from transforms.marks.meaning.meaning import read_meaning
from transforms.marks.meaning.rules import Rules
from transforms.marks.messages import MOST_MARKS
from transforms.marks.pieces import Budget, Form, Piece, Property
from transforms.marks.properties import read_properties
from transforms.marks.settings import MarkReading, Trust
from transforms.marks.subtitles import read_subtitles
from transforms.marks.telling import most_telling
from transforms.marks.walk import walk
from transforms.records import LayerNote

_REMOTE = ("http://purl.org/dc/terms/", "provenance")


def read_marks(
    file: BinaryIO,
    media_type: str,
    reading: MarkReading,
    trust: Trust,
    rules: Rules,
    watch: Callable[[Store], None] | None = None,
) -> MarksFound:
    """The marks of a file, in the order in which they lie in it, those of its subtitles and its C2PA store last.

    Args:
        file: Open and seekable; it is left anywhere.
        media_type: As ``examine.sniff`` tells it.
        reading: What is stored of what is found.
        trust: Whose signatures count as trusted.
        rules: What properties mean.
        watch: Is given the C2PA store that was read, if any.

    Returns:
        At most ``MOST_MARKS`` marks, and a note for each thing that could not be read. No bytes make this raise.

    Raises:
        OSError: The file cannot be read.
        ValueError: The C2PA library refuses the trust anchors.
    """
    walked = walk(file, media_type)
    budget = Budget(left_out=list(walked.left_out))
    properties = read_properties(walked.pieces, file, budget)
    notes = [LayerNote("marks", "incomplete", line) for line in budget.left_out]
    marks = read_meaning(properties, rules, keep_prompts=reading.keep_prompts)
    subtitled, unread = read_subtitles(file, media_type, file.seek(0, os.SEEK_END), rules)
    marks += subtitled
    notes += [LayerNote("marks", "incomplete", line) for line in unread]
    carrier = next((piece for piece in walked.pieces if piece.form is Form.C2PA), None)
    if supports(media_type) and (carrier or budget.left_out or _names_a_remote_store(properties)):
        store = read_store(file, media_type, trust)
        if store is not None and watch is not None:
            watch(store)
        marks += _marks_of(store, carrier, rules)
        notes += _notes_of(store, carrier)
    elif carrier:
        store = Store(Status.UNREADABLE, trust.name, message=f"manifest stores of {media_type} files are not read")
        marks += _marks_of(store, carrier, rules)
        notes += _notes_of(store, carrier)
    if len(marks) > MOST_MARKS:
        notes.append(LayerNote("marks", "incomplete", f"{len(marks) - MOST_MARKS} of {len(marks)} marks"))
    return MarksFound(tuple(most_telling(marks)), tuple(notes))


def _names_a_remote_store(properties: Sequence[Property]) -> bool:
    return any((one.namespace, one.name) == _REMOTE for one in properties)


def _marks_of(store: Store | None, carrier: Piece | None, rules: Rules) -> list[Mark]:
    if store is None:
        return []
    where = (carrier.site, carrier.offset) if carrier else ("", None)
    return c2pa_marks(store, rules.source_types, *where)


def _notes_of(store: Store | None, carrier: Piece | None) -> list[LayerNote]:
    """What could not be read of a store that is there."""
    if store is None:
        if carrier is None:
            return []
        return [LayerNote("c2pa", "unreadable", f"{carrier.site} looks like a manifest store and holds none")]
    if store.status is Status.READ or (store.status is Status.CONTAINER_UNREADABLE and carrier is None):
        return []
    return [LayerNote("c2pa", str(store.status), cut(store.url or store.message))]
