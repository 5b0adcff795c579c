"""Fixtures that all tests share: the sample archive, and scans of it."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

import configs
from examples.build_archive import build_archive
from pipelines.scan import Scan
from pipelines.scan_options import ScanOptions
from pipelines.store import Store
from pipelines.summary import ScanSummary
from pipelines.tables import connect
from tests.s3_server import CREDENTIALS, Bucket, S3Server, s3_server
from transforms import s3 as s3_client

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

_LABELS, _NO_LABELS = "labels:\n  enabled: true", "labels:\n  enabled: false"
ScanCall = Callable[..., ScanSummary]


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample archive, built once; tests that change files copy what they need."""
    folder = tmp_path_factory.mktemp("sample") / "archive"
    build_archive(folder)
    return folder


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

    def run(*sources: Path | str, store: Path | None = None, **options: Any) -> ScanSummary:
        chosen = ScanOptions([str(source) for source in sources], str(store or tmp_path / "store"), **options)
        return Scan(chosen, Console(stderr=True, force_terminal=False)).run()

    return run


@pytest.fixture
def light_scan(scan: ScanCall, light: Path) -> ScanCall:
    """Scans as ``scan`` does, but looks for no labels."""
    return lambda *sources, **options: scan(*sources, **({"profile": str(light)} | options))


@pytest.fixture(scope="session")
def _s3_server() -> Iterator[S3Server]:
    with s3_server() as server:
        yield server


@pytest.fixture
def s3(_s3_server: S3Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Server]:
    """A server of S3's API that does as told, and an environment in which boto3 finds credentials, but not the server.

    Waits between tries are left out.
    """
    _s3_server.reset()
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    for name in (s3_client.ENDPOINT_VARIABLE, "AWS_ENDPOINT_URL", "AWS_PROFILE"):
        monkeypatch.setenv(name, "")  # and, when the test is over, whatever it was
        monkeypatch.delenv(name)
    monkeypatch.setattr("transforms.retry.time.sleep", lambda _: None)
    s3_client.forget_clients()
    yield _s3_server
    s3_client.forget_clients()


@pytest.fixture
def bucket(s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    """An empty bucket of ``s3``, which the environment names."""
    monkeypatch.setenv(s3_client.ENDPOINT_VARIABLE, s3.endpoint)
    return s3.new_bucket()


def scanned_by_default(source: Path, folders: pytest.TempPathFactory) -> Path:
    """A store with a scan of the source, as without any option."""
    store = folders.mktemp("reference") / "store"
    Scan(ScanOptions([str(source)], str(store)), Console(stderr=True)).run()
    return store


def rows(store: Path, sql: str) -> list[tuple[Any, ...]]:
    """The answer to a query over a store."""
    with connect(Store.open(store)) as tables:
        return tables.execute(sql).fetchall()


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


def assert_same_rows(store: Path, reference: Path) -> None:
    """Both stores say the same of every item, frame, mark and verdict: scores within 1e-5, all else equal."""
    assert rows(store, VERDICT_FACTS) == rows(reference, VERDICT_FACTS)
    assert rows(store, MARK_FACTS) == rows(reference, MARK_FACTS)
    for sql in (ITEM_FACTS, FRAME_FACTS):
        found, wanted = rows(store, sql), rows(reference, sql)
        assert [row[:-1] for row in found] == [row[:-1] for row in wanted]
        for ours, theirs in zip(found, wanted, strict=True):
            assert len(ours[-1]) == len(theirs[-1])
            for one, other in zip(ours[-1], theirs[-1], strict=True):
                assert one == pytest.approx(other, abs=1e-5), ours
    assert rows(store, DOUBLES) == []


DOUBLES = "SELECT uri, count(*) FROM items GROUP BY uri, member_path, scan_id HAVING count(*) > 1"
