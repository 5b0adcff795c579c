"""What a private answer shows: no path and no text, tokens instead of what names files, places and people.

Rows are masked where tables are read, below every view, so that all that stands above works: the same text has the same
token, in every column. ``configs/privacy.yaml`` says which columns hold what; one that it does not name is hidden.
"""

import secrets
from collections.abc import Iterator, Mapping
from enum import StrEnum
from functools import cache
from typing import Any

import yaml

import configs
from pipelines.delta_types import duckdb_type

_TOKEN_DIGITS = 32
_MOMENT = "[0-9]{4}-[0-9T:.+Z-]{2,40}"


class Shown(StrEnum):
    """What is shown of a text."""

    TOKEN = "token"  # noqa: S105  (no secret)
    HIDDEN = "hidden"
    MOMENT = "moment"
    SHOWN = "shown"


@cache
def shown_columns() -> Mapping[str, Shown]:
    """What is shown of columns, and of fields by their path with dots, that hold text."""
    told = yaml.safe_load((configs.ROOT / "privacy.yaml").read_text("utf-8"))
    return {path: Shown(group) for group, paths in told.items() for path in paths}


class Mask:
    """Hides what is private in rows of stored tables.

    Its key is random, is written nowhere and goes with it: a token can neither be looked up nor be found again in what
    another mask gave.
    """

    def __init__(self) -> None:
        self._key = secrets.token_hex(32)

    def over(self, columns: Mapping[str, Any], rows: str) -> str:
        """A query of the same rows, masked.

        Args:
            columns: Their types, as Delta writes them.
            rows: A query.
        """
        cells = (f"{self._cell(f'{_quoted(name)}', kind, name)} AS {_quoted(name)}" for name, kind in columns.items())
        return f"SELECT {', '.join(cells)} FROM ({rows})"

    def _cell(self, value: str, kind: Any, path: str, depth: int = 0) -> str:
        if not holds_text(kind):
            return value
        if not isinstance(kind, str) and kind["type"] == "array":
            inner = self._cell(f"x{depth}", kind["elementType"], path, depth + 1)
            return f"list_transform({value}, lambda x{depth}: {inner})"
        if not isinstance(kind, str) and kind["type"] == "struct":
            fields = ", ".join(self._fields(value, kind, path, depth))
            return f"CASE WHEN {value} IS NOT NULL THEN {{{fields}}} END"
        shown = shown_columns().get(path, Shown.HIDDEN)
        if shown is Shown.SHOWN:
            return value
        if shown is Shown.TOKEN and kind == "string":
            return f"left(sha256('{self._key}' || {value}), {_TOKEN_DIGITS})"
        if shown is Shown.MOMENT and kind == "string":
            return f"CASE WHEN regexp_full_match({value}, '{_MOMENT}') THEN {value} END"
        return f"NULL::{duckdb_type(kind)}"

    def _fields(self, value: str, kind: Any, path: str, depth: int) -> Iterator[str]:
        for field in kind["fields"]:
            name, inner = _quoted(field["name"]), f"{path}.{field['name']}"
            yield f"{name}: {self._cell(f'{value}.{name}', field['type'], inner, depth)}"


def holds_text(kind: Any) -> bool:
    """Whether a type, as Delta writes it, has a text anywhere within it."""
    if isinstance(kind, str):
        return kind == "string"
    inner = [field["type"] for field in kind.get("fields", ())]
    inner += [kind[name] for name in ("elementType", "keyType", "valueType") if name in kind]
    return any(map(holds_text, inner))


def _quoted(name: str) -> str:
    return f'"{name}"'
