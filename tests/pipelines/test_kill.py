"""SIGKILL of the driver at each step of the commit protocol: a rerun gives the rows of an undisturbed scan.

In a folder, and on S3 behind faults, where a killed driver's claim has to end first.
"""

import json
import os
import shutil
import signal
import sys
from pathlib import Path

import pytest

from pipelines.store import Store
from tests.conftest import ScanCall, assert_same_rows, rows
from tests.drivers import run
from tests.places import source_at, store_at, wait_until_free

pytestmark = pytest.mark.usefixtures("both_places")


@pytest.fixture(scope="module")
def source(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight items: pictures, two copies of one, a video and two broken files; three segments of at most three."""
    folder = tmp_path_factory.mktemp("kill") / "source"
    folder.mkdir()
    pictures = sorted(path for path in archive.rglob("*.jp*g") if path.stat().st_size > 10_000)[:3]
    videos = sorted(archive.rglob("*.mp4"), key=lambda path: path.stat().st_size)
    for number, path in enumerate([*pictures, pictures[0], videos[-1]]):
        shutil.copy2(path, folder / f"{number}{path.suffix}")
    (folder / "5.jpg").touch()
    (folder / "6.jpg").write_bytes(pictures[0].read_bytes()[:5000])
    (folder / "7.txt").write_text("no media")
    return folder


@pytest.fixture(scope="module")
def reference(source: Path, light: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from rich.console import Console

    from pipelines.scan import Scan
    from pipelines.scan_options import ScanOptions

    store = tmp_path_factory.mktemp("undisturbed") / "store"
    Scan(ScanOptions([str(source)], str(store), profile=str(light), segment_items=3), Console(stderr=True)).run()
    return store


# The step, the how-manieth time, and how many segments are visible right after the kill. A segment has two item parts
# and frames parts and one manifest to rename into place, and the record of the scan's start is one more.
STEPS = [
    pytest.param("examination", 5, 1, id="examination"),
    pytest.param("part written, not renamed", 2, 0, id="part written, not renamed"),
    pytest.param("parts, no manifest", 2, 1, id="parts, no manifest"),
    pytest.param("manifest, no commit", 2, 1, id="manifest, no commit", marks=pytest.mark.also_on_s3),
    pytest.param("items not committed", 2, 1, id="items not committed"),
    pytest.param("frames not committed", 2, 1, id="frames not committed", marks=pytest.mark.also_on_s3),
    pytest.param("segments not committed", 2, 1, id="segments not committed"),
    pytest.param("committed, manifest left", 2, 2, id="committed, manifest left"),
]


@pytest.mark.parametrize(("step", "nth", "visible"), STEPS)
def test_a_rerun_after_sigkill_gives_the_same_rows(
    step: str,
    nth: int,
    visible: int,
    source: Path,
    reference: Path,
    tmp_path: Path,
    light: Path,
    light_scan: ScanCall,
) -> None:
    store = tmp_path / "store"
    driver = Path(__file__).with_name("kill_driver.py")
    root = Path(__file__).parents[2]
    killed = run(
        [sys.executable, str(driver), step, str(nth), source_at(source), str(store_at(store)), str(light)],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    segments = rows(store, "SELECT segment_id FROM segments")
    assert len(segments) == visible
    assert rows(store, "SELECT count(*) FROM items ANTI JOIN segments USING (segment_id)") == [(0,)]
    before = set(rows(store, "SELECT uri, scan_id FROM items"))
    wait_until_free(Store(store_at(store)))

    summary = light_scan(source, segment_items=3)

    assert_same_rows(store, reference)
    assert before <= set(rows(store, "SELECT uri, scan_id FROM items")), "nothing committed is lost"
    assert rows(store, "SELECT count(*) FROM items") == [(8,)]
    counts = "status, segments, examined + failed + not_checked"
    killed_scan, complete_scan = rows(store, f"SELECT {counts} FROM scans ORDER BY started_at")
    finished = visible + summary.recovered - (step == "committed, manifest left")
    assert killed_scan == ("killed", finished, 8 - summary.outcomes.total())
    assert complete_scan == ("complete", summary.committed, summary.outcomes.total())
    assert Store(store_at(store)).manifests() == {}
    assert not light_scan(source).plan.due
    assert summary.plan.inputs == 8


@pytest.mark.folder_only("the store is a copy of the reference, which lies in a folder")
def test_a_manifest_is_committed_once_however_often_it_is_found(reference: Path, tmp_path: Path) -> None:
    shutil.copytree(reference, tmp_path / "store")
    store = Store(tmp_path / "store")
    segment_id, scan_id = rows(store.root, "SELECT segment_id, scan_id FROM segments LIMIT 1")[0]
    before = rows(store.root, "SELECT * FROM segments ORDER BY segment_id")
    manifest = {"scan_id": scan_id, "segment_id": segment_id, "examination": "x", "started_at": "2026-01-01T00:00:00"}
    left = store.root / "_manifests" / f"{segment_id}.json"
    left.write_text(json.dumps(manifest | {"segment": {}, "parts": []}))
    assert store.recover() == 1
    assert rows(store.root, "SELECT * FROM segments ORDER BY segment_id") == before
    assert not left.exists()


@pytest.mark.parametrize("harm", ["", "[]", '{"parts": [{}]}', "missing part"])
def test_a_broken_manifest_is_done_again(
    harm: str, source: Path, reference: Path, tmp_path: Path, light_scan: ScanCall
) -> None:
    store = Store.create(store_at(tmp_path / "store"))
    part = {"table": "items", "path": "x/part-y.parquet", "size_bytes": 1}
    text = json.dumps({"segment_id": "x", "parts": [part]}) if harm == "missing part" else harm
    store.disk.put("_manifests/x.json", text.encode())
    summary = light_scan(source, store=store.root)
    assert summary.recovered == 0
    assert store.manifests() == {}
    assert_same_rows(store.root, reference)
