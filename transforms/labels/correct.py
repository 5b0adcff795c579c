"""The nearest word of the lexicon to a word read from pixels, letters amiss."""

import functools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

from transforms.labels.records import MASK, Kind
from transforms.labels.words import is_unspaced

_LEAST_FUZZY, _MOST_FUZZY, _LEAST_FUZZY_AI = 4, 24, 7
_STEM, _EDGE = 6, 3
_MAIN = 5
"""How many languages come first: Kazakh in two scripts, Russian, English, Chinese."""
_MOST_CACHED, _MOST_SHORT = 20_000, 4
MAKES = MASK["made"] | MASK["made_weak"] | MASK["edited"] | MASK["denied"] | MASK["not_made"]
"""Lists of making words, and of those that deny them."""
_LINKS = MASK["links"]
_DENIES = MASK["negation"] | MASK["negation_after"] | MASK["denied"]
BESIDE_AI = MAKES | _LINKS | MASK["media"]
"""Lists whose words stand beside an AI element."""
_EXACT_ONLY = MASK["news"] | MASK["misread"] | MASK["before_ai"] | MASK["after_made"] | MASK["product"]
_Near = Mapping[tuple[bool, int], tuple[str, ...]]


def most_errors(length: int, extra: int) -> int:
    """How many letters may be amiss in a word of a length; ``extra`` is 0, or 1 for a bolder look."""
    return (length > 4) + (length > 7) + (length > 11) + extra if length >= _LEAST_FUZZY else 0


@dataclass(frozen=True, eq=False)
class Corrector:
    """Finds the nearest word of a lexicon.

    Attributes:
        known: All words that are right as they stand, with the bits of their lists; decoys have none.
        fuzzy: By script (Cyrillic or not) and length of what was read, the words it may be with letters amiss.
        hints: Those among them one of which every label without a short AI word holds.
        hint_words: The same, and short ones, in any script.
        stems: Beginnings of ``hint_words``.
        short_ai: AI elements of two or three letters, right or misread.
        glued: First and last three letters that stand beside a short AI element where a space was lost.
        begins: First three letters of ``hint_words``.
        main: Words of the languages that come first.
        short_links: Linking words of two to four letters.
        short_denials: Words of two to four letters that deny.
        first_letters: By the second word of a linking phrase its first one, of one letter: «с помощью».
    """

    known: Mapping[str, int]
    fuzzy: _Near
    hints: _Near
    hint_words: frozenset[str]
    stems: tuple[str, ...]
    short_ai: frozenset[str]
    glued: tuple[frozenset[str], frozenset[str]]
    begins: frozenset[str]
    main: frozenset[str]
    short_links: tuple[str, ...]
    short_denials: tuple[str, ...]
    first_letters: Mapping[str, str]
    _found: dict[tuple[str, bool, int], tuple[str, int] | None] = field(default_factory=dict, repr=False)
    _hinted: dict[tuple[str, bool], bool] = field(default_factory=dict, repr=False)

    def nearest(self, key: str, *, cyrillic: bool, extra: int = 0) -> tuple[str, int] | None:
        """The nearest word and how many letters it is off; None where none is near. Of equally near ones a decoy."""
        if key in self.known:
            return key, 0
        asked = key, cyrillic, extra
        if asked not in self._found:
            if len(self._found) >= _MOST_CACHED:
                self._found.clear()
            self._found[asked] = self._look_up(key, cyrillic=cyrillic, extra=extra)
        return self._found[asked]

    def is_hint(self, key: str, *, cyrillic: bool) -> bool:
        """Whether a word may be one of ``hints``, at the boldest look."""
        asked = key, cyrillic
        if asked not in self._hinted:
            if len(self._hinted) >= _MOST_CACHED:
                self._hinted.clear()
            words = self.hints.get((cyrillic, len(key)), ())
            most = most_errors(len(key) + 1, 1)
            near = process.extractOne(key, words, scorer=Levenshtein.distance, score_cutoff=most) if words else None
            self._hinted[asked] = near is not None and near[1] <= most_errors(len(near[0]), 1)
        return self._hinted[asked]

    def seems_glued(self, key: str) -> bool:
        """Whether a word may be glued of several, an AI element among them."""
        begins, ends = self.glued
        for length in (2, 3):
            if key[:length] in self.short_ai and key[length : length + _EDGE] in begins:
                return True
            if key[-length:] in self.short_ai and key[-length - _EDGE : -length] in ends:
                return True
        return any(stem in key for stem in self.stems)

    def _look_up(self, key: str, *, cyrillic: bool, extra: int) -> tuple[str, int] | None:
        words = self.fuzzy.get((cyrillic, len(key)), ())
        if extra and len(key) <= _MOST_SHORT:
            if self.nearest_short(key, denying=True):
                return None
            if short := self.nearest_short(key, denying=False):
                return short, 1
        if not words:
            return None
        most = most_errors(len(key) + 1, extra)
        near = process.extract(key, words, scorer=Levenshtein.distance, score_cutoff=most, limit=8)
        fits = [(int(errors), word) for word, errors, _ in near if errors <= most_errors(len(word), extra)]
        if not fits:
            return None
        least = min(errors for errors, _ in fits)
        best = min((word for errors, word in fits if errors == least), key=lambda word: self._rank(word, key, extra))
        return best, least

    def _rank(self, word: str, key: str, extra: int) -> tuple[bool, bool, int, int, str]:
        """Of words that are equally near: a letter taken for another is likelier than one lost or added."""
        roles = self.known[word]
        rank = 5 * extra if not roles else 1 if roles & MAKES else 2 if roles & _LINKS else 3
        return not roles & MASK["ai_by"], word not in self.main, abs(len(word) - len(key)), rank, word

    def nearest_short(self, key: str, *, denying: bool) -> str | None:
        """The linking or, if asked, denying word of two to four letters that a strange word of that length may be."""
        if not 1 <= len(key) <= _MOST_SHORT or key.isdigit() or (key in self.known and not denying):
            return None
        words = self.short_denials if denying else self.short_links
        near = process.extractOne(key, words, scorer=Levenshtein.distance, score_cutoff=1)
        return None if near is None else str(near[0])


