"""Tells labels from other text: exactly in what was typed, with letters amiss in what was read from pixels.

Rules and words: ``configs/lexicon``. News about AI are no label: «ИИ создал новую картину» has no match.
"""

import functools
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import Literal

from transforms.labels import readings
from transforms.labels.building import MOST_SHORT
from transforms.labels.correct import corrector_of
from transforms.labels.fold import fold, fold_text, normal
from transforms.labels.glue import unglued
from transforms.labels.grammar import Found, find_label
from transforms.labels.joints import continues, joint
from transforms.labels.parse import AI_ELEMENT
from transforms.labels.readings import Reading
from transforms.labels.records import MASK, Lexicon
from transforms.labels.wordmarks import Wordmark, match_wordmark
from transforms.labels.words import Words, plain, read_sentences, sentences, unspaced, without_dirt
from transforms.marks.mark import Says

__all__ = ["Exactness", "Label", "Wordmark", "match_lines", "match_text", "match_wordmark", "may_be_part"]

Exactness = Literal["exact", "fuzzy", "probable"]
MOST_CHARACTERS = 20_000
"""How much of a text is looked at."""
_GLUED = re.compile(r"(?<![^\W\d_])(?:AI|Ai|ИИ|ЖИ)[^\W\d_]{3}|[^\W\d_]{3}(?:AI|ИИ|ЖИ)(?![^\W\d_])|#")
_LETTERS = "a-zà-žЀ-ӿ"
MOST_LINES, MOST_LINE = 8, 400
"""How many lines of a candidate are looked at, and how much of each."""
_PARTED = re.compile(r"(?<=[^\W\d_])-\n(?=[^\W\d_])")
_BAR = re.compile(rf"(?<=[{_LETTERS}A-ZÀ-Ž])\||(?<=[ {_LETTERS}A-ZÀ-Ž])\|(?=[{_LETTERS}A-ZÀ-Ž])")
_CYRILLIC_AI = re.compile(r"(?<![^\W\d_][ИЖ]И)(?<=[ИЖ]И)(?=[а-яәғқңөұүһі])")
_YERY = re.compile("[Ьь][іІiIl1|]")
_MOST_BESIDE = 2
_MOST_AMISS, _MOST_AMISS_BOLD, _MOST_OF = 0.2, 0.25, 0.6


@dataclass(frozen=True, slots=True)
class Label:
    """A label that was found in a text.

    Attributes:
        says: ``ai``, ``ai_part`` (a part, or an edit) or ``not_ai``.
        text: What was matched as it stands, white space made single.
        language: ``kk``, ``ru``, ``en``, ``zh``, ``uz`` and so on.
        exactness: ``exact``: as the lexicon has it; ``fuzzy``: letters are amiss; ``probable``: many are.
        names_generator: Whether it names the product, too: «豆包AI生成», "Made with Google AI".
    """

    says: Says
    text: str
    language: str
    exactness: Exactness = "exact"
    names_generator: bool = False


def match_text(text: str, lexicon: Lexicon) -> Label | None:
    """The first label in the first 20,000 characters of a typed text; None where there is none. Raises for no text.

    A denial outweighs in its sentence: «Не сгенерировано ИИ» and "no AI" say ``not_ai``. Questions are no labels.
    """
    return _read_exactly(text[:MOST_CHARACTERS], lexicon, sentences)


def match_lines(lines: Sequence[str], lexicon: Lexicon) -> Label | None:
    """The label in the lines read from pixels at one place, in reading order; None where there is none.

    First as they stand, as for typed text; then with words corrected to the nearest of the lexicon, spaces lost and
    spaces too many among what is mended; then with one letter more amiss in each word, if what is found is most of the
    lines. Where only the corrected reading shows a denial, it is one. Raises for no text.
    """
    lines = [line for line in (" ".join(line[:MOST_LINE].split()) for line in lines[:MOST_LINES]) if line]
    for text in _joinings(lines, lexicon):
        exact = _read_exactly(text, lexicon, read_sentences)
        if exact is not None:
            fuzzy = None if exact.says is Says.NOT_AI else _read_fuzzily(text, lexicon, 0)
            if exact.says is not Says.NOT_AI and _may_be_denied(text, exact, lexicon):
                return fuzzy
            return exact if fuzzy is None or fuzzy.says is exact.says else fuzzy
    texts = [text for text in _joinings(lines, lexicon) if _may_be_misread(text, lexicon)]
    for extra in (0, 1):
        for text in texts:
            found = _read_fuzzily(text, lexicon, extra)
            if found is not None:
                return found
    return None


def _joinings(lines: Sequence[str], lexicon: Lexicon) -> Iterator[str]:
    """The lines as one, without spaces in Chinese first and with parted words mended last; then each for itself."""
    if not lines:
        return
    whole = "".join(chain(lines[:1], (joint(*two, lexicon) + two[1] for two in pairwise(lines))))
    if unspaced(whole) != whole:
        yield unspaced(whole)
    yield whole
    if len(lines) > 1:
        parted = _PARTED.sub("", "\n".join(lines)).replace("\n", " ")
        if len(parted) != sum(map(len, lines)) + len(lines) - 1:
            yield parted
        for line, following in zip(lines, [*lines[1:], ""], strict=True):
            if not continues(line) and not continues(following):
                yield line


