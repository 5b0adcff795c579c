"""Fixtures that all tests share: the sample archive, and scans of it."""

import fcntl
import functools
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from duckdb import DuckDBPyConnection
from hypothesis import settings
from rich.console import Console

import configs
from examples.build_archive import build_archive
from pipelines.leases import LEASE_VARIABLE
from pipelines.scan import Scan
from pipelines.scan_options import ScanOptions
from pipelines.store import Store
from pipelines.summary import ScanSummary
from pipelines.tables import connect
from tests.places import beginning_at, mirrored, source_at, store_at
from tests.s3_server import CREDENTIALS, Bucket, S3Server, Sprinkling, s3_server
from transforms import s3 as s3_client

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
settings.register_profile("aiqyn", deadline=None)  # how long an example takes says more of the machine than of it
settings.load_profile("aiqyn")
pytest_plugins = [
    "tests.browser",
    "tests.few_files",
    "tests.storages",
]  # fixtures that modules import are each module's own

_LABELS, _NO_LABELS = "labels:\n  enabled: true", "labels:\n  enabled: false"
ScanCall = Callable[..., ScanSummary]


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample archive, built once, also for several workers; tests that change files copy what they need."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    with (shared / "sample.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        build_archive(shared / "sample" / "archive")
    return shared / "sample" / "archive"


