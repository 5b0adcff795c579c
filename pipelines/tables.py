"""The store's tables and views in an in-memory DuckDB."""

from typing import TYPE_CHECKING, Any

import duckdb

import configs
from pipelines.store import Store

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

TABLES = ("items", "frames", "marks", "verdicts", "segments", "scans")


def connect(store: Store) -> "DuckDBPyConnection":
    """A connection in which ``configs/views.sql`` stands over the store as it is committed now."""
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    for table in TABLES:
        files = store.files(table)
        if files:
            listed = ", ".join("'" + file.replace("'", "''") + "'" for file in files)
            source = f"read_parquet([{listed}], union_by_name = true)"
        else:
            columns = store.columns(table).items()
            typed = ", ".join(f'NULL::{_duckdb_type(kind)} AS "{name}"' for name, kind in columns)
            source = f"(SELECT {typed}) WHERE false"
        connection.execute(f"CREATE VIEW stored_{table} AS SELECT * FROM {source}")
    connection.execute((configs.ROOT / "views.sql").read_text("utf-8"))
    return connection


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
    "date": "DATE",
    "timestamp": "TIMESTAMP WITH TIME ZONE",
}
