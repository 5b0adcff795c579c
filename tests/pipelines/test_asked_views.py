"""What the views tell of small stores: rows of earlier examinations, gone places, members, several policies."""

from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

import configs
from pipelines.tables import TABLES, connect, definitions
from pipelines.upkeep.export import PARTITIONED
from tests.pipelines.nights import Nights, answer, failed, gone, place, ruling
from transforms.schemas import TABLES as SCHEMAS


@pytest.fixture
def nights(tmp_path: Path) -> Nights:
    return Nights(tmp_path / "store")


def test_a_content_has_one_row_whatever_is_known_of_its_places(nights: Nights) -> None:
    broken = failed("/s/b", "timed_out", content_sha256="same")
    nights.scan([place("/s/c", "same"), broken, place("/s/gone"), failed("/s/x", "unreadable", content_sha256=None)])
    nights.scan([failed("/s/y", "unreadable", content_sha256=None), place("/s/d", "same"), gone("/s/gone")])
    nights.scan([place("/s/z.tar", "packed", member_path="a"), place("/s/z.tar", "packed", member_path="b")])
    assert nights.ask("SELECT uri, member_path, places FROM contents_latest ORDER BY ALL") == [
        ("/s/d", None, 3),
        ("/s/x", None, 1),
        ("/s/y", None, 1),
        ("/s/z.tar", "a", 2),
    ]


def test_duplicates_are_identical_bytes_that_lie_in_several_places_now(nights: Nights) -> None:
    nights.scan([place("/s/a", "one"), place("/s/b", "one"), place("/s/c", "two"), place("/s/d", "two"), place("/s/e")])
    nights.scan([gone("/s/d", content_sha256="two"), place("/s/f.zip", "one", member_path="x")])
    assert nights.ask("SELECT places, uri, member_path FROM duplicates ORDER BY ALL") == [
        (3, "/s/a", None),
        (3, "/s/b", None),
        (3, "/s/f.zip", "x"),
    ]


def test_failures_are_counted_by_reason_as_they_are_now(nights: Nights) -> None:
    nights.scan(
        [failed("/s/a", "truncated"), failed("/s/b", "truncated"), failed("/s/mended", "corrupt"), gone("/s/g")]
    )
    container = failed("/s/z.zip", "container", "not_checked")
    nights.scan([place("/s/mended"), container, failed("/s/z.zip", "encrypted", "not_checked", member_path="m")])
    assert nights.ask("SELECT * FROM failures") == [
        ("failed", "truncated", True, 2, 2, 20, "It is truncated.", "/s/a"),
        ("not_checked", "encrypted", True, 1, 1, 10, "It is encrypted.", "/s/z.zip!/m"),
        ("not_checked", "container", False, 1, 1, 10, "It is container.", "/s/z.zip"),
    ]


def note(layer: str, status: str, detail: str) -> dict[str, str]:
    return {"layer": layer, "status": status, "detail": detail}


def test_each_layer_says_of_how_many_media_it_told_what(nights: Nights) -> None:
    unread = [note("caption", "not_checked", f"undecodable: {name}.txt") for name in "ab"]
    nights.scan(
        [
            place("/s/a", scores=[answer("d", 0.1), answer("e", None)], layers=unread),
            place("/s/film", media_type="video/mp4", layers=[note("frames", "ended_early", "at 2 s")]),
            place(
                "/s/no faces looked for", depicts_person=None, layers=[note("detector:d", "frames_failed", "1 of 2")]
            ),
            failed("/s/broken", "truncated", layers=[note("marks", "failed", "twice")]),
            failed("/s/notes.txt", "not_media", "not_checked"),
            failed("/s/a.zip", "container", "not_checked"),
            gone("/s/gone"),
        ]
    )
    assert nights.ask("SELECT * FROM layer_coverage") == [
        ("c2pa", "no_note", 3, None),
        ("c2pa", "not_examined", 1, None),
        ("caption", "no_note", 2, None),
        ("caption", "not_checked", 1, "undecodable: a.txt"),
        ("caption", "not_examined", 1, None),
        ("detector:d", "frames_failed", 1, "1 of 2"),
        ("detector:d", "not_examined", 1, None),
        ("detector:d", "read", 2, None),
        ("detector:e", "not_checked", 3, None),
        ("detector:e", "not_examined", 1, None),
        ("faces", "not_checked", 1, None),
        ("faces", "not_examined", 1, None),
        ("faces", "read", 2, None),
        ("frames", "ended_early", 1, "at 2 s"),
        ("frames", "no_note", 2, None),
        ("frames", "not_examined", 1, None),
        ("marks", "failed", 1, "twice"),
        ("marks", "no_note", 3, None),
        ("visible_label", "no_note", 3, None),
        ("visible_label", "not_examined", 1, None),
        ("watermark", "no_note", 2, None),
        ("watermark", "not_examined", 1, None),
    ]


