"""The sentences that tell a verdict, in the languages of ``configs/words``; checked when they are read."""

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, StringConstraints, field_validator

import configs
from pipelines.reviews import Decision
from transforms.detect.levels import MEANINGS
from transforms.marks.mark import MarkClass, Says
from transforms.outcomes import Reason
from transforms.policy.codes import Code, DateBasis, Scope, Status, Synthesis, VerdictOutcome
from transforms.quick_yaml import load_yaml

FOLDER = configs.ROOT / "words"
Language = Literal["en", "ru", "kk"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
Sentence = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300, pattern=r"^[^\n]*$")]
_Named = dict[str, Sentence]
_COMPLETE: Mapping[str, frozenset[str]] = {
    "synthesis": frozenset(Synthesis),
    "scope": frozenset(Scope),
    "machine_mark": frozenset(Status),
    "visible_warning": frozenset(Status),
    "outcome": frozenset(VerdictOutcome),
    "decided_by": frozenset(DateBasis),
    "codes": frozenset(Code),
    "reasons": frozenset(Reason),
    "levels": frozenset(MEANINGS),
    "says": frozenset(Says),
    "classes": frozenset(MarkClass),
    "not_meant": frozenset(VerdictOutcome) | {"always"},
    "not_meant_synthesis": frozenset(Synthesis),
    "next": frozenset(VerdictOutcome),
    "decisions": frozenset(Decision) - {Decision.WITHDRAWN} | {"disputed"},
}
"""The sections that must have a sentence for each word of the tables, and no other."""


class Words(BaseModel):
    """A file ``verdicts.<language>.yaml``: sentences by the words that rows hold."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    language: Language
    headings: _Named
    synthesis: _Named
    scope: _Named
    machine_mark: _Named
    visible_warning: _Named
    outcome: _Named
    decided_by: _Named
    codes: _Named
    reasons: _Named
    levels: _Named
    layers: _Named
    layer_statuses: _Named
    says: _Named
    classes: _Named
    integrity: _Named
    signer_trust: _Named
    exactness: _Named
    fields: _Named
    languages: _Named
    phrases: _Named
    not_meant: _Named
    not_meant_synthesis: _Named
    next: _Named
    next_codes: _Named
    decisions: _Named

    @field_validator(*_COMPLETE)
    @classmethod
    def _is_complete(cls, sentences: _Named, info: Any) -> _Named:
        if odd := sorted(set(sentences) ^ _COMPLETE[info.field_name]):
            raise ValueError(f"lacks, or should not have: {', '.join(odd)}")
        return sentences

    @field_validator("next_codes")
    @classmethod
    def _are_codes(cls, sentences: _Named) -> _Named:
        if odd := sorted(set(sentences) - set(Code)):
            raise ValueError(f"no codes: {', '.join(odd)}")
        return sentences


class Translation(BaseModel):
    """A sentence of a policy or of ``meanings.yaml``, and the same in another language."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    english: Annotated[str, StringConstraints(min_length=1)]
    translated: Annotated[str, StringConstraints(min_length=1)]


class Translations(BaseModel):
    """A file ``translations.<language>.yaml``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sentences: tuple[Translation, ...]


@dataclass(frozen=True)
class Voice:
    """A language to explain in.

    Attributes:
        words: Its sentences.
        translations: What policies and meanings of marks say in English, in it. What is not there stays English, as
            do policies of one's own.
    """

    words: Words
    translations: Mapping[str, str]

    def phrase(self, name: str, /, **values: object) -> str:
        """A phrase with its places filled."""
        return self.words.phrases[name].format(**values)

    def translated(self, english: str) -> str:
        """A sentence of a policy or of the meaning of a mark."""
        return self.translations.get(english, english)


@functools.cache
def read_voice(language: Language) -> Voice:
    """The sentences that ship with Aiqyn.

    Raises:
        OSError: A file is missing: the installation is not complete.
        pydantic.ValidationError: A file was changed and is not as it should be.
    """
    words = Words.model_validate(_yaml(f"verdicts.{language}.yaml"))
    if language == "en":
        return Voice(words, {})
    pairs = Translations.model_validate(_yaml(f"translations.{language}.yaml")).sentences
    return Voice(words, {pair.english: pair.translated for pair in pairs})


def _yaml(name: str) -> Any:
    return load_yaml((FOLDER / name).read_text("utf-8"))
