"""The context table: any usual form of table, rows by address or relative path, and errors in one sentence."""

import logging
import unicodedata
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.context import read_context_table
from pipelines.errors import UsageError
from transforms.records import Place

ROWS = (("a.png", "Заголовок; с точкой", "Подпись, первая"), ("deep/b.png", "", 'В "кавычках"\nна двух строках'))


def place(source: Path | str, name: str) -> Place:
    return Place(str(source), f"{source}/{name}", f"{source}/{name}", 1, 1)


def csv_of(rows, separator: str) -> str:
    def cell(text: str) -> str:
        return '"' + text.replace('"', '""') + '"'

    return "\n".join(separator.join(map(cell, row)) for row in (("uri", "Title", "caption"), *rows)) + "\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_csv_in_any_usual_form(tmp_path, encoding, separator):
    table = tmp_path / "table.csv"
    table.write_text(csv_of(ROWS, separator), encoding)
    first, second, other = read_context_table(table).attach(
        [place(tmp_path, name) for name in ("a.png", "deep/b.png", "c.png")]
    )
    assert (first.context.title, first.context.caption) == ROWS[0][1:]
    assert (second.context.title, second.context.caption) == (None, ROWS[1][2])
    assert (other.context, other.beside_digest) == (None, None)


def test_parquet_with_dates_and_numbers(tmp_path):
    columns = {
        "uri": ["/s/a.png", "/s/b.png"],
        "title": pa.array([7, None]),
        "published_at": pa.array([datetime(2026, 1, 18, 9, tzinfo=UTC), None], pa.timestamp("us", "UTC")),
        "tags": [["x"], []],
    }
    pq.write_table(pa.table(columns), tmp_path / "table.parquet")
    first, second = read_context_table(tmp_path / "table.parquet").attach([place("/s", "a.png"), place("/s", "b.png")])
    assert (first.context.title, first.context.published_at) == ("7", "2026-01-18T09:00:00Z")
    assert second.context.title is None


@pytest.mark.parametrize(
    ("uri", "source", "name"),
    [
        ("/photos/a.png", "/photos", "a.png"),
        ("file:///photos/a%20b.png", "/photos", "a b.png"),
        ("a.png", "/photos", "a.png"),
        ("./x/../a.png", "/photos", "a.png"),
        ("deep\\a.png", "/photos", "deep/a.png"),
        ("photos/a.png", "/photos", "a.png"),
        ("s3://bucket/a.png", "s3://bucket", "a.png"),
        ("a.png", "s3://bucket", "a.png"),
        (unicodedata.normalize("NFC", "йод.png"), "/photos", unicodedata.normalize("NFD", "йод.png")),
        ("{folder}/a.png", "{folder}/photos/..", "a.png"),
        ("in/a.png", "{folder}/in", "a.png"),
    ],
)
def test_a_row_names_its_input(tmp_path, uri, source, name):
    (tmp_path / "table.csv").write_text(f"uri,title\n{uri.format(folder=tmp_path)},x\n")
    root = source.format(folder=tmp_path).replace("/photos/..", "")
    [found] = read_context_table(tmp_path / "table.csv").attach([place(root, name)])
    assert found.context is not None


def test_what_rows_do_not_say_is_warned_of_once(tmp_path, caplog):
    lines = ["uri,title,rights,note", "a.png,first,,", "a.png,second,,", "b.png,x,,", ",nameless,,"]
    (tmp_path / "table.csv").write_text("\n".join(lines))
    with caplog.at_level(logging.WARNING):
        [found] = read_context_table(tmp_path / "table.csv").attach([place(tmp_path, "a.png")])
    assert found.context.title == "second"
    assert [record.getMessage().partition(": ")[2] for record in caplog.records] == [
        "columns that are not read: rights, note",
        "rows that name an input once more: 1; the last one holds",
        "rows without a uri: 1",
        "1 of 2 context rows name no input",
    ]


def test_a_row_that_says_nothing_is_a_row_all_the_same(tmp_path):
    (tmp_path / "table.csv").write_text("uri\na.png\n")
    [found] = read_context_table(tmp_path / "table.csv").attach([place(tmp_path, "a.png")])
    assert found.context is not None
    assert found.beside_digest is not None


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"title\nx\n", "has no column 'uri'; its columns are: 'title'"),
        (b"", "has no column 'uri'; its columns are: none"),
        (b"uri,title\na,b\nc,d,e\n", r"Row #3: Expected 2 columns, got 3: c,d,e"),
        (b"uri,title,Title\na,b,c\n", "has two columns 'title'"),
        (b"uri,title\n\0\0\1,b\n", "NUL"),
        (b"uri,title\n\x98\xff\xfe,b\n", "is no text that can be read"),
        (b"PAR1 and no more", "is no Parquet that can be read"),
    ],
)
def test_a_table_that_cannot_be_read_is_refused_in_one_sentence(tmp_path, data, message):
    (tmp_path / "table.csv").write_bytes(data)
    with pytest.raises(UsageError, match=message) as told:
        read_context_table(tmp_path / "table.csv")
    assert "table.csv" in str(told.value)
    assert "\n" not in str(told.value)


def test_a_table_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(UsageError, match=r"none\.csv cannot be read: No such file"):
        read_context_table(tmp_path / "none.csv")


def test_a_column_that_is_no_text_is_refused(tmp_path):
    pq.write_table(pa.table({"uri": ["a"], "title": [[1, 2]]}), tmp_path / "table.parquet")
    with pytest.raises(UsageError, match=r"its column title is of type list"):
        read_context_table(tmp_path / "table.parquet")