def test_every_place_stands_under_every_policy_judged_or_not(nights: Nights) -> None:
    nights.scan([place("/s/a"), place("/s/b"), failed("/s/z.zip", "container", "not_checked")])
    assert nights.ask("SELECT policy, verdict, uri FROM items_judged ORDER BY ALL") == [
        (None, None, "/s/a"),
        (None, None, "/s/b"),
    ]
    nights.judge("scan 1", [ruling("/s/a", "review"), ruling("/s/b", "disclosed", policy="cn")])
    nights.judge("scan 1", [ruling("/s/a", "disclosed")])
    nights.scan([place("/s/b", "changed")], [ruling("/s/b", "not_disclosed")])
    assert nights.ask("SELECT policy, verdict, uri FROM items_judged ORDER BY ALL") == [
        ("kz", "disclosed", "/s/a"),
        ("kz", "not_disclosed", "/s/b"),
    ], "a verdict of what the place held before is none of it"


def test_publishers_and_weeks_are_counted_by_policy(nights: Nights) -> None:
    tv, news = {"publisher": "TV"}, {"publisher": "News", "published_at": "2026-10-14T23:00:00Z"}
    items = [place("/s/a", **tv, published_at="no day"), place("/s/b", "/s/a", **tv), place("/s/c", **news)]
    items += [failed("/s/d", "truncated", **news), failed("/s/e.txt", "not_media", "not_checked", **tv)]
    rulings = [ruling("/s/a", "not_disclosed"), ruling("/s/b", "not_disclosed", suppressed_by="A. S.")]
    rulings += [ruling("/s/c", "review"), ruling("/s/d", "not_assessable"), ruling("/s/c", "disclosed", policy="cn")]
    nights.scan(items, rulings)
    for _ in range(6):
        nights.scan([])
    nights.scan([place("/s/a", **tv), gone("/s/b")], [ruling("/s/a", "partly_disclosed")])
    outcomes = "disclosed, partly_disclosed, not_disclosed, review, not_assessable, suppressed"
    assert nights.ask(f"SELECT publisher, policy, items, contents, examined, {outcomes} FROM by_publisher") == [
        ("News", "cn", 2, 2, 1, 1, 0, 0, 0, 0, 0),
        ("News", "kz", 2, 2, 1, 0, 0, 0, 1, 1, 0),
        ("TV", "cn", 1, 1, 1, 0, 0, 0, 0, 0, 0),
        ("TV", "kz", 1, 1, 1, 0, 1, 0, 0, 0, 0),
    ]
    nights.scan([place("/s/late")])
    assert nights.ask("SELECT week, dated_by, items, partly_disclosed FROM by_week WHERE policy = 'kz'") == [
        (date(2026, 10, 12), "published", 2, 0),
        (date(2026, 11, 2), "first_seen", 1, 1),
        (date(2026, 11, 9), "first_seen", 1, 0),
    ]


def test_what_someone_answers_for_is_counted_apart_and_asks_for_nothing(nights: Nights) -> None:
    rulings = [ruling("/s/a", "not_disclosed", "trace_found", suppressed_by="A. S.")]
    nights.scan([place("/s/a")], rulings)
    assert nights.ask("SELECT not_disclosed, suppressed FROM by_publisher") == [(0, 1)]
    assert nights.ask("SELECT * FROM undisclosed UNION ALL BY NAME SELECT * FROM review_queue") == []


def test_what_is_undisclosed_has_a_row_for_each_reason_of_each_policy(nights: Nights) -> None:
    member = {"member_path": "m"}
    rulings = [
        ruling("/s/a", "not_disclosed", "trace_found", "visible_not_found"),
        ruling("/s/a", "partly_disclosed", "machine_mark_found", policy="cn"),
        ruling("/s/z.zip", "partly_disclosed", evidence=None, **member),
        ruling("/s/b", "review", "detector_suspects"),
    ]
    nights.scan([place("/s/a", publisher="TV"), place("/s/b"), place("/s/z.zip", "m", **member)], rulings)
    sql = "SELECT policy, verdict, uri, member_path, code, article, publisher FROM undisclosed ORDER BY ALL"
    assert nights.ask(sql) == [
        ("cn", "partly_disclosed", "/s/a", None, "machine_mark_found", "1", "TV"),
        ("kz", "not_disclosed", "/s/a", None, "trace_found", "1", "TV"),
        ("kz", "not_disclosed", "/s/a", None, "visible_not_found", "1", "TV"),
        ("kz", "partly_disclosed", "/s/z.zip", "m", None, None, None),
    ]


