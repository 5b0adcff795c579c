"""Several processes that commit to one store at once: all rows are there, once, and numbered in an order."""

import json
import multiprocessing
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from deltalake import DeltaTable
from deltalake.exceptions import CommitFailedError

from pipelines.killed import close_killed_scans
from pipelines.optimistic import committed
from pipelines.scan_part import ScanPart
from pipelines.store import Store
from pipelines.upkeep.check import check_store
from tests.conftest import rows
from tests.pipelines.upkeep.hand_made import DETECTORS, NOON, item, part
from transforms.schemas import TABLES

PROCESSES, COMMITS = 4, 6
AT_ONCE = multiprocessing.get_context("forkserver")
AT_ONCE.set_forkserver_preload(["pipelines.scan", "transforms.write", "pytest"])  # once: they take seconds


def at_once(work: Callable[[Path, int], None], root: Path) -> None:
    """Runs work in several processes that begin at the same moment; each is told its number."""
    start = AT_ONCE.Barrier(PROCESSES)
    works = [partial(work, root, number) for number in range(PROCESSES)]
    run = [AT_ONCE.Process(target=together, args=(start, one)) for one in works]
    for process in run:
        process.start()
    for process in run:
        process.join(120)
    assert [process.exitcode for process in run] == [0] * PROCESSES


def together(start: Any, work: Callable[[], None]) -> None:
    start.wait(60)
    work()


def staged(store: Store, segment: str, scan: str | None = None) -> dict[str, Any]:
    """A segment whose pipeline ended: its part files and its manifest lie there."""
    items = [item(segment, f"/a/{segment}-{number}.jpg") for number in range(2)]
    shared = [{name: one[name] for name in ("scan_id", "segment_id", "content_sha256")} for one in items]
    frames = [one | {"frame_index": 0, "detector": "d"} for one in shared]
    manifest = {
        "scan_id": scan or f"scan-{segment}",
        "segment_id": segment,
        "examination": "e",
        "started_at": NOON.isoformat(),
        "segment": {"detectors": DETECTORS, "reused": 0},
        "parts": [part(store, "items", segment, items), part(store, "frames", segment, frames)],
    }
    store.disk.put(f"_manifests/{segment}.json", json.dumps(manifest).encode())
    return manifest


def commit_some(root: Path, number: int) -> None:
    store = Store(root)
    for turn in range(COMMITS):
        scan = f"{number}-{turn}"
        manifest = staged(store, f"{scan:-<16}", scan)
        store.record_scan({"scan_id": scan, "status": "running"})
        store.commit_segment(manifest)


def test_every_segment_is_committed_and_numbered_by_its_commit(tmp_path: Path) -> None:
    store = Store.create(tmp_path / "store")
    at_once(commit_some, store.root)
    count = COMMITS * PROCESSES
    assert rows(store.root, "SELECT sequence FROM segments ORDER BY 1") == [(one,) for one in range(1, count + 1)]
    assert store.version("segments") == count
    assert rows(store.root, "SELECT count(*), count(DISTINCT uri) FROM items_latest") == [(2 * count, 2 * count)]
    assert rows(store.root, "SELECT count(*) FROM frames_latest") == [(2 * count,)]
    assert [found.line for found in check_store(store)] == [], "nor is anything left over"


def recover(root: Path, number: int) -> None:
    store = Store(root)
    for path in sorted((root / "_manifests").glob("*.json"), reverse=number % 2 == 1):
        try:
            manifest = json.loads(path.read_text("utf-8"))
        except FileNotFoundError:
            continue  # another one was faster
        store.commit_segment(manifest)


@pytest.mark.parametrize("is_begun", [False, True], ids=["anew", "begun by one that died"])
def test_of_one_segment_committed_by_all_at_once_rows_are_there_once(tmp_path: Path, is_begun: bool) -> None:
    store = Store.create(tmp_path / "store")
    for number in range(8):
        manifest = staged(store, f"{number:-<16}")
        store.record_scan({"scan_id": manifest["scan_id"], "status": "complete"})
        if is_begun:
            store.commit_parts("items", manifest["segment_id"], manifest["parts"][:1])
    at_once(recover, store.root)
    assert rows(store.root, "SELECT count(*), count(DISTINCT segment_id), max(sequence) FROM segments") == [(8, 8, 8)]
    assert rows(store.root, "SELECT count(*), count(DISTINCT uri) FROM items") == [(16, 16)]
    assert [found.line for found in check_store(store)] == []


def create(root: Path, number: int) -> None:
    store = Store.create(root)
    store.record_scan({"scan_id": str(number), "status": "complete"})


