"""A sentence as one language of the lexicon understands it: its phrases, and the statements that it makes."""

import bisect
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from transforms.labels.entries import COLON, Edge, Of
from transforms.labels.records import MASK, ROLES, Entry, Statement, Tongue, role_mask
from transforms.labels.words import LINE_BREAK, Words

STRANGE, SIGN = 0, 1 << (len(ROLES) + 1)
"""Roles of a word that the language does not know, and of a sign that may stand inside a label."""
JOINS = frozenset("-'’‘ʻ`_") | {LINE_BREAK}
"""Signs that may stand inside one phrase."""
_SOFT = frozenset("-–—‑:=\"'«»“”„‘’`´ʻ()[]/\\+_*~#@&·<>") | {LINE_BREAK}
_AROUND = _SOFT | frozenset(",.!…|%")
_COLONS = frozenset(":-–—/=|")
_MOST_SIGNS, _MOST_BEGINS = 6, 400
_CAPITALS = 2


@dataclass(frozen=True, slots=True)
class Item:
    """A phrase, a sign or a strange word.

    Attributes:
        start: Its first word.
        end: Behind its last word.
        roles: The lists it stands in, bits of ``records.MASK``; or ``STRANGE`` or ``SIGN``.
    """

    start: int
    end: int
    roles: int


@dataclass(frozen=True, slots=True)
class Told:
    """A statement of the lexicon, found in a sentence from the word ``start`` up to ``end``."""

    statement: Statement
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Parsed:
    """A sentence in one language.

    Attributes:
        words: Of the sentence.
        tongue: The language.
        items: One behind the other, over all words.
        starts: Of each item its first word.
    """

    words: Words
    tongue: Tongue
    items: Sequence[Item]
    starts: Sequence[int]

    def text_of(self, at: int) -> str:
        """The word ``at`` as it stands."""
        return self.words.text[slice(*self.words.spans[at])]

    def between(self, start: int, end: int) -> Sequence[Item]:
        """The items that begin between two words."""
        return self.items[bisect.bisect_left(self.starts, start) : bisect.bisect_left(self.starts, end)]

    def index_at(self, start: int) -> int:
        """The index of the item that begins at a word, or behind it."""
        return bisect.bisect_left(self.starts, start)


def parsed(words: Words, tongue: Tongue, dead: frozenset[int]) -> Parsed:
    """The sentence in a language; ``dead`` words, which stand in traps, are strange."""
    items = list(_items(words, tongue, dead))
    return Parsed(words, tongue, items, [item.start for item in items])


def statements(words: Words, tongue: Tongue) -> Iterator[Told]:
    """The statements that a sentence makes, by their first words; they are looked for at its first 400 such words."""
    begins = (at for at, key in enumerate(words.keys) if key in tongue.statements)
    for at in itertools.islice(begins, _MOST_BEGINS):
        for statement in tongue.statements[words.keys[at]]:
            end = _fits(words, tongue, statement.elements, 0, at, at)
            if end is not None:
                yield Told(statement, at, end)


def is_beginning(words: Words, at: int) -> bool:
    """Whether nothing but signs stands before a word in its line."""
    at -= 1
    while at >= 0 and words.keys[at] in _AROUND and words.keys[at] != LINE_BREAK:
        at -= 1
    return at < 0 or words.keys[at] == LINE_BREAK


def is_end(words: Words, at: int) -> bool:
    """Whether nothing but signs stands from a word on in its line."""
    while at < len(words.keys) and words.keys[at] in _AROUND and words.keys[at] != LINE_BREAK:
        at += 1
    return at == len(words.keys) or words.keys[at] == LINE_BREAK


def _items(words: Words, tongue: Tongue, dead: frozenset[int]) -> Iterator[Item]:
    at = 0
    while at < len(words.keys):
        key = words.keys[at]
        entries = () if at in dead else tongue.entries.get(key, ())
        ends = [(end, entry) for entry in entries if (end := _entry_end(words, entry, at)) is not None]
        if ends:
            longest, roles = ends[0][0], 0
            for end, entry in ends:
                roles |= entry.roles if end == longest else 0
            yield Item(at, longest, roles)
            at = longest
        else:
            yield Item(at, at + 1, SIGN if key in _SOFT else STRANGE)
            at += 1


def _entry_end(words: Words, entry: Entry, at: int) -> int | None:
    if entry.capitals and not _in_capitals(words, at):
        return None
    signs = 0
    for keys in entry.words[1:]:
        at += 1
        while at < len(words.keys) and words.keys[at] in JOINS and signs < _MOST_SIGNS:
            at += 1
            signs += 1
        if at >= len(words.keys) or words.keys[at] not in keys:
            return None
    return at + 1


def _in_capitals(words: Words, at: int) -> bool:
    start, end = words.spans[at]
    last = words.text[max(start, end - _CAPITALS) : end]
    return last.upper() == last


def _fits(
    words: Words, tongue: Tongue, elements: Sequence[frozenset[str] | Of | Edge], index: int, at: int, begun: int
) -> int | None:
    """Where the elements from ``index`` on end if they begin at the word ``at``; None where they do not fit."""
    if index == len(elements):
        return at
    element = elements[index]
    if isinstance(element, Edge):
        fits = is_end(words, at) if element.end else is_beginning(words, at)
        return _fits(words, tongue, elements, index + 1, at, begun) if fits else None
    inside = _past_signs(words, at) if at > begun else at
    if element == COLON:
        parted = not _COLONS.isdisjoint(words.keys[at:inside])
        return _fits(words, tongue, elements, index + 1, at, begun) if parted else None
    if isinstance(element, Of):
        end = _longest(words, tongue, inside, role_mask(element.role))
        found = None if end is None else _fits(words, tongue, elements, index + 1, end, begun)
        if found is None and element.optional:
            return _fits(words, tongue, elements, index + 1, at, begun)
        return found
    if inside < len(words.keys) and words.keys[inside] in element:
        return _fits(words, tongue, elements, index + 1, inside + 1, begun)
    return None


def _past_signs(words: Words, at: int) -> int:
    most = min(len(words.keys), at + _MOST_SIGNS)
    while at < most and words.keys[at] in _AROUND:
        at += 1
    return at


def _longest(words: Words, tongue: Tongue, at: int, mask: int) -> int | None:
    if at >= len(words.keys):
        return None
    for entry in tongue.entries.get(words.keys[at], ()):
        if entry.roles & mask and (end := _entry_end(words, entry, at)) is not None:
            return end
    return None


TRAPS = "traps"
AI_ELEMENT = role_mask("ai") | MASK["misread"]
"""Lists of AI elements, right or misread."""
