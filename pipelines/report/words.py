"""The words of reports, in the languages of ``configs/words``; checked when they are read."""

import functools
from collections.abc import Mapping
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, field_validator

from pipelines.reviews import Decision
from pipelines.words import FOLDER, Language, Sentence
from transforms.detect.levels import MEANINGS
from transforms.policy.codes import Synthesis, VerdictOutcome

_Named = dict[str, Sentence]
_COMPLETE: Mapping[str, frozenset[str]] = {
    "outcomes": frozenset(VerdictOutcome),
    "synthesis": frozenset(Synthesis),
    "levels": frozenset(MEANINGS),
    "decisions": frozenset(Decision) - {"withdrawn"} | {"disputed"},
}
"""The sections that must have a name for each word of the tables, and no other."""


class ReportWords(BaseModel):
    """A file ``report.<language>.yaml``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    language: Language
    outcomes: _Named
    synthesis: _Named
    levels: _Named
    decisions: _Named
    scan_statuses: _Named
    headings: _Named
    columns: _Named
    phrases: _Named

    @field_validator(*_COMPLETE)
    @classmethod
    def _is_complete(cls, names: _Named, info: Any) -> _Named:
        if odd := sorted(set(names) ^ _COMPLETE[info.field_name]):
            raise ValueError(f"lacks, or should not have: {', '.join(odd)}")
        return names

    def phrase(self, name: str, /, **values: object) -> str:
        """A phrase with its places filled."""
        return self.phrases[name].format(**values)


@functools.cache
def read_words(language: Language) -> ReportWords:
    """The words that ship with Aiqyn.

    Raises:
        OSError: A file is missing: the installation is not complete.
        pydantic.ValidationError: A file was changed and is not as it should be.
    """
    return ReportWords.model_validate(yaml.safe_load((FOLDER / f"report.{language}.yaml").read_text("utf-8")))
