"""The data dictionary: every table, view and column with its type, unit and meaning, as ``docs/tables.md``.

Types are those of an empty store; meanings stand in ``configs/dictionary.yaml``.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field

import configs
from pipelines.store import Store
from pipelines.tables import connect
from transforms.schemas import TABLES

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


class Meaning(BaseModel):
    """What a column says, and in which unit it is where it has one."""

    model_config = ConfigDict(extra="forbid")
    says: str
    unit: str = ""


class Described(BaseModel):
    """A table or view: what a row of it is, and its columns but for those that it takes over from others unchanged."""

    model_config = ConfigDict(extra="forbid")
    row: str
    origins: tuple[str, ...] = Field(default=(), alias="from")
    columns: dict[str, Meaning | str] = {}


class Dictionary(BaseModel):
    """All of ``configs/dictionary.yaml``."""

    model_config = ConfigDict(extra="forbid")
    shared: dict[str, Meaning | str]
    tables: dict[str, Described]
    views: dict[str, Described]
    macros: dict[str, Described]

    def find(self, name: str, column: str) -> tuple[str, Meaning]:
        """Where the meaning of a column stands, and what it is.

        Args:
            name: A view, a macro, or ``stored_`` and a table.
            column: Its name; of a field within it the path with dots.

        Raises:
            KeyError: It stands nowhere.
        """
        if found := self._find(name, column):
            return found
        if column in self.shared:
            return name, _meaning(self.shared[column])
        raise KeyError(f"configs/dictionary.yaml does not say what {name}.{column} means.")

    def described(self, name: str) -> Described:
        """What is said of a view, a macro, or ``stored_`` and a table."""
        stored = {f"stored_{table}": described for table, described in self.tables.items()}
        return (stored | self.views | self.macros)[name]

    def _find(self, name: str, column: str) -> tuple[str, Meaning] | None:
        described = self.described(name)
        if column in described.columns:
            return name, _meaning(described.columns[column])
        for origin in described.origins:
            if found := self._find(origin, column):
                return found
        is_stored = name in {f"stored_{table}" for table, schema in TABLES.items() if column in schema.names}
        return (name, _meaning(self.shared[column])) if is_stored and column in self.shared else None


def _meaning(told: Meaning | str) -> Meaning:
    return Meaning(says=told) if isinstance(told, str) else told


@dataclass(frozen=True, slots=True)
class Column:
    """A column, or a field of one.

    Attributes:
        path: Its name; that of a field is joined to its column's by a dot.
        type: As SQL names it; of a structure only that it is one.
    """

    path: str
    type: str


def read_dictionary() -> Dictionary:
    """The meanings as they are configured."""
    text = (configs.ROOT / "dictionary.yaml").read_text("utf-8")
    return Dictionary.model_validate(yaml.safe_load(text))


def columns_of_all(dictionary: Dictionary) -> dict[str, list[Column]]:
    """By name the columns of all that stands over an empty store; stored tables as ``stored_items``."""
    with (
        TemporaryDirectory(prefix="aiqyn-") as folder,
        connect(Store.create(Path(folder) / "store"), asked="") as tables,
    ):
        names = [*(f"stored_{table}" for table in TABLES), *configs.view_names()]
        calls = {name: f"{name.partition('(')[0]}({_nulls(name)})" for name in dictionary.macros}
        return {name: list(_columns(tables, source)) for name, source in ({one: one for one in names} | calls).items()}


def _nulls(macro: str) -> str:
    return ", ".join("NULL" for _ in macro.split(","))


def _columns(tables: "DuckDBPyConnection", source: str) -> Iterator[Column]:
    relation = tables.sql(f"FROM {source}")
    for name, kind in zip(relation.columns, relation.types, strict=True):
        yield from _with_fields(name, kind)


def _with_fields(path: str, kind: Any) -> Iterator[Column]:
    inner = kind.children[0][1] if kind.id == "list" else kind
    is_struct = inner.id == "struct"
    yield Column(path, f"STRUCT{'[]' * (kind.id == 'list')}" if is_struct else str(kind))
    if is_struct:
        for name, field in inner.children:
            yield from _with_fields(f"{path}.{name}", field)


_INTRODUCTION = """\
# Tables and views

