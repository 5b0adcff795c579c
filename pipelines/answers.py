"""Answers as CSV, JSON, Parquet or XLSX: files for other programs, some of which run what looks like a formula."""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.errors import UsageError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection
    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

MOST_ROWS, MOST_COLUMNS, MOST_CHARACTERS = 1_048_576, 16_384, 32_767
"""Of a sheet, of a sheet, and of a cell, in UTF-16 units: the format's own limits."""
_EXACT = 10**15
"""Spreadsheets keep fifteen digits of a number; longer ones become texts."""
_FIRST_DAY = date(1900, 3, 1)
"""Spreadsheets count a 29 February 1900, which there was not; dates before it would be another day."""
_FORMULAS = r"^[=+\-@\t\r\n＝＋－＠]"
"""How a cell begins that a spreadsheet takes for a formula, or that it trims down to one."""
_WHOLE = ("tinyint", "smallint", "integer", "bigint", "hugeint")
_MOMENTS = ("date", "time", "timestamp", "timestamp with time zone", "timestamp_s", "timestamp_ms", "timestamp_ns")
_NO_TEXTS = frozenset(
    (*_WHOLE, *(f"u{one}" for one in _WHOLE), "float", "double", "decimal", "boolean", *_MOMENTS),
)
_NESTED = frozenset(("list", "array", "struct", "map", "union"))
_BATCH = 2000


@dataclass(frozen=True, slots=True)
class Column:
    """A column of an answer; ``kind`` is the type's id, as DuckDB names it in small letters."""

    name: str
    kind: str


def write_answer(tables: "DuckDBPyConnection", sql: str, form: str, file: Path, *, is_raw: bool = False) -> None:
    """Writes the answer of one statement.

    Args:
        tables: What it is asked of, its time zone UTC.
        sql: A statement that can stand in brackets.
        form: ``csv``, ``json``, ``parquet`` or ``xlsx``.
        file: A file to be made; beside it lie those of work in progress.
        is_raw: Whether texts of CSV stay as they are, also those that a spreadsheet would run.

    Raises:
        UsageError: The answer does not fit into a spreadsheet.
    """
    if form == "xlsx":
        _write_sheets(tables, sql, file)
        return
    if form == "csv" and not is_raw:
        sql = _harmless(sql, columns_of(tables, sql))
    options = {"csv": "FORMAT csv, HEADER", "json": "FORMAT json, ARRAY true", "parquet": "FORMAT parquet"}[form]
    tables.execute(f"COPY ({sql}) TO '{str(file).replace(chr(39), chr(39) * 2)}' ({options})")


def columns_of(tables: "DuckDBPyConnection", sql: str) -> list[Column]:
    """The columns of an answer, without asking for its rows."""
    described = tables.execute(f"SELECT * FROM ({sql}) LIMIT 0").description or ()
    return [Column(name, kind.id) for name, kind, *_ in described]


def _harmless(sql: str, columns: list[Column]) -> str:
    """The same rows; texts that begin as a formula does, names of columns among them, begin with an apostrophe."""
    cells = []
    for number, column in enumerate(columns):
        name, cell = column.name, f"c{number}"
        if column.kind not in _NO_TEXTS:
            text = f"{cell}::VARCHAR"
            cell = f"CASE WHEN regexp_matches({text}, '{_FORMULAS}') THEN chr(39) || {text} ELSE {text} END"
        if re.match(_FORMULAS, name):
            name = f"'{name}"
        cells.append(f"{cell} AS {_identifier(name)}")
    return _over(sql, columns, cells)


def _over(sql: str, columns: list[Column], cells: list[str]) -> str:
    """A query over an answer whose columns are called c0, c1 …: their own names may come twice, or be anything."""
    names = ", ".join(f"c{number}" for number in range(len(columns)))
    return f"SELECT {', '.join(cells)} FROM ({sql}) AS answer({names})"


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


class _Style(StrEnum):
    """How a spreadsheet shows what it keeps as a number."""

    DATE = "yyyy-mm-dd"
    MOMENT = "yyyy-mm-dd hh:mm:ss.000"
    TIME = "hh:mm:ss"