def test_the_queue_has_contents_by_what_a_decision_is_worth(nights: Nights) -> None:
    items = [
        place("/s/declared"),
        place("/s/suspected", scores=[answer("d", 0.2), answer("e", 0.75)]),
        place("/s/copy 1", "copied", score=0.75),
        place("/s/copy 2", "copied", score=0.75),
        place("/s/copy 3", "copied", score=0.75),
        place("/s/small", "small", score=0.75, duplicate_of="copied"),
        place("/s/unclear", score=0.1),
        place("/s/sign", score=0.1),
        place("/s/unscored", score=None),
        place("/s/disclosed"),
        gone("/s/gone"),
    ]
    rulings = [
        ruling("/s/declared", "not_disclosed", "declared_by_mark"),
        ruling("/s/declared", "review", "declared_by_mark", policy="cn"),
        *(ruling(f"/s/{name}", "review", "detector_suspects") for name in ("suspected", "small", "unscored", "gone")),
        *(ruling(f"/s/copy {number}", "review", "detector_suspects") for number in (1, 2, 3)),
        ruling("/s/unclear", "review", "detectors_disagree", synthesis="undetermined"),
        ruling("/s/sign", "review", "sign_found"),
        ruling("/s/disclosed", "disclosed"),
    ]
    nights.scan(items, rulings)
    sql = "SELECT position, uri, value, chance, places, alike, verdict, policies, score FROM review_queue"
    assert nights.ask(sql) == [
        (1, "/s/copy 1", 3.0, 0.75, 3, 1, "review", ["kz"], 0.75),
        (2, "/s/small", 3.0, 0.75, 1, 3, "review", ["kz"], 0.75),
        (3, "/s/declared", 1.0, 1.0, 1, 0, "not_disclosed", ["cn", "kz"], 0.25),
        (4, "/s/suspected", 0.75, 0.75, 1, 0, "review", ["kz"], 0.75),
        (5, "/s/sign", 0.5, 0.5, 1, 0, "review", ["kz"], 0.1),
        (6, "/s/unclear", 0.5, 0.5, 1, 0, "review", ["kz"], 0.1),
        (7, "/s/unscored", 0.5, 0.5, 1, 0, "review", ["kz"], None),
    ]


CHANGES = "SELECT change, uri, member_path, policy, before, after FROM changes('scan {}', 'scan {}')"


def test_what_changed_between_two_scans(nights: Nights) -> None:
    first = [place("/s/kept"), place("/s/gone"), place("/s/edited", "old"), place("/s/mended", "m")]
    first += [failed("/s/retried", "timed_out"), place("/s/a.zip", "x", member_path="x")]
    nights.scan(first, [ruling("/s/kept", "review"), ruling("/s/edited", "disclosed"), ruling("/s/gone", "review")])
    second = [gone("/s/gone"), place("/s/edited", "new"), failed("/s/mended", "corrupt", content_sha256="m")]
    second += [place("/s/new"), failed("/s/retried", "truncated"), gone("/s/a.zip", member_path="x")]
    nights.scan(second, [ruling("/s/edited", "not_disclosed"), ruling("/s/new", "review")])
    nights.judge("scan 1", [ruling("/s/kept", "disclosed"), ruling("/s/kept", "review", policy="cn")])
    nights.scan([])
    assert nights.ask(CHANGES.format(1, 2)) == [
        ("content", "/s/edited", None, None, "old", "new"),
        ("gone", "/s/a.zip", "x", None, "examined", None),
        ("gone", "/s/gone", None, None, "examined", None),
        ("new", "/s/new", None, None, None, "examined"),
        ("outcome", "/s/mended", None, None, "examined", "failed: corrupt"),
        ("outcome", "/s/retried", None, None, "failed: timed_out", "failed: truncated"),
        ("verdict", "/s/edited", None, "kz", "disclosed", "not_disclosed"),
    ]
    judged = [
        ("verdict", "/s/kept", None, "cn", None, "review"),
        ("verdict", "/s/kept", None, "kz", "review", "disclosed"),
    ]
    assert nights.ask(CHANGES.format(2, 3)) == judged
    assert nights.ask("SELECT * FROM changes_latest") == judged
    assert nights.ask(CHANGES.format(1, 1)) == []
    assert nights.ask(CHANGES.format(2, 1))[1] == ("gone", "/s/new", None, None, "examined", None)


