"""``aiqyn store check``: every harm that is done to a store is told, and what a stop leaves behind is no damage."""

import json
import os
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from deltalake import CommitProperties, Transaction
from deltalake.transaction import AddAction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from pipelines.errors import ExitCode, UsageError
from pipelines.scan_part import ScanPart
from pipelines.store import Store
from pipelines.upkeep.check import _check_content, check_store, open_to_check
from pipelines.upkeep.cli import app
from pipelines.upkeep.files import named_files
from pipelines.upkeep.problems import Problem
from pipelines.upkeep.vacuum import vacuum
from tests.conftest import rows
from tests.pipelines.upkeep.hand_made import NOON, add_segment, add_verdicts, build_store, item, part
from transforms.schemas import TABLES

Harm = Callable[[Store], object]


def first_file(store: Store, table: str = "items") -> Path:
    return Path(store.files(table)[0])


def rewritten(store: Store, change: Callable[[pq.ParquetFile], object], table: str = "items") -> None:
    """Another content under the same name, which the log takes for the right size."""
    path = first_file(store, table)
    size = path.stat().st_size
    data = pq.read_table(path)
    pq.write_table(change(data), path, compression="zstd")
    # What a reader finds at the end of a Parquet file says where the rest is: bytes before the file's do no harm.
    written = path.read_bytes()
    assert len(written) <= size
    path.write_bytes(b"PAR1".ljust(size - len(written), b"\0") + written)


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[4:200] = bytes(196)
    path.write_bytes(content)


def drop_last_commit(store: Store, table: str) -> None:
    commits(store, table)[-1].unlink()


def add_rows(store: Store, table: str, rows: list[dict]) -> None:
    store.commit_parts(table, os.urandom(8).hex(), [part(store, table, "0" * 16, rows)])


def name_once_more(store: Store) -> None:
    """A file that lies under two names counts twice."""
    path = first_file(store)
    copy = path.with_name(f"part-{'a' * 32}.parquet")
    shutil.copy2(path, copy)
    delta = store.delta("items")
    stats = json.dumps({"numRecords": pq.read_metadata(copy).num_rows})
    action = AddAction(f"{copy.parent.name}/{copy.name}", copy.stat().st_size, {}, 0, True, stats)
    properties = CommitProperties(app_transactions=[Transaction("again", 1)])
    delta.create_write_transaction([action], mode="append", schema=delta.schema(), commit_properties=properties)


def stage(store: Store, *, has_manifest: bool) -> None:
    folder = "three"
    made = part(store, "items", folder, [item("three", "/c.png")])
    manifest = {"parts": [made], "segment_id": folder}
    if has_manifest:
        (store.root / "_manifests" / "three.json").write_text(json.dumps(manifest))


def begin_part(store: Store) -> None:
    (store.root / "frames" / "x").mkdir()
    (store.root / "frames" / "x" / f".part-{'b' * 32}.parquet.{'c' * 32}").touch()


def retype(store: Store) -> None:
    """As if another version had made the table."""
    commit = commits(store, "scans")[0]
    told = commit.read_text()
    harmed = told.replace(
        r'"name\":\"exit_status\",\"type\":\"integer\"', r'"name\":\"exit_status\",\"type\":\"string\"'
    )
    assert harmed != told
    commit.write_text(harmed)


def overwrite(path: Path) -> None:
    path.write_bytes(b"x" * path.stat().st_size)


def commits(store: Store, table: str) -> list[Path]:
    return sorted((store.root / table / "_delta_log").glob("*.json"))


