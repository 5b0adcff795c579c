"""Builds the lexicon from the rows of its files: each language twice, for typed text and for text read from pixels."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from transforms.labels.entries import COLON, Edge, EntryError, Of, Phrase, forms, read_entry
from transforms.labels.fold import fold, normal, skeleton
from transforms.labels.records import (
    MASK,
    ROLES,
    STATED,
    STATEMENTS,
    Entry,
    Kind,
    Lexicon,
    Statement,
    Tongue,
    role_mask,
)
from transforms.labels.words import Cutter, is_unspaced

MOST_SHORT = 3
"""Letters of a word that counts as a whole word only."""
_STEM = 6
_IGNORED = frozenset("-'’‘ʻ`,:;.\"«»“”„()")
"""Signs that entries may be written with and that stand for nothing."""
_CYRILLIC, _HANGUL = re.compile("[Ѐ-ӿ]"), re.compile("[\uac00-\ud7af]")
_AI = role_mask("ai")
_COMMON = MASK["media"] | MASK["fillers"] | MASK["links"] | MASK["made"] | MASK["used"]
_Named = tuple[tuple[frozenset[str], ...], bool]


def build(rows: Sequence[Mapping[str, Any]], products: Mapping[str, Sequence[str]], beside: Sequence[str]) -> Lexicon:
    """Builds a lexicon.

    Args:
        rows: Of each language its lists of entries.
        products: Names under which generators are known.
        beside: Words that may stand beside such a name in a wordmark.

    Raises:
        KeyError, TypeError, AttributeError, EntryError: Something is not as it should be.
    """
    typed, read = (_kind(rows, products, key, read=key is skeleton) for key in (fold, skeleton))
    long = {key[:_STEM] for key in typed.hints if len(key) > MOST_SHORT or is_unspaced(key)}
    stems = {stem for stem in long if not any(other != stem and other in stem for other in long)}
    return Lexicon(
        typed=typed,
        read=read,
        stems=tuple(sorted(stems, key=lambda stem: (not stem.isascii(), stem))),
        short_words=frozenset(key for key in typed.hints if len(key) <= MOST_SHORT and not is_unspaced(key)),
        wordmarks={squashed(name): product for product, names in products.items() for name in names},
        beside_wordmarks=frozenset(map(squashed, beside)),
    )


def squashed(name: str) -> str:
    """The key of a wordmark: letters and digits by their shapes."""
    return "".join(c for c in skeleton(normal(name)) if c.isalnum())


def _kind(
    rows: Sequence[Mapping[str, Any]],
    products: Mapping[str, Sequence[str]],
    key: Callable[[str], str],
    *,
    read: bool,
) -> Kind:
    cyrillic: set[str] = set()

    def recording(word: str) -> str:
        found = key(word)
        if _CYRILLIC.search(word):
            cyrillic.add(found)
        return found

    names = [name for several in products.values() for name in several]
    simple = [form for row in rows for role in ROLES for form in _forms(row, role, is_unspaced)]
    cutter = Cutter.of(recording, map(normal, [*simple, *names]), read=read)

    def cut(text: str) -> list[str]:
        if text.isalpha() and not is_unspaced(text) and not _HANGUL.search(text):
            return [recording(normal(text))]
        return [one for one in cutter.cut(normal(text)).keys if one not in _IGNORED]

    named = [(phrase, name.endswith("AI")) for name in names for phrase in read_entry(name, {}, cut)]
    tongues = tuple(_tongue(row, named, cut, read=read) for row in rows)
    entries = [one for tongue in tongues for several in tongue.entries.values() for one in several]
    words: dict[str, int] = {}
    for entry in entries:
        for one in {one for keys in entry.words for one in keys}:
            words[one] = words.get(one, 0) | entry.roles
    for element in (element for tongue in tongues for statement in _all(tongue) for element in statement.elements):
        if isinstance(element, frozenset):
            words |= {one: words.get(one, 0) | STATED for one in element if one != ":"}
    near = {one for row in rows for form in _forms(row, "near_words") for one in cut(form)}
    decoys = frozenset(one for one in near if not words.get(one, 0) & ~(MASK["misread"] | STATED))
    cores = frozenset(one for entry in entries if entry.roles & _AI and len(entry.words) == 1 for one in entry.words[0])
    return Kind(
        cutter=Cutter(key, cutter.pattern, cutter.unspaced),
        tongues=tongues,
        words={one: roles for one, roles in words.items() if one not in decoys},
        cyrillic=frozenset(cyrillic),
        decoys=decoys,
        cores=cores,
        hints=frozenset(_hints(tongues, words, cores)),
    )


def _forms(row: Mapping[str, Any], role: str, wanted: Callable[[str], bool] = bool) -> Iterator[str]:
    groups = row.get("groups", {})
    for entry in filter(wanted, row.get(role, ())):
        yield from forms(entry, groups)


def _all(tongue: Tongue) -> Iterator[Statement]:
    return (statement for several in tongue.statements.values() for statement in several)


def _tongue(
    row: Mapping[str, Any],
    products: Sequence[tuple[Phrase, bool]],
    cut: Callable[[str], Sequence[str]],
    *,
    read: bool,
) -> Tongue:
    """One language; of products their names and whether these say that they are AI."""
    groups = row.get("groups", {})
    lists = {role: list(row.get(role, ())) for role in ROLES if read or role != "misread"}
    if read:
        lists = {role: list(dict.fromkeys([*several, *_without_kazakh_i(several)])) for role, several in lists.items()}
    found: dict[_Named, int] = {}

    def add(phrase: Phrase, role: str) -> None:
        capitals = phrase.capitals or role == "misread"
        named = tuple(_word(element, role) for element in phrase.elements), capitals
        found[named] = found.get(named, 0) | MASK[role]

    for role, entries in lists.items():
        for entry in entries:
            for phrase in read_entry(entry, groups, cut):
                add(phrase, role)
    for phrase, is_ai in products:
        add(phrase, "product")
        if is_ai:
            add(phrase, "ai")
    indexed = _indexed(found)
    statements = _statements(row, groups, cut, indexed)
    words = {one for (named, _), roles in found.items() if roles & ~MASK["product"] for keys in named for one in keys}
    words |= {one for form in _forms(row, "near_words") for one in cut(form)}
    told = (element for several in statements.values() for one in several for element in one.elements)
    words |= {one for element in told if isinstance(element, frozenset) for one in element}
    return Tongue(
        code=row["language"],
        entries=indexed,
        statements=statements,
        words=frozenset(words),
        adjectives_only=bool(lists["after_made"]),
        media_follow=bool(row.get("media_follow", False)),
    )


def _without_kazakh_i(entries: Iterable[str]) -> list[str]:
    """The entries as a Russian keyboard writes them: «комегимен»; of pixels і and и are two letters."""
    return [entry.replace("і", "и").replace("І", "И") for entry in entries]


def _word(element: frozenset[str] | Of | Edge, role: str) -> frozenset[str]:
    if not isinstance(element, frozenset) or element == COLON:
        raise EntryError(f"an entry of {role} has a sign that only {', '.join(STATEMENTS)} may have")
    return element


def _indexed(found: Mapping[_Named, int]) -> dict[str, tuple[Entry, ...]]:
    rows: dict[str, dict[_Named, int]] = {}
    for (words, capitals), roles in found.items():
        right = roles & ~MASK["misread"] if roles & _AI else roles
        for first in words[0]:
            row, named = rows.setdefault(first, {}), ((frozenset((first,)), *words[1:]), capitals)
            row[named] = row.get(named, 0) | right
    return {
        first: tuple(
            sorted(
                (Entry(words, roles, capitals) for (words, capitals), roles in row.items()),
                key=lambda entry: (-len(entry.words), entry.capitals),
            )
        )
        for first, row in rows.items()
    }


def _statements(
    row: Mapping[str, Any],
    groups: Mapping[str, Sequence[str]],
    cut: Callable[[str], Sequence[str]],
    entries: Mapping[str, tuple[Entry, ...]],
) -> dict[str, tuple[Statement, ...]]:
    begins: dict[str, list[Statement]] = {}
    firsts: dict[str, set[str]] = {}
    for kind in STATEMENTS:
        for phrase in (one for entry in row.get(kind, ()) for one in read_entry(entry, groups, cut)):
            whole = kind == "whole_labels"
            elements = (Edge(end=False), *phrase.elements, Edge(end=True)) if whole else phrase.elements
            for first in _first_keys(elements, entries, firsts):
                begins.setdefault(first, []).append(Statement(elements, kind))
    return {first: tuple(several) for first, several in begins.items()}


def _first_keys(
    elements: Iterable[frozenset[str] | Of | Edge],
    entries: Mapping[str, tuple[Entry, ...]],
    firsts: dict[str, set[str]],
) -> set[str]:
    keys: set[str] = set()
    for element in elements:
        if isinstance(element, frozenset):
            return keys | element
        if isinstance(element, Of):
            if element.role not in firsts:
                mask = role_mask(element.role)
                found = {first for first, several in entries.items() if any(one.roles & mask for one in several)}
                firsts[element.role] = found
            keys |= firsts[element.role]
            if not element.optional:
                return keys
    return keys


def _hints(tongues: Iterable[Tongue], words: Mapping[str, int], cores: frozenset[str]) -> Iterator[str]:
    """Of each AI element, and of each statement without one, its most telling word."""

    def telling(keys: frozenset[str]) -> tuple[bool, bool, int]:
        return keys <= cores, not any(words.get(key, 0) & _COMMON for key in keys), min(map(len, keys))

    for tongue in tongues:
        for entry in (one for several in tongue.entries.values() for one in several if one.roles & _AI):
            yield from max(entry.words, key=telling)
        for statement in _all(tongue):
            if statement.kind == "traps" or any(_is_ai(element) for element in statement.elements):
                continue
            literal = [element for element in statement.elements if isinstance(element, frozenset) and element != COLON]
            yield from max(literal, key=telling, default=())


def _is_ai(element: frozenset[str] | Of | Edge) -> bool:
    return isinstance(element, Of) and not element.optional and bool(role_mask(element.role) & _AI)
