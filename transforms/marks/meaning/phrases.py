"""Finds an AI label in a text for people, word by word as it stands; a small forerunner of the label lexicon.

Rules: ``configs/marks/phrases.yaml``. News about AI are no label: «ИИ создал новую картину» has no match.
"""

import re
import unicodedata
from dataclasses import dataclass

from transforms.marks.mark import Says
from transforms.marks.meaning.rule_files import read_rules
from transforms.marks.meaning.rules import Language

_MOST_CHARACTERS = 20_000
_MOST_BEFORE = 60
_SENTENCE_END = re.compile(r"[.!?](?= |$)|[。！？;；|•\n\r]")
_ANY_AI_WORD = re.compile(r"ai|интеллект|intellekt|intelligence|ии|нейро|жи|ji |人工智能|synthetic", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Phrase:
    """A label in a text.

    Attributes:
        says: ``ai``, ``ai_part`` (altered or edited) or ``not_ai``.
        text: What was matched, white space made single.
        language: ``kk``, ``ru``, ``en``, ``zh``.
    """

    says: Says
    text: str
    language: str


def match_phrase(text: str) -> Phrase | None:
    """The first label in the first 20,000 characters of ``text``; None where there is none.

    A denial outweighs in its sentence: «Не сгенерировано ИИ» and "no AI" say ``not_ai``.
    """
    return find_phrase(text, read_rules().languages)


def find_phrase(text: str, languages: tuple[Language, ...]) -> Phrase | None:
    """As ``match_phrase``, with given languages."""
    shown = unicodedata.normalize("NFKC", text[:_MOST_CHARACTERS])
    if not _ANY_AI_WORD.search(shown):
        return None
    for part in _SENTENCE_END.split(shown):
        sentence = " ".join(part.replace("_", " ").replace("‑", "-").split())
        for language in languages:
            phrase = _in_sentence(sentence, language)
            if phrase is not None:
                return phrase
    return None


def _in_sentence(sentence: str, language: Language) -> Phrase | None:
    if language.denials is not None and (denial := language.denials.search(sentence)):
        return Phrase(Says.NOT_AI, denial[0], language.code)
    for pattern, says in ((language.labels, Says.AI), (language.labels_of_edits, Says.AI_PART)):
        if pattern is not None and (label := pattern.search(sentence)):
            denied = _is_denied(sentence, label, language)
            return Phrase(Says.NOT_AI if denied else says, label[0], language.code)
    return None


def _is_denied(sentence: str, label: re.Match[str], language: Language) -> bool:
    before, after = (
        sentence[max(0, label.start() - _MOST_BEFORE) : label.start()],
        sentence[label.end() :][:_MOST_BEFORE],
    )
    return bool(
        (language.negation_before is not None and language.negation_before.search(before))
        or (language.negation_after is not None and language.negation_after.search(after))
    )
