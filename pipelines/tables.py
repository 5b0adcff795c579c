"""The store's tables and views in an in-memory DuckDB."""

from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import duckdb

import configs
from pipelines.errors import UsageError
from pipelines.store import Store

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_MEGABYTES = 384
TABLES = ("items", "frames", "marks", "verdicts", "segments", "scans")


def connect(store: Store) -> "DuckDBPyConnection":
    """A connection in which ``configs/views.sql`` stands over the store as it is committed now.

    Raises:
        UsageError: The store lacks columns that the views name.
    """
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    for table in TABLES:
        # No row but every column: files of an earlier version lack those that came later.
        columns = store.columns(table).items()
        typed = ", ".join(f'NULL::{_duckdb_type(kind)} AS "{name}"' for name, kind in columns)
        source = f"SELECT {typed} WHERE false"
        if files := store.files(table):
            listed = ", ".join("'" + file.replace("'", "''") + "'" for file in files)
            source += f" UNION ALL BY NAME SELECT * FROM read_parquet([{listed}], union_by_name = true)"
        connection.execute(f"CREATE VIEW stored_{table} AS {source}")
    try:
        connection.execute((configs.ROOT / "views.sql").read_text("utf-8"))
    except duckdb.BinderException as error:
        raise UsageError(
            f"{store.root} was written by an earlier version of aiqyn. Scan into it once: that adds what is missing."
        ) from error
    return connection


@contextmanager
def bounded(store: Store) -> "Iterator[DuckDBPyConnection]":
    """As ``connect``, with one thread and bounded memory: what goes beyond it lies in a folder for that time."""
    with TemporaryDirectory(prefix="aiqyn-") as folder, connect(store) as tables:
        tables.execute(f"SET threads = 1; SET memory_limit = '{_MEGABYTES}MB'; SET temp_directory = '{folder}'")
        tables.execute("SET preserve_insertion_order = false")
        yield tables


def _duckdb_type(delta_type: Any) -> str:
    """A Delta column type as DuckDB writes it."""
    if isinstance(delta_type, str):
        return _TYPES[delta_type]
    if delta_type["type"] == "array":
        return f"{_duckdb_type(delta_type['elementType'])}[]"
    if delta_type["type"] == "map":
        return f"MAP({_duckdb_type(delta_type['keyType'])}, {_duckdb_type(delta_type['valueType'])})"
    fields = (f'"{field["name"]}" {_duckdb_type(field["type"])}' for field in delta_type["fields"])
    return f"STRUCT({', '.join(fields)})"


_TYPES = {
    "string": "VARCHAR",
    "integer": "INTEGER",
    "long": "BIGINT",
    "double": "DOUBLE",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "timestamp": "TIMESTAMP WITH TIME ZONE",
}
