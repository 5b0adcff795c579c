"""The reviewer's desk: what is in the queue and in which order, and what decisions make of it."""

from dataclasses import replace
from pathlib import Path

import pytest

from pipelines.errors import UsageError
from pipelines.policy_config import load_policy
from pipelines.review.desk import Choice, Desk
from pipelines.reviews import Decision, Review, record_reviews
from pipelines.store import Store
from pipelines.tables import connect
from tests.pipelines.review.shelf import KZ, Shelf


@pytest.fixture
def shelf(tmp_path):
    return Shelf(tmp_path / "archive")


def names(desk: Desk, choice: Choice | None = None) -> list[str]:
    return [Path(entry.uri).name for entry in desk.entries(choice or Choice("all"), 100)]


def entry_of(desk: Desk, content: str):
    found = desk.entry(content)
    assert found is not None
    return found


def test_what_waits_for_a_person_and_in_which_order(shelf, tmp_path) -> None:
    shelf.add("declared high.png", "partly_disclosed", score=0.99)
    shelf.add("suspected low.png", score=0.4)
    shelf.add("suspected high.png", score=0.9)
    for copy in ("suspected thrice.png", "a/copy.png", "b/copy.png"):
        shelf.add(copy, score=0.4, colour="thrice")
    shelf.add("undetermined without a score.png", synthesis="undetermined", score=None)
    shelf.add("traced.png", "not_disclosed", synthesis="traced", score=0.2)
    for outcome in ("disclosed", "out_of_scope", "not_assessable"):
        shelf.add(f"{outcome}.png", outcome)
    shelf.add("answered for.png", "not_disclosed", suppressed_by="Aru: known")
    shelf.add("under another policy.png", policy="cn")
    store = shelf.store(tmp_path / "store")
    with Desk(store, KZ, "ann") as desk:
        assert names(desk) == [
            "copy.png",
            "traced.png",
            "suspected high.png",
            "undetermined without a score.png",
            "suspected low.png",
            "declared high.png",
        ]
        assert [entry.places for entry in desk.entries(Choice(), 2)] == [3, 1]
        assert desk.progress().outcomes == {"not_disclosed": 1, "partly_disclosed": 1, "review": 4}
        assert names(desk, Choice("open", "not_disclosed")) == ["traced.png"]
        queue = "SELECT content_sha256 FROM review_queue WHERE policies = ['kz'] ORDER BY position"
        with connect(store, asked=queue) as tables:
            same = [content for (content,) in tables.execute(queue).fetchall()]
        assert [entry.content_sha256 for entry in desk.entries(Choice("all"), 5)] == same


def test_places_of_one_content_that_differ_are_one_entry_with_every_verdict(shelf, tmp_path) -> None:
    shelf.add("captioned.png", "disclosed", colour="same")
    content = shelf.add("bare.png", "not_disclosed", colour="same")
    with Desk(shelf.store(tmp_path / "store"), KZ, "ann") as desk:
        look = desk.look(content, Choice())
        assert (Path(look.entry.uri).name, look.entry.outcome, look.entry.places) == ("bare.png", "not_disclosed", 2)
        (judged,) = look.case.policies
        assert sorted(ruling.verdict.outcome for ruling in judged.rulings) == ["disclosed", "not_disclosed"]


def test_a_decision_is_a_row_and_stands_at_once(shelf, tmp_path) -> None:
    first, second = shelf.add("a.png", score=0.9), shelf.add("b.png", score=0.8)
    store = shelf.store(tmp_path / "store")
    with Desk(store, KZ, "ann") as desk:
        desk.decide(entry_of(desk, first), Decision.NOT_AI, "a drawing\nby hand")
        assert entry_of(desk, first).mine == "not_ai"
        assert names(desk, Choice("open")) == ["b.png"]
        assert names(desk, Choice("decided")) == ["a.png"]
        assert (desk.progress().decided, desk.progress().all, desk.last_decided()) == (1, 2, first)
        (opinion,) = desk.look(first, Choice()).case.policies[0].opinions
        assert (opinion.reviewer, opinion.decision, opinion.note) == ("ann", "not_ai", "a drawing\nby hand")
        desk.decide(entry_of(desk, second), Decision.UNSURE, "typed once")
        desk.decide(entry_of(desk, second), Decision.WITHDRAWN)
        assert desk.look(second, Choice()).note == "typed once", "what was typed is not lost"
    with connect(store) as tables:
        sql = "SELECT content_sha256, policy_sha256, judgement, verdict_outcome, note, uri FROM reviews_latest"
        seen = [(first, KZ.sha256, "j", "review", "a drawing\nby hand", str(tmp_path / "archive/a.png"))]
        assert tables.execute(sql).fetchall() == seen
    with Desk(store, KZ, "ann") as again:
        assert names(again, Choice("open")) == ["b.png"]
        assert again.around(entry_of(again, second), Choice()).size == 1


