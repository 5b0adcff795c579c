"""``aiqyn store forget``: what is forgotten is in no view, no part file and no log, and all else is as it was."""

import json
import shutil
import signal
import sys
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from pipelines.errors import UsageError
from pipelines.plan import segment_id
from pipelines.store import Store
from pipelines.tables import connect
from pipelines.upkeep.check import check_store
from pipelines.upkeep.cli import app
from pipelines.upkeep.forget import forget
from tests.conftest import ScanCall, rows
from tests.drivers import run
from tests.pipelines.upkeep.forget_driver import STEPS
from tests.pipelines.upkeep.hand_made import NOON, add_segment, add_verdicts, item, part

FILM = "/архив қ/film.mp4"
CONTENT = sha256(f"{FILM} None".encode()).hexdigest()
MEMBER = sha256("/архив қ/all.zip x.jpg".encode()).hexdigest()
OTHER = sha256("/архив қ/all.zip y.jpg".encode()).hexdigest()
LONE = ("/lone/secret.png", "/lone/like.png")
VIEWS = ("items", "items_latest", "frames", "marks", "verdicts", "reviews", "near_duplicates", "scans")


def answers(store: Store) -> dict[str, list[tuple]]:
    """All that views show, but for the ids of segments."""
    with connect(Store.open(store.root)) as tables:
        return {
            view: tables.execute(f"SELECT COLUMNS(lambda c: c <> 'segment_id') FROM {view} ORDER BY ALL").fetchall()
            for view in VIEWS
        }


def without(said: dict[str, list[tuple]], *texts: str) -> dict[str, list[tuple]]:
    return {view: [row for row in rows if not any(one in repr(row) for one in texts)] for view, rows in said.items()}


def damage(store: Store) -> list[str]:
    return [found.line for found in check_store(Store(store.root), is_deep=True) if found.problem.is_damage]


def assert_nowhere(store: Store, *texts: str) -> None:
    """In no column and no bound of a part file, and in no log."""
    for path in Path(store.root).rglob("*"):
        if not path.is_file():
            continue
        data = path.read_bytes()
        told = repr(duckdb.read_parquet(str(path)).fetchall()) if path.suffix == ".parquet" else ""
        for text in texts:
            assert text.encode() not in data, path
            assert json.dumps(text)[1:-1].encode() not in data, path
            assert text not in told, path


def lone(store: Store) -> str:
    """A content at a place of its own, with all that may tell of it."""
    found = item("three", "/lone/secret.png")
    content = found["content_sha256"]
    like = item("three", "/lone/like.png", outcome="not_checked", reason="near_duplicate", duplicate_of=content)
    gone = item("four", "/lone/secret.png", outcome="gone", content_sha256=None, scores=[])
    for scan in ("scan-three", "scan-four"):
        sources = ["/lone/secret.png", "/lone"]
        store.record_scan({"scan_id": scan, "status": "complete", "recorded_at": NOON, "sources": sources})
    add_segment(store, "three", [found, like, item("three", "/lone/kept.png")])
    add_segment(store, "four", [gone, item("four", "/lone/new.png")])
    add_verdicts(store, [found, like], judgement="k" * 32)
    for number, (own, other) in enumerate([(content, OTHER), (MEMBER, content)], store.version("near_duplicates") + 1):
        row = {"content_sha256": own, "duplicate_of": other, "sequence": number, "marked_at": NOON}
        store.commit_parts("near_duplicates", f"near {number}", [part(store, "near_duplicates", "near", [row])])
    review = {"review_id": "s", "content_sha256": content, "policy": "kz", "decision": "unsure", "reviewer": "bob"}
    review |= {"uri": "/lone/secret.png", "sequence": store.version("reviews") + 1, "decided_at": NOON}
    store.commit_parts("reviews", "s", [part(store, "reviews", "s", [review])])
    return content