def test_a_store_is_made_by_all_at_once(tmp_path: Path) -> None:
    at_once(create, tmp_path / "new" / "store")
    assert rows(tmp_path / "new" / "store", "SELECT count(*) FROM scans") == [(PROCESSES,)]
    assert {Store(tmp_path / "new" / "store").version(table) for table in TABLES} == {0, PROCESSES}


def create_and_commit(root: Path, number: int) -> None:
    create(root, number)
    commit_some(root, number)


def test_columns_that_came_later_are_added_once_while_others_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as earlier:
        for table in ("scans", "segments"):
            earlier.setitem(TABLES, table, TABLES[table].remove(TABLES[table].get_field_index("runner")))
        Store.create(tmp_path)
    at_once(create_and_commit, tmp_path)
    assert "runner" in Store(tmp_path).columns("segments")
    expected = [(COMMITS * PROCESSES, COMMITS * PROCESSES, 1 + COMMITS * PROCESSES)]
    assert rows(tmp_path, "SELECT count(*), count(DISTINCT sequence), max(sequence) FROM segments") == expected


def test_a_table_tells_of_a_store_when_all_are_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    create_table = DeltaTable.create

    def spy(uri: str, *arguments: Any, **options: Any) -> DeltaTable:
        assert not Store(tmp_path / "store").exists()
        made.append(Path(uri).name)
        return create_table(uri, *arguments, **options)

    monkeypatch.setattr(DeltaTable, "create", spy)
    Store.create(tmp_path / "store")
    assert made[-1] == "segments"
    assert set(made) == set(TABLES)


def test_a_commit_that_fails_for_its_own_reasons_is_not_tried_again(tmp_path: Path) -> None:
    store, tries = Store.create(tmp_path), []

    def attempt(_: DeltaTable) -> None:
        tries.append(time.monotonic())
        raise CommitFailedError("no space left on device")

    with pytest.raises(CommitFailedError, match="no space"):
        committed(partial(store.delta, "scans"), attempt)
    assert len(tries) == 1


def test_a_row_that_stands_stays_whatever_delta_says_of_its_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, commit = Store.create(tmp_path), DeltaTable.create_write_transaction

    def fails_afterwards(self: DeltaTable, *arguments: Any, **options: Any) -> None:
        commit(self, *arguments, **options)
        raise CommitFailedError("the checkpoint could not be written")

    monkeypatch.setattr(DeltaTable, "create_write_transaction", fails_afterwards)
    store.commit_segment(staged(store, "s" * 16))
    assert rows(store.root, "SELECT sequence FROM segments") == [(1,)]
    assert rows(store.root, "SELECT count(*) FROM items_latest") == [(2,)]


def test_what_a_driver_that_lives_has_staged_is_left_to_it(tmp_path: Path) -> None:
    store = Store.create(tmp_path)
    for segment in ("mine", "dead"):
        staged(store, segment, scan=segment)
        store.record_scan({"scan_id": segment, "status": "running", "recorded_at": NOON})
    with store.locks.part(ScanPart(1, 2), "mine"):
        assert store.recover() == 1
        close_killed_scans(store)
    assert rows(tmp_path, "SELECT segment_id FROM segments") == [("dead",)]
    assert rows(tmp_path, "SELECT scan_id, status, segments FROM scans ORDER BY 1") == [
        ("dead", "killed", 1),
        ("mine", "running", None),
    ]
    assert store.recover() == 1, "it died"
    close_killed_scans(store)
    assert rows(tmp_path, "SELECT scan_id, status, segments FROM scans ORDER BY 1") == [
        ("dead", "killed", 1),
        ("mine", "killed", 1),
    ]


def test_a_manifest_that_its_driver_commits_while_it_is_looked_at_is_no_broken_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    store = Store.create(tmp_path)
    manifest = staged(store, "s" * 16)

    def ends_meanwhile(_: Store) -> set[str]:
        store.commit_segment(manifest)
        return set()

    monkeypatch.setattr(type(store.locks), "live_scans", ends_meanwhile)
    store.recover()
    assert rows(tmp_path, "SELECT count(*) FROM segments") == [(1,)]
    assert "broken" not in caplog.text


def test_a_scan_that_ends_while_it_is_looked_at_was_not_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store.create(tmp_path)
    store.record_scan({"scan_id": "s", "status": "running", "recorded_at": NOON})

    def ends_meanwhile(_: Any) -> set[str]:
        store.record_scan({"scan_id": "s", "status": "complete", "recorded_at": NOON})
        return set()

    monkeypatch.setattr(type(store.locks), "live_scans", ends_meanwhile)
    close_killed_scans(store)
    assert rows(tmp_path, "SELECT status FROM scans") == [("complete",)]
