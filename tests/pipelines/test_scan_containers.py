"""Containers in a scan: every member has its rows, whatever holds it, in a folder and on S3 behind faults."""

import signal
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from examples.media import declared, pictures
from pipelines.case import find_case
from pipelines.policy_config import load_policies
from pipelines.store import Store
from pipelines.summary import ScanSummary
from pipelines.tables import connect
from tests.conftest import assert_same_rows, rows
from tests.drivers import run
from tests.places import source_at, store_at, wait_until_free
from tests.transforms.containers.archives import PACKED, encrypted_zip, special, tarred, zipped

pytestmark = pytest.mark.usefixtures("both_places")
Scanned = Callable[..., ScanSummary]
LABEL = "Создано с помощью ИИ"
MEMBERS = "SELECT member_path, outcome, reason FROM items_latest WHERE member_path IS NOT NULL ORDER BY ALL"


def photograph(name: str = "coffee") -> bytes:
    return pictures.jpeg(pictures.photograph(name, 200))


def marked(name: str = "rocket") -> bytes:
    return declared.with_source_type(pictures.photograph(name, 200), "trainedAlgorithmicMedia")


FILES = [("in/a.jpg", photograph()), ("in/b.jpg", marked()), ("in/b.txt", LABEL.encode()), ("in/empty.png", b"")]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / "a.zip").write_bytes(zipped(FILES))
    (folder / "shard.tar").write_bytes(tarred(FILES))
    (folder / "solid.tar.gz").write_bytes(PACKED["tar.gz"](tarred([*FILES, ("deep.zip", zipped(FILES[:2]))])))
    (folder / "plain.jpg").write_bytes(photograph())
    return folder


def store_of(source: Path) -> Path:
    return source.parent / "store"


def test_every_member_has_a_row_and_its_bytes_are_examined_once(source: Path, light_scan: Scanned) -> None:
    summary = light_scan(source)
    sql = """
        SELECT parse_filename(uri), member_path, outcome, reason FROM items_latest
        WHERE parse_filename(uri) IN ('a.zip', 'solid.tar.gz') ORDER BY ALL
    """
    members = [("in/a.jpg", "examined", None), ("in/b.jpg", "examined", None)]
    members += [("in/b.txt", "not_checked", "not_media"), ("in/empty.png", "failed", "empty_file")]
    nested = [("deep.zip", "not_checked", "container")]
    nested += [(f"deep.zip!/{path}", *told) for path, *told in members[:2]]
    container = (None, "not_checked", "container")
    assert rows(store_of(source), sql) == [
        *(("a.zip", *one) for one in [*members, container]),
        *(("solid.tar.gz", *one) for one in [*nested, *members, container]),
    ]
    assert (summary.plan.inputs, summary.frames) == (1 + 5 + 5 + 8, 2)
    sql = "SELECT count(*), count(DISTINCT content_sha256) FROM items_latest WHERE outcome = 'examined'"
    assert rows(store_of(source), sql) == [(9, 2)]


def test_marks_texts_beside_and_verdicts_are_those_of_files(source: Path, light_scan: Scanned) -> None:
    light_scan(source)
    sql = """
        SELECT parse_filename(uri), outcome FROM verdicts_latest WHERE member_path = 'in/b.jpg' ORDER BY ALL
    """
    assert rows(store_of(source), sql) == [(name, "disclosed") for name in ("a.zip", "shard.tar", "solid.tar.gz")]
    sql = "SELECT DISTINCT kind, beside FROM item_marks WHERE member_path = 'in/b.jpg' AND says = 'ai' ORDER BY ALL"
    assert rows(store_of(source), sql) == [("caption.sidecar", True), ("iptc.digital_source_type", False)]
    sql = "SELECT count(*) FROM verdicts WHERE member_path IS NULL OR member_path = 'deep.zip'"
    assert rows(store_of(source), sql) == [(1,)], "of plain.jpg: containers have no verdict"


