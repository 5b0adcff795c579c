"""Finds a label in the words of a sentence: an AI element and a making element, with nothing strange between them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from transforms.labels.parse import AI_ELEMENT, SIGN, TRAPS, Parsed, Told, parsed, statements
from transforms.labels.records import MASK, Kind
from transforms.labels.runs import PASSED, Run, runs
from transforms.labels.words import Words
from transforms.marks.mark import Says

_MOST_WORDS = 4_000
_MOST_SKIPPED = 6
_SAYS = {
    "labels": Says.AI,
    "whole_labels": Says.AI,
    "labels_of_edits": Says.AI_PART,
    "denials": Says.NOT_AI,
}


@dataclass(frozen=True, slots=True)
class Found:
    """A label in a sentence.

    Attributes:
        says: ``ai``, ``ai_part`` or ``not_ai``.
        language: Its code.
        start: Its first word.
        end: Behind its last word.
        ai: The first word of its AI element; of a statement without one its first word.
        names_generator: Whether a product is named beside it.
    """

    says: Says
    language: str
    start: int
    end: int
    ai: int
    names_generator: bool


def find_label(words: Words, kind: Kind) -> Found | None:
    """The first label in the first 4,000 words of a sentence, in any language; a denial outweighs it. Else None."""
    words = Words(words.text, words.keys[:_MOST_WORDS], words.spans[:_MOST_WORDS])
    tongues = [tongue for tongue in kind.tongues if not tongue.entries.keys().isdisjoint(words.keys)]
    told = [list(statements(words, tongue)) for tongue in tongues]
    traps = [one for several in told for one in several if one.statement.kind == TRAPS]
    dead = frozenset(at for trap in traps for at in range(trap.start, trap.end))
    sentences = [parsed(words, tongue, dead) for tongue in tongues]
    is_news = any(item.roles & MASK["news"] for sentence in sentences for item in sentence.items)
    found = (
        one
        for sentence, several in zip(sentences, told, strict=True)
        for one in _labels(sentence, [one for one in several if _is_alive(one, dead)], is_news=is_news)
    )
    return min(found, key=lambda one: (one.says is not Says.NOT_AI, one.start), default=None)


def _is_alive(told: Told, dead: frozenset[int]) -> bool:
    return told.statement.kind != TRAPS and dead.isdisjoint(range(told.start, told.end))


def _labels(sentence: Parsed, told: list[Told], *, is_news: bool) -> Iterator[Found]:
    """The labels in one language; in news only those that are the whole line."""
    for one in told:
        if one.statement.kind == "whole_labels" or not is_news:
            inside = sentence.between(one.start, one.end)
            ai = next((item.start for item in inside if item.roles & AI_ELEMENT), one.start)
            around = sentence.between(one.start - 2, one.end + 2)
            named = any(item.roles & MASK["product"] for item in around)
            said = _SAYS[one.statement.kind]
            yield _turned(sentence, Found(said, sentence.tongue.code, one.start, one.end, ai, named))
    if is_news:
        return
    for first, last in runs(sentence.items):
        run = Run(sentence, first, sentence.items[first:last])
        pair = run.pair(denied=lambda start, end: _is_denied(sentence, start, end))
        if pair is not None:
            named = any(item.roles & MASK["product"] for item in run.items)
            yield Found(pair.says, sentence.tongue.code, pair.start, pair.end, pair.ai, named)


def _turned(sentence: Parsed, found: Found) -> Found:
    """The label, or its denial where a negation stands beside or in it."""
    return replace(found, says=Says.NOT_AI) if _is_denied(sentence, found.start, found.end) else found


def _is_denied(sentence: Parsed, start: int, end: int) -> bool:
    """Whether a negation stands before, in or behind the words from ``start`` up to ``end``."""
    if any(item.roles & MASK["negation"] for item in sentence.between(start, end)):
        return True
    first = sentence.index_at(start)
    for item in reversed(sentence.items[max(0, first - _MOST_SKIPPED) : first]):
        if item.roles & MASK["negation"]:
            return True
        if not item.roles & (PASSED | SIGN):
            break
    behind = sentence.items[sentence.index_at(end) :][:_MOST_SKIPPED]
    after = next((item for item in behind if item.roles != SIGN), None)
    return after is not None and bool(after.roles & MASK["negation_after"])