@functools.lru_cache(maxsize=4)
def corrector_of(kind: Kind) -> Corrector:
    """The corrector for a lexicon of read text, built once."""
    known = {**kind.words, **dict.fromkeys(kind.decoys, 0)}
    fuzzy = [word for word in sorted(known) if _may_be_amiss(word, known[word], kind)]
    long_hints = [word for word in fuzzy if word in kind.hints]
    misread = {word for word, roles in kind.words.items() if roles & MASK["misread"]}
    telling = [word for word, roles in kind.words.items() if roles & BESIDE_AI and len(word) >= _EDGE]
    return Corrector(
        known=known,
        fuzzy=_by_length(fuzzy, kind),
        hints=_by_length(long_hints, kind),
        hint_words=kind.hints,
        stems=tuple(sorted({word[:_STEM] for word in kind.hints if len(word) >= _STEM and not is_unspaced(word)})),
        short_ai=frozenset(word for word in kind.hints | misread if len(word) < _LEAST_FUZZY),
        glued=(frozenset(word[:_EDGE] for word in telling), frozenset(word[-_EDGE:] for word in telling)),
        begins=frozenset(word[:_EDGE] for word in long_hints),
        main=frozenset(word for tongue in kind.tongues[:_MAIN] for word in tongue.words),
        short_links=_short(kind, _LINKS | MASK["links_weak"], _MOST_SHORT),
        short_denials=_short(kind, _DENIES, _MOST_SHORT),
        first_letters=dict(_first_letters(kind)),
    )


def _first_letters(kind: Kind) -> Iterator[tuple[str, str]]:
    for entry in (one for tongue in kind.tongues for several in tongue.entries.values() for one in several):
        if entry.roles & _LINKS and len(entry.words) > 1:
            letters = sorted(key for key in entry.words[0] if len(key) == 1)
            yield from ((key, letter) for letter in letters[:1] for key in entry.words[1])


def _short(kind: Kind, roles: int, most: int) -> tuple[str, ...]:
    return tuple(sorted(word for word, own in kind.words.items() if own & roles and 1 < len(word) <= most))


def _may_be_amiss(word: str, roles: int, kind: Kind) -> bool:
    if len(word) < _LEAST_FUZZY or is_unspaced(word) or (roles and not roles & ~_EXACT_ONLY):
        return False
    if roles & MASK["product"] and word in kind.cores:
        return False
    return len(word) >= _LEAST_FUZZY_AI or word not in kind.cores


def _by_length(words: Iterable[str], kind: Kind) -> _Near:
    near: dict[tuple[bool, int], list[str]] = {}
    for word in words:
        most = most_errors(len(word), 1)
        for length in range(max(_LEAST_FUZZY, len(word) - most), min(_MOST_FUZZY, len(word) + most) + 1):
            near.setdefault((word in kind.cyrillic, length), []).append(word)
    return {at: tuple(several) for at, several in near.items()}
