r"""Composes the patterns of one language from its words: an AI element and a making element, as GB 45438-2025 asks.

A label is `<making> <link>* <AI>` («создано с помощью ИИ») or `<AI> <link>* <making>` («ЖИ арқылы жасалған»); the list
of links keeps «Создано министерство искусственного интеллекта» out. All patterns are for a text whose white space is
single spaces, and hold no unbounded repetition.
"""

import re
from typing import Any

from transforms.marks.meaning.rules import Language

_MOST_LINKS = 6
_NO_WORD_BEFORE, _NO_WORD_AFTER = r"(?<![^\W_])", r"(?![^\W_])"


def language(row: dict[str, Any]) -> Language:
    """Compiles one language of ``phrases.yaml``.

    Args:
        row: ``code``, ``ai``, ``made`` and ``links`` as lists of patterns; optionally ``edited``, ``labels`` (whole
            statements with both elements in one), ``labels_of_edits``, ``denials``, ``negation_before``,
            ``negation_after``, and ``spaced: false`` where words have no spaces between them.

    Raises:
        KeyError, TypeError, re.error: The row is not as it should be.
    """
    spaced = row.get("spaced", True)
    compose = _Composer(row, spaced)
    return Language(
        code=row["code"],
        denials=compose.any_of(row["denials"]) if "denials" in row else None,
        labels=compose.statements(row["made"], row.get("labels", [])),
        labels_of_edits=compose.statements(row["edited"], row.get("labels_of_edits", [])) if "edited" in row else None,
        negation_before=_ending(row.get("negation_before", []), spaced),
        negation_after=_beginning(row.get("negation_after", [])),
    )


class _Composer:
    def __init__(self, row: dict[str, Any], spaced: bool) -> None:
        self._ai = f"(?:{'|'.join(row['ai'])})"
        self._link = f"(?:{'|'.join(row['links'])})" if row["links"] else "(?!)"
        self._gap = "[ -]" if spaced else " ?"
        self._edges = (_NO_WORD_BEFORE, _NO_WORD_AFTER) if spaced else ("(?<![A-Za-z])", "(?![A-Za-z])")

    def any_of(self, patterns: list[str]) -> re.Pattern[str]:
        before, after = self._edges
        return re.compile(f"{before}(?:{'|'.join(patterns)}){after}", re.IGNORECASE)

    def statements(self, made: list[str], labels: list[str]) -> re.Pattern[str]:
        verb, links = f"(?:{'|'.join(made)})", rf"(?:{self._gap}{self._link}){{0,{_MOST_LINKS}}}"
        composed = [f"{verb}{links}{self._gap}{self._ai}", f"{self._ai}{links}{self._gap}{verb}"]
        return self.any_of([*labels, *composed])


def _ending(patterns: list[str], spaced: bool) -> re.Pattern[str] | None:
    if not patterns:
        return None
    if not spaced:
        return re.compile(rf"(?:{'|'.join(patterns)}) ?$", re.IGNORECASE)
    return re.compile(rf"{_NO_WORD_BEFORE}(?:{'|'.join(patterns)})(?:[ -]\w{{1,20}}){{0,2}}[ -]?$", re.IGNORECASE)


def _beginning(patterns: list[str]) -> re.Pattern[str] | None:
    return re.compile(rf"^[ -]?(?:{'|'.join(patterns)}){_NO_WORD_AFTER}", re.IGNORECASE) if patterns else None
