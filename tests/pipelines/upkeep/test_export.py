"""``aiqyn store export``: plain Parquet that others read, of one moment, whole or not at all."""

import fcntl
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow.dataset as ds
import pytest
from typer.testing import CliRunner

from pipelines.errors import UsageError
from pipelines.store import Store
from pipelines.tables import connect
from pipelines.upkeep import export as export_module
from pipelines.upkeep.cli import app
from pipelines.upkeep.export import DEFAULT, PARTITIONED, SUCCESS, export_store
from tests.conftest import rows
from tests.drivers import run
from tests.pipelines.upkeep.export_driver import STEPS
from tests.pipelines.upkeep.hand_made import add_segment, item, part


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return tmp_path / "вывод it's 1"


def exported(folder: Path, select: str) -> list[tuple]:
    """As DuckDB reads it."""
    with duckdb.connect() as reader:
        reader.execute("SET TimeZone = 'UTC'")
        sql = f"SELECT {select} FROM read_parquet(?, hive_partitioning = true) ORDER BY ALL"
        return reader.execute(sql, [str(folder / "**" / "*.parquet")]).fetchall()


def columns(store: Store, view: str) -> str:
    with connect(store, asked=view) as tables:
        return ", ".join(sorted(f'"{name}"' for (name, *_) in tables.execute(f"DESCRIBE {view}").fetchall()))


@pytest.mark.parametrize("view", PARTITIONED)
def test_duckdb_reads_the_rows_of_every_view(view: str, store: Store, output: Path) -> None:
    facts = export_store(store, output, [view])
    names = columns(store, view)
    wanted = rows(store.root, f"SELECT {names} FROM {view} ORDER BY ALL")
    assert wanted
    assert exported(output / view, names) == wanted
    assert facts["tables"][view]["rows"] == len(wanted)


@pytest.mark.parametrize("view", PARTITIONED)
def test_arrow_and_pandas_read_them_with_the_folders_column(view: str, store: Store, output: Path) -> None:
    export_store(store, output, [view])
    found = ds.dataset(output / view, partitioning="hive").to_table()
    assert found.num_rows == rows(store.root, f"SELECT count(*) FROM {view}")[0][0]
    assert len(pd.read_parquet(output / view)) == found.num_rows
    if column := PARTITIONED[view]:
        values = rows(store.root, f"SELECT {column} FROM {view} ORDER BY ALL")
        assert sorted(found[column].to_pylist()) == [value for (value,) in values]
        one = ds.dataset(output / view, partitioning="hive").to_table(filter=ds.field(column) == values[0][0])
        assert one.num_rows == values.count(values[0])


def test_by_default_it_has_what_analysts_start_from_and_says_so(store: Store, output: Path) -> None:
    command = ["export", "--store", str(store.root), "--output", str(output), "--json"]
    facts = json.loads(CliRunner().invoke(app, command).stdout)
    assert facts == json.loads((output / SUCCESS).read_text("utf-8"))
    assert list(facts["tables"]) == [*DEFAULT]
    assert facts["versions"] == {table: store.version(table) for table in facts["versions"]}
    assert {path.name for path in output.iterdir()} == {*DEFAULT, SUCCESS}
    for view, own in facts["tables"].items():
        files = list((output / view).rglob("*.parquet"))
        assert (len(files), sum(file.stat().st_size for file in files)) == (own["files"], own["bytes"])
    assert not list(output.parent.glob(".*"))


@pytest.mark.parametrize("view", PARTITIONED)
def test_of_no_rows_there_is_a_file_with_the_columns(view: str, tmp_path: Path, output: Path) -> None:
    store = Store.create(tmp_path / "empty")
    export_store(store, output, [view])
    assert exported(output / view, columns(store, view)) == []
    assert ds.dataset(output / view, partitioning="hive").to_table().num_rows == 0


def test_any_value_may_be_a_folder(store: Store, output: Path) -> None:
    names = ["a/b", "..", "қ = 1 %41", None]
    store.record_scan({"scan_id": "scan-three", "status": "complete"})
    add_segment(store, "three", [item("three", f"/{number}.png") for number in range(4)])
    more = [{"segment_id": "three", "detector": name, "frame_index": 0} for name in names]
    store.commit_parts("frames", "more", [part(store, "frames", "three", more)])
    export_store(store, output, ["frames"])
    found = {detector for (detector,) in exported(output / "frames", "detector")}
    assert found == {"d", *names}
    table = ds.dataset(output / "frames", partitioning="hive").to_table()
    assert set(table["detector"].to_pylist()) == {"d", *names}
    assert all(output in path.resolve().parents for path in output.rglob("*"))


