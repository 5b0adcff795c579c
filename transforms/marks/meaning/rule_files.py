"""Reads the rules from ``configs/marks`` and the lexicon of labels; ``pipelines.marks_config`` checks them strictly.

An examiner child calls ``read_rules`` once, before its door closes.
"""

import functools
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import yaml

import configs
from transforms.labels.lexicon import read_lexicon
from transforms.marks.mark import Says
from transforms.marks.meaning.names import normal_name
from transforms.marks.meaning.rules import (
    AdhocKeys,
    EditorRule,
    GeneratorRule,
    Meaning,
    Need,
    Rules,
    SourceType,
    Where,
)
from transforms.quick_yaml import load_yaml

FILES = ("source_types.yaml", "generators.yaml", "software.yaml", "adhoc.yaml", "meanings.yaml")
_Groups = dict[str, frozenset[str]]
_Built = TypeVar("_Built")


class RulesError(Exception):
    """A rule file is not as it should be; the message names the file."""


@functools.cache
def read_rules() -> Rules:
    """The rules that the project ships, read once for each process.

    Raises:
        OSError: A file is missing: the installation is not complete.
        RulesError: A file was changed and is not as it should be.
    """
    return load_rules(configs.ROOT)


def load_rules(root: Path) -> Rules:
    """Reads ``<root>/marks/*.yaml``; the lexicon is the one that the project ships.

    Raises:
        OSError: A file is missing or unreadable.
        RulesError: A file is not as it should be.
        LexiconError: A file of the lexicon is not.
    """
    data = {name: _read(root / "marks" / name) for name in FILES}
    groups: _Groups = _build("generators.yaml", _name_groups, data["generators.yaml"])
    return Rules(
        source_types=_build("source_types.yaml", _source_types, data["source_types.yaml"]),
        generators=_build("generators.yaml", lambda file: _generators(file, groups), data["generators.yaml"]),
        editors=_build("software.yaml", _editors, data["software.yaml"]),
        software_names=groups["software"],
        text_names=groups["text"],
        lexicon=read_lexicon(),
        adhoc=_build("adhoc.yaml", _adhoc, data["adhoc.yaml"]),
        meanings=_build("meanings.yaml", _meanings, data["meanings.yaml"]),
    )


def token_pattern(tokens: list[str]) -> re.Pattern[str]:
    """Finds one of the tokens, each a pattern, in any case and with no letter beside it: no ``veo`` in ``Veolia``."""
    return re.compile(rf"(?<![^\W\d_])(?:{'|'.join(tokens)})(?![^\W\d_])", re.IGNORECASE)


def _read(path: Path) -> Any:
    try:
        return load_yaml(path.read_text("utf-8"))
    except yaml.YAMLError as error:
        raise RulesError(f"{path.name} is no YAML: {error}") from error


def _build(name: str, make: Callable[[Any], _Built], data: Any) -> _Built:
    try:
        return make(data)
    except (KeyError, TypeError, ValueError, AttributeError, re.error) as error:
        raise RulesError(f"{name} is not as it should be: {type(error).__name__}: {error}") from error


def _name_groups(file: Any) -> _Groups:
    return {name: frozenset(map(normal_name, names)) for name, names in file["groups"].items()}


def _source_types(file: Any) -> dict[str, SourceType]:
    terms = (SourceType(row["term"], Says(row["says"]), row["ai_class"], row["label"]) for row in file["terms"])
    return {term.term.casefold(): term for term in terms}


def _generators(file: Any, groups: _Groups) -> tuple[GeneratorRule, ...]:
    return tuple(_generator(row, groups) for row in file["rules"])


def _generator(row: dict[str, Any], groups: _Groups) -> GeneratorRule:
    match, needs = row.get("match", {}), row.get("needs")
    found = tuple(re.compile(pattern) for pattern in match.get("all_of", ()))
    tokens = (token_pattern(match["tokens"]),) if "tokens" in match else ()
    return GeneratorRule(
        id=row["id"],
        product=row["product"],
        where=_where(row["where"], groups),
        all_of=found + tokens,
        json_keys=tuple(match.get("json_keys", ())),
        unless=_pattern(match.get("unless")),
        needs=None if needs is None else Need(_where(needs["where"], groups), _pattern(needs.get("regex"))),
        says=Says(row["says"]),
        confidence=row["confidence"],
        reader=row.get("reader", "plain"),
        note=row["note"],
        source=row["source"],
    )


def _where(row: dict[str, Any], groups: _Groups) -> Where:
    names = frozenset(map(normal_name, row.get("names", ())))
    for group in row.get("groups", ()):
        names |= groups[group]
    return Where(frozenset(row.get("layers", ())), names, frozenset(row.get("namespaces", ())))


def _pattern(pattern: str | None) -> re.Pattern[str] | None:
    return None if pattern is None else re.compile(pattern)


def _editors(file: Any) -> tuple[EditorRule, ...]:
    return tuple(EditorRule(row["product"], token_pattern(row["tokens"])) for row in file["editors"])


def _adhoc(file: Any) -> AdhocKeys:
    names, yes, no = (frozenset(map(normal_name, file[key])) for key in ("names", "answers_yes", "answers_no"))
    return AdhocKeys(names, yes, no)


def _meanings(file: Any) -> dict[str, Meaning]:
    return {kind: Meaning(row["means"], row["does_not_mean"]) for kind, row in file["kinds"].items()}