def _read_exactly(text: str, lexicon: Lexicon, split: Callable[[str], Iterable[str]]) -> Label | None:
    text = plain(text)
    if not _may_hold_label(text, lexicon):
        return None
    for sentence in split(text):
        words = unglued(lexicon.typed.cutter.cut(normal(sentence)), lexicon.typed)
        found = find_label(words, lexicon.typed)
        if found is not None:
            return _label(found, words, "exact")
    return None


def _may_be_misread(text: str, lexicon: Lexicon) -> bool:
    """A quick test that every line read from pixels with a label passes: an AI element stands there, letters amiss."""
    words = lexicon.read.cutter.cut(_cleaned(text, lexicon))
    return readings.may_hold_label(words, corrector_of(lexicon.read))


def may_be_part(text: str, lexicon: Lexicon) -> bool:
    """Whether a line read from pixels has anything that a label has: else nothing beside it is worth a new look."""
    words = lexicon.read.cutter.cut(_cleaned(text, lexicon))
    corrector = corrector_of(lexicon.read)
    return readings.may_hold_label(words, corrector) or readings.has_maker(words, corrector)


def _cleaned(text: str, lexicon: Lexicon) -> str:
    """The line with bars read as letters, and spaces where an AI word in capitals is glued to another: «ИИи может»."""
    spaced = _camel(lexicon.short_words).sub(" ", _BAR.sub("l", normal(plain(text))))
    return _YERY.sub(lambda found: "Ы" if found[0][0] == "Ь" else "ы", _CYRILLIC_AI.sub(" ", spaced))


@functools.lru_cache(maxsize=4)
def _camel(words: frozenset[str]) -> re.Pattern[str]:
    return re.compile(rf"(?<=[^\W\d_A-ZЀ-Я])(?=(?:{'|'.join(sorted(word.upper() for word in words))})(?![^\W\d_]))")


def _read_fuzzily(text: str, lexicon: Lexicon, extra: int) -> Label | None:
    corrector = corrector_of(lexicon.read)
    for sentence in read_sentences(_cleaned(text, lexicon)):
        words = lexicon.read.cutter.cut(without_dirt(sentence))
        reading = readings.read(words, corrector, extra=extra)
        found = find_label(reading.words, lexicon.read)
        if found is None or not _is_sure(found, reading, lexicon, extra):
            continue
        label = _label(found, reading.words, "probable" if extra else "fuzzy")
        if label.says is Says.NOT_AI or not _may_be_denied(sentence, label, lexicon):
            return label
    return None


def _may_be_denied(text: str, label: Label, lexicon: Lexicon) -> bool:
    """Whether a word that may be a misread denial («е создано ИИ», "nof AI-generated") stands beside the label."""
    text = " ".join(_cleaned(text, lexicon).split())
    start = text.find(label.text)
    if start < 0:
        return False
    corrector, cutter = corrector_of(lexicon.read), lexicon.read.cutter
    before = [key for key in cutter.cut(text[:start]).keys if key.isalnum()][-_MOST_BESIDE:]
    after = [key for key in cutter.cut(text[start + len(label.text) :]).keys if key.isalnum()][:1]
    after = [key for key in after if len(key) > 1]
    own = [tongue.words for tongue in lexicon.read.tongues if tongue.code == label.language]
    beside = [key for key in (*before, *after) if not any(key in words for words in own)]
    if any(corrector.known.get(key, 0) & MASK["negation"] for key in before[:-1]) and before[-1] in beside:
        return True
    return any(corrector.nearest_short(key, denying=True) for key in beside)


def _is_sure(found: Found, reading: Reading, lexicon: Lexicon, extra: int) -> bool:
    """Whether a label was read well enough: the shorter and the less sure its AI element, the better the rest."""
    words = reading.words
    inside = range(found.start, found.end)
    letters = sum(len(words.keys[at]) for at in inside if words.keys[at].isalnum())
    errors = sum(reading.errors[at] for at in inside)
    all_letters = sum(1 for c in words.text if c.isalnum())
    if not lexicon.read.words.get(words.keys[found.ai], 0) & AI_ELEMENT:
        return not extra and errors <= 1
    start, end = words.spans[found.ai]
    as_typed = fold(words.text[start:end]) in lexicon.typed.cores
    if len(words.keys[found.ai]) <= MOST_SHORT and not as_typed and errors:
        return False
    if extra and (
        letters < all_letters * _MOST_OF or (not as_typed and errors > 1 and len(words.keys[found.ai]) <= MOST_SHORT)
    ):
        return False
    return errors <= max(1, letters * (_MOST_AMISS if not extra else _MOST_AMISS_BOLD))


def _may_hold_label(text: str, lexicon: Lexicon) -> bool:
    """A quick test that every text with a label passes, and few others."""
    key = fold_text(text)
    if any(stem in key for stem in lexicon.stems):
        return True
    if any(word in key for word in lexicon.short_words):
        return _short_words(lexicon.short_words).search(key) is not None or _GLUED.search(text) is not None
    return False


@functools.lru_cache(maxsize=4)
def _short_words(words: frozenset[str]) -> re.Pattern[str]:
    return re.compile(rf"(?<![{_LETTERS}])(?:{'|'.join(sorted(words))})(?![{_LETTERS}])")


def _label(found: Found, words: Words, exactness: Exactness) -> Label:
    return Label(found.says, words.shown(found.start, found.end), found.language, exactness, found.names_generator)