def test_a_content_is_forgotten_in_every_table_and_file(store: Store) -> None:
    content = lone(store)
    assert damage(store) == []
    said = answers(store)
    would = forget(store, [content], is_dry=True)
    assert answers(store) == said
    done = forget(store, [content])
    assert dict(done.rows) == dict(would.rows)
    assert dict(done.rows) == {
        "items": 3,  # its own, the one that was skipped for it, and that its place was gone
        "frames": 1,
        "marks": 1,
        "verdicts": 2,
        "near_duplicates": 1,
        "reviews": 1,
        "segments": 0,
        "scans": 0,
    }
    assert_nowhere(store, content, *LONE)
    now = answers(store)
    for view in ("items", "frames", "marks", "verdicts", "reviews"):
        assert now[view] == without(said, content, *LONE)[view], view
    with connect(store) as tables:
        counts = "SELECT items, frames, examined, gone, sequence FROM segments ORDER BY sequence"
        assert tables.execute(counts).fetchall()[2:] == [(1, 1, 1, 0, 3), (1, 1, 1, 0, 4)]
        assert tables.execute("SELECT duplicate_of FROM stand_ins WHERE content_sha256 = ?", [MEMBER]).fetchall() == [
            (None,)
        ]
        assert tables.execute("SELECT DISTINCT sources FROM scans WHERE scan_id = 'scan-three'").fetchall() == [
            (["/lone"],)
        ]
    assert [found.line for found in check_store(store, is_deep=True)] == []
    for table in ("items", "segments"):
        with pytest.raises(UsageError, match=f"Version 1 of {table} in .* is gone"):
            Store(store.root, {table: 1}).files(table)


def test_other_segments_are_not_touched_and_the_store_goes_on(store: Store) -> None:
    said = answers(store)
    forget(store, [CONTENT])
    assert answers(store) == without(said, CONTENT, "0" * 70) | {"scans": said["scans"]}
    store.record_scan({"scan_id": "scan-five", "status": "complete"})
    add_segment(store, "five", [item("five", FILM)])  # a later scan finds it as new
    with connect(Store.open(store.root)) as tables:
        latest = tables.execute("SELECT content_sha256 FROM items_latest WHERE uri = ?", [FILM]).fetchall()
    assert latest == [(CONTENT,)]
    assert damage(store) == []


def test_what_is_found_again_is_another_piece_of_work(store: Store) -> None:
    """Else its commit would be taken for the one that was forgotten."""
    assert store.forgotten() == 0
    assert segment_id([], "e", "c") == segment_id([], "e", "c", store.forgotten())
    forget(store, [CONTENT])
    assert store.forgotten() > 0
    assert segment_id([], "e", "c") != segment_id([], "e", "c", Store(store.root).forgotten())


def test_the_next_scan_finds_the_file_as_new(archive: Path, tmp_path: Path, light_scan: ScanCall) -> None:
    source = tmp_path / "source"
    source.mkdir()
    shutil.copy(archive / "2023" / "autumn" / "astronaut.jpg", source)
    light_scan(source)
    store = Store.open(tmp_path / "store")
    first = "SELECT content_sha256, outcome, segment_id FROM items_latest"
    ((content, outcome, segment),) = rows(store.root, first)
    forget(store, [content])
    assert rows(store.root, first) == []
    assert light_scan(source).committed == 1
    ((found, again, other),) = rows(store.root, first)
    assert (found, again) == (content, outcome)
    assert other != segment
    assert [one.line for one in check_store(Store(store.root))] == []


