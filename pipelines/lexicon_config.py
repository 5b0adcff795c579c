"""Checks files of the label lexicon strictly: those that ship, and those of an analyst (``docs/lexicon.md``)."""

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, StrictStr, ValidationInfo, field_validator, model_validator

import configs
from pipelines.errors import UsageError
from pipelines.strict_yaml import yaml_problems
from transforms.labels.entries import EntryError, Of, read_entry
from transforms.labels.lexicon import LEXICON_FILES, LexiconError, read_lexicon, split_entries
from transforms.labels.records import LISTS, MASK, STATEMENTS
from transforms.quick_yaml import load_yaml

MOST_BYTES = 1_000_000
"""How large an analyst's file may be."""
_Groups = dict[str, list[StrictStr]]


class WordmarkRow(BaseModel):
    """A product and the names under which it marks what it generates.

    Attributes:
        product: Its name in rows.
        names: As it writes them into pictures.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    product: Annotated[StrictStr, Field(min_length=1)]
    names: Annotated[list[Annotated[StrictStr, Field(min_length=1)]], Field(min_length=1)]


class _Lists(BaseModel):
    """One file: a language's lists, or wordmarks, or both.

    Attributes:
        language: Of the lists, in two letters; needed where there is one.
        id: Of the shipped language that the lists are added to, where it is not named by two letters: `kk_latin`.
        groups: Endings that `<name>` in a phrase stands for, by that name.
        media_follow: Whether a word of `media` may stand behind the making element, too: "generated image".
        wordmarks: Names that generators write into a corner.
        beside: Words that may stand next to such a name.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    language: Annotated[StrictStr, Field(pattern="^[a-z]{2}$")] | None = None
    id: Annotated[StrictStr, Field(pattern="^[a-z_]{2,20}$")] | None = None
    groups: _Groups = {}
    media_follow: bool = False
    wordmarks: list[WordmarkRow] = []
    beside: StrictStr = ""

    @field_validator(*LISTS, check_fields=False)
    @classmethod
    def _reads(cls, text: str, info: ValidationInfo) -> str:
        known = info.context or {}
        groups = {**known.get("groups", {}), **info.data.get("groups", {})}
        try:
            for entry in split_entries(text):
                for phrase in read_entry(entry, groups, str.split):
                    _check_signs(entry, [one for one in phrase.elements if not isinstance(one, frozenset)], info)
        except EntryError as error:
            raise ValueError(str(error)) from error
        return text

    @model_validator(mode="after")
    def _has_a_language(self) -> "_Lists":
        if self.language is None and self.model_fields_set & set(LISTS):
            raise ValueError("lists of words need a language: kk, ru, en")
        if not self.model_fields_set:
            raise ValueError("holds neither a language nor wordmarks")
        return self


def _check_signs(entry: str, signs: Sequence[Any], info: ValidationInfo) -> None:
    if signs and info.field_name not in STATEMENTS:
        raise ValueError(f"{entry!r}: only {', '.join(STATEMENTS)} may have [list], ^ and $")
    unknown = [sign.role for sign in signs if isinstance(sign, Of) and sign.role not in MASK]
    if unknown:
        raise ValueError(f"{entry!r}: [{unknown[0]}] is no list; there are {', '.join(sorted(MASK))}")


def _model() -> type[BaseModel]:
    fields: dict[str, Any] = {"__annotations__": dict.fromkeys(LISTS, StrictStr), **dict.fromkeys(LISTS, "")}
    return type("LexiconFile", (_Lists,), {**fields, "__module__": __name__, "__doc__": _Lists.__doc__})


LexiconFile = _model()
"""What a file of the lexicon is: ``_Lists`` with a text for each name of ``records.LISTS``."""


def lexicon_problems(name: str, text: str) -> list[str]:
    """What is wrong with a text of the lexicon, each with its line; nothing where it is right."""
    return yaml_problems(name, text, LexiconFile, {"groups": _shipped_groups(text)})


def load_lexicon_texts(files: Sequence[Path]) -> tuple[str, ...]:
    """The texts of an analyst's files, checked one by one and together with the shipped lexicon.

    Raises:
        UsageError: A file cannot be read or is not as it should be; the message names file, line and field.
    """
    texts = []
    for file in files:
        text = _read(file)
        problems = lexicon_problems(file.name, text)
        if problems:
            raise UsageError("lexicon: " + "\n".join(problems))
        texts.append(text)
    try:
        read_lexicon(texts)
    except LexiconError as error:
        raise UsageError(f"lexicon: {error}") from error
    return tuple(texts)


def _read(file: Path) -> str:
    try:
        if file.stat().st_size > MOST_BYTES:
            raise UsageError(f"lexicon: {file} has more than {MOST_BYTES} bytes")
        return file.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"lexicon: {file} cannot be read as UTF-8: {error}") from error


def _shipped_groups(text: str) -> _Groups:
    """The groups of the shipped language that a text adds to."""
    try:
        data = yaml.safe_load(text)
    except yaml.YAMLError:
        return {}
    if not isinstance(data, dict):
        return {}
    name = data.get("id") or data.get("language")
    return _groups_by_language().get(name, {}) if isinstance(name, str) else {}


@functools.cache
def _groups_by_language() -> dict[str, _Groups]:
    shipped = [load_yaml((configs.ROOT / "lexicon" / name).read_text("utf-8")) for name in LEXICON_FILES]
    return {data.get("id", data["language"]): data.get("groups", {}) for data in shipped if "language" in data}