def test_an_unchanged_container_is_not_opened(
    source: Path, light_scan: Scanned, monkeypatch: pytest.MonkeyPatch
) -> None:
    light_scan(source)
    monkeypatch.setattr("transforms.containers.opener._COMMAND", ("/bin/false",))
    summary = light_scan(source)
    assert not summary.plan.due
    assert summary.plan.inputs == 19


WITHOUT_A_DECODER = """
import socket, sys
from transforms.examine import channel
door = socket.socket(fileno=int(sys.argv[1]))
channel.send(door, {"ready": True})
while door.recv(1000):
    channel.send(door, {"ended": ["decoder_missing", "It is not installed."]})
"""


def test_a_container_that_a_decoder_was_missing_for_waits_until_it_is_retried(
    tmp_path: Path, light_scan: Scanned, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / "a.zip").write_bytes(zipped(FILES[:1]))
    row = "SELECT member_path, outcome, reason FROM items_latest ORDER BY ALL"
    with monkeypatch.context() as patched:
        patched.setattr("transforms.containers.opener._COMMAND", (sys.executable, "-c", WITHOUT_A_DECODER))
        light_scan(folder)
    assert rows(tmp_path / "store", row) == [(None, "not_checked", "decoder_missing")]
    assert not light_scan(folder).plan.due
    assert rows(tmp_path / "store", row) == [(None, "not_checked", "decoder_missing")]
    light_scan(folder, retry_failed=True)
    assert rows(tmp_path / "store", row) == [("in/a.jpg", "examined", None), (None, "not_checked", "container")]


def test_a_changed_container_is_listed_anew_and_known_bytes_are_not_examined(source: Path, light_scan: Scanned) -> None:
    light_scan(source)
    (source / "a.zip").write_bytes(zipped([FILES[0], ("in/new.jpg", marked("cat"))]))
    summary = light_scan(source)
    assert summary.frames == 1
    sql = "SELECT member_path, outcome FROM items_latest WHERE parse_filename(uri) = 'a.zip' ORDER BY ALL"
    assert rows(store_of(source), sql) == [
        ("in/a.jpg", "examined"),
        ("in/b.jpg", "gone"),
        ("in/b.txt", "gone"),
        ("in/empty.png", "gone"),
        ("in/new.jpg", "examined"),
        (None, "not_checked"),
    ]
    (source / "a.zip").unlink()
    light_scan(source)
    sql = "SELECT DISTINCT outcome FROM items_latest WHERE parse_filename(uri) = 'a.zip'"
    assert rows(store_of(source), sql) == [("gone",)]


def test_what_lies_behind_a_break_is_not_gone(source: Path, light_scan: Scanned) -> None:
    light_scan(source)
    whole = (source / "shard.tar").read_bytes()
    (source / "shard.tar").write_bytes(whole[: whole.index(b"in/b.txt")])
    summary = light_scan(source)
    assert summary.exit_code == 3
    sql = """
        SELECT member_path, outcome, reason, detail FROM items_latest
        WHERE parse_filename(uri) = 'shard.tar' AND coalesce(member_path, '') <> 'in/empty.png' ORDER BY ALL
    """
    truncated = "The archive has no end mark: what came behind is missing. Members with rows of their own: 2."
    assert rows(store_of(source), sql) == [
        ("in/a.jpg", "examined", None, None),
        ("in/b.jpg", "examined", None, None),
        ("in/b.txt", "not_checked", "not_media", "The file is neither a picture nor a video."),
        (None, "failed", "truncated", truncated),
    ]
    assert not light_scan(source).plan.due, "nor is it looked for again"


