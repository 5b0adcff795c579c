"""One real scan over everything that is known to break readers of media, watched from outside."""

import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

import configs
from pipelines.errors import ExitCode
from pipelines.inventory import printable
from pipelines.store import Store
from pipelines.tables import TABLES, connect
from tests.conftest import rows
from tests.hostile.files import FILES, MEMBERS
from tests.hostile.outside import Outside, outside
from tests.hostile.watched import Watched, snapshot, watched_scan
from transforms.outcomes import Outcome, Reason

MOST_BYTES = 2 << 30
"""Of the whole tree of processes at any one time."""

LOW = {
    "limits": {"pixels": 20_000_000, "memory_bytes": 1 << 30, "file_bytes": 1 << 30, "cpu_seconds": 60},
    "containers": {"members": MEMBERS, "ratio": 50, "produced_bytes": 1 << 30},
    "faces": {"enabled": False},
    "labels": {"enabled": False},
}
UNBUILT = {
    "pipe.mp4": Reason.UNREADABLE,
    "leads nowhere.jpg": Reason.UNREADABLE,
    "closed": Reason.UNREADABLE,
}
"""What ``FILES`` cannot make: no files."""

Told = dict[tuple[str, str | None], tuple[str, str | None]]


@dataclass(frozen=True, slots=True)
class Scanned:
    """The scan, and what stood on the disk before it and after."""

    source: Path
    store: Path
    out: Outside
    seen: Watched
    before: dict[str, dict[str, tuple[int, int, int]]]
    after: dict[str, dict[str, tuple[int, int, int]]]


@pytest.fixture(scope="module")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scanned]:
    base = tmp_path_factory.mktemp("hostile")
    source, store, scratch, kept = (base / name for name in ("source", "store", "scratch", "kept"))
    for folder in (source, scratch, kept):
        folder.mkdir()
    profile = kept / "low.yaml"
    usual = yaml.safe_load((configs.ROOT / "profiles" / "default.yaml").read_text("utf-8"))
    profile.write_text(yaml.safe_dump(usual | LOW), "utf-8")
    with outside(base / "outside") as out:
        _fill(source, out)
        watched = {folder.name: folder for folder in (source, scratch, out.folder)}
        before = {name: snapshot(folder) for name, folder in watched.items()}
        seen = watched_scan(
            [source, "--store", store, "--profile", profile, "--children", 2], out, scratch, kept / "trace"
        )
        after = {name: snapshot(folder) for name, folder in watched.items()}
        yield Scanned(source, store, out, seen, before, after)
    (source / "closed").chmod(0o700)
    assert {path.name for path in base.iterdir()} == {"source", "store", "scratch", "kept", "outside"}


def _fill(source: Path, out: Outside) -> None:
    for one in FILES:
        path = source / one.name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(one.build(out))
    os.mkfifo(source / "pipe.mp4")
    (source / "leads nowhere.jpg").symlink_to("nothing")
    (source / "a folder elsewhere").symlink_to(out.folder)
    (source / "closed").mkdir(0o700)
    (source / "closed" / "a.jpg").write_bytes(b"x")
    (source / "closed").chmod(0)


def _wanted(source: Path) -> Told:
    def told(reason: Reason | None) -> tuple[str, str | None]:
        return (reason.outcome, reason) if reason else (Outcome.EXAMINED, None)

    def uri(name: str) -> str:
        return printable(f"{source}/{name}")

    wanted: Told = {(uri(name), None): told(reason) for name, reason in UNBUILT.items()}
    for one in FILES:
        wanted[uri(one.name), None] = told(one.reason)
        wanted |= {(uri(one.name), path): told(reason) for path, reason in one.members.items()}
    return wanted


def test_it_ends_and_says_that_not_all_could_be_examined(scanned: Scanned) -> None:
    assert scanned.seen.status == ExitCode.INCOMPLETE, scanned.seen.log.decode()[-4000:]
    assert b"Traceback" not in scanned.seen.log


def test_every_input_has_one_row_that_says_what_became_of_it(scanned: Scanned) -> None:
    found = rows(scanned.store, "SELECT uri, member_path, outcome, reason FROM items ORDER BY ALL")
    told: Told = {(uri, member): (outcome, reason) for uri, member, outcome, reason in found}
    assert len(found) == len(told)
    assert told == _wanted(scanned.source)


def test_every_row_that_is_not_examined_has_a_line_for_people(scanned: Scanned) -> None:
    sql = "SELECT uri, detail FROM items WHERE outcome <> 'examined' AND coalesce(trim(detail), '') = ''"
    assert rows(scanned.store, sql) == []


def test_texts_that_bite_are_not_read_and_the_row_says_so(scanned: Scanned) -> None:
    sql = """
        SELECT parse_filename(uri), note.layer, note.detail
        FROM (SELECT uri, unnest(layers) AS note FROM items) WHERE note.layer IN ('marks', 'caption')
          AND parse_filename(uri) IN ('laughing.jpg', 'reading.jpg', 'waiting.jpg', 'calling.jpg', 'beside.jpg')
        ORDER BY ALL
    """
    refused = "it declares a document type, which is refused"
    found = [
        (name, layer, detail.partition(": ")[2].removesuffix(".")) for name, layer, detail in rows(scanned.store, sql)
    ]
    assert found == [
        ("beside.jpg", "caption", "beside.json: Its values are nested too deep"),
        ("beside.jpg", "caption", "beside.srt: None of its lines has times as subtitles have them; read as plain text"),
        ("beside.jpg", "caption", f"beside.xmp: {refused}"),
        ("beside.jpg", "caption", "beside.md: It begins as utf-16 and does not go on as such at byte 0"),
        *((name, "marks", refused) for name in ("calling.jpg", "laughing.jpg", "reading.jpg", "waiting.jpg")),
    ]


def test_what_lies_outside_tells_who_touched_it(tmp_path: Path) -> None:
    with outside(tmp_path / "outside") as out:
        assert not out.pipe_has_a_reader()
        assert not out.was_called()
        reader = os.open(out.pipe, os.O_RDONLY | os.O_NONBLOCK)
        assert out.pipe_has_a_reader()
        os.close(reader)
        with socket.create_connection(out.listener.getsockname()):
            assert out.was_called()


def test_memory_of_the_whole_tree_stays_bounded(scanned: Scanned) -> None:
    assert 100 << 20 < scanned.seen.peak_bytes < MOST_BYTES


def test_nothing_outside_the_source_is_opened(scanned: Scanned) -> None:
    assert not scanned.seen.pipe_was_read
    assert not scanned.out.was_called()
    if scanned.seen.calls is not None:
        assert str(scanned.source) in scanned.seen.calls, "strace saw the scan"
        assert str(scanned.out.folder) not in scanned.seen.calls
        assert "AF_INET" not in scanned.seen.calls


def test_no_row_file_or_line_holds_what_lies_outside(scanned: Scanned) -> None:
    with connect(Store.open(scanned.store)) as tables:
        said = [str(tables.execute(f"SELECT * FROM stored_{table}").fetchall()).encode() for table in TABLES]
    files = [path.read_bytes() for path in scanned.store.rglob("*") if path.is_file()]
    assert all(said)
    assert files
    held = [text for text in (*said, *files, scanned.seen.log) if any(trace in text for trace in scanned.out.traces)]
    assert held == []


def test_nothing_outside_the_store_is_changed(scanned: Scanned) -> None:
    assert scanned.after == scanned.before