def test_all_that_is_old_is_forgotten(store: Store) -> None:
    """Rows are as old as the commit of their segment; scans and reviews have times of their own."""
    assert forget(store, older_than=timedelta(days=1)).rows["items"] == 0
    said = answers(store)
    assert said["items"]
    assert said["reviews"] == [], "decided long ago"
    assert {row[0] for row in said["scans"]} == {"scan-one", "scan-two"}, "of segments that stay"
    store.record_scan({"scan_id": "scan-new", "status": "complete", "recorded_at": datetime.now(UTC) + timedelta(1)})
    done = forget(store, older_than=timedelta(0))
    assert (done.rows["items"], done.rows["segments"]) == (6, 2)
    now = answers(store)
    assert [row[0] for row in now["scans"]] == ["scan-new"]
    assert {view for view, rows in now.items() if rows} == {"scans"}
    assert_nowhere(store, CONTENT, MEMBER, OTHER, FILM, "x.jpg")
    assert [found.line for found in check_store(store, is_deep=True)] == []


def test_rows_of_segments_that_no_view_shows_go_too(store: Store) -> None:
    stray = part(store, "items", "none", [item("none", "/unseen.png")])
    store.commit_parts("items", "none", [stray])
    orphan = part(store, "items", "orphan", [item("orphan", "/orphan.png")])
    assert forget(store, ["ab" * 32]).rows == dict.fromkeys(forget(store, ["ab" * 32]).rows, 0)
    assert_nowhere(store, "/unseen.png", "/orphan.png")
    assert not (store.root / "items" / orphan["path"]).exists()


@pytest.mark.parametrize(("step", "nth"), STEPS)
def test_a_kill_leaves_a_whole_store_and_the_same_command_goes_on(step: str, nth: int, store: Store) -> None:
    content = lone(store)
    said = answers(store)
    driver = Path(__file__).with_name("forget_driver.py")
    environment = {"PYTHONPATH": str(Path(__file__).parents[3]), "PATH": "/usr/bin:/bin"}
    command = [sys.executable, str(driver), step, str(nth), str(store.root), content]
    killed = run(command, env=environment, capture_output=True, text=True, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert damage(store) == []
    between = answers(store)
    of_segments = ("items", "items_latest", "frames", "marks", "verdicts")
    seen = {view: between[view] for view in of_segments}
    forgotten = without(said, content, *LONE)
    if seen != {view: said[view] for view in of_segments}:
        for view in ("items", "frames", "marks", "verdicts"):
            assert seen[view] == forgotten[view], f"{view} shows half of it"
    forget(Store.open(store.root), [content])
    assert_nowhere(store, content, *LONE)
    now = answers(store)
    for view in ("items", "frames", "marks", "verdicts", "reviews"):
        assert now[view] == forgotten[view], view
    assert [found.line for found in check_store(store, is_deep=True)] == []


def test_it_holds_the_store_alone_and_leaves_a_damaged_one(store: Store) -> None:
    with store.locks.whole("scan"), pytest.raises(UsageError, match="is writing to"):
        forget(Store(store.root), [CONTENT])
    Path(store.files("items")[0]).unlink()
    with pytest.raises(UsageError, match="is damaged"):
        forget(store, [CONTENT])


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "Say what to forget"),
        (["--hash", "ab" * 32, "--older-than", "7d"], "Say what to forget"),
        (["--hash", "abcd"], "--hash takes a whole SHA-256"),
        (["--older-than", "7"], "--older-than takes an age"),
    ],
)
def test_what_makes_no_sense_is_told(arguments: list[str], sentence: str, store: Store) -> None:
    done = CliRunner().invoke(app, ["forget", "--store", str(store.root), *arguments])
    assert isinstance(done.exception, UsageError)
    assert sentence in str(done.exception)


def test_the_command_says_what_it_did(store: Store) -> None:
    command = ["forget", "--store", str(store.root), "--hash", CONTENT.upper()]
    assert "Would forget 2 rows of items" in CliRunner().invoke(app, [*command, "--dry-run"]).stdout
    told = json.loads(CliRunner().invoke(app, [*command, "--json"]).stdout)
    assert (told["rows"]["items"], told["dry_run"]) == (2, False)
    assert told["removed"]
    assert "Forgot nothing" in CliRunner().invoke(app, command).stdout