@pytest.mark.also_on_s3
def test_hostile_members_are_rows_and_nothing_else(tmp_path: Path, light_scan: Scanned) -> None:
    folder = tmp_path / "source" / "inner"
    folder.mkdir(parents=True)
    link, device = special("link.jpg", tarfile.SYMTYPE, "/etc/passwd"), special("sda.jpg", tarfile.BLKTYPE)
    names = [
        ("../../../escaped.jpg", photograph()),
        (f"{tmp_path}/absolute.jpg", photograph()),
        ("a\x1b[31m.jpg", b"x"),
    ]
    (folder / "hostile.tar").write_bytes(tarred(names, others=[link, device]))
    (folder / "secret.zip").write_bytes(encrypted_zip("secret.jpg"))
    (folder / "bomb.zip").write_bytes(zipped([("bomb.png", bytes(100 << 20))]))
    (folder / "no.zip").write_bytes(photograph())
    light_scan(folder)
    assert rows(tmp_path / "store", MEMBERS) == sorted(
        [
            ("../../../escaped.jpg", "examined", None),
            (f"{tmp_path}/absolute.jpg", "examined", None),
            ("a\x1b[31m.jpg", "not_checked", "named_as_media"),
            ("link.jpg", "not_checked", "not_a_file"),
            ("sda.jpg", "not_checked", "not_a_file"),
            ("secret.jpg", "not_checked", "encrypted"),
            ("bomb.png", "not_checked", "over_container_limit"),
        ]
    )
    assert {path.name for path in tmp_path.rglob("*.jpg")} == set()
    sql = "SELECT outcome, reason, detail FROM items_latest WHERE parse_filename(uri) = 'no.zip'"
    told = "The name says archive; the content is none of a kind that is read."
    assert rows(tmp_path / "store", sql) == [("failed", "corrupt", told)]


def test_a_context_table_names_members(source: Path, light_scan: Scanned, tmp_path: Path) -> None:
    table = tmp_path / "context.csv"
    table.write_text("uri,title\na.zip!/in/a.jpg,A cup of coffee\n", "utf-8")
    light_scan(source, context=table)
    sql = "SELECT parse_filename(uri), member_path FROM items_latest WHERE title IS NOT NULL"
    assert rows(store_of(source), sql) == [("a.zip", "in/a.jpg")]


@pytest.mark.parametrize(
    ("address", "outcome"),
    [("a.zip!/in/b.jpg", "examined"), ("solid.tar.gz!/deep.zip!/in/a.jpg", "examined"), ("a.zip", "not_checked")],
)
def test_a_member_can_be_explained(source: Path, light_scan: Scanned, address: str, outcome: str) -> None:
    light_scan(source)
    with connect(Store.open(store_at(store_of(source)))) as tables:
        case = find_case(tables, f"{source_at(source)}/{address}", load_policies(["kz"]), ())
    assert case.places[0] == f"{source_at(source)}/{address}"
    assert (case.outcome, len(case.policies)) == (outcome, 1 if outcome == "examined" else 0)


def test_members_can_be_left_alone(source: Path, light: Path, tmp_path: Path, light_scan: Scanned) -> None:
    profile = tmp_path / "closed.yaml"
    profile.write_text(light.read_text("utf-8") + "containers: {enabled: false}\n", "utf-8")
    light_scan(source, profile=str(profile))
    assert rows(store_of(source), MEMBERS) == []


KILLED = """
import os, signal, sys
from pathlib import Path
from rich.console import Console
from pipelines.scan import Scan
from pipelines.scan_options import ScanOptions
from pipelines.store import Store
commit, done = Store.commit_segment, []
def commit_two(*arguments):
    done.append(1)
    if len(done) == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    commit(*arguments)
Store.commit_segment = commit_two
Scan(ScanOptions([sys.argv[1]], sys.argv[2], profile=sys.argv[3], segment_items=4), Console(stderr=True)).run()
"""


def test_a_scan_killed_amid_a_container_ends_as_an_undisturbed_one(
    source: Path, light: Path, light_scan: Scanned, tmp_path: Path
) -> None:
    reference, store = tmp_path / "reference", tmp_path / "store"
    light_scan(source, store=reference)
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", KILLED, source_at(source), str(store_at(store)), str(light)]
    assert run(command, cwd=root, check=False, capture_output=True).returncode == -signal.SIGKILL
    assert 0 < rows(store, "SELECT count(*) FROM items")[0][0] < 19
    wait_until_free(Store(store_at(store)))
    light_scan(source, store=store)
    assert_same_rows(store, reference)