@pytest.fixture(scope="session")
def light(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The default profile without the search for labels, for tests of what has nothing to do with them."""
    text = (configs.ROOT / "profiles" / "default.yaml").read_text("utf-8")
    assert _LABELS in text
    profile = tmp_path_factory.mktemp("profiles") / "light.yaml"
    profile.write_text(text.replace(_LABELS, _NO_LABELS), "utf-8")
    return profile


@pytest.fixture
def scan(tmp_path: Path) -> ScanCall:
    """Scans sources into ``tmp_path/store`` or another store, in this process."""

    def run(*sources: Path | str, store: Path | str | None = None, **options: Any) -> ScanSummary:
        root = store_at(store or tmp_path / "store")
        chosen = ScanOptions([source_at(source) for source in sources], str(root), **options)
        return Scan(chosen, Console(stderr=True, force_terminal=False)).run()

    return run


@pytest.fixture
def light_scan(scan: ScanCall, light: Path) -> ScanCall:
    """Scans as ``scan`` does, but looks for no labels and starts one child only."""
    return lambda *sources, **options: scan(*sources, **({"profile": str(light), "children": 1} | options))


@pytest.fixture(scope="session")
def _s3_server() -> Iterator[S3Server]:
    with s3_server() as server:
        yield server


@pytest.fixture
def s3(_s3_server: S3Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Server]:
    """A server of S3's API that does as told, and an environment in which boto3 finds credentials, but not the server.

    Waits between tries are left out.
    """
    with _used(_s3_server, monkeypatch):
        yield _s3_server


@contextmanager
def _used(server: S3Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    server.reset()
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    for name in (s3_client.ENDPOINT_VARIABLE, "AWS_ENDPOINT_URL", "AWS_PROFILE"):
        monkeypatch.setenv(name, "")  # and, when the test is over, whatever it was
        monkeypatch.delenv(name)
    monkeypatch.setattr("transforms.retry.time.sleep", lambda _: None)
    s3_client.forget_clients()
    yield
    s3_client.forget_clients()


@pytest.fixture
def bucket(s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    """An empty bucket of ``s3``, which the environment names."""
    monkeypatch.setenv(s3_client.ENDPOINT_VARIABLE, s3.endpoint)
    return s3.new_bucket()


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--everywhere``, which ``make test-s3`` sets."""
    parser.addoption("--everywhere", action="store_true", help="Run on S3 whatever can, not a selection: ten minutes.")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves out what runs on S3 and was not asked for."""
    if not config.getoption("everywhere"):
        left_out = [item for item in items if _is_for_everywhere(item)]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in set(left_out)]


def _is_for_everywhere(item: pytest.Item) -> bool:
    if item.get_closest_marker("only_everywhere"):
        return True
    chosen = item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
    return chosen.get("both_places") == "s3" and not item.get_closest_marker("also_on_s3")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Tests under ``both_places`` run in a folder, and on S3 unless they are marked as ``folder_only``."""
    if "both_places" in metafunc.fixturenames:
        is_local = metafunc.definition.get_closest_marker("folder_only") is not None
        metafunc.parametrize("both_places", ["folder"] if is_local else ["folder", "s3"], indirect=True, scope="module")


@pytest.fixture(scope="module")
def both_places(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Where sources and stores lie that tests name by local paths: ``tests.places``. On S3 requests fail at times."""
    if request.param == "folder":
        yield
        return
    server: S3Server = request.getfixturevalue("_s3_server")
    with pytest.MonkeyPatch.context() as patched, _used(server, patched):
        patched.setenv(s3_client.ENDPOINT_VARIABLE, server.endpoint)
        patched.setenv(LEASE_VARIABLE, "5")  # so long what a killed driver held is held
        server.sprinkling = sprinkling = Sprinkling()
        try:
            with mirrored(tmp_path_factory.getbasetemp(), server.new_bucket()):
                yield
        finally:
            server.sprinkling = None
    assert sprinkling.happened, "no request failed"


def scanned_by_default(source: Path, folders: pytest.TempPathFactory) -> Path:
    """A store with a scan of the source, as without any option."""
    store = folders.mktemp("reference") / "store"
    Scan(ScanOptions([str(source)], str(store)), Console(stderr=True)).run()
    return store


def rows(store: Path | str, sql: str) -> list[tuple[Any, ...]]:
    """The answer to a query over a store."""
    place = store_at(store)
    if "://" in str(place):
        with connect(Store.open(place), asked=sql) as tables:
            return tables.execute(sql).fetchall()
    return _tables(Path(place), _committed(Path(place))).execute(sql).fetchall()


@functools.lru_cache(maxsize=4)
def _tables(store: Path, _: frozenset[tuple[Path, int]]) -> DuckDBPyConnection:
    """All views over a store here: to make them takes longer than most questions."""
    return connect(Store.open(store), asked="")


def _committed(store: Path) -> frozenset[tuple[Path, int]]:
    """What differs when anything was committed since."""
    return frozenset((path, path.stat().st_mtime_ns) for path in store.glob("*/_delta_log/*.json"))


# What a row says, without when and in which run it was written.
ITEM_FACTS = """
SELECT uri, member_path, content_sha256, size_bytes, mtime_ns, media_type, width, height, duration_ms,
       perceptual_hash, captured_at, outcome, reason, detail, frames_examined,
       layers, examination, depicts_person, faces_max, level,
       [one.detector || one.level FOR one IN scores],
       list_concat([score], flatten([[one.calibrated, one.raw, one.face_raw] FOR one IN scores]))
FROM items_latest ORDER BY uri, member_path
"""
FRAME_FACTS = """
SELECT DISTINCT content_sha256, frame_index, timestamp_ms, detector, detector_digest, error, not_assessable, face_count,
       [[face.x, face.y, face.width, face.height, face.confidence] FOR face IN faces],
       list_concat([score, raw], [face.raw FOR face IN faces])
FROM frames ORDER BY content_sha256, frame_index, detector
"""
MARK_FACTS = "SELECT DISTINCT * EXCLUDE (scan_id, segment_id) FROM marks ORDER BY ALL"

VERDICT_FACTS = """
SELECT uri, member_path, policy, policy_sha256, content_sha256, decided_by, synthesis, scope, machine_mark,
       visible_warning, outcome, reasons, evidence
FROM verdicts_latest ORDER BY uri, member_path, policy
"""


def assert_same_rows(store: Path | str, reference: Path) -> None:
    """Both stores say the same of every item, frame, mark and verdict: scores within 1e-5, all else equal.

    Where only one of them lies on S3, as what was scanned into it does, that is left out of the comparison.
    """
    found, wanted = store_at(store), store_at(reference)
    if isinstance(found, str) == isinstance(wanted, str):
        assert rows(found, VERDICT_FACTS) == rows(wanted, VERDICT_FACTS)
        assert rows(found, MARK_FACTS) == rows(wanted, MARK_FACTS)
        assert_same_scores([rows(found, sql) for sql in _SCORED], [rows(wanted, sql) for sql in _SCORED])
    else:
        assert_same_scores(*(facts_below(one, beginning_at(one)) for one in (found, wanted)))
    assert rows(store, DOUBLES) == []


def assert_same_scores(found: list[list[tuple]], wanted: list[list[tuple]]) -> None:
    """The same rows, but for scores within 1e-5, which come last in them."""
    for ours, theirs in zip(found, wanted, strict=True):
        assert [row[:-1] for row in ours] == [row[:-1] for row in theirs]
        for one, other in zip(ours, theirs, strict=True):
            assert one[-1] == (pytest.approx(other[-1], abs=1e-5) if isinstance(other[-1], list) else other[-1]), one


def facts_below(store: Path | str, root: str) -> list[list[tuple]]:
    """What rows say, but for where and when the files lay: below ``root``."""
    below = f"replace(uri, '{root}/', '') AS uri"
    marks = f"* EXCLUDE (scan_id, segment_id, mark_id) REPLACE ({below.replace('uri', 'place_uri')})"
    return [
        rows(store, f"SELECT * REPLACE ({below}, 0 AS mtime_ns) FROM ({ITEM_FACTS}) ORDER BY uri, member_path"),
        rows(store, FRAME_FACTS),
        rows(store, f"SELECT DISTINCT {marks} FROM marks ORDER BY ALL"),
        rows(store, f"SELECT * EXCLUDE (evidence) REPLACE ({below}) FROM ({VERDICT_FACTS}) ORDER BY ALL"),
    ]


_SCORED = (ITEM_FACTS, FRAME_FACTS)
DOUBLES = "SELECT uri, count(*) FROM items GROUP BY uri, member_path, scan_id HAVING count(*) > 1"
