"""``aiqyn query``: goldens of every output format, over a store made by hand.

``AIQYN_UPDATE_GOLDENS=1 pytest tests/pipelines/test_query.py`` writes them anew.
"""

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pipelines.errors import UsageError
from pipelines.query import HISTORY, run_query
from pipelines.store import Store
from pipelines.tables import connect
from transforms.part_files import write_part

ROOT = Path(__file__).parents[2]
QUERY = (sys.executable, "-m", "pipelines.cli", "query")
GOLDEN = Path(__file__).parents[1] / "golden"
NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
SQL = "SELECT uri, outcome, reason, duration_ms, score, scores, layers, examined_at FROM items_latest ORDER BY uri"


def item(segment_id: str, uri: str, **facts) -> dict:
    return {
        "scan_id": f"scan-{segment_id}",
        "segment_id": segment_id,
        "uri": uri,
        "outcome": "examined",
        "examined_at": NOON,
        "layers": [],
        "scores": [],
    } | facts


def add_segment(store: Store, segment_id: str, sequence: int, items: list[dict], *, committed: bool = True) -> None:
    store.commit_parts("items", segment_id, [asdict(write_part(str(store.root), "items", segment_id, items))])
    if committed:
        row = {"segment_id": segment_id, "scan_id": f"scan-{segment_id}", "sequence": sequence}
        store.commit_parts("segments", segment_id, [asdict(write_part(str(store.root), "segments", segment_id, [row]))])


def read_parquet(file: Path) -> str:
    import pyarrow.parquet as pq

    answer = pq.read_table(file)
    return "\n".join([answer.schema.to_string(show_schema_metadata=False), *map(str, answer.to_pylist()), ""])


