"""Answers for spreadsheets: nothing runs, numbers and dates are such, and what does not fit is told."""

import csv
import re
import zipfile
from pathlib import Path
from xml.etree import ElementTree as ET

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines import answers
from pipelines.answers import write_answer
from pipelines.errors import UsageError
from pipelines.query import run_query
from pipelines.store import Store

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
HOSTILE = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "=HYPERLINK(1)", "-cmd|' /C calc'!A0")


def tables() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    return connection


def read_csv(file: Path) -> list[list[str]]:
    with file.open(newline="", encoding="utf-8") as lines:
        return list(csv.reader(lines))


def cells(file: Path, sheet: int = 1) -> list[list[tuple[str, str]]]:
    """The type and the value of each cell that is there; ``n`` are numbers and dates."""
    with zipfile.ZipFile(file) as book:
        root = ET.fromstring(book.read(f"xl/worksheets/sheet{sheet}.xml"))  # noqa: S314  (our own)
    assert root.find(f".//{MAIN}f") is None, "no formulas"
    assert root.find(f".//{MAIN}hyperlink") is None, "no links"
    return [
        [(cell.get("t", "n"), "".join(cell.itertext())) for cell in row.iter(f"{MAIN}c")]
        for row in root.iter(f"{MAIN}row")
    ]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_of_csv_that_would_run_begins_with_an_apostrophe(text: str, tmp_path: Path) -> None:
    with tables() as connection:
        connection.execute("CREATE TABLE said AS SELECT $1 AS text, encode($1) AS bytes, -1.5 AS number", [text])
        write_answer(connection, "FROM said", "csv", tmp_path / "safe")
        write_answer(connection, "FROM said", "csv", tmp_path / "raw", is_raw=True)
    (_, (safe, blob, number)), (_, (raw, *_)) = read_csv(tmp_path / "safe"), read_csv(tmp_path / "raw")
    assert (safe, number, raw) == (f"'{text}", "-1.5", text)
    assert blob.startswith("'") or not re.match(r"[=+\-@\t\r\n]", blob)


@given(text=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_other_text_of_csv_stays(text: str, tmp_path: Path) -> None:
    with tables() as connection:
        connection.execute("CREATE TABLE said AS SELECT $1 AS text, 1 AS one", [text])
        write_answer(connection, "FROM said", "csv", tmp_path / "answer")
    (_, (told, _)) = read_csv(tmp_path / "answer")
    assert told == (f"'{text}" if text[:1] in {*"=+-@\t\r\n＝＋－＠"} - {""} and text else text)


def test_rows_keep_their_order_and_columns_their_names(tmp_path: Path) -> None:
    with tables() as connection:
        sql = 'SELECT range AS "=a", -range, \'x\' AS "say ""it""", 1 AS twice, 2 AS twice FROM range(5000)'
        write_answer(connection, f"{sql} ORDER BY 1 DESC", "csv", tmp_path / "answer")
        write_answer(connection, "PIVOT (SELECT 1 AS n, '=x' AS k) ON k USING sum(n)", "csv", tmp_path / "pivot")
    names, *rows = read_csv(tmp_path / "answer")
    assert names == ["'=a", "'-range" if names[1].startswith("'") else names[1], 'say "it"', "twice", names[4]]
    assert [int(row[0]) for row in rows] == [*range(4999, -1, -1)]
    assert rows[0][1:] == ["-4999", "x", "1", "2"]
    assert read_csv(tmp_path / "pivot")[0] == ["'=x"]


SHEET = """
SELECT 1 AS int, -1.5 AS number, 12::DECIMAL(9, 2) AS money, true AS yes, 1699999999123456789 AS mtime_ns,
       'nan'::DOUBLE AS none, '=1+1' AS formula, 'https://a.kz' AS link, repeat('0', 64) AS hash, '007' AS digits,
       TIMESTAMPTZ '2026-11-01 12:00:00.25+05' AS at, DATE '2026-11-01' AS day, TIME '06:00' AS hour,
       DATE '1899-01-01' AS old, [1, 2] AS list, {'a': 'қ'} AS struct, MAP {'k': 1} AS map,
       'a' || chr(1) || chr(65535) || '_x0001_' AS odd, NULL AS nothing
"""


def test_cells_of_a_sheet_are_what_the_answer_holds(tmp_path: Path) -> None:
    with tables() as connection:
        write_answer(connection, SHEET, "xlsx", tmp_path / "answer")
    names, row = cells(tmp_path / "answer")
    told = dict(zip([name for _, name in names], row, strict=False))
    assert told == {
        "int": ("n", "1"),
        "number": ("n", "-1.5"),
        "money": ("n", "12.00"),
        "yes": ("b", "1"),
        "mtime_ns": ("inlineStr", "1699999999123456789"),
        "none": ("inlineStr", "nan"),
        "formula": ("inlineStr", "=1+1"),
        "link": ("inlineStr", "https://a.kz"),
        "hash": ("inlineStr", "0" * 64),
        "digits": ("inlineStr", "007"),
        "at": ("n", told["at"][1]),
        "day": ("n", "46327"),
        "hour": ("n", "0.25"),
        "old": ("inlineStr", "1899-01-01"),
        "list": ("inlineStr", "[1,2]"),
        "struct": ("inlineStr", '{"a":"қ"}'),
        "map": ("inlineStr", '{"k":1}'),
        "odd": ("inlineStr", "a_x0001_\ufffd_x005F_x0001_"),
    }
    assert float(told["at"][1]) == pytest.approx(46327 + (7 * 3600 + 0.25) / 86400, abs=1e-9), "07:00 UTC"


def test_a_full_sheet_is_followed_by_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "MOST_ROWS", 4)
    with tables() as connection:
        write_answer(connection, "SELECT range AS n FROM range(7)", "xlsx", tmp_path / "answer")
    found = [[value for ((_, value),) in cells(tmp_path / "answer", sheet)] for sheet in (1, 2, 3)]
    assert found == [["n", "0", "1", "2"], ["n", "3", "4", "5"], ["n", "6"]]


@pytest.mark.parametrize(
    ("sql", "sentence"),
    [
        ("SELECT 1, repeat('x', 32768) AS long", r"Row 1 of the answer, column long: .* 32,768 characters"),
        ("SELECT repeat('🙂', 16384) AS long", r"32,768 characters, and a cell holds 32,767\. Cut it in the query"),
        (f"SELECT {', '.join('1' for _ in range(16_385))}", "16,385 columns; a sheet holds 16,384"),
    ],
)
def test_what_does_not_fit_is_told(sql: str, sentence: str, tmp_path: Path) -> None:
    with tables() as connection, pytest.raises(UsageError, match=sentence):
        write_answer(connection, sql, "xlsx", tmp_path / "answer")
    assert [path.name for path in tmp_path.iterdir()] in (["answer"], []), "no temporary files stay"


def test_what_is_asked_for_must_make_sense(tmp_path: Path) -> None:
    store = str(Store.create(tmp_path / "store").root)
    with pytest.raises(UsageError, match="XLSX goes to a file: add --output"):
        run_query(store, "SELECT 1", "xlsx", None)
    with pytest.raises(UsageError, match="--raw is about CSV"):
        run_query(store, "SELECT 1", "json", None, is_raw=True)
