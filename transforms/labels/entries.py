"""The small notation in which ``configs/lexicon`` writes words and phrases (``docs/lexicon.md``).

A phrase is words with spaces between them. ``{a,b}`` inside a word are alternatives, ``<group>`` a named list of
alternatives, ``[ai]`` stands for any phrase of the list ``ai``, ``[ai?]`` for one that may be missing; ``^`` and ``$``
are the beginning and the end of a line or sentence; ``:`` between spaces is a colon, dash or slash; ``!`` behind a
word says that it counts in capitals only.
"""

import itertools
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

MOST_FORMS, MOST_PHRASES = 400, 200
_PIECE = re.compile(r"\[[a-z_]+\??\]|[\^$]|(?:\{[^{}]*\}|[^\s\[\]^$])+")
_BRACES, _GROUP = re.compile(r"\{([^{}]*)\}"), re.compile(r"<([^<>]*)>")
_SIGNS = re.compile(r"[{}<>\[\]!]")


class EntryError(ValueError):
    """An entry is not in the notation; the message quotes it."""


@dataclass(frozen=True, slots=True)
class Of:
    """Any phrase of a list of the language: ``[ai]``, and ``[ai?]`` where it may be missing."""

    role: str
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Edge:
    """The beginning or the end of a line or sentence."""

    end: bool


COLON = frozenset(":")
"""A colon that stands alone in an entry: a colon, dash or slash must stand there."""

Element = frozenset[str] | Of | Edge


@dataclass(frozen=True, slots=True)
class Phrase:
    """One phrase: for each word the set of its keys, a list to take it from, or an edge."""

    elements: tuple[Element, ...]
    capitals: bool = False


def read_entry(
    entry: str, groups: Mapping[str, Sequence[str]], cut: Callable[[str], Sequence[str]]
) -> tuple[Phrase, ...]:
    """The phrases of an entry.

    Args:
        entry: In the notation.
        groups: Named lists of alternatives.
        cut: From a text to the keys of its words.

    Raises:
        EntryError: It is not in the notation, empty, or stands for more than 200 phrases.
    """
    capitals = entry.endswith("!")
    pieces = [_piece(piece, entry, groups, cut) for piece in _PIECE.findall(entry.removesuffix("!"))]
    phrases: list[Phrase] = []
    for ways in itertools.islice(itertools.product(*pieces), MOST_PHRASES + 1):
        elements = tuple(element for way in ways for element in way)
        if any(not isinstance(element, Edge) for element in elements):
            phrases.append(Phrase(elements, capitals))
    if not phrases or len(phrases) > MOST_PHRASES:
        raise EntryError(f"{entry!r} stands for {'too many phrases' if phrases else 'no word'}")
    return tuple(phrases)


def forms(entry: str, groups: Mapping[str, Sequence[str]]) -> list[str]:
    """All forms of all words of an entry.

    Raises:
        EntryError: As ``expand``.
    """
    pieces = (piece for piece in _PIECE.findall(entry.removesuffix("!")) if piece[0] not in "[^$")
    return [form for piece in pieces for form in expand(piece, groups, entry)]


def expand(word: str, groups: Mapping[str, Sequence[str]], entry: str) -> list[str]:
    """All forms of one word of an entry.

    Raises:
        EntryError: A group is not known, a brace stands alone, or there are more than 400 forms.
    """
    if not _SIGNS.search(word):
        return [word]

    def alternatives(found: re.Match[str]) -> str:
        if found[1] not in groups:
            raise EntryError(f"{entry!r} names the group <{found[1]}>, which is not among groups")
        return "{" + ",".join(groups[found[1]]) + "}"

    parts = _BRACES.split(_GROUP.sub(alternatives, word))
    choices = [part.split(",") if index % 2 else [part] for index, part in enumerate(parts)]
    found = ["".join(chosen) for chosen in itertools.islice(itertools.product(*choices), MOST_FORMS + 1)]
    if len(found) > MOST_FORMS:
        raise EntryError(f"{entry!r} stands for more than {MOST_FORMS} forms of a word")
    if any(_SIGNS.search(form) for form in found):
        raise EntryError(f"{entry!r} has a bracket or a sign that is not closed or stands where it may not")
    return found


def _piece(
    piece: str, entry: str, groups: Mapping[str, Sequence[str]], cut: Callable[[str], Sequence[str]]
) -> list[tuple[Element, ...]]:
    if piece in "^$":
        return [(Edge(end=piece == "$"),)]
    if piece == ":":
        return [(COLON,)]
    if piece[0] == "[":
        return [(Of(piece[1:-1].removesuffix("?"), optional=piece[-2] == "?"),)]
    ways: dict[tuple[str, ...], None] = dict.fromkeys(tuple(cut(form)) for form in expand(piece, groups, entry))
    single = frozenset(way[0] for way in ways if len(way) == 1)
    return ([(single,)] if single else []) + [_literal(way) for way in ways if len(way) != 1]


def _literal(keys: Iterable[str]) -> tuple[Element, ...]:
    return tuple(frozenset((key,)) for key in keys)
