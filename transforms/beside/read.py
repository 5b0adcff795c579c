"""Reads the texts that lie beside a file, and its row of a context table, for labels and declarations."""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from transforms.beside.context import TEXT_COLUMNS, Context
from transforms.beside.cues import read_cues
from transforms.beside.decoding import TextError, decode
from transforms.beside.labels import marks_of_passages
from transforms.beside.notes import CONTEXT_KIND, LAYER, SIDECAR_KIND, SUBTITLES_KIND, short_name, unread
from transforms.beside.passages import MOST_PASSAGES, Passage, lines_of
from transforms.beside.sidecars import MOST_BYTES, suffix_of
from transforms.beside.trees import parse_front_matter, read_json, read_tree, split_front_matter
from transforms.labels.lexicon import Lexicon
from transforms.marks.found import MarksFound
from transforms.marks.mark import Mark
from transforms.marks.meaning.marking import storable
from transforms.marks.meaning.meaning import read_meaning
from transforms.marks.meaning.rules import Rules
from transforms.marks.pieces import Budget, Property
from transforms.marks.telling import most_telling
from transforms.marks.xmp import read_xmp
from transforms.records import LayerNote

_DECLARED: Final = ("tc260.", "iptc.")
_MOST_PROPERTIES: Final = 2000
_MARKUP: Final = re.compile(
    r"[*`~]{1,3}|(?<![^\W_])__?|__?(?![^\W_])|^#{1,6}(?=\s)|!?\[(?=[^\]\n]{0,300}\]\()|\]\([^)\n]{0,500}\)",
    re.MULTILINE,
)


@dataclass(slots=True)
class _Reading:
    """What one file brings.

    Attributes:
        passages: Texts, looked through for labels and for pairs that answer.
        properties: Values, looked through for what a machine reads.
        faults: What could not be read of it.
    """

    passages: list[Passage] = field(default_factory=list)
    properties: list[Property] = field(default_factory=list)
    faults: list[TextError] = field(default_factory=list)

    def take(self, passages: Iterator[Passage], *, as_values: bool = False) -> None:
        """Takes passages until they end or fail; those that are values are properties, too, and read by their lines."""
        try:
            for passage in passages:
                if len(self.passages) >= MOST_PASSAGES:
                    raise TextError("over_limit", f"Texts after the first {MOST_PASSAGES:,} are not read.")  # noqa: TRY301
                if as_values and len(self.properties) < _MOST_PROPERTIES:
                    self.properties.append(Property(LAYER, "", passage.name, passage.text, passage.locator, 0))
                self.passages += _by_lines(passage) if as_values else (passage,)
        except TextError as fault:
            self.faults.append(fault)

    def take_whole(self, text: str, locator: str, name: str = "") -> None:
        """Takes a whole text as one property: objects and parameters may go over several of its lines."""
        self.properties.append(Property(LAYER, "", name, text, locator, 0))


def read_beside(texts: Sequence[tuple[str, bytes]], lexicon: Lexicon, rules: Rules) -> MarksFound:
    """What the texts beside a file say of it.

    Args:
        texts: Name and whole content of each sidecar; the suffix of the name tells how it is read.
        lexicon: Of labels.
        rules: Of fields.

    Returns:
        Marks in the order of the texts; for each that could not be read, or not to its end, a note ``not_checked`` that
        begins with a reason code. No bytes make it raise.
    """
    marks: list[Mark] = []
    notes: list[LayerNote] = []
    for name, data in texts:
        found, faults = _read_one(short_name(name), data, lexicon, rules)
        marks += found
        notes += [unread(name, fault.code, fault.sentence) for fault in faults]
    if len(kept := most_telling(marks)) < len(marks):
        notes.append(LayerNote(LAYER, "incomplete", f"{len(marks) - len(kept)} of {len(marks)} marks"))
    return MarksFound(tuple(kept), tuple(notes))