# What is done to the store, the problem, and the table of which it is told.
DAMAGE: list[tuple[str, Harm, str, str]] = [
    ("a file is deleted", lambda store: first_file(store).unlink(), "file_missing", "items"),
    ("a file is cut", lambda store: os.truncate(first_file(store, "marks"), 100), "file_size", "marks"),
    ("a file is overwritten", lambda store: overwrite(first_file(store)), "file_unreadable", "items"),
    ("a file lost rows", lambda store: rewritten(store, lambda data: data.slice(1)), "file_rows", "items"),
    (
        "a file's column is of another type",
        lambda store: rewritten(store, lambda data: data.set_column(6, "size_bytes", data["size_bytes"].cast("float"))),
        "file_columns",
        "items",
    ),
    ("a column is of another type", retype, "columns_other", "scans"),
    ("the log lost its start", lambda store: commits(store, "marks")[0].unlink(), "table_unreadable", "marks"),
    ("the log has garbage", lambda store: commits(store, "scans")[-1].write_text("{"), "table_unreadable", "scans"),
    ("a table is gone", lambda store: shutil.rmtree(store.root / "frames"), "table_unreadable", "frames"),
    ("the log of items lost its end", lambda store: drop_last_commit(store, "items"), "rows_missing", "items"),
    ("the log of frames lost its end", lambda store: drop_last_commit(store, "frames"), "rows_missing", "frames"),
    ("the log of marks lost its end", lambda store: drop_last_commit(store, "marks"), "log_cut", "marks"),
    ("the log of segments lost its end", lambda store: drop_last_commit(store, "segments"), "log_cut", "segments"),
    ("the log of verdicts lost its end", lambda store: drop_last_commit(store, "verdicts"), "log_cut", "verdicts"),
    ("a file counts twice", name_once_more, "item_twice", "items"),
    (
        "a segment counts twice",
        lambda store: add_rows(store, "segments", [{"segment_id": "one", "scan_id": "scan-one"}]),
        "segment_twice",
        "segments",
    ),
    (
        "a verdict is of a place that has no row",
        lambda store: add_verdicts(store, [item("one", "/nowhere\n.png")], judgement="k" * 32),
        "verdict_without_item",
        "verdicts",
    ),
    (
        "a scan has no row",
        lambda store: add_segment(store, "three", [item("three", "/c.png")]),
        "scan_missing",
        "segments",
    ),
]
LEFT_BEHIND: list[tuple[str, Harm, str, str]] = [
    ("a part of a killed worker", lambda store: stage(store, has_manifest=False), "orphan", "items"),
    (
        "a segment that waits for its commit",
        lambda store: stage(store, has_manifest=True),
        "segment_waits",
        "_manifests",
    ),
    (
        "a manifest without its content",
        lambda store: (store.root / "_manifests" / "x.json").write_text(""),
        "segment_waits",
        "_manifests",
    ),
    (
        "a part that was being written",
        begin_part,
        "unfinished",
        "frames",
    ),
    ("a file of someone else", lambda store: (store.root / "items" / "notes\x1b қ.txt").touch(), "stray", "items"),
    (
        "rows of a segment that was never committed",
        lambda store: add_rows(store, "items", [item("three", "/c.png")]),
        "rows_unseen",
        "items",
    ),
    (
        "a verdict is of a segment that is unknown",
        lambda store: add_verdicts(store, [item("none", "/архив қ/a b.png")], judgement="k" * 32),
        "rows_unseen",
        "verdicts",
    ),
    (
        "an archive of which a member has no row",
        lambda store: (
            add_rows(store, "scans", [{"scan_id": "scan-three"}])
            or add_segment(
                store,
                "three",
                [item("three", "/d.zip", outcome="not_checked", reason="container", members=2, scores=[])],
            )
        ),
        "members_differ",
        "items",
    ),
]


def problems(store: Store, **options: bool) -> dict[str, str]:
    return {found.problem.value: found.table for found in check_store(store, **options)}


def contents(root: Path) -> dict[str, tuple[int, bytes]]:
    return {str(path): (path.stat().st_mtime_ns, path.read_bytes()) for path in root.rglob("*") if path.is_file()}


@pytest.mark.parametrize("is_deep", [False, True])
def test_a_sound_store_is_sound_and_stays_as_it_is(store: Store, is_deep: bool) -> None:
    before = contents(store.root)
    assert problems(store, is_deep=is_deep) == {}
    assert contents(store.root) == before


@pytest.mark.parametrize(("harm", "problem", "table"), [case[1:] for case in DAMAGE], ids=[case[0] for case in DAMAGE])
def test_damage_is_told(harm: Harm, problem: str, table: str, store: Store) -> None:
    harm(store)
    found = [one for one in check_store(store) if one.problem == problem]
    assert {one.table for one in found} == {table}
    assert found[0].problem.is_damage
    assert found[0].line.isprintable()


@pytest.mark.parametrize(
    ("harm", "problem", "table"), [case[1:] for case in LEFT_BEHIND], ids=[case[0] for case in LEFT_BEHIND]
)
def test_what_a_stop_leaves_is_told_and_is_no_damage(harm: Harm, problem: str, table: str, store: Store) -> None:
    harm(store)
    found = list(check_store(store))
    assert (problem, table) in {(one.problem, one.table) for one in found}
    assert [one.line for one in found if one.problem.is_damage] == []
    assert all(one.line.isprintable() for one in found)


