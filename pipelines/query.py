"""``aiqyn query``: SQL over the store's views, as a table, CSV, JSON or Parquet."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from pipelines.errors import UsageError
from pipelines.store import Store
from pipelines.tables import connect

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

HISTORY = """
SELECT scan_id, status, started_at, inputs, unchanged, examined, failed, not_checked, gone, reused, segments,
       round(epoch(finished_at - started_at), 1) AS seconds
FROM scans ORDER BY started_at DESC
"""
_MOST_CELL_CHARACTERS = 60


def run_query(store: str, sql: str, form: str, output: Path | None) -> None:
    """Runs one statement and writes its answer to ``output`` or stdout.

    Raises:
        UsageError: The store is missing, the SQL does not run, or Parquet was asked for without a file.
    """
    if form == "parquet" and output is None:
        raise UsageError("Parquet goes to a file: add --output FILE.")
    with connect(Store.open(store)) as tables:
        try:
            if form == "table":
                _write_table(tables, sql, output)
            else:
                _copy(tables, sql, form, output)
        except duckdb.Error as error:
            raise UsageError(f"The query did not run: {error}") from error


def _copy(tables: "DuckDBPyConnection", sql: str, form: str, output: Path | None) -> None:
    options = {"csv": "FORMAT csv, HEADER", "json": "FORMAT json, ARRAY true", "parquet": "FORMAT parquet"}[form]
    target = str(output or "/dev/stdout").replace("'", "''")
    sys.stdout.flush()
    tables.execute(f"COPY ({sql.strip().rstrip(';')}) TO '{target}' ({options})")


def _write_table(tables: "DuckDBPyConnection", sql: str, output: Path | None) -> None:
    result = tables.execute(sql)
    names = [column[0] for column in result.description or ()]
    rows = [[_cell(value) for value in row] for row in result.fetchall()]
    widths = [max(map(len, column)) for column in zip(names, *rows, strict=True)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in [names, *rows]
    ]
    lines.insert(1, "  ".join("─" * width for width in widths))
    text = "\n".join([*lines, f"({len(rows)} rows)"]) + "\n"
    if output:
        output.write_text(text, "utf-8")
    else:
        sys.stdout.write(text)


def _cell(value: object) -> str:
    """One line, cut to a width that a terminal can bear; control characters of hostile names are escaped."""
    if value is None:
        return "–"
    text = f"{value:.4g}" if isinstance(value, float) else str(value)
    text = "".join(character if character.isprintable() else repr(character)[1:-1] for character in text)
    return text if len(text) <= _MOST_CELL_CHARACTERS else f"{text[: _MOST_CELL_CHARACTERS - 1]}…"
