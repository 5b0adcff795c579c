"""The words of the page, in the languages of ``configs/words``; checked when they are read."""

import functools
from collections.abc import Mapping
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, field_validator

from pipelines.review.desk import SHOWN
from pipelines.reviews import Decision
from pipelines.words import FOLDER, Language, Sentence
from transforms.policy.codes import VerdictOutcome

_MADE = frozenset(Decision) - {Decision.WITHDRAWN}
_COMPLETE: Mapping[str, frozenset[str]] = {
    "outcomes": frozenset(VerdictOutcome),
    "decisions": _MADE | {"disputed"},
    "means": _MADE,
    "choices": frozenset(SHOWN),
}


class PageWords(BaseModel):
    """A file ``review.<language>.yaml``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    language: Language
    outcomes: dict[str, Sentence]
    decisions: dict[str, Sentence]
    means: dict[str, Sentence]
    choices: dict[str, Sentence]
    phrases: dict[str, Sentence]

    @field_validator(*_COMPLETE)
    @classmethod
    def _is_complete(cls, words: dict[str, str], info: Any) -> dict[str, str]:
        if odd := sorted(set(words) ^ _COMPLETE[info.field_name]):
            raise ValueError(f"lacks, or should not have: {', '.join(odd)}")
        return words

    def phrase(self, name: str, /, **values: object) -> str:
        """A phrase with its places filled."""
        return self.phrases[name].format(**values)


@functools.cache
def read_page_words(language: Language) -> PageWords:
    """The words that ship with Aiqyn.

    Raises:
        OSError: A file is missing: the installation is not complete.
        pydantic.ValidationError: A file was changed and is not as it should be.
    """
    return PageWords.model_validate(yaml.safe_load((FOLDER / f"review.{language}.yaml").read_text("utf-8")))