def test_undo_takes_back_what_was_decided_last_and_then_what_was_before(shelf, tmp_path) -> None:
    contents = [shelf.add(f"{name}.png") for name in "abc"]
    with Desk(shelf.store(tmp_path / "store"), KZ, "ann") as desk:
        for content in contents:
            desk.decide(entry_of(desk, content), Decision.UNSURE)
        undone = []
        while (content := desk.last_decided()) is not None:
            desk.decide(entry_of(desk, content), Decision.WITHDRAWN)
            undone.append(content)
        assert undone == contents[::-1]
        assert desk.progress().decided == 0


def test_what_others_decide_is_seen_after_reloading_and_disagreement_is_a_choice(shelf, tmp_path) -> None:
    content = shelf.add("a.png")
    shelf.add("b.png")
    store = shelf.store(tmp_path / "store")
    with Desk(store, KZ, "ann") as ann, Desk(store, KZ, "bob") as bob:
        ann.decide(entry_of(ann, content), Decision.DISCLOSED)
        bob.decide(entry_of(bob, content), Decision.NOT_DISCLOSED)
        assert entry_of(ann, content).together == "disclosed"
        ann.reload()
        entry = entry_of(ann, content)
        assert (entry.mine, entry.together, entry.reviewers) == ("disclosed", "disputed", 2)
        assert names(ann, Choice("disputed")) == ["a.png"]
        assert ann.progress().disputed == 1
        opinions = ann.look(content, Choice()).case.policies[0].opinions
        assert [(one.reviewer, one.decision) for one in opinions] == [("ann", "disclosed"), ("bob", "not_disclosed")]


def test_what_was_decided_stays_in_the_queue_when_its_verdict_waits_no_more(shelf, tmp_path) -> None:
    content = shelf.add("a.png", "disclosed")
    shelf.add("b.png")
    store = shelf.store(tmp_path / "store")
    record_reviews(store, [Review(content, "kz", Decision.DISCLOSED, "bob")])
    record_reviews(store, [Review(content, "cn", Decision.NOT_AI, "bob")])
    with Desk(store, KZ, "ann") as desk:
        assert sorted(names(desk)) == ["a.png", "b.png"]
        assert entry_of(desk, content).together == "disclosed"


def test_the_way_through_the_queue(shelf, tmp_path) -> None:
    a, b, c = (shelf.add(f"{name}.png", score=score) for name, score in (("a", 0.9), ("b", 0.8), ("c", 0.7)))
    with Desk(shelf.store(tmp_path / "store"), KZ, "ann") as desk:
        middle = entry_of(desk, b)
        here = desk.around(middle, Choice())
        assert (here.previous, here.next, here.is_in, here.ahead, here.size) == (a, c, True, 1, 3)
        desk.decide(middle, Decision.UNSURE)
        here = desk.around(middle, Choice())
        assert (here.previous, here.next, here.is_in, here.ahead, here.size) == (a, c, False, 1, 2)
        assert desk.following(entry_of(desk, a), Choice(), 5) == [c]
        assert desk.around(entry_of(desk, c), Choice()).next is None


def test_what_cannot_be_reviewed_says_why(shelf, tmp_path) -> None:
    shelf.add("a.png")
    store = shelf.store(tmp_path / "store")
    with pytest.raises(UsageError, match=r"aiqyn judge --store .* --policy cn"):
        Desk(store, load_policy("cn"), "ann")
    with pytest.raises(UsageError, match="must say who"):
        Desk(store, KZ, " ")
    with Desk(store, KZ, "ann") as desk:
        assert desk.look("0" * 64, Choice()) is None
        with pytest.raises(UsageError, match="The note has"):
            desk.decide(desk.entries(Choice(), 1)[0], Decision.UNSURE, "x" * 5000)
        assert desk.progress().decided == 0


def test_a_name_is_a_value_and_no_sql(shelf, tmp_path) -> None:
    content = shelf.add("a.png")
    name = "O'Brien'; DROP TABLE queue; --"
    with Desk(shelf.store(tmp_path / "store"), KZ, name) as desk:
        desk.decide(entry_of(desk, content), Decision.UNSURE, "'); DROP TABLE listed; --")
        assert desk.progress().decided == 1
        odd = replace(Choice(), outcome="' OR true --")
        assert desk.entries(odd, 10) == []


def test_a_store_on_s3_takes_decisions_and_nothing_else(bucket, shelf) -> None:
    content = shelf.add("a.png")
    store = shelf.store(bucket.uri("store"))
    before = set(bucket.keys())
    with Desk(Store(store.root), KZ, "ann") as desk:
        desk.decide(entry_of(desk, content), Decision.NOT_AI)
        desk.reload()
        assert entry_of(desk, content).mine == "not_ai"
    assert {key.split("/")[1] for key in before ^ set(bucket.keys())} <= {"reviews", "_claims", "_leases"}