def _write_sheets(tables: "DuckDBPyConnection", sql: str, file: Path) -> None:
    from xlsxwriter.exceptions import FileSizeError
    from xlsxwriter.workbook import Workbook

    columns = columns_of(tables, sql)
    if len(columns) > MOST_COLUMNS:
        raise UsageError(f"The answer has {len(columns):,} columns; a sheet holds {MOST_COLUMNS:,}. Ask for fewer.")
    options = {"constant_memory": True, "tmpdir": str(file.parent), "default_date_format": _Style.MOMENT.value}
    workbook = Workbook(str(file), options)
    workbook.set_properties({"created": datetime(2026, 1, 1)})  # noqa: DTZ001  (the library takes none with a zone)
    sheets = _Sheets(workbook, columns)
    try:
        for number, row in enumerate(_rows(tables, _plain(sql, columns)), 1):
            sheets.add(number, row)
    finally:
        sheets.end()
        try:
            workbook.close()
        except FileSizeError as error:
            raise UsageError("The answer is more than a workbook can hold (4 GB). Take Parquet or CSV.") from error


def _plain(sql: str, columns: list[Column]) -> str:
    """The same rows; what is neither a text nor a number, a date or a time is JSON or its text."""
    cells = []
    for number, column in enumerate(columns):
        if column.kind in _NESTED:
            cells.append(f"to_json(c{number})::VARCHAR")
        else:
            cells.append(f"c{number}" if column.kind in _NO_TEXTS else f"c{number}::VARCHAR")
    return _over(sql, columns, cells)


def _rows(tables: "DuckDBPyConnection", sql: str) -> Iterator[tuple[Any, ...]]:
    result = tables.execute(sql)
    while rows := result.fetchmany(_BATCH):
        yield from rows


class _Sheets:
    """Rows one after another, in a further sheet where one is full; each begins with the names of the columns."""

    def __init__(self, workbook: "Workbook", columns: list[Column]) -> None:
        self._workbook = workbook
        self._columns = columns
        self._bold: Format = workbook.add_format({"bold": True})
        self._styles: dict[_Style, Format] = {
            style: workbook.add_format({"num_format": style.value}) for style in _Style
        }
        self._sheet = self._begun()

    def add(self, number: int, row: tuple[Any, ...]) -> None:
        """Adds row ``number`` of the answer, counted from 1."""
        if self._next == MOST_ROWS:
            self._sheet = self._begun()
        for place, (column, value) in enumerate(zip(self._columns, row, strict=True)):
            if value is not None:
                self._write(place, value, f"Row {number:,} of the answer, column {column.name}")
        self._next += 1

    def end(self) -> None:
        """Sets what depends on all rows."""
        for sheet in self._workbook.worksheets():
            sheet.freeze_panes(1, 0)

    def _begun(self) -> "Worksheet":
        count = len(self._workbook.worksheets())
        self._sheet = self._workbook.add_worksheet(f"answer {count + 1}" if count else "answer")
        self._next = 0
        for place, column in enumerate(self._columns):
            self._text(place, column.name, f"The name of column {place + 1}", self._bold)
        self._next = 1
        return self._sheet

    def _write(self, place: int, value: Any, where: str) -> None:
        if isinstance(value, bool):
            self._sheet.write_boolean(self._next, place, value)
        elif isinstance(value, int | float | Decimal) and _is_exact(value):
            self._sheet.write_number(self._next, place, value)
        elif (moment := _moment(value)) is not None:
            style = _Style.TIME if isinstance(value, time) else _Style.DATE
            style = _Style.MOMENT if isinstance(value, datetime) else style
            self._sheet.write_datetime(self._next, place, moment, self._styles[style])
        else:
            self._text(place, str(value), where)

    def _text(self, place: int, text: str, where: str, style: "Format | None" = None) -> None:
        units = len(text.encode("utf-16-le")) // 2
        if units > MOST_CHARACTERS:
            raise UsageError(
                f"{where}: the text has {units:,} characters, and a cell holds {MOST_CHARACTERS:,}. Cut it in the "
                "query, such as by left(text, 30000), or take CSV, JSON or Parquet."
            )
        # XML knows no such characters, and the library escapes all others.
        text = text.replace("\ufffe", "\ufffd").replace("\uffff", "\ufffd")
        self._sheet.write_string(self._next, place, text, style)


def _is_exact(value: float | Decimal) -> bool:
    """Whether a spreadsheet shows the same number: those of a measurement are as they are, however many digits."""
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, Decimal):
        return len(value.as_tuple().digits) <= len(str(_EXACT)) - 1
    return abs(value) < _EXACT


def _moment(value: Any) -> date | time | datetime | None:
    """A date, or a time in UTC, as a spreadsheet can keep it; None of anything else."""
    if isinstance(value, datetime):
        plain = (value.astimezone(UTC) if value.tzinfo else value).replace(tzinfo=None)
        return plain if plain.date() >= _FIRST_DAY else None
    if isinstance(value, date):
        return value if value >= _FIRST_DAY else None
    return value if isinstance(value, time) and value.tzinfo is None else None
