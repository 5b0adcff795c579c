"""Marks of no standard: ``ai_generated=true`` in a key or a comment, and labels in texts for people.

The law of Kazakhstan prescribes no format, so a mark that a machine can read counts, as what it is.
"""

import re

from transforms.labels.match import match_text
from transforms.labels.records import Lexicon
from transforms.marks.mark import Mark, MarkClass, Says
from transforms.marks.meaning.generators import NamedProperty
from transforms.marks.meaning.marking import mark_of
from transforms.marks.meaning.names import normal_name
from transforms.marks.meaning.rules import AdhocKeys

KEY_KIND, TEXT_KIND = "adhoc.ai_generated", "adhoc.label_text"
_MOST_ANSWER, _MOST_TEXT = 40, 100_000
_PAIR = re.compile(
    r"(?<![^\W_])((?:is|was|contains|aigc|ai|generated|made|created)[A-Za-z_ -]{1,40}?)"
    r"[\"']?\s{0,3}[:=]\s{0,3}[\"']?([^\W_]{1,10})(?![^\W_])",
    re.IGNORECASE,
)


_PLATFORM_LABEL = "aigclabeltype"
_PLATFORM_LABELS = frozenset("12")
"""Labels in what TikTok, CapCut and Dreamina write; 0 is no label and denies nothing: generated films have it, too."""


def read_adhoc_key(named: NamedProperty, keys: AdhocKeys) -> Mark | None:
    """The mark of a field whose name asks and whose value answers, or of such a pair inside a text."""
    prop = named.prop
    if not keys.names.isdisjoint(named.names) and prop.value:
        says = _answer(named.names[-1], prop.value, keys)
        if says is not None:
            return mark_of(prop, KEY_KIND, says, MarkClass.DECLARED)
    for key, answer in _PAIR.findall(prop.value[:_MOST_TEXT]):
        says = _answer(normal_name(key), answer, keys) if normal_name(key) in keys.names else None
        if says is not None:
            return mark_of(prop, KEY_KIND, says, MarkClass.DECLARED, shown=f"{key}={answer}")
    return None


def read_label_text(
    named: NamedProperty, text_names: frozenset[str], lexicon: Lexicon, *, keep_prompts: bool
) -> Mark | None:
    """The mark of a label in a text for people; only the label is shown, since prompts stand in such texts too."""
    if text_names.isdisjoint(named.names) and named.names != ("",):
        return None
    label = match_text(named.prop.value, lexicon)
    if label is None:
        return None
    facts = {"language": label.language, "phrase": label.text}
    shown = None if keep_prompts else label.text
    return mark_of(named.prop, TEXT_KIND, label.says, MarkClass.DECLARED, facts, shown=shown)


def _answer(name: str, value: str, keys: AdhocKeys) -> Says | None:
    if name == _PLATFORM_LABEL:
        return Says.AI if value.strip() in _PLATFORM_LABELS else None
    answer = normal_name(value) if len(value) <= _MOST_ANSWER else ""
    if answer in keys.yes:
        return Says.AI
    return Says.NOT_AI if answer in keys.no else None
