"""Decisions of people: appended rows, of which the last one of each reviewer holds."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import timedelta

import pytest

from pipelines.errors import UsageError
from pipelines.reviews import MOST_NOTE_CHARACTERS, REVIEWS, Decision, Review, record_reviews
from pipelines.store import Store
from pipelines.tables import connect
from pipelines.upkeep.check import check_store
from pipelines.upkeep.vacuum import vacuum
from transforms.part_files import write_part

CONTENT = "ab" * 32
OTHER = "cd" * 32


@pytest.fixture
def store(tmp_path):
    return Store.create(tmp_path / "store")


def decide(store: Store, *decisions: tuple[str, str, str]) -> None:
    for reviewer, policy, decision in decisions:
        record_reviews(store, [Review(CONTENT, policy, Decision(decision), reviewer)])


def asked(store: Store, sql: str) -> list[tuple]:
    with connect(store) as tables:
        return tables.execute(sql).fetchall()


@pytest.mark.parametrize(
    ("decisions", "together"),
    [
        ([("ann", "kz", "disclosed")], [("kz", "disclosed", 1)]),
        ([("ann", "kz", "disclosed"), ("bob", "kz", "disclosed")], [("kz", "disclosed", 2)]),
        ([("ann", "kz", "disclosed"), ("bob", "kz", "not_disclosed")], [("kz", "disputed", 2)]),
        ([("ann", "kz", "disclosed"), ("bob", "kz", "unsure")], [("kz", "disclosed", 2)]),
        ([("ann", "kz", "unsure"), ("bob", "kz", "unsure")], [("kz", "unsure", 2)]),
        ([("ann", "kz", "disclosed"), ("ann", "kz", "not_ai")], [("kz", "not_ai", 1)]),
        ([("ann", "kz", "disclosed"), ("ann", "kz", "withdrawn")], []),
        ([("ann", "kz", "disclosed"), ("ann", "kz", "withdrawn"), ("ann", "kz", "unsure")], [("kz", "unsure", 1)]),
        ([("ann", "kz", "disclosed"), ("bob", "cn", "not_ai")], [("cn", "not_ai", 1), ("kz", "disclosed", 1)]),
    ],
)
def test_what_reviewers_say_together(store, decisions, together) -> None:
    decide(store, *decisions)
    assert asked(store, "SELECT policy, decision, reviewers FROM decisions ORDER BY policy") == together
    assert asked(store, "SELECT count(*) FROM reviews") == [(len(decisions),)], "nothing is taken back from the table"


def test_a_decision_keeps_what_it_was_made_on(store) -> None:
    seen = {"uri": "s3://films/a.mp4", "member_path": None, "policy_sha256": "ef" * 32, "judgement": "j"}
    review = Review(CONTENT, "kz", Decision.NOT_AI, "ann", "a drawing", verdict_outcome="review", **seen)
    (review_id,) = record_reviews(store, [review])
    assert asked(store, "SELECT review_id, note, uri, judgement, verdict_outcome FROM reviews_latest") == [
        (review_id, "a drawing", "s3://films/a.mp4", "j", "review")
    ]


@pytest.mark.parametrize(
    ("reviewer", "note", "told"),
    [
        (" ", None, "must say who"),
        ("ann", "x" * (MOST_NOTE_CHARACTERS + 1), "4,001 characters"),
        ("x" * 201, None, "201 characters"),
        ("ann", "\ud800", r"U\+D800"),
    ],
)
def test_what_no_decision_can_be(store, reviewer, note, told) -> None:
    with pytest.raises(UsageError, match=told):
        record_reviews(
            store, [Review(CONTENT, "kz", Decision.UNSURE, "ann"), Review(OTHER, "kz", Decision.UNSURE, reviewer, note)]
        )
    assert asked(store, "FROM reviews") == []


def test_decisions_are_recorded_while_a_scan_holds_the_store_and_by_several_at_once(store) -> None:
    with Store(store.root).locks.whole("scan"), ThreadPoolExecutor(4) as people:

        def one(number: int) -> list[str]:
            return record_reviews(Store(store.root), [Review(CONTENT, "kz", Decision.DISCLOSED, f"person {number}")])

        list(people.map(one, range(8)))
    assert asked(store, 'SELECT count(DISTINCT "sequence"), count(DISTINCT reviewer) FROM reviews') == [(8, 8)]
    assert list(check_store(store)) == []


def test_a_store_of_an_earlier_version_has_no_decisions_and_takes_them(store) -> None:
    import shutil

    shutil.rmtree(store.root / "reviews")
    assert asked(store, "FROM reviews_latest") == []
    decide(Store(store.root), ("ann", "kz", "unsure"))
    assert asked(store, "SELECT reviewer FROM reviews_latest") == [("ann",)]


def test_decisions_stand_beside_items_and_verdicts(store) -> None:
    placed = {"uri": "/a.jpg", "content_sha256": CONTENT, "segment_id": "s"}
    write_rows(store, "items", [placed | {"outcome": "examined"}, placed | {"uri": "/b.jpg", "content_sha256": OTHER}])
    write_rows(
        store, "verdicts", [placed | {"policy": policy, "outcome": "review", "sequence": 1} for policy in ("kz", "cn")]
    )
    write_rows(store, "segments", [{"segment_id": "s", "sequence": 1}])
    items = "SELECT uri, review FROM items_latest ORDER BY uri"
    verdicts = "SELECT policy, review FROM verdicts_latest ORDER BY policy"
    assert asked(store, items) == [("/a.jpg", None), ("/b.jpg", None)]
    decide(store, ("ann", "kz", "disclosed"))
    assert asked(store, items) == [("/a.jpg", "disclosed"), ("/b.jpg", None)]
    assert asked(store, verdicts) == [("cn", None), ("kz", "disclosed")]
    decide(store, ("ann", "cn", "not_disclosed"))
    assert asked(store, items) == [("/a.jpg", "several"), ("/b.jpg", None)]
    assert asked(store, verdicts) == [("cn", "not_disclosed"), ("kz", "disclosed")]


def write_rows(store: Store, table: str, rows: list[dict]) -> None:
    store.commit_parts(table, "s", [asdict(write_part(str(store.root), table, "s", rows))])


def test_a_vacuum_waits_for_a_decision_that_is_being_written(store) -> None:
    with ThreadPoolExecutor(1) as other, Store(store.root).locks.alone(REVIEWS):
        vacuumed = other.submit(vacuum, Store(store.root), timedelta())
        with pytest.raises(TimeoutError):
            vacuumed.result(0.3)
        rows = [{"review_id": "r", "content_sha256": CONTENT, "policy": "kz", "decision": "unsure", "reviewer": "ann"}]
        part = write_part(str(store.root), REVIEWS, "r", rows)
        store.commit_parts(REVIEWS, "r", [asdict(part)])
    assert vacuumed.result(30).removed == []
    assert asked(store, "SELECT reviewer FROM reviews") == [("ann",)]
