"""``aiqyn store vacuum``: removes what nothing needs, changes no row, and may be killed at any step."""

import errno
import json
import os
import re
import signal
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as ds
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from pipelines.errors import UsageError
from pipelines.scan_part import ScanPart
from pipelines.store import Store
from pipelines.tables import connect
from pipelines.upkeep import compact
from pipelines.upkeep import vacuum as vacuum_module
from pipelines.upkeep.check import check_store
from pipelines.upkeep.cli import app
from pipelines.upkeep.vacuum import parse_age, vacuum
from tests.conftest import rows
from tests.drivers import run
from tests.pipelines.upkeep.hand_made import add_segment, build_store, item, part
from tests.pipelines.upkeep.vacuum_driver import STEPS
from transforms.schemas import TABLES

VIEWS = (
    *("items", "items_latest", "levels", "frames", "frames_latest", "marks", "marks_latest", "item_marks"),
    *("verdicts", "verdicts_latest", "segments", "scans"),
)
WEEK = timedelta(days=7)
NOTHING = timedelta(0)


def answers(store: Store) -> dict[str, list[tuple]]:
    with connect(Store.open(store.root)) as tables:
        return {view: tables.execute(f"SELECT * FROM {view} ORDER BY ALL").fetchall() for view in VIEWS}


def soundness(store: Store) -> list[str]:
    return [found.line for found in check_store(store, is_deep=True)]


def leave_behind(store: Store) -> set[str]:
    """What killed scans and judges leave; what no vacuum may touch lies beside it."""
    orphan = part(store, "items", "three", [item("three", "/c.png")])
    staged = part(store, "items", "four", [item("four", "/d.png")])
    (store.root / "_manifests" / "four.json").write_text(json.dumps({"parts": [staged]}))
    unfinished = [f"frames/x/.part-{'b' * 32}.parquet.{'c' * 32}", f"verdicts/y/.part-{'b' * 32}.parquet"]
    unfinished.append(f"_manifests/.four.json.{'c' * 32}")
    for path in (*unfinished, "items/notes.txt"):
        (store.root / path).parent.mkdir(exist_ok=True)
        (store.root / path).write_bytes(b"1234567")
    return {f"items/{orphan['path']}", *unfinished}


def files(store: Store) -> set[str]:
    return {path.relative_to(store.root).as_posix() for path in store.root.rglob("*") if path.is_file()}


def test_what_stops_left_goes_and_nothing_else(store: Store) -> None:
    said, needless = answers(store), leave_behind(store)
    before = files(store)
    would = vacuum(store, WEEK, is_dry=True)
    assert files(store) - {".lock", "_claims/.reviews"} == before
    done = vacuum(store, WEEK)
    assert before - files(store) == needless
    assert {f"{file.table}/{file.path}" for file in done.removed} == needless
    assert would == done
    assert answers(store) == said
    assert not (store.root / "frames" / "x").exists()
    assert vacuum(store, WEEK).removed == []


@pytest.fixture
def always_merging(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compact, "FEWEST", 2)


@pytest.mark.usefixtures("always_merging")
def test_merged_files_give_the_same_rows(store: Store) -> None:
    said = answers(store)
    versions = {table: store.version(table) for table in TABLES}
    vacuum(store, WEEK, is_compacting=True)
    merged = [table for table in TABLES if len(store.files(table)) == 1]
    assert merged == [*TABLES]
    assert answers(store) == said
    assert soundness(store) == []
    earlier = Store(store.root, versions)
    assert len(earlier.files("items")) == 2
    assert answers(Store(store.root)) == said
    # Others that read Delta skip files by these bounds.
    (action,) = compact.named_files(store, "items")
    assert action.bounds["min.uri"] == "/архив қ/a b.png"
    assert action.bounds["max.segment_id"] == "two"
    assert ds.dataset(store.files("items")).to_table().num_rows == action.rows == 6


@pytest.mark.usefixtures("always_merging")
def test_files_from_before_a_column_or_a_field_merge_with_later_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = TABLES["items"].remove(TABLES["items"].get_field_index("faces_max"))
    scores = items.field("scores")
    earlier_score = pa.struct([field for field in scores.type.value_type if not field.name.startswith("face_")])
    items = items.set(items.get_field_index("scores"), scores.with_type(pa.list_(earlier_score)))
    with monkeypatch.context() as earlier:
        earlier.setitem(TABLES, "items", items)
        build_store(tmp_path / "store")
    store = Store.create(tmp_path / "store")
    store.record_scan({"scan_id": "scan-three", "status": "complete"})
    later = {"detector": "d", "digest": "0" * 8, "raw": 0.5, "calibrated": 0.5, "level": "none", "face_raw": 2.5}
    add_segment(store, "three", [item("three", "/c.zip", members=0), item("three", "/c.png", scores=[later])])
    said = answers(store)
    vacuum(store, NOTHING, is_compacting=True)
    assert len(store.files("items")) == 1
    assert answers(store) == said
    faces = "SELECT scores[1].face_raw FROM items WHERE len(scores) > 0 GROUP BY ALL ORDER BY ALL"
    assert rows(store.root, faces) == [(2.5,), (None,)]