def test_all_tables_are_of_one_moment(store: Store, output: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A scan commits between the first table and the second."""
    write_view = export_module._write_view

    def commit_then_write(tables: duckdb.DuckDBPyConnection, name: str, folder: Path) -> dict[str, Any]:
        if name == "segments":
            add_segment(Store(store.root), "three", [item("three", "/c.png")])
        return write_view(tables, name, folder)

    before = {table: store.version(table) for table in ("items", "segments")}
    monkeypatch.setattr(export_module, "_write_view", commit_then_write)
    facts = export_store(store, output, ["items", "segments", "frames"])
    assert exported(output / "items", "DISTINCT segment_id") == [("one",), ("two",)]
    assert exported(output / "segments", "segment_id") == [("one",), ("two",)]
    assert {table: facts["versions"][table] for table in before} == before
    assert rows(store.root, "SELECT count(*) FROM segments") == [(3,)]


@pytest.mark.parametrize(
    ("there", "sentence"),
    [
        ("a file", "is a file"),
        ("other files", "holds no export of ours"),
        ("a half export", "holds no export of ours"),
        ("another _SUCCESS", "holds no export of ours"),
        ("an export", "--overwrite"),
    ],
)
def test_a_folder_that_is_not_free_is_refused_and_left_alone(
    there: str, sentence: str, store: Store, output: Path
) -> None:
    if there == "a file":
        output.write_text("mine")
    elif there == "an export":
        export_store(store, output, ["scans"])
    else:
        (output / "scans").mkdir(parents=True)
        (output / "scans" / "data_0.parquet").write_bytes(b"mine")
        if there == "another _SUCCESS":
            (output / SUCCESS).touch()
    before = sorted(output.rglob("*"))
    with pytest.raises(UsageError, match=sentence):
        export_store(store, output, is_overwriting=there != "an export")
    assert sorted(output.rglob("*")) == before
    assert output.exists()
    assert not list(output.parent.glob(".*"))


def test_an_empty_folder_and_an_earlier_export_are_taken(store: Store, output: Path) -> None:
    output.mkdir()
    export_store(store, output, ["scans", "items"])
    export_store(store, output, ["segments"], is_overwriting=True)
    assert {path.name for path in output.iterdir()} == {"segments", SUCCESS}
    assert not list(output.parent.glob(".*"))


@pytest.mark.parametrize("step", STEPS)
def test_a_kill_leaves_no_half_export_and_the_next_one_goes_on(step: str, store: Store, output: Path) -> None:
    export_store(store, output, ["segments"])
    driver, root = Path(__file__).with_name("export_driver.py"), Path(__file__).parents[3]
    killed = run(
        [sys.executable, str(driver), step, str(store.root), str(output)],
        env={"PYTHONPATH": str(root), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    is_new = step == "put in place"
    if step == "the earlier one moved away":
        assert not output.exists()
    else:
        assert {path.name for path in output.iterdir()} == (
            {"items", "scans", SUCCESS} if is_new else {"segments", SUCCESS}
        )
    with pytest.raises(UsageError, match="--overwrite"):
        export_store(store, output, ["frames"])  # the earlier one is there again
    export_store(store, output, ["frames"], is_overwriting=True)
    assert {path.name for path in output.iterdir()} == {"frames", SUCCESS}
    assert not list(output.parent.glob(".*"))


def test_what_cannot_be_read_leaves_nothing(store: Store, output: Path) -> None:
    Path(store.files("items")[0]).unlink()
    with pytest.raises(UsageError, match="aiqyn store check"):
        export_store(store, output)
    assert not output.exists()
    assert not list(output.parent.glob(".*"))


def test_two_exports_to_one_folder_are_refused(store: Store, output: Path) -> None:
    work = output.with_name(f".{output.name}.exporting")
    work.mkdir()
    descriptor = os.open(work, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    with pytest.raises(UsageError, match="Another export"):
        export_store(store, output)
    os.close(descriptor)
    export_store(store, output, ["scans"])
    assert (output / SUCCESS).exists()


@pytest.mark.parametrize(
    ("name", "place", "sentence"),
    [("stored_items", "out", "no table stored_items"), ("items", "audit 2026 қ/out", "within the store")],
)
def test_what_cannot_be_exported_is_told(name: str, place: str, sentence: str, store: Store, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=sentence):
        export_store(store, tmp_path / place, [name])
