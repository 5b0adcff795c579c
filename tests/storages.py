"""Servers of HDFS and Google Storage for tests, in an environment in which a scan finds them."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.gcs_server import GcsHandler, write_service_account
from tests.storage_server import StorageServer, served
from tests.webhdfs_server import USER, WebHdfsHandler
from transforms import hdfs as hdfs_client


@pytest.fixture(scope="session")
def _webhdfs_server() -> Iterator[StorageServer]:
    with served(WebHdfsHandler) as server:
        yield server


@pytest.fixture
def hdfs(_webhdfs_server: StorageServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[StorageServer]:
    """An empty HDFS, which this process asks. Waits between tries are left out."""
    pytest.importorskip("hdfs", reason="the extra hdfs is not installed")
    _webhdfs_server.reset()
    monkeypatch.setattr("transforms.retry.time.sleep", lambda _: None)
    hdfs_client.use_server(hdfs_client.HdfsServer("127.0.0.1", str(_webhdfs_server.port), USER))
    yield _webhdfs_server
    hdfs_client.use_server(None)


@pytest.fixture(scope="session")
def _gcs_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[StorageServer, Path]]:
    with served(GcsHandler) as server:
        account = tmp_path_factory.mktemp("account") / "account.json"
        write_service_account(account, server.port)
        yield server, account


@pytest.fixture
def gcs(_gcs_server: tuple[StorageServer, Path], monkeypatch: pytest.MonkeyPatch) -> Iterator[StorageServer]:
    """An empty Google Storage, which the environment names, with the key of a service account.

    Waits between our tries are left out; those of Google's client, a second at first, are not.
    """
    pytest.importorskip("google.cloud.storage", reason="the extra gcs is not installed")
    from apache_beam.internal.gcp.auth import _Credentials

    server, account = _gcs_server
    server.reset()
    monkeypatch.setattr("transforms.retry.time.sleep", lambda _: None)
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"http://127.0.0.1:{server.port}")
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(account))
    monkeypatch.setattr(_Credentials, "_credentials_init", False)  # it keeps those that it found first
    monkeypatch.setattr(_Credentials, "_credentials", None)
    before = socket.getdefaulttimeout()
    yield server
    socket.setdefaulttimeout(before)  # which Beam changes
