"""The store's tables and views in an in-memory DuckDB."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import duckdb

import configs
from pipelines.delta_types import duckdb_type
from pipelines.errors import UsageError
from pipelines.privacy import Mask
from pipelines.store import Store, columns_of

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_MEGABYTES = 384
# Segments are read first: of one that is committed while the others are read, no view then shows a row.
TABLES = ("segments", "items", "frames", "marks", "verdicts", "near_duplicates", "reviews", "scans")
_DEFINED = re.compile(r"^CREATE (?:VIEW|MACRO) (\w+)", re.MULTILINE)


def connect(
    store: Store, *, with_later: bool = False, asked: str | None = None, is_private: bool = False
) -> "DuckDBPyConnection":
    """A connection in which the views of ``configs/views`` stand over the store as it is committed now.

    Args:
        store: Its tables.
        with_later: Whether columns that an earlier version lacks are there, null. To know them Arrow is loaded, for
            which an analyst's question need not wait: there they come only where a view names one.
        asked: SQL that will be asked: the views that it names are made, with all that they stand on; every one if it
            names none. Without it those of what is known, ``1_latest.sql``.
        is_private: Whether they show neither paths nor texts; see ``privacy``.

    Raises:
        UsageError: The store lacks columns that the views name.
    """
    needed = _all_below(definitions("1_latest.sql") if asked is None else _words(asked))
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    mask = Mask() if is_private else None
    for table in TABLES:
        if f"stored_{table}" in needed:
            columns, files = store.read(table)
            if with_later:
                columns = _later(table) | columns
            rows = rows_of(columns, files)
            rows = mask.over(columns, rows) if mask else rows
            connection.execute(f"CREATE VIEW stored_{table} AS {rows}")
    try:
        for name, statement in definitions().items():
            if name in needed:
                connection.execute(statement)
    except duckdb.BinderException as error:
        connection.close()
        if not with_later:
            return connect(store, with_later=True, asked=asked, is_private=is_private)
        raise UsageError(
            f"{store.root} was written by an earlier version of aiqyn. Scan into it once: that adds what is missing."
        ) from error
    return connection


@cache
def definitions(files: str = "*.sql") -> Mapping[str, str]:
    """By name the statements that make views and macros, each after those that it stands on.

    Args:
        files: Of ``configs/views``, a pattern.
    """
    texts = (file.read_text("utf-8") for file in sorted((configs.ROOT / "views").glob(files)))
    statements = (statement.query for text in texts for statement in duckdb.extract_statements(text))
    return {_DEFINED.findall(statement)[0]: statement for statement in statements}


def _all_below(words: Iterable[str]) -> set[str]:
    """Of these words those that name tables, views and macros, and what these stand on; all where none does."""
    known = {f"stored_{table}": "" for table in TABLES} | dict(definitions())
    waiting = known.keys() & set(words) or set(known)
    needed: set[str] = set()
    while waiting:
        name = waiting.pop()
        needed.add(name)
        waiting |= (known.keys() & _words(known[name])) - needed
    return needed


def _words(sql: str) -> set[str]:
    return set(re.findall(r"\w+", sql.lower()))


def _later(table: str) -> dict[str, Any]:
    """Columns that a table of an earlier version may lack, and that are null in it once it is scanned into.

    Not the numbers of commits: views that order by them would tell the wrong rows.
    """
    return {name: kind for name, kind in columns_of(table).items() if (table, name) != ("segments", "sequence")}


def rows_of(columns: Mapping[str, Any], files: Sequence[str]) -> str:
    """A query of all rows of part files.

    Args:
        columns: From ``Store.columns``.
        files: Their paths.
    """
    # No row but every column: files of an earlier version lack those that came later.
    typed = ", ".join(f'NULL::{duckdb_type(kind)} AS "{name}"' for name, kind in columns.items())
    query = f"SELECT {typed} WHERE false"
    if files:
        query += f" UNION ALL BY NAME SELECT * FROM read_parquet([{quoted(*files)}], union_by_name = true)"
    return query


def quoted(*paths: str) -> str:
    """Paths as DuckDB's SQL writes them, parted by commas."""
    return ", ".join("'" + path.replace("'", "''") + "'" for path in paths)


@contextmanager
def bounded(store: Store, asked: str | None = None, *, is_private: bool = False) -> "Iterator[DuckDBPyConnection]":
    """As ``connect``, with one thread and bounded memory: what goes beyond it lies in a folder for that time."""
    with (
        TemporaryDirectory(prefix="aiqyn-") as folder,
        connect(store, with_later=True, asked=asked, is_private=is_private) as tables,
    ):
        tables.execute(f"SET threads = 1; SET memory_limit = '{_MEGABYTES}MB'; SET temp_directory = '{folder}'")
        tables.execute("SET preserve_insertion_order = false")
        yield tables
