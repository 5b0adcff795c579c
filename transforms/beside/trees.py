"""JSON files, and the front matter of Markdown: their values as passages under their paths."""

import json
import re
from collections.abc import Iterator
from typing import Any, Final

import yaml

from transforms.beside.decoding import TextError
from transforms.beside.passages import MOST_PASSAGES, Passage

_MOST_DEPTH: Final = 32
_MOST_PATH: Final = 200
_MOST_FRONT_MATTER: Final = 1 << 16
_PLAIN_KEY: Final = re.compile(r"[^\W\d]\w{0,60}")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_FENCE: Final = re.compile(r"^---[ \t]*\r?\n(.*?)^(?:---|\.\.\.)[ \t]*$", re.DOTALL | re.MULTILINE)
_LOADER: Final = getattr(yaml, "CBaseLoader", yaml.BaseLoader)  # all scalars stay texts, and nothing is built


class _Pairs(list[tuple[str, Any]]):
    """An object of JSON with all its pairs: a name may stand there twice."""


def read_json(text: str, locator: str) -> Iterator[Passage]:
    """Every text, number and truth value of a JSON file, or of one with a JSON value on each line, in its order.

    Values that are JSON themselves are looked into, too.

    Raises:
        TextError: ``broken_json``, before any passage; ``over_limit`` or ``broken_text`` after those that could be
            read.
    """
    yield from read_tree(_parsed(text), locator)


def _parsed(text: str) -> Any:
    try:
        return _load(text)
    except ValueError as error:
        lines = [line for line in text.splitlines() if line.strip()]
        if len(lines) > 1:
            try:
                return [_load(line) for line in lines]
            except ValueError:
                pass
        raise TextError("broken_json", f"It is no JSON: {error}.") from error
    except RecursionError as error:
        raise TextError("broken_json", "Its values are nested too deep.") from error


def _load(text: str) -> Any:
    return json.loads(text, strict=False, parse_int=str, parse_float=str, object_pairs_hook=_Pairs)


def split_front_matter(text: str) -> tuple[str | None, str, int]:
    """The front matter of a Markdown text, or None; the rest; and the number of its first line."""
    match = _FENCE.match(text)
    if match is None:
        return None, text, 1
    return match[1], text[match.end() :], text.count("\n", 0, match.end()) + 1


def parse_front_matter(text: str) -> Any:
    """The values of YAML front matter: texts, lists, and dictionaries with what keys they have.

    Raises:
        TextError: ``broken_front_matter`` or ``over_limit``.
    """
    if len(text) > _MOST_FRONT_MATTER:
        raise TextError("over_limit", f"Its front matter has more than {_MOST_FRONT_MATTER:,} characters.")
    try:
        return yaml.load(text, _LOADER)  # noqa: S506  (a base loader builds texts, lists and dictionaries only)
    except (yaml.YAMLError, ValueError, RecursionError, TypeError) as error:
        sentence = f"Its front matter is no YAML: {' '.join(str(error).split())[:200]}."
        raise TextError("broken_front_matter", sentence) from error


def read_tree(root: Any, locator: str) -> Iterator[Passage]:
    """The passages of parsed values, in their order.

    Raises:
        TextError: ``over_limit`` or ``broken_text``, after those that could be read.
    """
    yield from _Tree(locator).walk(root)


class _Tree:
    """The walk through one file's values."""

    def __init__(self, locator: str) -> None:
        self._locator = locator
        self._left = MOST_PASSAGES
        self._fault: TextError | None = None

    def walk(self, root: Any) -> Iterator[Passage]:
        yield from self._walk(root, "$", "", 0)
        if self._fault is not None:
            raise self._fault

    def _walk(self, value: Any, path: str, name: str, depth: int) -> Iterator[Passage]:
        self._left -= 1
        if self._left < 0 or depth > _MOST_DEPTH:
            self._fault = self._fault or TextError(
                "over_limit",
                f"Values nested more than {_MOST_DEPTH} deep, or after the first {MOST_PASSAGES:,}, are not read.",
            )
        elif isinstance(value, dict | _Pairs):
            for key, inner in value.items() if isinstance(value, dict) else value:
                yield from self._walk(inner, f"{path}{_step(str(key))}"[:_MOST_PATH], str(key), depth + 1)
        elif isinstance(value, list):
            for index, inner in enumerate(value):
                yield from self._walk(inner, f"{path}[{index}]"[:_MOST_PATH], name, depth + 1)
        elif value is not None:
            yield from self._leaf(value, path, name, depth)

    def _leaf(self, value: Any, path: str, name: str, depth: int) -> Iterator[Passage]:
        text = str(value).lower() if isinstance(value, bool) else str(value)
        if _SURROGATE.search(text) or _SURROGATE.search(name):
            sentence = f"Half a surrogate pair stands at {path.encode('utf-8', 'replace').decode()}."
            self._fault = self._fault or TextError("broken_text", sentence)
            text, name = (_SURROGATE.sub("\ufffd", one) for one in (text, name))
        inner = _nested(text)
        where = f"{self._locator}:{_SURROGATE.sub('?', path)}"
        yield Passage(text, where, name, is_nested=inner is not None)
        if inner is not None:
            yield from self._walk(inner, path, name, depth + 1)


def _nested(text: str) -> Any:
    """The object or list that a text holds as JSON; None for any other text."""
    if text[:1] not in {"{", "["}:
        return None
    try:
        return _load(text)
    except (ValueError, RecursionError):
        return None


def _step(key: str) -> str:
    return f".{key}" if _PLAIN_KEY.fullmatch(key) else f"[{json.dumps(key, ensure_ascii=False)}]"