def read_context(context: Context, lexicon: Lexicon, rules: Rules) -> MarksFound:
    """What a file's row of the context table says of it: its texts for people are read as sidecars are."""
    passages = [
        passage
        for name in TEXT_COLUMNS
        for passage in lines_of(getattr(context, name) or "", f"context:{name}", name=name, first_line=None)
    ]
    marks = marks_of_passages(passages, CONTEXT_KIND, lexicon, rules)
    notes = tuple(LayerNote(LAYER, "not_checked", storable(note)) for note in context.notes)
    return MarksFound(tuple(most_telling(marks)), notes)


def _read_one(name: str, data: bytes, lexicon: Lexicon, rules: Rules) -> tuple[list[Mark], list[TextError]]:
    suffix = suffix_of(name)
    if len(data) > MOST_BYTES:
        return [], [TextError("over_size_limit", f"It is larger than {MOST_BYTES:,} bytes.")]
    try:
        text = decode(data)
    except TextError as fault:
        return [], [fault]
    if suffix == ".xmp":
        return _read_xmp(name, text, rules)
    reading = _Reading()
    _READERS.get(suffix, _read_text)(name, text, reading)
    kind = SUBTITLES_KIND if suffix in {".srt", ".vtt"} else SIDECAR_KIND
    declared = [mark for mark in read_meaning(reading.properties, rules) if _is_declared(mark)]
    marks = [*declared, *marks_of_passages(reading.passages, kind, lexicon, rules)]
    return [replace(mark, offset=None) for mark in marks], reading.faults


def _is_declared(mark: Mark) -> bool:
    """Whether a mark of a value outside of the file counts: names of programs and cameras there may be of anything."""
    return mark.kind.startswith(_DECLARED) or mark.facts.get("confidence") == "exact"


def _read_xmp(name: str, text: str, rules: Rules) -> tuple[list[Mark], list[TextError]]:
    budget = Budget()
    properties = list(read_xmp(text.encode("utf-8", "replace"), budget, where=name))
    marks = [replace(mark, offset=None) for mark in read_meaning(properties, rules)]
    return marks, [TextError("broken_xmp", f"{line.removeprefix(f'{name}: ')}.") for line in budget.left_out]


def _read_text(name: str, text: str, reading: _Reading) -> None:
    reading.take(lines_of(text, name))
    reading.take_whole(text, name, "parameters")  # picture generators write theirs beside the picture


def _read_json(name: str, text: str, reading: _Reading) -> None:
    reading.take(read_json(text, name), as_values=True)
    if not any(fault.code == "broken_json" for fault in reading.faults):
        reading.take_whole(text, name)


def _read_markdown(name: str, text: str, reading: _Reading) -> None:
    front, body, first_line = split_front_matter(text)
    if front is not None:
        try:
            tree = parse_front_matter(front)
        except TextError as fault:
            reading.faults.append(fault)
        else:
            reading.take(read_tree(tree, name), as_values=True)
            if isinstance(tree, dict) and isinstance(label := tree.get("AIGC"), dict):
                fields = {key: value for key, value in label.items() if isinstance(value, str)}
                reading.take_whole(json.dumps(fields, ensure_ascii=False), f"{name}:$.AIGC", "AIGC")
    reading.take(lines_of(_MARKUP.sub("", body), name, first_line=first_line))
    reading.take_whole(body, name)


def _read_subtitles(name: str, text: str, reading: _Reading) -> None:
    reading.take(read_cues(text, name))


def _by_lines(passage: Passage) -> Iterator[Passage]:
    if passage.is_nested:
        return iter((passage,))
    if "\n" in passage.text or "\r" in passage.text:
        return lines_of(passage.text, passage.locator, name=passage.name, first_line=None)
    return iter((passage,))


_READERS: Final[dict[str, Callable[[str, str, _Reading], None]]] = {
    ".json": _read_json,
    ".md": _read_markdown,
    ".srt": _read_subtitles,
    ".txt": _read_text,
    ".vtt": _read_subtitles,
}