def read_sheets(file: Path) -> str:
    """The cells of each sheet, and how dates are shown, as the workbook's own XML."""
    with zipfile.ZipFile(file) as book:
        names = [name for name in book.namelist() if name.startswith(("xl/worksheets/", "xl/styles"))]
        return "".join(f"{name}\n{book.read(name).decode().replace('><', '>' + chr(10) + '<')}\n" for name in names)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Two committed segments, the second with a newer row of one place, and one that was never committed."""
    made = Store.create(tmp_path / "store")
    score = {"detector": "d", "digest": "0" * 8, "raw": 1.5, "calibrated": 0.75, "level": "elevated"}
    note = {"layer": "frames", "status": "icc_profile_ignored", "detail": "broken"}
    films = item("one", "/a/film.mp4", duration_ms=2000.0, score=0.75, scores=[score])
    add_segment(made, "one", 1, [films, item("one", '/a/кадр, "қ".png', score=0.25, layers=[note])])
    add_segment(made, "two", 2, [item("two", "/a/film.mp4", outcome="failed", reason="truncated")])
    add_segment(made, "three", 3, [item("three", "/a/unseen\x1b[31m.jpg")], committed=False)
    return made


@pytest.mark.parametrize("form", ["table", "csv", "json"])
def test_formats_are_as_they_were(form: str, store: Store, tmp_path: Path) -> None:
    output = tmp_path / "answer"
    run_query(str(store.root), SQL, form, output)
    golden = GOLDEN / f"query.{form}"
    if os.environ.get("AIQYN_UPDATE_GOLDENS"):
        golden.write_bytes(output.read_bytes())
    assert output.read_text("utf-8") == golden.read_text("utf-8")


@pytest.mark.parametrize(("form", "reading"), [("parquet", read_parquet), ("xlsx", read_sheets)])
def test_what_formats_for_programs_hold_is_as_it_was(
    form: str, reading: Callable[[Path], str], store: Store, tmp_path: Path
) -> None:
    output = tmp_path / "answer"
    run_query(str(store.root), SQL, form, output)
    golden = GOLDEN / f"query.{form}.txt"
    if os.environ.get("AIQYN_UPDATE_GOLDENS"):
        golden.write_text(reading(output), "utf-8")
    assert reading(output) == golden.read_text("utf-8")


def test_parquet_keeps_types(store: Store, tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    run_query(str(store.root), SQL, "parquet", tmp_path / "answer.parquet")
    answer = pq.read_table(tmp_path / "answer.parquet")
    assert answer.num_rows == 2
    assert str(answer.schema.field("examined_at").type) == "timestamp[us, tz=UTC]"


def test_stdout_is_the_default(store: Store, capfd: pytest.CaptureFixture[str]) -> None:
    for form in ("table", "csv", "json"):
        run_query(str(store.root), "SELECT 42 AS answer", form, None)
        assert "42" in capfd.readouterr().out


def test_rows_of_an_uncommitted_segment_are_in_no_view(store: Store) -> None:
    with connect(store) as tables:
        assert tables.execute("SELECT count(*) FROM items").fetchone() == (3,)
        assert tables.execute("SELECT count(*) FROM stored_items").fetchone() == (4,)
        assert tables.execute("SELECT outcome FROM items_latest WHERE uri = '/a/film.mp4'").fetchone() == ("failed",)


def test_a_segment_that_is_committed_while_tables_are_read_is_seen_whole_or_not(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = Store.read

    def read_then_commit(self: Store, table: str) -> tuple[dict[str, Any], list[str]]:
        found = read(self, table)
        monkeypatch.setattr(Store, "read", read)
        add_segment(self, "late", 4, [item("late", "/a/late.png")])
        return found

    monkeypatch.setattr(Store, "read", read_then_commit)
    with connect(store) as tables:
        assert tables.execute("SELECT segment_id FROM segments ANTI JOIN items USING (segment_id)").fetchall() == []
    assert len(store.files("segments")) == 3


def test_frames_of_a_content_that_was_examined_again_count_once(store: Store) -> None:
    for number, (segment_id, digest) in enumerate([("one", "a"), ("two", "b"), ("two", "a"), ("three", "a")]):
        frames = [{"content_sha256": "x", "frame_index": index, "detector_digest": digest} for index in range(2)]
        frames = [frame | {"segment_id": segment_id, "raw": float(number)} for frame in frames]
        part = asdict(write_part(str(store.root), "frames", segment_id, frames))
        store.commit_parts("frames", f"{segment_id}{digest}", [part])
    with connect(store) as tables:
        assert tables.execute("SELECT count(*) FROM frames").fetchone() == (6,)
        latest = tables.execute("SELECT detector_digest, frame_index, raw FROM frames_latest ORDER BY ALL").fetchall()
    assert latest == [("a", 0, 2.0), ("a", 1, 2.0), ("b", 0, 1.0), ("b", 1, 1.0)]


def test_a_scan_has_ended_also_when_the_clock_was_set_back(store: Store) -> None:
    for status, hour in (("running", 12), ("complete", 11)):
        store.record_scan({"scan_id": "s", "status": status, "recorded_at": NOON.replace(hour=hour)})
    with connect(store) as tables:
        assert tables.execute("SELECT status FROM scans").fetchall() == [("complete",)]


def test_the_history_counts_what_the_first_detector_said(tmp_path: Path) -> None:
    store, second = Store.create(tmp_path / "store"), {"detector": "other", "level": "suspected"}
    said = ["none", "undecided", "undecided", "not_assessable", "suspected", "elevated", "failed", None]
    items = [
        item("one", f"/a/{number}.png", scores=[{"detector": "d", "level": level}, second] if level else [])
        for number, level in enumerate(said)
    ]
    add_segment(store, "one", 1, items)
    # Segments of one scan are added up; one that was never committed is not.
    for name, levels, is_committed in (("two", ["undecided"], True), ("three", ["undecided"] * 4, False)):
        rows = [item(name, f"/b/{name}{i}.png", scores=[{"detector": "d", "level": x}]) for i, x in enumerate(levels)]
        add_segment(store, name, 2, [row | {"scan_id": "scan-one"} for row in rows], committed=is_committed)
    for name, hour in (("scan-one", 11), ("scan-of-nothing-new", 12)):
        store.record_scan({"scan_id": name, "status": "complete", "started_at": NOON.replace(hour=hour)})
    run_query(str(store.root), HISTORY, "json", tmp_path / "history.json")
    nothing, first = json.loads((tmp_path / "history.json").read_text("utf-8"))
    counts = {"suspected": 1, "elevated": 1, "undecided": 3, "none": 1, "not_assessable": 1, "detector_failed": 1}
    assert {key: first[key] for key in counts} == counts
    assert {key: nothing[key] for key in counts} == dict.fromkeys(counts, 0)


def test_every_view_answers_in_an_empty_store(tmp_path: Path) -> None:
    with connect(Store.create(tmp_path / "store")) as tables:
        for view in ("items", "items_latest", "frames", "frames_latest", "marks", "verdicts", "segments", "scans"):
            assert tables.execute(f"SELECT count(*) FROM {view}").fetchone() == (0,)


def test_hostile_names_cannot_write_to_the_terminal(store: Store, capfd: pytest.CaptureFixture[str]) -> None:
    run_query(str(store.root), "SELECT uri FROM stored_items", "table", None)
    assert "\x1b" not in capfd.readouterr().out


@pytest.mark.parametrize("form", ["table", "csv", "json"])
@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 42 AS answer -- a comment",
        "SELECT 42 AS answer; -- a comment; қ",
        "/* қ */ SELECT 42 AS answer /* a; */ ; -- a comment",
        "CREATE TABLE mine AS SELECT 42 AS answer; SELECT * FROM mine;",
    ],
)
def test_the_last_statement_answers_comments_or_not(
    sql: str, form: str, store: Store, capfd: pytest.CaptureFixture[str]
) -> None:
    run_query(str(store.root), sql, form, None)
    answer = capfd.readouterr().out
    assert "answer" in answer
    assert "42" in answer


@pytest.mark.parametrize("form", ["table", "csv"])
@pytest.mark.parametrize("sql", ["", " ; ", "-- nothing"])
def test_a_query_without_a_statement_is_a_usage_error(sql: str, form: str, store: Store) -> None:
    with pytest.raises(UsageError, match="no statement"):
        run_query(str(store.root), sql, form, None)


@pytest.mark.parametrize("form", ["table", "csv"])
def test_an_output_that_cannot_be_written_is_a_usage_error(form: str, store: Store, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be written"):
        run_query(str(store.root), "SELECT 1", form, tmp_path / "nowhere" / "answer")


@pytest.mark.parametrize("form", ["table", "csv", "json"])
def test_an_answer_is_appended_where_the_shell_says_so(form: str, store: Store, tmp_path: Path) -> None:
    with (tmp_path / "log").open("ab") as log:
        log.write(b"before\n")
        log.flush()
        subprocess.run([*QUERY, "--store", store.root, "--format", form, "SELECT 42"], stdout=log, check=True, cwd=ROOT)
    text = (tmp_path / "log").read_text()
    assert text.startswith("before\n")
    assert "42" in text


@pytest.mark.parametrize("form", ["table", "csv", "json"])
def test_a_reader_may_leave_early(form: str, store: Store) -> None:
    command = [*QUERY, "--store", store.root, "--format", form, "SELECT * FROM range(200000)"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("123456.789", "123456.789"),
        ("12345678.0", "12345678"),
        ("0.53491", "0.5349"),
        ("0.00001", "1e-05"),
        ("0.0", "0"),
    ],
)
def test_numbers_are_shown_with_their_milliseconds(
    value: str, shown: str, store: Store, capfd: pytest.CaptureFixture[str]
) -> None:
    run_query(str(store.root), f"SELECT {value}::DOUBLE AS number", "table", None)
    assert capfd.readouterr().out.splitlines()[2] == shown
