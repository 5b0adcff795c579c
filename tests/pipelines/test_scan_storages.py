"""Whole scans of HDFS and of Google Storage over HTTP: the rows are those of the same files here, also after faults."""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from examples.media.pictures import generated_picture, png
from pipelines.errors import ExitCode
from pipelines.runners import RunnerChoice
from tests import gcs_server, webhdfs_server
from tests.conftest import ScanCall, rows
from tests.drivers import run
from tests.few_files import LATEST, assert_same_but_for_the_place
from tests.storage_server import LIST, First, Refusal, Reset, StorageServer

ROOT = Path(__file__).parents[2]


@dataclass
class Storage:
    """A server that holds the few files below ``root``.

    Attributes:
        options: By which a scan finds it, beside the environment.
        looks_up: The request for what a manifest names.
        begins: The request in which what lies there is fixed for a read.
        reads: The request for bytes.
        listings: Requests that a scan makes which reads nothing.
    """

    server: StorageServer
    root: str
    options: tuple[str, ...]
    looks_up: str
    begins: str
    reads: str
    forbidden: Refusal
    busy: Refusal
    listings: set[str]

    def put(self, name: str, data: bytes) -> None:
        self.server.put(f"films/{name}", data)

    def fails(self, method: str, name: str, *faults: Refusal | Reset | First) -> None:
        self.server.fails(method, f"films/{name}", *faults)


def _on_hdfs(request: pytest.FixtureRequest) -> Storage:
    server: StorageServer = request.getfixturevalue("hdfs")
    options = ("--hdfs_host=127.0.0.1", f"--hdfs_port={server.port}", f"--hdfs_user={webhdfs_server.USER}")
    faults = webhdfs_server.FORBIDDEN, webhdfs_server.GATEWAY
    status, reads = "GETFILESTATUS", webhdfs_server.DATANODE
    return Storage(server, "hdfs://films", options, status, status, reads, *faults, {LIST, status})


def _on_gcs(request: pytest.FixtureRequest) -> Storage:
    server: StorageServer = request.getfixturevalue("gcs")
    faults = gcs_server.FORBIDDEN, gcs_server.BUSY
    listings = {LIST, gcs_server.TOKEN, gcs_server.BUCKET}
    looks_up, reads = gcs_server.METADATA, gcs_server.MEDIA
    return Storage(server, "gs://films", (), looks_up, reads, reads, *faults, listings)


@pytest.fixture(params=[_on_hdfs, _on_gcs], ids=["hdfs", "gs"])
def storage(request: pytest.FixtureRequest, few_files: dict[str, bytes]) -> Storage:
    made: Callable[[pytest.FixtureRequest], Storage] = request.param
    filled = made(request)
    for name, data in few_files.items():
        filled.put(name, data)
    return filled


def test_a_scan_by_the_command_and_the_next_ones(
    storage: Storage, few_files_here: tuple[Path, str], light: Path, tmp_path: Path, light_scan: ScanCall
) -> None:
    store = tmp_path / "store"
    command = [sys.executable, "-m", "pipelines.cli", "scan", storage.root, "--store", str(store)]
    command += ["--profile", str(light), "--running-mode", "multi_processing"]
    command += [f"--beam-option={option}" for option in storage.options]
    storage.fails(LIST, "", storage.busy)
    storage.fails(storage.reads, "2024/clip.mp4", storage.busy, Reset())
    done = run(command, cwd=ROOT, env=os.environ, capture_output=True, text=True, check=False)
    assert done.returncode == ExitCode.INCOMPLETE, done.stderr
    assert_same_but_for_the_place(store, storage.root, few_files_here)
    assert not storage.server.faults[storage.reads, "films/2024/clip.mp4"]

    runner = RunnerChoice(options=storage.options)
    storage.server.requests.clear()
    again = light_scan(storage.root, runner=runner)
    assert (len(again.plan.due), again.plan.unchanged) == (0, again.plan.inputs)
    assert {method for method, _ in storage.server.requests} <= storage.listings, "nothing is read"

    first, second = (png(generated_picture(seed, (96, 64))) for seed in (5, 6))
    del storage.server.files["films/2024/half.jpg"]
    for name in ("busy.png", "closed.png", "replaced.png", "deleted.png"):
        storage.put(name, first)
    storage.fails(storage.reads, "busy.png", storage.busy)
    storage.fails(storage.reads, "closed.png", storage.forbidden)
    storage.fails(storage.begins, "replaced.png", First(lambda: storage.put("replaced.png", second)))
    storage.fails(storage.begins, "deleted.png", First(lambda: storage.server.delete("films/deleted.png")))
    found = light_scan(storage.root, runner=runner)
    assert found.exit_code is ExitCode.INCOMPLETE
    assert rows(store, LATEST) == [
        ("a b.png", "examined", None),
        ("busy.png", "examined", None),
        ("clip.mp4", "examined", None),
        ("closed.png", "failed", "unreadable"),
        ("copy.png", "examined", None),
        ("copy.txt", "not_checked", "not_media"),
        ("deleted.png", "gone", "vanished"),
        ("empty.jpg", "failed", "empty_file"),
        ("half.jpg", "gone", "vanished"),
        ("notes.txt", "not_checked", "not_media"),
        ("replaced.png", "failed", "changed_during_scan"),
        ("shard.zip", "not_checked", "container"),
    ]
    detail = "SELECT detail FROM items_latest WHERE uri LIKE '%/closed.png'"
    assert rows(store, detail) == [(f"Access is refused: {storage.forbidden.message.rstrip('.')}.",)]


def test_a_glob_gives_the_same_rows(
    storage: Storage, few_files_here: tuple[Path, str], light_scan: ScanCall, tmp_path: Path
) -> None:
    light_scan(f"{storage.root}/**", runner=RunnerChoice(options=storage.options))
    assert_same_but_for_the_place(tmp_path / "store", storage.root, few_files_here)


def test_a_manifest_gives_the_same_rows_and_what_cannot_be_looked_up_is_not_gone(
    storage: Storage,
    few_files: dict[str, bytes],
    few_files_here: tuple[Path, str],
    light_scan: ScanCall,
    tmp_path: Path,
) -> None:
    table = tmp_path / "files.csv"
    table.write_text("\n".join(["uri", *(f"{storage.root}/{name}" for name in few_files)]))
    runner = RunnerChoice(options=storage.options)
    light_scan(manifest=table, runner=runner)
    assert_same_but_for_the_place(tmp_path / "store", storage.root, few_files_here)
    storage.fails(storage.looks_up, "2023/a b.png", storage.forbidden)
    storage.fails(storage.looks_up, "2023/copy.png", storage.busy)
    assert light_scan(manifest=table, runner=runner, retry_failed=False).plan.unchanged == len(few_files) + 2
    assert rows(tmp_path / "store", "SELECT count(*) FROM items_latest WHERE outcome = 'gone'") == [(0,)]
