"""Segments on workers that share nothing with the driver but the store and the sources.

A job service of Beam's has two workers run each segment, one in each of two worker pools, in another folder, with
another home and hardly an environment; as root also of two other users, as a cluster's workers are.
"""

import contextlib
import grp
import os
import pwd
import shutil
import site
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import pipelines
from pipelines.errors import UsageError
from pipelines.runners import RunnerChoice
from pipelines.segment import _folders
from pipelines.staging import bring_home
from tests.conftest import ScanCall, assert_same_rows, rows, scanned_by_default
from transforms.examination import _is_there
from transforms.outcomes import Reason
from transforms.records import Examination, Place, Reference

USERS = ("nobody", "daemon")
GROUP = "nogroup"
SERVICE = Path(__file__).parent / "job_service.py"
POOL = ("-m", "apache_beam.runners.worker.worker_pool_main", "--service_port")


@pytest.fixture(scope="module")
def shared() -> Iterator[Path]:
    """A folder that every user reaches, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp(prefix="aiqyn-portable-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def source(archive: Path, shared: Path) -> Path:
    """Pictures, a video, an archive, a text beside a picture, broken files; more than one batch."""
    folder = shared / "source"
    folder.mkdir()
    for pattern in ("*.jp*g", "*.png", "*.mp4", "*.zip", "*.txt", "*.gif"):
        for path in sorted(archive.rglob(pattern))[:4]:
            shutil.copy2(path, folder / f"{path.parent.name} {path.name}")
    return folder


@pytest.fixture(scope="module")
def reference(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return scanned_by_default(source, tmp_path_factory)


@pytest.fixture(scope="module")
def installation(shared: Path) -> "Installation":
    """Of the workers: an environment that they may read, and users that are not the driver's where that is possible."""
    usual = (sys.executable, shutil.which(f"python3.{sys.version_info.minor}", path="/usr/local/bin:/usr/bin"))
    for base in filter(None, usual if os.getuid() == 0 else ()):
        environment = _environment(Path(base), shared / f"environment{base.replace('/', '-')}")
        if all(_runs(environment, user) for user in USERS):
            return Installation(environment, USERS)
    own = _environment(Path(sys.executable), shared / "environment")
    return Installation(own, (), "these tests are not root, or no other user may read Python and this installation")


@dataclass(frozen=True)
class Installation:
    python: Path
    users: tuple[str, ...]
    why_none: str = ""


def _environment(base: Path, folder: Path) -> Path:
    """A virtual environment with what is installed here, and nothing from PYTHONPATH."""
    subprocess.run([base, "-m", "venv", "--without-pip", folder], check=True)
    packages = folder / "lib" / f"python3.{sys.version_info.minor}" / "site-packages"
    paths = [str(Path(pipelines.__file__).parents[1]), *site.getsitepackages()]
    (packages / "installed.pth").write_text("\n".join(paths))
    return folder / "bin" / "python"


def _runs(python: Path, user: str) -> bool:
    try:
        command = [python, "-c", "import pipelines, torch, apache_beam"]
        return subprocess.run(command, user=user, cwd="/", env=_bare(python), check=False).returncode == 0
    except (OSError, LookupError):  # it may not be read, or there is no such user
        return False


def _bare(python: Path) -> dict[str, str]:
    """All that a worker finds in its environment; Beam's pool starts workers as plain ``python``."""
    return {"PATH": f"{python.parent}:/usr/bin:/bin", "HOME": "/nonexistent"}


@dataclass(frozen=True)
class Services:
    jobs: str
    pool: str

    def runner(self, staging: str = "") -> RunnerChoice:
        told = (f"--job_endpoint={self.jobs}", "--environment_type=EXTERNAL", f"--environment_config={self.pool}")
        return RunnerChoice("PortableRunner", workers=2, options=told, staging=staging)


