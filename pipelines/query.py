"""``aiqyn query``: SQL over the store's views, as a table, CSV, JSON, Parquet or XLSX."""

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import duckdb

from pipelines.answers import write_answer
from pipelines.errors import UsageError
from pipelines.store import Store
from pipelines.tables import connect

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

HISTORY = """
SELECT scan_id, status, part, started_at, inputs, unchanged, examined,
       coalesce(suspected, 0) AS suspected, coalesce(elevated, 0) AS elevated, coalesce(undecided, 0) AS undecided,
       coalesce("none", 0) AS "none", coalesce(not_assessable, 0) AS not_assessable,
       coalesce(detector_failed, 0) AS detector_failed,
       failed, not_checked, gone, reused, segments, round(epoch(finished_at - started_at), 1) AS seconds
FROM scans LEFT JOIN (
    SELECT scan_id,
           count(*) FILTER (level = 'suspected') AS suspected,
           count(*) FILTER (level = 'elevated') AS elevated,
           count(*) FILTER (level = 'undecided') AS undecided,
           count(*) FILTER (level = 'none') AS "none",
           count(*) FILTER (level = 'not_assessable') AS not_assessable,
           count(*) FILTER (level = 'failed') AS detector_failed
    FROM items GROUP BY scan_id
) AS said USING (scan_id)
ORDER BY started_at DESC
"""
"""Every scan: what became of its inputs, and how many of the examined ones the first detector put at each level."""
_OF_FILES = {"parquet": "Parquet", "xlsx": "XLSX"}
_MOST_CELL_CHARACTERS = 60


def run_query(
    store: str, sql: str, form: str, output: Path | None, *, is_raw: bool = False, is_private: bool = False
) -> None:
    """Runs statements and writes the answer of the last one to ``output`` or stdout.

    Args:
        store: Its folder or address.
        sql: Statements, parted by semicolons.
        form: A form of ``TableFormat``.
        output: A file, or None.
        is_raw: Whether texts of CSV stay as they are, also those that a spreadsheet would run as formulas.
        is_private: Whether the views show neither paths nor texts.

    Raises:
        UsageError: The store is missing, the SQL does not run, ``output`` cannot be written, what goes to files only
            was asked for without one, or an answer does not fit into a spreadsheet.
    """
    if form in _OF_FILES and output is None:
        raise UsageError(f"{_OF_FILES[form]} goes to a file: add --output FILE.")
    if is_raw and form != "csv":
        raise UsageError("--raw is about CSV: add --format csv. In all other forms texts are as they are.")
    asked = _Question(Store.open(store), sql, form, is_raw=is_raw, is_private=is_private)
    with TemporaryDirectory(prefix="aiqyn-") as folder:
        answer = Path(folder) / "answer"
        try:
            try:
                _write_answer(asked, answer)
            except duckdb.BinderException:  # a store of an earlier version may lack the column that is asked for
                _write_answer(asked, answer, with_later=True)
            except duckdb.CatalogException:  # a name that is put together, or one that no view has: others come to mind
                _write_answer(asked, answer, needed="")
        except duckdb.Error as error:
            raise UsageError(f"The query did not run: {error}") from error
        _deliver(answer, output)


@dataclass(frozen=True, slots=True)
class _Question:
    store: Store
    sql: str
    form: str
    is_raw: bool
    is_private: bool


def _write_answer(asked: _Question, answer: Path, *, with_later: bool = False, needed: str | None = None) -> None:
    needed = asked.sql if needed is None else needed
    with connect(asked.store, with_later=with_later, asked=needed, is_private=asked.is_private) as tables:
        last = _run_all_but_last(tables, asked.sql)
        if asked.form == "table":
            answer.write_text(_table(tables.execute(last)), "utf-8")
        else:
            write_answer(tables, last, asked.form, answer, is_raw=asked.is_raw)


def _run_all_but_last(tables: "DuckDBPyConnection", sql: str) -> str:
    """The text of the last statement, after those before it have run."""
    statements = tables.extract_statements(sql)
    if not statements:
        raise UsageError("The query holds no statement.")
    for statement in statements[:-1]:
        tables.execute(statement)
    return _without_end(statements[-1].query)


def _without_end(statement: str) -> str:
    """The statement without the semicolon and the comments that it ends with, so that it can stand in brackets."""
    text = statement.encode()
    for start, kind in reversed(duckdb.tokenize(statement)):
        if kind != duckdb.token_type.comment and text[start:] != b";":
            break
        text = text[:start].rstrip()
    return text.decode()


def _deliver(answer: Path, output: Path | None) -> None:
    """Copies a finished answer to where it was asked for.

    DuckDB could write to ``/dev/stdout`` itself, but that opens the file behind a redirection anew and cuts off what is
    in it already.
    """
    try:
        if output is not None:
            shutil.copyfile(answer, output)
            return
        with answer.open("rb") as file:
            shutil.copyfileobj(file, sys.stdout.buffer)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader, as in `| head`, has what it wants. Python flushes once more when it ends: to where it cannot fail.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        raise UsageError(f"The answer cannot be written to {output or 'stdout'}: {error.strerror}.") from error


def _table(result: "DuckDBPyConnection") -> str:
    names = [column[0] for column in result.description or ()]
    rows = [[_cell(value) for value in row] for row in result.fetchall()]
    widths = [max(map(len, column)) for column in zip(names, *rows, strict=True)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in [names, *rows]
    ]
    lines.insert(1, "  ".join("─" * width for width in widths))
    return "\n".join([*lines, f"({len(rows)} rows)"]) + "\n"


def _cell(value: object) -> str:
    """One line, cut to a width that a terminal can bear; control characters of hostile names are escaped."""
    if value is None:
        return "–"
    text = _number(value) if isinstance(value, float) else str(value)
    text = "".join(character if character.isprintable() else repr(character)[1:-1] for character in text)
    return text if len(text) <= _MOST_CELL_CHARACTERS else f"{text[: _MOST_CELL_CHARACTERS - 1]}…"


def _number(value: float) -> str:
    """Four decimals, which milliseconds and scores need; what these cannot show, by four significant digits."""
    if not 1e-3 <= abs(value) < 1e12:
        return f"{value:.4g}"
    return f"{value:.4f}".rstrip("0").rstrip(".")
