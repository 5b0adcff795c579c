"""Makes words of the lexicon out of a line read from pixels: letters amiss, spaces lost, spaces too many."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from transforms.labels.correct import BESIDE_AI, MAKES, Corrector
from transforms.labels.fold import fold, skeleton
from transforms.labels.records import MASK, STATED, role_mask
from transforms.labels.words import Words, is_unspaced

_CYRILLIC = re.compile("[Ѐ-ӿ]")
_LEAST_GLUED, _MOST_GLUED, _LEAST_GLUED_AI = 3, 80, 6
_LEAST_AMISS, _MOST_PIECE, _MOST_LOOKED_UP = 5, 20, 240
_LEAST_JOINED, _LEAST_MAKER = 6, 4
_PIECE_COST, _SHORT_PIECE_COST, _MOST_COST = 0.3, 0.8, 0.25
_SHORT = 3
_TELLING = role_mask("ai") | BESIDE_AI | STATED
_UNGLUED = MASK["product"] | MASK["misread"] | MASK["news"]
_AS_TYPED = frozenset(("ии", "жи"))
_OF_HALVES = "h"
"""The letter (н) before «ии» in words that only seem to end in an AI word: «изменении»."""
_TAKES_SUCH = frozenset(map(skeleton, ("в", "во", "на", "о", "об", "при", "по")))
"""Prepositions that such words stand behind, and no «изменен ИИ» does."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A line in words of the lexicon.

    Attributes:
        words: Keys of the lexicon where the line's own could be corrected.
        errors: Of each word how many letters were amiss.
    """

    words: Words
    errors: list[int]


def may_hold_label(words: Words, corrector: Corrector) -> bool:
    """A quick test that every line with a label passes: an AI element stands there, with letters amiss or glued."""
    for at, key in enumerate(words.keys):
        if key in corrector.short_ai or key in corrector.hint_words:
            return True
        if not key.isalnum() or is_unspaced(key):
            continue
        if len(key) == 1:
            if _joined_letters(words, at) in corrector.short_ai:
                return True
            continue
        cyrillic = is_cyrillic(words, at)
        if key not in corrector.known and (corrector.is_hint(key, cyrillic=cyrillic) or corrector.seems_glued(key)):
            return True
        following = words.keys[at + 1] if key[:3] in corrector.begins and at + 1 < len(words.keys) else ""
        if following and corrector.is_hint(key + following, cyrillic=cyrillic):
            return True
    return False


def has_maker(words: Words, corrector: Corrector) -> bool:
    """Whether a making word stands in a line, letters amiss: the rest of a label may stand beside it, unread."""
    for at, key in enumerate(words.keys):
        if not key.isalnum() or (len(key) < _LEAST_MAKER and not is_unspaced(key)):
            continue
        near = corrector.nearest(key, cyrillic=is_cyrillic(words, at))
        if near is not None and corrector.known[near[0]] & MAKES:
            return True
    return False


def read(words: Words, corrector: Corrector, *, extra: int = 0) -> Reading:
    """The line in words of the lexicon."""
    words = _joined(words, corrector)
    keys: list[str] = []
    spans: list[tuple[int, int]] = []
    errors: list[int] = []
    for at in range(len(words.keys)):
        for piece, span, wrong in _corrected(words, at, corrector, extra):
            keys.append(piece)
            spans.append(span)
            errors.append(wrong)
    return Reading(Words(words.text, keys, spans), errors)


def _corrected(words: Words, at: int, corrector: Corrector, extra: int) -> Iterator[tuple[str, tuple[int, int], int]]:
    key, span = words.keys[at], words.spans[at]
    if len(key) == 1 and at + 1 < len(words.keys) and (letter := corrector.first_letters.get(words.keys[at + 1])):
        yield letter, span, int(letter != key)
        return
    if key in corrector.known or not key.isalnum() or is_unspaced(key):
        yield key, span, 0
        return
    cyrillic = is_cyrillic(words, at)
    near = corrector.nearest(key, cyrillic=cyrillic, extra=extra)
    pieces = _pieces(words, at, corrector, near, cyrillic=cyrillic)
    if pieces:
        start, end = span
        for piece, length, wrong in pieces:
            yield piece, (start, min(start + length, end)), wrong
            start = min(start + length, end - 1)
    elif near is None:
        yield key, span, 0
    else:
        yield near[0], span, near[1]


_Piece = tuple[str, int, int]


def _pieces(
    words: Words, at: int, corrector: Corrector, near: tuple[str, int] | None, *, cyrillic: bool
) -> tuple[_Piece, ...]:
    """The words that a word is glued of, if they have fewer errors than it has as one word; else nothing."""
    key = words.keys[at]
    if not _LEAST_GLUED <= len(key) <= _MOST_GLUED:
        return ()
    best: list[tuple[float, tuple[_Piece, ...]] | None] = [(0.0, ())] + [None] * len(key)
    looked_up = 0
    for start in range(len(key)):
        held = best[start]
        if held is None:
            continue
        for end in range(start + 1, min(len(key), start + _MOST_PIECE) + 1):
            found: tuple[str, int] | None = (key[start:end], 0) if corrector.known.get(key[start:end]) else None
            if (
                found is None
                and end - start >= _LEAST_AMISS
                and len(key) > end - start + 1
                and looked_up < _MOST_LOOKED_UP
            ):
                looked_up += 1
                found = corrector.nearest(key[start:end], cyrillic=cyrillic)
            if found is None or not _may_stand(words, at, start, end, corrector.known[found[0]]):
                continue
            if held[1] and end - start == held[1][-1][1] == 1:
                continue
            cost = held[0] + found[1] + _cost(end - start, corrector.known[found[0]])
            other = best[end]
            if other is None or cost < other[0]:
                best[end] = (cost, (*held[1], (found[0], end - start, found[1])))
    whole = best[-1]
    if whole is None or len(whole[1]) < 2 or whole[0] > len(key) * _MOST_COST or (near and near[1] <= whole[0]):
        return ()
    return whole[1] if len(key) < _LEAST_GLUED_AI or any(corrector.known[one[0]] & _TELLING for one in whole[1]) else ()


def _cost(length: int, roles: int) -> float:
    """What a piece costs besides its errors: the shorter, the more pieces are found in any word."""
    return _PIECE_COST if length > 2 or roles & role_mask("ai") else _SHORT_PIECE_COST


def _may_stand(words: Words, at: int, start: int, end: int, roles: int) -> bool:
    """Whether a piece may be one: an AI word not in short words, and not behind the н of «…нии» but in capitals."""
    key, text = words.keys[at], words.text[slice(*words.spans[at])]
    if not roles & ~_UNGLUED or (start and _is_ending(words, at, key[:start], key[start:end])):
        return False
    if end - start > _SHORT or not roles & role_mask("ai"):
        return end - start > 1 or start > 0 or len(key) < _LEAST_GLUED_AI
    if len(key) < _LEAST_GLUED_AI or (start and end < len(key)):
        return False
    letters = text[start:end]
    if fold(letters) != key[start:end] and fold(letters) not in _AS_TYPED and not letters[:1].isupper():
        return False
    if start and key[start - 1] in _OF_HALVES and key[start:end] == "uu":
        return text[start:].isupper() and text[start - 1].islower()
    return True


def _is_ending(words: Words, at: int, key: str, following: str) -> bool:
    """Whether «ии» behind the word at a place, or behind its beginning, is its ending: «об изменен ии»."""
    is_behind = at > 0 and words.keys[at - 1] in _TAKES_SUCH
    return is_behind and key[-1] in _OF_HALVES and following == "uu"


def _joined(words: Words, corrector: Corrector) -> Words:
    """The words, neighbours made one where only together they are a word."""
    keys: list[str] = []
    spans: list[tuple[int, int]] = []
    at = 0
    while at < len(words.keys):
        key, span = words.keys[at], words.spans[at]
        if _are_one(words, at, corrector):
            at += 1
            key, span = key + words.keys[at], (span[0], words.spans[at][1])
        keys.append(key)
        spans.append(span)
        at += 1
    return Words(words.text, keys, spans)


def _are_one(words: Words, at: int, corrector: Corrector) -> bool:
    if at + 1 >= len(words.keys):
        return False
    key, following = words.keys[at], words.keys[at + 1]
    if not (key.isalnum() and following.isalnum()) or is_unspaced(key) or is_unspaced(following):
        return False
    if len(key) == len(following) == 1:
        return _joined_letters(words, at) in corrector.short_ai
    if _is_ending(words, at, key, following):
        return True
    if (corrector.known.get(key) and corrector.known.get(following)) or len(key) + len(following) < _LEAST_JOINED:
        return False
    cyrillic = is_cyrillic(words, at)
    near = corrector.nearest(key + following, cyrillic=cyrillic)
    most = 0 if corrector.known.get(key) or corrector.known.get(following) else 1
    if near is None or not corrector.known[near[0]] or near[1] > most:
        return False
    apart = [corrector.nearest(one, cyrillic=cyrillic) for one in (key, following)]
    return any(one is None for one in apart) or sum(one[1] for one in apart if one) > near[1]


def _joined_letters(words: Words, at: int) -> str:
    """Two single capitals that stand side by side (``A I``) as one key; nothing for others."""
    if at + 1 >= len(words.keys) or len(words.keys[at + 1]) != 1:
        return ""
    letters = [words.text[slice(*words.spans[one])] for one in (at, at + 1)]
    return words.keys[at] + words.keys[at + 1] if all(one.isupper() for one in letters) else ""


def is_cyrillic(words: Words, at: int) -> bool:
    """Whether a Cyrillic letter stands in a word."""
    return _CYRILLIC.search(words.text, *words.spans[at]) is not None