def test_only_a_deep_check_names_the_file_that_is_broken_within(store: Store) -> None:
    flip(first_file(store))
    assert problems(store) == {"rows_unreadable": "items"}
    assert problems(store, is_deep=True) == {"file_unreadable": "items"}


@given(data=st.data())
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_bytes_a_file_has_it_is_told_and_never_a_crash(
    data: st.DataObject, built: Path, tmp_path: Path
) -> None:
    store = Store(built)
    file = named_files(store, "items")[0]
    content = bytearray((built / "items" / file.path).read_bytes())
    for _ in range(data.draw(st.integers(1, 5))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    harmed = tmp_path / "part.parquet"
    harmed.write_bytes(content)
    for found in _check_content("items", file, harmed, is_deep=True):
        assert found.problem.is_damage
        assert found.line.isprintable()


def test_a_store_that_lost_its_segments_is_damaged_and_a_folder_without_tables_is_none(
    store: Store, tmp_path: Path
) -> None:
    shutil.rmtree(store.root / "segments")
    (found,) = check_store(open_to_check(str(store.root)))
    assert (found.problem, found.table) == (Problem.TABLE_UNREADABLE, "segments")
    with pytest.raises(UsageError, match="no store at"):
        open_to_check(str(tmp_path / "nowhere"))


def test_a_store_of_an_earlier_version_is_sound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as earlier:
        for table, column in (("scans", "runner"), ("items", "faces_max")):
            schema = TABLES[table]
            earlier.setitem(TABLES, table, schema.remove(schema.get_field_index(column)))
        store = build_store(tmp_path / "store")
    told = {(one.problem.value, one.detail) for one in check_store(store)}
    assert told == {("columns_missing", f"missing, or without all fields: {name}") for name in ("runner", "faces_max")}
    with pytest.raises(UsageError, match="Scan into it once"):
        vacuum(store, timedelta(0))
    Store.create(store.root)
    assert problems(store) == {}


def test_what_a_running_scan_is_writing_is_not_called_left_over(store: Store) -> None:
    stage(store, has_manifest=True)
    for held in (store.locks.whole("scan"), store.locks.part(ScanPart(2, 8), "x")):
        with held:
            assert problems(store) == {}
    assert problems(store) == {"segment_waits": "_manifests"}


def test_what_is_committed_while_the_tables_are_read_is_no_damage(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    pinned = Store.pinned

    def commit_then_pin(self: Store) -> Store:
        now = pinned(self)
        monkeypatch.setattr(Store, "pinned", pinned)
        self.record_scan({"scan_id": "scan-three", "status": "running", "recorded_at": NOON})
        add_segment(self, "three", [item("three", "/c.png")])
        return now

    monkeypatch.setattr(Store, "pinned", commit_then_pin)
    found = list(check_store(store))
    assert [one.line for one in found if one.problem.is_damage] == []


@pytest.mark.parametrize("as_json", [False, True])
def test_the_command_says_so_in_its_status(as_json: bool, store: Store) -> None:
    command = ["check", "--store", str(store.root), *(["--json"] if as_json else [])]
    sound = CliRunner().invoke(app, command)
    first_file(store).unlink()
    damaged = CliRunner().invoke(app, command)
    assert (sound.exit_code, damaged.exit_code) == (ExitCode.COMPLETE, ExitCode.SELF_TEST_FAILED)
    if as_json:
        assert json.loads(sound.stdout) == {"sound": True, "problems": []}
        assert json.loads(damaged.stdout)["problems"][0]["problem"] == "file_missing"
    else:
        assert damaged.stdout.startswith("damaged: items/")
        assert "Put it back from a backup" in damaged.stdout


def test_a_table_that_earlier_versions_did_not_have_is_no_damage(store: Store) -> None:
    shutil.rmtree(store.root / "near_duplicates")
    (found,) = check_store(store)
    assert (found.problem, found.table, found.problem.is_damage) == (Problem.COLUMNS_MISSING, "near_duplicates", False)
    assert rows(store.root, "SELECT * FROM near_duplicates") == []
    assert list(check_store(Store.create(store.root))) == []
