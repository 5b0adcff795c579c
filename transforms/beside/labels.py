"""From texts beside a file to marks: the same lexicon as for visible labels, word by word as it stands."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from transforms.beside.notes import LAYER
from transforms.beside.passages import Passage, goes_on
from transforms.labels.lexicon import Lexicon
from transforms.labels.match import Label, match_text
from transforms.marks.mark import Mark, MarkClass, Says, Shown
from transforms.marks.meaning.adhoc import read_adhoc_key
from transforms.marks.meaning.generators import NamedProperty
from transforms.marks.meaning.marking import mark_of
from transforms.marks.meaning.rules import Rules
from transforms.marks.pieces import Property

_CHUNK_CHARACTERS: Final = 2000
_OVERLAP_CHARACTERS: Final = 300
_SENTENCE_END: Final = re.compile(r"[.!?…] |[。！？；]")
_ADDRESS: Final = re.compile(r"\b[a-z]{2,10}://[^\s<>\"']{1,4000}|\bwww\.[^\s<>\"']{1,4000}", re.IGNORECASE)
_AI: Final = frozenset({Says.AI, Says.AI_PART})


@dataclass(slots=True)
class _Found:
    """A label, and every passage that shows it."""

    label: Label
    passage: Passage
    spans: list[tuple[float, float]] = field(default_factory=list)
    count: int = 0


def marks_of_passages(passages: Iterable[Passage], kind: str, lexicon: Lexicon, rules: Rules) -> list[Mark]:
    """The marks of texts, in their order: fields and pairs that answer (``ai_generated: true``), and labels.

    The same label in several passages of one file is one mark, at the first of them: its ``facts`` say how many, and
    ``shown`` for how long subtitles show it, together. A text that answers by yes or no is not read for labels, too;
    prompts and web addresses are no texts for people. Of a label, only its own words become the value.

    Args:
        passages: In their order.
        kind: Of marks of labels: ``caption.sidecar``, ``caption.context``, ``caption.subtitles``.
        lexicon: Of labels.
        rules: Of fields.
    """
    marks: list[Mark | _Found] = []
    labels: dict[tuple[str, ...], _Found] = {}
    before = Passage("", "")
    for passage in passages:
        if passage.is_nested:
            continue
        passage = replace(passage, text=_ADDRESS.sub(" ", passage.text))  # noqa: PLW2901
        answer = read_adhoc_key(NamedProperty.of(_property(passage)), rules.adhoc)
        if answer is not None:
            marks.append(replace(answer, offset=None))
        elif not passage.name.casefold().endswith("prompt"):
            for label, where in _labels_in(passage, before, lexicon):
                found = labels.get(_identity(label))
                if found is None:
                    found = labels[_identity(label)] = _Found(label, where)
                    marks.append(found)
                found.count += 1
                if where.first_ms is not None and where.last_ms is not None:
                    found.spans.append((where.first_ms, where.last_ms))
        before = passage
    return [_mark(one, kind) if isinstance(one, _Found) else one for one in marks]


def _identity(label: Label) -> tuple[str, ...]:
    return label.says, label.language, label.text.casefold()


def _labels_in(passage: Passage, before: Passage, lexicon: Lexicon) -> Iterator[tuple[Label, Passage]]:
    """The labels of a passage; of a subtitle also what goes on from the one before it."""
    found = [label for chunk in _chunks(passage.text) if (label := match_text(chunk, lexicon)) is not None]
    is_wrapped = passage.first_ms is not None and before.first_ms is not None and goes_on(before.text, passage.text)
    if is_wrapped and len(found) < 2:
        both = match_text(f"{before.text} {passage.text}", lexicon)
        if both is not None and not found and match_text(before.text, lexicon) is None:
            yield both, replace(before, last_ms=passage.last_ms)
        elif both is not None and found and both.says is Says.NOT_AI and found[0].says in _AI:
            found = [both]  # its «не» stands in the subtitle before
    yield from ((label, passage) for label in found)


def _chunks(text: str) -> Iterator[str]:
    """A text in pieces that end with a sentence; where one is longer than a piece, the next begins a little before."""
    while len(text) > _CHUNK_CHARACTERS:
        ends = [match.end() for match in _SENTENCE_END.finditer(text, _CHUNK_CHARACTERS // 4, _CHUNK_CHARACTERS)]
        yield text[: ends[-1] if ends else _CHUNK_CHARACTERS]
        text = text[ends[-1] if ends else _CHUNK_CHARACTERS - _OVERLAP_CHARACTERS :]
    yield text


def _mark(found: _Found, kind: str) -> Mark:
    label = found.label
    facts = {"language": label.language, "phrase": label.text}
    if found.count > 1:
        facts["times"] = str(found.count)
    mark = mark_of(_property(found.passage), kind, label.says, MarkClass.DECLARED, facts, shown=label.text)
    first_ms, last_ms, shown_ms = _shown_times(found.spans)
    shown = Shown(label.language, label.exactness, first_ms=first_ms, last_ms=last_ms, shown_ms=shown_ms)
    return replace(mark, offset=None, shown=shown)


def _shown_times(spans: Sequence[tuple[float, float]]) -> tuple[float | None, float | None, float | None]:
    """First, last, and how long in all: times that overlap count once."""
    if not spans:
        return None, None, None
    total, end = 0.0, spans[0][0]
    for first, last in sorted(spans):
        total += max(0.0, last - max(first, end))
        end = max(end, last)
    return min(first for first, _ in spans), end, total


def _property(passage: Passage) -> Property:
    return Property(LAYER, "", passage.name, passage.text, passage.locator, 0)