def test_a_place_that_came_back_and_one_examined_anew_are_no_changes_of_content(nights: Nights) -> None:
    nights.scan([place("/s/a"), place("/s/b")])
    nights.scan([gone("/s/a")])
    nights.scan([place("/s/a"), place("/s/b", examination="other", score=0.9)])
    assert nights.ask(CHANGES.format(1, 3)) == []
    assert nights.ask(CHANGES.format(2, 3)) == [("new", "/s/a", None, None, None, "examined")]


def test_before_the_first_scan_nothing_was_known(nights: Nights) -> None:
    assert nights.ask("SELECT * FROM changes_latest") == []
    nights.scan([place("/s/a")])
    assert nights.ask("SELECT change, uri FROM changes_latest") == [("new", "/s/a")]


def test_a_scan_that_was_killed_counts_as_far_as_it_came_and_one_that_runs_not_yet(nights: Nights) -> None:
    nights.scan([place("/s/a")], [ruling("/s/a", "review")])
    nights.scan([place("/s/b")], status="killed", verdicts=None)
    nights.scan([place("/s/c")], status="running")
    assert nights.ask("SELECT change, uri FROM changes_latest") == [("new", "/s/b")]


def test_a_scan_that_is_none_is_told(nights: Nights) -> None:
    nights.scan([place("/s/a")])
    with pytest.raises(duckdb.Error, match=r"There is no scan scan 7\. See: aiqyn scans"):
        nights.ask(CHANGES.format(1, 7))


@pytest.mark.parametrize(
    ("table", "column", "sql", "wanted"),
    [
        ("items", "publisher", "SELECT publisher, items FROM by_publisher", (None, 1)),
        ("items", "duplicate_of", "SELECT uri, alike FROM review_queue", ("/s/a", 0)),
        ("verdicts", "suppressed_by", "SELECT code FROM undisclosed", ("trace_found",)),
        ("scans", "verdicts", "SELECT change, uri FROM changes_latest", ("new", "/s/a")),
    ],
)
def test_a_store_of_an_earlier_version_is_asked_with_what_it_has(
    table: str, column: str, sql: str, wanted: tuple[Any, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as earlier:
        schema = SCHEMAS[table]
        earlier.setitem(SCHEMAS, table, schema.remove(schema.get_field_index(column)))
        nights = Nights(tmp_path / "store")
        nights.scan([place("/s/a")], [ruling("/s/a", "not_disclosed", "trace_found")])
        assert column not in nights.store.columns(table)
    assert nights.ask(sql) == [wanted]


@pytest.mark.parametrize("view", configs.view_names())
def test_every_view_answers_in_an_empty_store(view: str, nights: Nights) -> None:
    assert nights.ask(f"SELECT * FROM {view}") == []


def test_rows_that_were_not_committed_are_in_no_view(nights: Nights) -> None:
    nights.write("items", "lost", [place("/s/a") | {"segment_id": "lost"}])
    for view in configs.view_names():
        assert nights.ask(f"SELECT * FROM {view}") == [], view


@pytest.mark.parametrize(
    ("asked", "made", "not_made"),
    [
        ("SELECT * FROM Items_Latest", {"items_latest", "stored_items"}, {"marks", "stored_marks", "review_queue"}),
        ("FROM changes('a', 'b')", {"verdicts", "stored_scans"}, {"changes_latest", "frames"}),
        ("SHOW TABLES", {*configs.view_names(), *(f"stored_{table}" for table in TABLES)}, set()),
        (None, {"verdicts_latest", "stand_ins", "stored_frames"}, {"review_queue"}),
    ],
)
def test_only_what_a_question_names_is_made(
    asked: str | None, made: set[str], not_made: set[str], nights: Nights
) -> None:
    with connect(nights.store, asked=asked) as tables:
        names = {name for (name,) in tables.execute("SHOW TABLES").fetchall()}
    assert made <= names
    assert not names & not_made


def test_all_views_that_people_are_told_of_are_there() -> None:
    assert set(configs.view_names()) < definitions().keys()
    assert PARTITIONED.keys() < set(configs.view_names())
