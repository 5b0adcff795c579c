"""Private answers: whatever private columns hold comes out nowhere, every column has its place, and joins hold."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

import configs
from pipelines.cli import app as aiqyn
from pipelines.privacy import Mask, Shown, shown_columns
from pipelines.store import Store, columns_of
from pipelines.tables import connect
from pipelines.upkeep.cli import app as store_app
from tests.pipelines.upkeep.hand_made import part
from transforms.schemas import TABLES

SECRET = "/home/Әлия/secret 'films' =1+1"  # noqa: S105  (no password)
NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
CODES = {
    "outcome": "examined",
    "level": "suspected",
    "layer": "caption",
    "policy": "kz",
    "decision": "not_ai",
    "status": "complete",
    "scan_id": "scan",
    "content_sha256": "ab" * 32,
    "examination": "e",
    "media_type": "image/png",
    "detector": "d",
}
OUTCOMES = {"verdicts": "not_disclosed"}


def texts(kind: pa.DataType, path: str) -> list[str]:
    """Paths of all texts in a column."""
    if pa.types.is_list(kind):
        return texts(kind.value_type, path)
    if pa.types.is_struct(kind):
        return [found for field in kind for found in texts(field.type, f"{path}.{field.name}")]
    if pa.types.is_map(kind):
        return [path]
    return [path] if pa.types.is_string(kind) else []


def test_every_text_of_every_table_has_its_place_and_nothing_else_has() -> None:
    found = {path for schema in TABLES.values() for field in schema for path in texts(field.type, field.name)}
    assert found == shown_columns().keys(), "configs/privacy.yaml: say whether the column is shown"
    assert "duplicate" not in (configs.ROOT / "privacy.yaml").read_text("utf-8").partition("shown:")[0]


def value(kind: pa.DataType, path: str, table: str) -> Any:
    """A value that is secret wherever it may be."""
    if pa.types.is_list(kind):
        return [value(kind.value_type, path, table)]
    if pa.types.is_struct(kind):
        return {field.name: value(field.type, f"{path}.{field.name}", table) for field in kind}
    is_secret = shown_columns().get(path) is not Shown.SHOWN
    if pa.types.is_map(kind):
        return [(SECRET, SECRET)] if is_secret else []
    if pa.types.is_string(kind):
        name = path.rpartition(".")[2]
        return SECRET if is_secret else OUTCOMES.get(table, CODES[name]) if name == "outcome" else CODES.get(name)
    if pa.types.is_timestamp(kind):
        return NOON
    return None if pa.types.is_date(kind) else kind == pa.bool_() or 1


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A store in which all that is private holds one text."""
    made = Store.create(tmp_path_factory.mktemp("private") / "store")
    for table, schema in TABLES.items():
        row = {field.name: value(field.type, field.name, table) for field in schema}
        also = [row | {"policy": "eu", "suppressed_by": None}] if table == "verdicts" else []
        made.commit_parts(table, "all", [part(made, table, "folder", [row, *also])])
    return made


def test_nothing_private_comes_out_of_any_view(store: Store) -> None:
    with connect(store, asked="", is_private=True) as private, connect(store, asked="") as plain:
        views = [*configs.view_names(), *(f"stored_{table}" for table in TABLES), "changes(NULL, 'scan')"]
        views += ["places_at('scan')", "verdicts_at('scan')"]
        counts = {}
        for view in views:
            rows = private.execute(f"FROM {view}").fetchall()
            counts[view] = len(rows)
            assert len(plain.execute(f"FROM {view}").fetchall()) == len(rows), view
            assert "secret" not in repr(rows), view
            assert "Әлия" not in repr(rows), view
    assert {view for view, count in counts.items() if not count} <= {
        "duplicates",
        "near_duplicates",
        "changes_latest",
        "failures",
    }


def test_the_same_text_has_one_token_in_an_answer_and_another_in_the_next(store: Store) -> None:
    sql = """
    SELECT item.uri, item.member_path, item.source, mark.place_uri, scans.sources[1], marks[1] AS mark, mark.mark_id
    FROM items_latest AS item JOIN marks AS mark ON mark.place_uri = item.uri, scans, undisclosed
    """
    tokens = []
    for _ in range(2):
        with connect(store, asked=sql, is_private=True) as private:
            ((*found,),) = private.execute(sql).fetchall()
        assert len({*found}) == 1
        assert re.fullmatch("[0-9a-f]{32}", found[0])
        tokens += found[:1]
    assert tokens[0] != tokens[1]


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30))
@settings(max_examples=40)
def test_no_text_whatever_it_is_comes_through(text: str) -> None:
    names = [path for path, shown in shown_columns().items() if "." not in path and shown is not Shown.SHOWN]
    plain = [name for name in names if name not in {"facts", "sources"}]
    columns = dict.fromkeys(plain, "string") | {"sources": columns_of("scans")["sources"], "of_tomorrow": "string"}
    values = ", ".join(f'$1 AS "{name}"' for name in [*plain, "of_tomorrow"])
    with duckdb.connect() as tables:
        sql = Mask().over(columns, f"SELECT {values}, [$1] AS sources")
        (row,) = tables.execute(sql, [text]).fetchall()
    told = dict(zip(columns, row, strict=True))
    shown = shown_columns()
    tokens = {told[name] for name in plain if shown[name] is Shown.TOKEN} | {*told["sources"]}
    assert len(tokens) == 1
    assert re.fullmatch("[0-9a-f]{32}", tokens.pop())
    assert {told[name] for name in [*plain, "of_tomorrow"] if shown.get(name) in {Shown.HIDDEN, None}} == {None}
    for name in plain:
        if shown[name] is Shown.MOMENT and told[name] is not None:
            assert re.fullmatch("[0-9T:.+Z-]+", text)


@pytest.mark.parametrize("moment", ["2026-11-01", "2026-11-01T12:00:00+05:00", "2026-11-01T12:00:00.5Z"])
def test_dates_stay(moment: str) -> None:
    with duckdb.connect() as tables:
        sql = Mask().over({"published_at": "string"}, "SELECT $1 AS published_at")
        assert tables.execute(sql, [moment]).fetchall() == [(moment,)]


def test_the_commands_are_private(store: Store, tmp_path: Path) -> None:
    command = ["query", "--store", str(store.root), "--private", "--format", "json", "--output", str(tmp_path / "a")]
    done = CliRunner().invoke(aiqyn, [*command, "SELECT * FROM items_judged"])
    assert done.exit_code == 0, done.output
    row, _ = json.loads((tmp_path / "a").read_text("utf-8"))
    assert (row["title"], row["verdict"]) == (None, "not_disclosed")
    output = tmp_path / "out"
    done = CliRunner().invoke(store_app, ["export", "--store", str(store.root), "--output", str(output), "--private"])
    assert done.exit_code == 0, done.output
    files = [path for path in output.rglob("*") if path.is_file()]
    assert len(files) >= 6
    for file in files:
        told = repr(duckdb.read_parquet(str(file)).fetchall()) if file.suffix == ".parquet" else file.read_text()
        for data in (told.encode(), file.read_bytes()):
            assert b"secret" not in data, file
            assert str(store.root).encode() not in data, file
