"""The store as a folder: any name that a person gives it, and sentences where there can be none."""

import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from examples.media.pictures import generated_picture
from pipelines import store as store_module
from pipelines.compare import Inventory, Retries, compared
from pipelines.errors import UsageError
from pipelines.held import HeldPlaces
from pipelines.query import run_query
from pipelines.scan import Scan
from pipelines.store import Store
from tests.conftest import ScanCall, rows
from tests.pipelines.upkeep.hand_made import build_store
from transforms.records import Place
from transforms.schemas import TABLES


@pytest.mark.parametrize("name", ["audit 2026", "архив қ", "#1?", "it's [1] *", "100%"])
def test_a_store_may_be_called_anything(name: str, tmp_path: Path) -> None:
    store = Store.create(tmp_path / name)
    store.record_scan({"scan_id": "s", "status": "complete"})
    assert rows(store.root, "SELECT scan_id FROM scans") == [("s",)]


@pytest.mark.parametrize(
    ("name", "sentence"), [("a%20b", "hexadecimal"), ("back\\slash", "backslash"), ("file/store", "Not a directory")]
)
def test_a_store_that_cannot_be_is_refused_in_a_sentence(name: str, sentence: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match=sentence):
        Store.create(tmp_path / name)


def test_columns_that_came_later_are_added(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as earlier:
        earlier.setitem(TABLES, "scans", TABLES["scans"].remove(TABLES["scans"].get_field_index("runner")))
        Store.create(tmp_path).record_scan({"scan_id": "old", "status": "complete"})
        assert "runner" not in Store(tmp_path).columns("scans")
    assert "runner" in Store.create(tmp_path).columns("scans")
    Store.create(tmp_path).record_scan({"scan_id": "new", "status": "complete", "runner": "r"})
    assert rows(tmp_path, "SELECT scan_id, runner FROM scans ORDER BY 1") == [("new", "r"), ("old", None)]


def _as_before_faces() -> dict[str, pa.Schema]:
    """The tables as they were before detectors had company, scopes and faces."""
    items, frames = TABLES["items"], TABLES["frames"]
    scores = items.field("scores")
    score = pa.struct([field for field in scores.type.value_type if not field.name.startswith("face_")])
    items = items.set(items.get_field_index("scores"), scores.with_type(pa.list_(score)))
    later = {"depicts_person", "faces_max", "not_assessable", "face_count", "faces"}
    return {
        "items": pa.schema([field for field in items if field.name not in later]),
        "frames": pa.schema([field for field in frames if field.name not in later]),
    }


def test_a_store_from_before_faces_goes_on(tmp_path: Path, scan: ScanCall, monkeypatch: pytest.MonkeyPatch) -> None:
    source, store = tmp_path / "source", tmp_path / "store"
    source.mkdir()
    generated_picture(1, (64, 48)).save(source / "old.png")
    with monkeypatch.context() as earlier:
        for table, schema in _as_before_faces().items():
            earlier.setitem(TABLES, table, schema)
        earlier.setattr(Scan, "_judge", lambda *_: None)  # there were no verdicts then
        scan(source)
        assert "faces" not in Store(store).columns("frames")
        assert "face_raw" not in str(Store(store).columns("items"))
    levels = "SELECT regexp_extract(uri, '[^/]*$'), level = scores[1].level FROM items_latest ORDER BY 1"
    assert rows(store, levels) == [("old.png", True)], "it can be asked before it is scanned into"
    shutil.copy2(source / "old.png", source / "copy.png")
    generated_picture(2, (64, 48)).save(source / "new.png")
    assert scan(source).reused == 1, "what it knows of bytes holds"
    assert list(Store(store).columns("frames")) == TABLES["frames"].names
    assert rows(store, levels) == [("copy.png", True), ("new.png", True), ("old.png", True)]
    asked = "scores[1].face_raw IS NULL, depicts_person, faces_max"
    assert rows(store, f"SELECT {asked} FROM items_latest ORDER BY uri") == [
        (True, None, None),
        (True, False, 0),
        (True, None, None),
    ]
    assert rows(store, "SELECT face_count, faces FROM frames ORDER BY 1") == [(0, []), (None, None)]


def test_a_store_that_lacks_what_views_name_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as earlier:
        earlier.setitem(TABLES, "segments", TABLES["segments"].remove(TABLES["segments"].get_field_index("sequence")))
        Store.create(tmp_path)
    with pytest.raises(UsageError, match="Scan into it once"):
        rows(tmp_path, "SELECT 1")
    Store.create(tmp_path)
    assert rows(tmp_path, "SELECT 1") == [(1,)]


@pytest.mark.parametrize(
    ("table", "column"), [("items", "etag"), ("items", "beside"), ("items", "layers"), ("scans", "part")]
)
def test_what_a_scan_would_do_is_told_of_a_store_of_an_earlier_version(
    table: str, column: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as earlier:
        earlier.setitem(TABLES, table, TABLES[table].remove(TABLES[table].get_field_index(column)))
        build_store(tmp_path)
        assert column not in [field.name for field in Store(tmp_path).delta(table).schema().fields]
    known = Place("/архив қ", "/архив қ/a b.png", "/архив қ/a b.png", 100, 7)
    found = Inventory(listed=HeldPlaces([known, replace(known, uri="/архив қ/new.png")]).table, roots=["/архив қ/"])
    with compared(Store(tmp_path), found, "e", Retries()) as (tables, inputs):
        assert inputs == 2
        assert tables.execute("SELECT uri, why FROM due").fetchall() == [("/архив қ/new.png", "new")]
        assert tables.execute("SELECT count(*) FROM vanished").fetchone() == (4,)
    run_query(str(tmp_path), f"SELECT count({column}) AS told FROM {table}", "csv", tmp_path / "answer.csv")
    assert (tmp_path / "answer.csv").read_text("utf-8") == "told\n0\n"


def test_the_last_row_holds_also_when_the_clock_was_set_back(
    tmp_path: Path, scan: ScanCall, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Earlier(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return datetime(2020, 1, 1, tzinfo=tz or UTC)

    source = tmp_path / "source"
    source.mkdir()
    for name in ("a.png", "b.png"):
        generated_picture(1, (64, 48)).save(source / name)
    scan(source)
    monkeypatch.setattr(store_module, "datetime", Earlier)
    (source / "b.png").unlink()
    scan(source)
    assert rows(tmp_path / "store", "SELECT outcome FROM items_latest ORDER BY uri") == [("examined",), ("gone",)]
    assert not scan(source).plan.due