<!-- Made by `make docs` from configs/dictionary.yaml; do not edit. -->

Every column, its type as DuckDB names it, its unit and what it means. Any may be null. `aiqyn query` sees the
views; the [stored tables](#stored-tables) are for those who read the files themselves ([recipes](recipes.md)). Ten
worked questions: [questions](questions.md).

Columns that a view takes over unchanged are named below its own, with the view that explains them."""


def page() -> str:
    """``docs/tables.md``.

    Raises:
        KeyError: It is not said what a column means, or what a row of a view is.
    """
    dictionary = read_dictionary()
    columns = columns_of_all(dictionary)
    lines = [_INTRODUCTION, "## Views"]
    for name in sorted(configs.view_names()):
        lines += _section(dictionary, name, columns)
    lines += ["## Between two scans", "Asked like a function: `FROM changes('SCAN', 'SCAN')`; ids: `aiqyn scans`."]
    for name in dictionary.macros:
        lines += _section(dictionary, name, columns)
    lines += ["## Stored tables", "One Delta table each, in the store's folder of that name."]
    for table in TABLES:
        lines += _stored(dictionary, table, columns)
    lines += ["## Reasons", "What `reason` and the words of verdicts may say, and what they mean: [codes](reasons.md)."]
    return "\n\n".join(lines) + "\n"


def _section(dictionary: Dictionary, name: str, all_columns: Mapping[str, Sequence[Column]]) -> Iterator[str]:
    own: list[tuple[Column, Meaning]] = []
    inherited: dict[str, list[str]] = {}
    columns = all_columns[name]
    # Of a view that is here from end to end one line is enough.
    origins = [one for one in dictionary.described(name).origins if one in dictionary.views]
    whole = [one for one in origins if set(all_columns[one]) <= set(columns)]
    taken = {column for one in whole for column in all_columns[one]}
    for column in columns:
        origin, meaning = dictionary.find(name, column.path)
        if origin.removeprefix("stored_") == name:
            own.append((column, meaning))
        elif "." not in column.path and column not in taken:
            inherited.setdefault(origin.removeprefix("stored_"), []).append(f"`{column.path}`")
    yield _heading(name, dictionary)
    if own:
        yield _table(own)
    for origin in whole:
        changed = [f"`{column.path}`" for column, _ in own if column in taken]
        all_of = "And all of" if own else "All of"
        yield f"{all_of} [`{origin}`](#{origin}){' but ' if changed else ''}{', '.join(changed)}."
    for origin, names in inherited.items():
        yield f"As in [`{origin}`](#{origin}): {', '.join(names)}."


def _stored(dictionary: Dictionary, table: str, columns: Mapping[str, Sequence[Column]]) -> Iterator[str]:
    name = f"stored_{table}"
    yield _heading(name, dictionary).replace(f"### {name}", f"### {table}, stored")
    if dictionary.views[table].origins == (name,):
        more = [f"`{one.path}`" for one in columns[table] if one not in columns[name]]
        yield f"The columns of the view [`{table}`](#{table}){' but ' if more else ''}{', '.join(more)}."
    else:
        yield _table([(one, dictionary.find(name, one.path)[1]) for one in columns[name]])


def _heading(name: str, dictionary: Dictionary) -> str:
    return f"### {name}\n\nOne row per {dictionary.described(name).row}."


def _table(columns: Sequence[tuple[Column, Meaning]]) -> str:
    lines = ["| column | type | unit | meaning |", "|---|---|---|---|"]
    lines += [f"| `{column.path}` | {column.type} | {meaning.unit} | {meaning.says} |" for column, meaning in columns]
    return "\n".join(lines)
