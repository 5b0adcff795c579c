"""The same rows from every runner that is offered, every batch size and every order; the others are refused."""

import contextlib
import os
import random
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines import scan as scan_module
from pipelines.errors import UsageError
from pipelines.runners import REFUSED, RunnerChoice
from tests.conftest import ScanCall, assert_same_rows


@pytest.fixture(scope="module")
def source(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures, an animation, videos and broken files."""
    folder = tmp_path_factory.mktemp("runners") / "source"
    folder.mkdir()
    wanted = ("*.jp*g", "*.png", "*.gif", "*.webp", "*.mp4", "*.webm")
    for pattern in wanted:
        for path in sorted(archive.rglob(pattern))[:4]:
            shutil.copy2(path, folder / f"{path.parent.name} {path.name}")
    return folder


@pytest.fixture(scope="module")
def reference(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from rich.console import Console

    store = tmp_path_factory.mktemp("reference") / "store"
    scan_module.Scan(scan_module.ScanOptions([str(source)], str(store)), Console(stderr=True)).run()
    return store


@pytest.mark.parametrize("mode", ["multi_threading", "multi_processing"])
def test_running_modes_agree(mode: str, source: Path, reference: Path, scan: ScanCall, tmp_path: Path) -> None:
    scan(source, runner=RunnerChoice(mode=mode, workers=2))
    assert_same_rows(tmp_path / "store", reference)


@pytest.mark.parametrize("batch_size", [1, 8])
def test_batch_sizes_agree(batch_size: int, source: Path, reference: Path, scan: ScanCall, tmp_path: Path) -> None:
    scan(source, batch_size=batch_size, children=3, threads=2)
    assert_same_rows(tmp_path / "store", reference)


def test_order_does_not_matter(
    source: Path, reference: Path, scan: ScanCall, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut = scan_module.cut_segments

    def shuffled(due, *arguments):
        due = list(due)
        random.Random(7).shuffle(due)
        return cut(due, *arguments)

    monkeypatch.setattr(scan_module, "cut_segments", shuffled)
    scan(source)
    assert_same_rows(tmp_path / "store", reference)


@pytest.fixture
def job_endpoint(tmp_path: Path) -> Iterator[tuple[str, str]]:
    """Beam's Python job service and an external worker pool, started in another folder."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    # The pool starts its workers as plain "python" from PATH.
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    jobs, pool = _free_port(), _free_port()
    commands = (
        ["apache_beam.runners.portability.local_job_service_main", "--port", str(jobs)],
        ["apache_beam.runners.worker.worker_pool_main", "--service_port", str(pool)],
    )
    with contextlib.ExitStack() as stack:
        for number, command in enumerate(commands):
            log = stack.enter_context((tmp_path / f"service{number}.log").open("w"))
            process = subprocess.Popen(
                [sys.executable, "-m", *command], cwd=elsewhere, env=environment, stdout=log, stderr=log
            )
            stack.callback(process.wait)
            stack.callback(process.terminate)
        for port in (jobs, pool):
            _wait_for(port)
        yield f"localhost:{jobs}", f"localhost:{pool}"


def test_a_portable_runner_with_external_workers_agrees(
    source: Path, reference: Path, scan: ScanCall, tmp_path: Path, job_endpoint: tuple[str, str]
) -> None:
    jobs, pool = job_endpoint
    options = (f"--job_endpoint={jobs}", "--environment_type=EXTERNAL", f"--environment_config={pool}")
    scan(source, runner=RunnerChoice("PortableRunner", options=options))
    assert_same_rows(tmp_path / "store", reference)


@pytest.mark.parametrize("name", [*REFUSED, "apache_beam.runners.dask.dask_runner.DaskRunner"])
def test_unfit_runners_are_refused_in_a_sentence(name: str, scan: ScanCall, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"Use FnApiRunner \(the default\) on one machine\."):
        scan(tmp_path, runner=RunnerChoice(name))
    assert not (tmp_path / "store").exists()


@pytest.mark.parametrize("choice", [RunnerChoice(mode="fast"), RunnerChoice(workers=2)])
def test_impossible_choices_are_refused(choice: RunnerChoice) -> None:
    with pytest.raises(UsageError, match="multi_threading"):
        choice.check()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int) -> None:
    for _ in range(300):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.1)
    raise TimeoutError(f"no service on port {port}; see its log beside the test's folder")