@pytest.fixture(scope="module")
def services(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    logs = tmp_path_factory.mktemp("services")
    jobs, turns, *pools = _free_ports(4)
    with contextlib.ExitStack() as stack:

        def start(name: str, *command: str | Path, **how) -> None:
            log = stack.enter_context((logs / f"{name}.log").open("w"))
            process = subprocess.Popen(command, stdout=log, stderr=log, cwd="/", **how)
            stack.callback(process.wait)
            stack.callback(process.terminate)

        start("jobs", sys.executable, SERVICE, str(jobs), str(turns), *(f"localhost:{pool}" for pool in pools))
        for number, pool in enumerate(pools):
            how: dict[str, Any] = {"env": _bare(installation.python), "umask": 0o002}
            if installation.users:
                how |= {"user": installation.users[number], "group": GROUP, "extra_groups": []}
            start(f"pool{number}", installation.python, *POOL, str(pool), **how)
        for port in (jobs, turns, *pools):
            _wait_for(port, logs)
        yield Services(f"localhost:{jobs}", f"localhost:{turns}")


@pytest.fixture
def group_umask() -> Iterator[None]:
    """As the page on runners has the driver and its workers run: what one makes, the others' group may change."""
    before = os.umask(0o002)
    yield
    os.umask(before)


def group_folder(folder: Path, installation: Installation) -> Path:
    """A folder in which the workers' group may write, and all that is made below it belongs to that group."""
    folder.mkdir()
    if installation.users:
        os.chown(folder, -1, grp.getgrnam(GROUP).gr_gid)
    folder.chmod(0o2775)
    return folder


@pytest.mark.usefixtures("group_umask")
def test_two_pools_of_strangers_write_the_rows_that_the_driver_would(
    source: Path, reference: Path, scan: ScanCall, shared: Path, services: Services, installation: Installation
) -> None:
    store = group_folder(shared / "store", installation)
    summary = scan(source, store=store, runner=services.runner())
    assert_same_rows(store, reference)
    assert summary.committed == 1
    assert list((store / "_manifests").iterdir()) == []
    assert list(store.glob(".stop-*")) == []
    assert rows(store, "SELECT DISTINCT runner FROM segments") == [("PortableRunner:in_memory:2",)]
    parts = list((store / "items").rglob("part-*.parquet"))
    assert len(parts) == 2, "each worker wrote one"
    assert {part.stat().st_mode & 0o777 for part in parts} == {0o664}
    if not installation.users:
        pytest.skip(f"the rows agree, but the workers were of the driver's own user: {installation.why_none}")
    assert {pwd.getpwuid(part.stat().st_uid).pw_name for part in parts} == set(USERS)


@pytest.mark.usefixtures("group_umask")
def test_workers_that_cannot_do_the_work_are_told_of_in_a_sentence(
    source: Path, scan: ScanCall, shared: Path, services: Services, installation: Installation
) -> None:
    if not installation.users:
        pytest.skip(installation.why_none)
    closed = shared / "closed"
    closed.mkdir(mode=0o755)
    with pytest.raises(UsageError, match=rf"A worker may not write to {closed}/items, where rows go: .*user \d+"):
        scan(source, store=closed, runner=services.runner())
    hidden = shared / "hidden"
    hidden.mkdir()
    shutil.copy2(next(source.glob("*.png")), hidden / "a.png")
    hidden.chmod(0o700)
    store = group_folder(shared / "other", installation)
    with pytest.raises(UsageError, match=rf"A worker does not see what is in {hidden}: mount the sources"):
        scan(hidden, store=store, runner=services.runner())
    assert rows(store, "SELECT count(*) FROM items") == [(0,)], "no file is said to have vanished"


@pytest.mark.usefixtures("group_umask")
def test_rows_that_workers_may_not_write_to_the_store_come_by_way_of_a_folder_of_theirs(
    source: Path, light_scan: ScanCall, shared: Path, services: Services, installation: Installation, tmp_path: Path
) -> None:
    files = sorted(source.glob("*.png"))
    staging = group_folder(shared / "staging", installation)
    light_scan(*files, store=tmp_path / "store", runner=services.runner(str(staging)))
    light_scan(*files, store=tmp_path / "usual")
    assert_same_rows(tmp_path / "store", tmp_path / "usual")
    assert [path for path in staging.rglob("*") if path.is_file()] == []


def test_each_source_has_to_be_there_for_workers_not_only_what_they_share() -> None:
    def one(source: str, path: str, known: Examination | None = None) -> Reference:
        return Reference(path, (Place(source, path, path, 1, 1),), "0", known)

    references = [
        one("/a", "/a/2023/x/1.jpg"),
        one("/a", "/a/2023/y/2.jpg"),
        one("/b", "/b/3.jpg"),
        one("/c", "/c/4.jpg", Examination.refused(Reason.VANISHED)),
        one("s3://bucket", "s3://bucket/5.jpg"),
    ]
    assert _folders(references) == ("/a/2023", "/b")


def test_a_stop_file_that_cannot_be_looked_for_stops_nothing(tmp_path: Path) -> None:
    assert not _is_there("/" + "x" * 5000)  # as where another user's folder is closed
    assert not _is_there(str(tmp_path / "stop"))
    (tmp_path / "stop").touch()
    assert _is_there(str(tmp_path / "stop"))


def test_part_files_that_are_not_whole_are_not_brought_home(tmp_path: Path) -> None:
    (tmp_path / "staged" / "items").mkdir(parents=True)
    (tmp_path / "staged" / "items" / "part").write_bytes(b"short")
    manifest = {"segment_id": "s", "parts": [{"table": "items", "path": "part", "size_bytes": 50}]}
    with pytest.raises(RuntimeError, match="has 5 bytes, and its manifest says 50"):
        bring_home(manifest, f"{tmp_path}/staged", f"{tmp_path}/store")
    assert not (tmp_path / "store" / "_manifests").exists()


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]


def _wait_for(port: int, logs: Path) -> None:
    for _ in range(300):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.1)
    raise TimeoutError(f"no service on port {port}: " + " ".join(log.read_text() for log in logs.glob("*.log")))
