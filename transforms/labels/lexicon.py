"""Reads the label lexicon from ``configs/lexicon``; ``pipelines.lexicon_config`` checks the same files strictly.

An examiner child calls ``read_lexicon`` before its door closes.
"""

import functools
from collections.abc import Mapping, Sequence
from typing import Any, cast

import yaml

import configs
from transforms.labels.building import build
from transforms.labels.entries import EntryError
from transforms.labels.records import LISTS, Lexicon
from transforms.quick_yaml import load_yaml

__all__ = ["LEXICON_FILES", "Lexicon", "LexiconError", "build_lexicon", "read_lexicon", "split_entries"]
LEXICON_FILES = (
    "kk.yaml",
    "kk_latin.yaml",
    "ru.yaml",
    "en.yaml",
    "zh.yaml",
    "uz.yaml",
    "ko.yaml",
    "ja.yaml",
    "tr.yaml",
    "de.yaml",
    "fr.yaml",
    "es.yaml",
    "it.yaml",
    "pt.yaml",
    "pl.yaml",
    "uk.yaml",
    "wordmarks.yaml",
)
"""Names of the shipped files under ``configs/lexicon``, languages in order of precedence."""


class LexiconError(Exception):
    """A text of the lexicon is not as it should be; the message names it."""


def read_lexicon(extra: Sequence[str] = ()) -> Lexicon:
    """The shipped lexicon with the YAML texts of an analyst on top, one for each process and such texts.

    The shipped one alone is read now and built when it is first asked for, which takes most of a second:
    a child meets no text for a while.

    Raises:
        OSError: A shipped file is missing: the installation is not complete.
        LexiconError: A text is not as it should be.
    """
    return _read(tuple(extra))


@functools.lru_cache(maxsize=8)
def _read(extra: tuple[str, ...]) -> Lexicon:
    texts = {name: (configs.ROOT / "lexicon" / name).read_text("utf-8") for name in LEXICON_FILES}
    texts |= {f"text {number} of the added lexicon": text for number, text in enumerate(extra, 1)}
    return build_lexicon(texts) if extra else cast("Lexicon", _Deferred(texts))


class _Deferred:
    """Stands for a lexicon until one of its attributes is asked for."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts

    @functools.cached_property
    def _built(self) -> Lexicon:
        return build_lexicon(self._texts)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._built, name)


def build_lexicon(texts: Mapping[str, str]) -> Lexicon:
    """Builds a lexicon from YAML texts by their names; later texts add to earlier ones of the same language.

    Raises:
        LexiconError: A text is not as it should be.
    """
    rows: dict[str, dict[str, Any]] = {}
    products: dict[str, list[str]] = {}
    beside: list[str] = []
    for name, text in texts.items():
        try:
            data = load_yaml(text)
            for product in data.get("wordmarks", ()):
                products.setdefault(product["product"], []).extend(product["names"])
            beside += split_entries(data.get("beside", ""))
            if "language" in data:
                row = {key: split_entries(value) if key in LISTS else value for key, value in data.items()}
                _merge(rows.setdefault(str(data.get("id", data["language"])), {}), row)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise LexiconError(f"{name} is not as it should be: {type(error).__name__}: {error}") from error
        except yaml.YAMLError as error:
            raise LexiconError(f"{name} is no YAML: {error}") from error
    try:
        return build(list(rows.values()), products, beside)
    except (KeyError, TypeError, AttributeError, EntryError) as error:
        raise LexiconError(f"the lexicon is not as it should be: {type(error).__name__}: {error}") from error


def split_entries(text: str) -> list[str]:
    """The entries of a list: one a line, or several with semicolons between them; lines with # are remarks."""
    lines = (line for line in text.splitlines() if not line.lstrip().startswith("#"))
    return [entry for line in lines for part in line.split(";") if (entry := part.strip())]


def _merge(row: dict[str, Any], added: Mapping[str, Any]) -> None:
    for name, value in added.items():
        if isinstance(value, list):
            row[name] = [*row.get(name, []), *value]
        elif isinstance(value, dict):
            row[name] = {**row.get(name, {}), **value}
        else:
            row[name] = value
