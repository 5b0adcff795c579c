"""Checks the rule files of the marks layer strictly; the examiner's children, who load no pydantic, only read them."""

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from pipelines.strict_yaml import yaml_problems
from transforms.marks.mark import Says
from transforms.marks.meaning.traces import READERS

_ESCAPE_OR_CLASS = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]")
_UNBOUNDED = re.compile(r"[*+]|\{\d*,\}")


def _check_pattern(pattern: str) -> str:
    """A pattern that compiles and repeats nothing without a bound, so that no value can make it slow."""
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"is no pattern: {error}") from error
    if _UNBOUNDED.search(_ESCAPE_OR_CLASS.sub("", pattern)):
        raise ValueError("repeats without a bound: write {0,40} for * and {1,40} for +")
    return pattern


def _check_reader(name: str) -> str:
    if name not in READERS:
        raise ValueError(f"is no reader; there are {', '.join(sorted(READERS))}")
    return name


Pattern = Annotated[str, Field(min_length=1), AfterValidator(_check_pattern)]
Text = Annotated[str, Field(min_length=1)]
Sentence = Annotated[str, Field(pattern=r"^[A-Z][^\n]{10,200}\.$")]
Id = Annotated[str, Field(pattern=r"^[a-z0-9_]+(\.[a-z0-9_]+)?$")]
Layer = Literal["xmp", "exif", "iptc", "png_text", "container"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SourceTypeRow(_Strict):
    """A term of the IPTC vocabulary."""

    term: Annotated[str, Field(pattern="^[a-z][A-Za-z]+$")]
    says: Says
    ai_class: Literal["whole", "part", "maybe", "enhanced", "capture", "none"]
    label: Text


class SourceTypesFile(_Strict):
    """``source_types.yaml``."""

    terms: Annotated[list[SourceTypeRow], Field(min_length=1)]


class WhereRow(_Strict):
    """Which properties a rule looks at."""

    layers: list[Layer] = []
    names: list[Text] = []
    groups: list[Text] = []
    namespaces: list[Annotated[str, Field(pattern="^https?://")]] = []


class MatchRow(_Strict):
    """What must be found in a value."""

    all_of: list[Pattern] = []
    json_keys: list[Text] = []
    tokens: Annotated[list[Pattern], Field(min_length=1)] | None = None
    unless: Pattern | None = None


class NeedRow(_Strict):
    """A second property."""

    where: WhereRow
    regex: Pattern | None = None


class GeneratorRow(_Strict):
    """A trace of a generator."""

    id: Id
    product: Text
    where: WhereRow
    match: MatchRow | None = None
    needs: NeedRow | None = None
    says: Literal["ai", "ai_part", "unknown"]
    confidence: Literal["exact", "name"]
    reader: Annotated[str, AfterValidator(_check_reader)] = "plain"
    note: Text
    source: Text

    @model_validator(mode="after")
    def _tells_something(self) -> "GeneratorRow":
        if self.match is None and not self.where.names and self.needs is None:
            raise ValueError("needs a match, a name or a second property, or it fits everything")
        return self


class GeneratorsFile(_Strict):
    """``generators.yaml``."""

    groups: dict[str, Annotated[list[Text], Field(min_length=1)]]
    rules: Annotated[list[GeneratorRow], Field(min_length=1)]

    @model_validator(mode="after")
    def _names_agree(self) -> "GeneratorsFile":
        ids = [rule.id for rule in self.rules]
        twice = sorted({one for one in ids if ids.count(one) > 1})
        wheres = [
            (rule.id, where) for rule in self.rules for where in (rule.where, rule.needs and rule.needs.where) if where
        ]
        unknown = sorted(
            {f"{rule}: {group}" for rule, where in wheres for group in where.groups if group not in self.groups}
        )
        if twice or unknown:
            raise ValueError(f"ids given twice: {twice}; groups that do not exist: {unknown}")
        if missing := {"software", "text"} - set(self.groups):
            raise ValueError(f"groups that code relies on are missing: {sorted(missing)}")
        return self


class EditorRow(_Strict):
    """A program that generates nothing."""

    product: Text
    tokens: Annotated[list[Pattern], Field(min_length=1)]


class SoftwareFile(_Strict):
    """``software.yaml``."""

    editors: Annotated[list[EditorRow], Field(min_length=1)]


class AdhocFile(_Strict):
    """``adhoc.yaml``: fields that answer by yes or no."""

    names: Annotated[list[Text], Field(min_length=1)]
    answers_yes: Annotated[list[Text], Field(min_length=1)]
    answers_no: Annotated[list[Text], Field(min_length=1)]


class MeaningRow(_Strict):
    """A kind of mark in plain words."""

    means: Sentence
    does_not_mean: Sentence


class MeaningsFile(_Strict):
    """``meanings.yaml``."""

    kinds: Annotated[dict[str, MeaningRow], Field(min_length=1)]


FILES: dict[str, type[BaseModel]] = {
    "source_types.yaml": SourceTypesFile,
    "generators.yaml": GeneratorsFile,
    "software.yaml": SoftwareFile,
    "adhoc.yaml": AdhocFile,
    "meanings.yaml": MeaningsFile,
}


def problems(path: Path) -> list[str]:
    """What is wrong with a rule file, each with its line: ``generators.yaml:71: rules.3.says: Input should be …``.

    Args:
        path: One of ``FILES`` by its name.

    Raises:
        OSError: The file is missing or unreadable.
    """
    return yaml_problems(path.name, path.read_text("utf-8"), FILES[path.name])
