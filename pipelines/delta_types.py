"""Column types as Delta writes them, in DuckDB's words."""

from typing import Any


def duckdb_type(delta_type: Any) -> str:
    """A Delta column type as DuckDB writes it."""
    if isinstance(delta_type, str):
        return _TYPES[delta_type]
    if delta_type["type"] == "array":
        return f"{duckdb_type(delta_type['elementType'])}[]"
    if delta_type["type"] == "map":
        return f"MAP({duckdb_type(delta_type['keyType'])}, {duckdb_type(delta_type['valueType'])})"
    fields = (f'"{field["name"]}" {duckdb_type(field["type"])}' for field in delta_type["fields"])
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