@pytest.mark.usefixtures("always_merging")
@pytest.mark.parametrize(("days_later", "is_gone"), [(6, False), (8, True)])
def test_what_merged_files_replaced_is_kept_for_a_while(
    days_later: int, is_gone: bool, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Later(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:
            return datetime.now(UTC) + timedelta(days=days_later)

    before, said = files(store), answers(store)
    vacuum(store, WEEK, is_compacting=True)
    monkeypatch.setattr(vacuum_module, "datetime", Later)
    removed = {f"{file.table}/{file.path}" for file in vacuum(store, WEEK).removed}
    parts = {path for path in before if path.endswith(".parquet") and "_delta_log" not in path}
    assert removed == (parts - files(store) if is_gone else set())
    assert bool(removed) == is_gone
    assert answers(store) == said
    assert soundness(store) == []


@pytest.mark.usefixtures("always_merging")
def test_scans_go_on_over_merged_files(store: Store) -> None:
    vacuum(store, NOTHING, is_compacting=True)
    store.record_scan({"scan_id": "scan-three", "status": "running"})
    add_segment(store, "three", [item("three", "/c.png")])
    add_segment(store, "one", [item("one", "/архив қ/film.mp4")])  # was committed before: nothing happens
    assert rows(store.root, "SELECT segment_id, count(*) FROM items GROUP BY ALL ORDER BY ALL") == [
        ("one", 2),
        ("three", 1),
        ("two", 4),
    ]
    assert [found.line for found in check_store(store, is_deep=True) if found.problem.is_damage] == []


@pytest.mark.usefixtures("always_merging")
def test_merged_files_that_gave_other_rows_are_not_committed(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    said = answers(store)
    monkeypatch.setattr(compact, "_DIGEST", "SELECT random() FROM ({}) AS row")
    with pytest.raises(UsageError, match="other rows"):
        vacuum(store, WEEK, is_compacting=True)
    assert answers(store) == said
    assert soundness(store) == []


def test_few_files_are_not_merged(store: Store) -> None:
    assert vacuum(store, WEEK, is_compacting=True).merges == []


def test_runs_of_files_are_merged_up_to_a_size(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compact, "FEWEST", 2)
    monkeypatch.setattr(
        compact, "MERGED_BYTES", sum(file.size_bytes for file in compact.named_files(store, "items")) - 1
    )
    assert list(compact.find_merges(store, "items")) == []
    monkeypatch.setattr(compact, "MERGED_BYTES", compact.MERGED_BYTES + 1)
    assert [len(one.files) for one in compact.find_merges(store, "items")] == [2]


@pytest.mark.parametrize("step", STEPS)
def test_a_kill_leaves_a_sound_store(step: str, store: Store) -> None:
    said, needless = answers(store), leave_behind(store)
    driver = Path(__file__).with_name("vacuum_driver.py")
    environment = {"PYTHONPATH": str(Path(__file__).parents[3]), "PATH": "/usr/bin:/bin"}
    command = [sys.executable, str(driver), step, "2", str(store.root)]
    killed = run(command, env=environment, capture_output=True, text=True, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert answers(store) == said
    vacuum(store, NOTHING)  # which refuses a damaged store
    assert answers(store) == said
    assert needless & files(store) == set()
    left = {found.problem.value for found in check_store(store)}
    assert left == {"segment_waits", "stray"}, "what it must not touch"


def test_a_scan_that_writes_is_not_disturbed(store: Store) -> None:
    needless = leave_behind(store)
    for held in (store.locks.whole("scan"), store.locks.part(ScanPart(2, 8), "x")):
        with held, pytest.raises(UsageError, match="is writing to"):
            vacuum(store, WEEK)
    assert needless <= files(store)


def test_a_damaged_store_keeps_what_may_mend_it(store: Store) -> None:
    needless = leave_behind(store)
    Path(store.files("items")[0]).unlink()
    with pytest.raises(UsageError, match="is damaged"):
        vacuum(store, WEEK)
    assert needless <= files(store)


def test_what_cannot_be_removed_is_told(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    leave_behind(store)
    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(UsageError, match="cannot be removed: Permission denied"):
        vacuum(store, WEEK)


def test_the_command_says_what_it_did(store: Store) -> None:
    leave_behind(store)
    command = ["vacuum", "--store", str(store.root)]
    told = CliRunner().invoke(app, [*command, "--dry-run"]).stdout
    assert told.count("Would remove") == 5
    assert f"Would remove frames/x/.part-{'b' * 32}.parquet.{'c' * 32} (unfinished, 7 bytes)" in told
    done = json.loads(CliRunner().invoke(app, [*command, "--json"]).stdout)
    assert (len(done["removed"]), done["merged"], done["dry_run"]) == (4, [], False)
    assert done["bytes"] == sum(file["bytes"] for file in done["removed"])


@given(st.integers(0, 5000), st.sampled_from("mhdw"))
def test_an_age_is_a_number_and_a_unit(number: int, unit: str) -> None:
    seconds = {"m": 60, "h": 3600, "d": 86_400, "w": 604_800}
    assert parse_age(f"{number}{unit}") == timedelta(seconds=number * seconds[unit])


@given(st.text(max_size=12) | st.sampled_from(["7", "d", "-7d", "7 d", "1.5d", "٧d", "7d\n", "999999999w"]))
def test_anything_else_is_no_age(told: str) -> None:
    if re.fullmatch("[0-9]+[mhdw]", told, re.ASCII) and len(told) < 5:
        assert NOTHING <= parse_age(told) <= timedelta(days=36_500)
    else:
        with pytest.raises(UsageError, match="--keep takes an age"):
            parse_age(told)
