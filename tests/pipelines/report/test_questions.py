"""The facts of a report, each asked of a small store made by hand."""

import pytest

from pipelines.errors import UsageError
from pipelines.report.entries import read_entries
from pipelines.report.facts import Facts
from pipelines.report.questions import MOST_GROUPS, read_facts
from pipelines.reviews import Decision, Review, record_reviews
from pipelines.store import Store
from pipelines.tables import bounded
from tests.pipelines.report_store import add_scan, content_of, frames, item, mark, new_store, verdict


def facts_of(store: Store, policy: str | None = None, scan: str | None = None, most: int = 10) -> Facts:
    with bounded(store) as tables:
        return read_facts(tables, str(store.root), policy, scan, most)


@pytest.fixture
def store(tmp_path):
    """Two scans: the second finds one file new, one gone, and one judged anew."""
    store = new_store(tmp_path / "store")
    a, b, c = (
        item("/archive/tv/a.jpg", score=0.95),
        item("/archive/tv/b.png", media_type="image/png"),
        item("/archive/c"),
    )
    broken = item("/archive/old/d.mp4", outcome="failed", reason="truncated", media_type="video/mp4", detail="half")
    text = item("/archive/old/e.txt", outcome="not_checked", reason="not_media", media_type=None)
    box = item("/archive/box.zip", outcome="not_checked", reason="container", media_type=None)
    verdicts = [
        verdict(a, "review"),
        verdict(b, "not_disclosed", "traced"),
        verdict(c, "out_of_scope", "no_sign"),
        verdict(broken, "not_assessable", "undetermined"),
    ]
    add_scan(store, "first", [a, b, c, broken, text, box], verdicts, marks=[mark(b)], frames=frames(a, 0.95))
    e = item("/archive/new/f.jpg", publisher="TV", layers=[{"layer": "marks", "status": "incomplete", "detail": None}])
    gone = item("/archive/c", outcome="gone", reason="vanished")
    add_scan(store, "second", [e, gone], [verdict(e, "disclosed", "declared")], day=7)
    return store


def test_totals_count_every_place_once(store) -> None:
    totals = facts_of(store).totals
    told = {name: getattr(totals, name) for name in ("items", "examined", "gaps", "aside", "containers", "gone")}
    assert told == {"items": 5, "examined": 3, "gaps": 1, "aside": 1, "containers": 1, "gone": 1}


def test_verdicts_gaps_and_synthesis(store) -> None:
    facts = facts_of(store)
    assert facts.verdicts == {"review": 1, "not_disclosed": 1, "not_assessable": 1, "disclosed": 1}
    assert facts.synthesis == {"suspected": 1, "traced": 1, "undetermined": 1, "declared": 1}
    assert [(gap.reason, gap.is_gap, gap.items, gap.example, gap.detail) for gap in facts.gaps] == [
        ("truncated", True, 1, "/archive/old/d.mp4", "half"),
        ("not_media", False, 1, "/archive/old/e.txt", None),
    ]


def test_a_layer_tells_what_it_read_and_what_it_noted(store) -> None:
    layers = {layer.name: layer for layer in facts_of(store).layers}
    assert (layers["marks"].whole, layers["marks"].notes) == (2, {"incomplete": 1})
    assert (layers["c2pa"].whole, layers["c2pa"].is_told) == (3, False)
    assert (layers["faces"].whole, layers["faces"].is_told) == (3, True)
    assert (layers["detector:made"].whole, layers["detector:made"].is_told) == (3, True)


def test_scores_by_bin_and_level(store) -> None:
    (detector,) = facts_of(store).detectors
    assert detector.config is None, "no package of that name is at hand"
    assert detector.levels == {"none": 3}
    assert {i: own for i, own in enumerate(detector.bins) if own} == {2: 2, 19: 1}


def test_an_item_without_a_number_is_in_no_bin(tmp_path) -> None:
    store = new_store(tmp_path / "store")
    none = item("/archive/page.png", score=None, level="not_assessable")
    broken = item("/archive/half.mp4", outcome="failed", reason="truncated")
    add_scan(store, "one", [none, item("/archive/top.jpg", score=1.0), broken | {"scores": none["scores"]}])
    facts = facts_of(store)
    assert {i: own for i, own in enumerate(facts.detectors[0].bins) if own} == {19: 1}
    assert {layer.name: layer.whole for layer in facts.layers}["detector:made"] == 1


def test_groups(store) -> None:
    facts = facts_of(store)
    named = {group.name: (group.items, dict(group.verdicts)) for group in facts.sources}
    assert named == {
        "/archive/old": (2, {"not_assessable": 1}),
        "/archive/tv": (2, {"review": 1, "not_disclosed": 1}),
        "/archive/new": (1, {"disclosed": 1}),
    }
    assert {group.name: group.items for group in facts.publishers} == {"": 4, "TV": 1}
    assert {group.name: group.items for group in facts.media_types} == {
        "image/jpeg": 2,
        "": 1,
        "image/png": 1,
        "video/mp4": 1,
    }
    assert {group.name: dict(group.verdicts) for group in facts.generators} == {
        "generator.made_up": {"not_disclosed": 1}
    }


@pytest.mark.parametrize(
    ("uri", "source", "group"),
    [
        ("/archive/a.jpg", "/archive", "/archive"),
        ("/archive/2024/deep/a.jpg", "/archive/", "/archive/2024"),
        ("/archive/a.jpg", "/archive/a.jpg", "/archive"),
        ("s3://films/2024/a.mp4", "s3://films", "s3://films/2024"),
        ("s3://films/2024/a.mp4", "s3://films/**.mp4", "s3://films/2024"),
        ("/a/b/c/d/e.jpg", "/a/*/c", "/a/b/c"),
    ],
)
def test_a_place_belongs_to_a_source(uri, source, group, tmp_path) -> None:
    store = new_store(tmp_path / "store")
    add_scan(store, "one", [item(uri, source=source)])
    assert [one.name for one in facts_of(store).sources] == [group]


def test_many_groups_end_in_one_of_all_others(tmp_path) -> None:
    store = new_store(tmp_path / "store")
    add_scan(store, "one", [item(f"/archive/{i:03}/a.jpg") for i in range(MOST_GROUPS + 7)])
    sources = facts_of(store).sources
    assert len(sources) == MOST_GROUPS + 1
    assert (sources[-1].name, sources[-1].items) == (None, 7)


def test_the_queue_is_in_order_of_value_and_counts_places(tmp_path) -> None:
    store = new_store(tmp_path / "store")
    weak, strong = item("/archive/weak.jpg", score=0.3), item("/archive/strong.jpg", score=0.9)
    twice = [item(f"/archive/{name}", content_sha256=content_of("twice"), score=0.6) for name in ("x", "y")]
    part = item("/archive/part.jpg")
    rows = [weak, strong, *twice, part]
    verdicts = [verdict(row, "review") for row in rows[:-1]] + [verdict(part, "partly_disclosed", "declared")]
    add_scan(store, "one", rows, verdicts)
    facts = facts_of(store)
    assert [(one.content_sha256, one.places, one.value) for one in facts.waiting] == [
        (content_of("twice"), 2, pytest.approx(1.2)),
        (strong["content_sha256"], 1, pytest.approx(0.9)),
        (weak["content_sha256"], 1, pytest.approx(0.3)),
    ]
    assert [(one.verdict, one.value) for one in facts.settled] == [("partly_disclosed", None)]
    cut = facts_of(store, most=2)
    assert (len(cut.waiting), cut.waiting_in_all, cut.settled) == (2, 3, ())


@pytest.mark.parametrize(
    ("decisions", "waits", "review"),
    [
        ([("ann", "not_ai")], False, "not_ai"),
        ([("ann", "unsure")], True, "unsure"),
        ([("ann", "not_ai"), ("bob", "not_disclosed")], True, "disputed"),
        ([("ann", "not_ai"), ("ann", "withdrawn")], True, None),
    ],
)
def test_what_people_decided_waits_no_more(decisions, waits, review, tmp_path) -> None:
    store = new_store(tmp_path / "store")
    row = item("/archive/a.jpg", score=0.9)
    add_scan(store, "one", [row], [verdict(row, "review")])
    for reviewer, decision in decisions:
        record_reviews(store, [Review(row["content_sha256"], "kz", Decision(decision), reviewer)])
    facts = facts_of(store)
    assert len(facts.waiting) == waits
    assert [one.review for one in (*facts.waiting, *facts.settled)] == [review]
    assert facts.totals.decided == (review is not None)


def test_what_an_ignore_file_covers_is_counted_once(tmp_path) -> None:
    store = new_store(tmp_path / "store")
    row = item("/archive/a.jpg")
    add_scan(store, "one", [row], [verdict(row, "not_disclosed", "declared", suppressed_by="film of 2019")])
    facts = facts_of(store)
    assert (facts.verdicts, facts.totals.suppressed, facts.waiting) == ({}, 1, ())
    assert [one.suppressed_by for one in facts.settled] == ["film of 2019"]


def test_one_scan_tells_only_what_it_recorded(store) -> None:
    first = facts_of(store, scan="first")
    assert (first.totals.items, first.totals.gone) == (5, 0)
    assert first.verdicts == {"review": 1, "not_disclosed": 1, "out_of_scope": 1, "not_assessable": 1}
    assert [scan.scan_id for scan in first.scans] == ["first"], "what came later had not happened"
    second = facts_of(store, scan="second")
    assert (second.totals.items, second.totals.gone, second.verdicts) == (1, 1, {"disclosed": 1})


def test_one_scan_tells_verdicts_as_of_its_end(store) -> None:
    row = item("/archive/tv/a.jpg", score=0.95)
    segment = {"scan_id": "first", "segment_id": content_of("first")}
    again = item("/archive/other.jpg")
    later = [verdict(again, "out_of_scope", "no_sign"), verdict(row, "not_disclosed", "declared") | segment]
    add_scan(store, "third", [again], later, day=9)
    assert facts_of(store).verdicts["not_disclosed"] == 2
    assert facts_of(store, scan="first").verdicts["review"] == 1


def test_the_trend_has_the_verdicts_of_each_scan(store) -> None:
    scans = facts_of(store).scans
    assert [(scan.scan_id, scan.examined, scan.verdicts) for scan in scans] == [
        ("first", 3, {"review": 1, "not_disclosed": 1, "out_of_scope": 1, "not_assessable": 1}),
        ("second", 1, {"disclosed": 1}),
    ]


@pytest.mark.parametrize(
    ("there", "asked", "told"),
    [
        (["kz", "cn"], None, "kz"),
        (["cn"], None, "cn"),
        (["kz", "cn"], "cn", "cn"),
        ([], None, "kz"),
        (["cn", "kr"], None, "Name one: --policy cn"),
        (["kz"], "cn", "Nothing was judged under the policy cn"),
        (["kz"], "nowhere", "There is no policy nowhere"),
    ],
)
def test_which_policy_is_told(there, asked, told, tmp_path) -> None:
    store = new_store(tmp_path / "store")
    row = item("/archive/a.jpg")
    add_scan(store, "one", [row], [verdict(row, "review", policy=policy) for policy in there])
    if " " in told:
        with pytest.raises(UsageError, match=told):
            facts_of(store, asked)
    else:
        assert facts_of(store, asked).policy.policy.id == told


def test_a_scan_that_is_not_there_is_named_with_those_that_are(store) -> None:
    with pytest.raises(UsageError, match=r"There is no scan x' OR 1=1.*second, first"):
        facts_of(store, scan="x' OR 1=1")


def test_an_empty_store_has_facts(tmp_path) -> None:
    facts = facts_of(new_store(tmp_path / "store"))
    assert (facts.totals.items, facts.verdicts, facts.scans, facts.waiting) == (0, {}, (), ())


def test_entries_carry_the_case_curve_boxes_and_decisions(tmp_path) -> None:
    store = new_store(tmp_path / "store")
    row = item("/archive/a.mp4", media_type="video/mp4", duration_ms=2000.0, score=0.9)
    box = {"box_x": 10, "box_y": 20, "box_width": 30, "box_height": 40, "first_ms": 0.0, "last_ms": 900.0}
    marks = [mark(row), mark(row, "label.text", layer="visible_label", **{"class": "declared"}, **box)]
    add_scan(
        store, "one", [row], [verdict(row, "not_disclosed", "traced")], marks=marks, frames=frames(row, 0.2, None, 0.9)
    )
    record_reviews(store, [Review(row["content_sha256"], "kz", Decision.UNSURE, "ann", "Ask the studio.")])
    with bounded(store) as tables:
        facts = read_facts(tables, "s", None, None, 10)
        (entry,) = read_entries(tables, facts.waiting, facts.policy)
    assert entry.case.places == ("/archive/a.mp4",)
    assert [(name, [frame.score for frame in curve]) for name, curve in entry.curves] == [("made", [0.2, None, 0.9])]
    (drawn,) = entry.boxes
    assert entry.case.marks[drawn.number - 1].fact.kind == "label.text"
    assert (drawn.x, drawn.y, drawn.width, drawn.height) == (10, 20, 30, 40)
    assert [(one.reviewer, one.decision, one.note) for one in entry.decisions] == [("ann", "unsure", "Ask the studio.")]


def test_very_many_places_of_one_content_are_bounded(tmp_path) -> None:
    store = new_store(tmp_path / "store")
    rows = [item(f"/archive/{i}.jpg", content_sha256=content_of("same")) for i in range(50)]
    add_scan(store, "one", rows, [verdict(row, "review") for row in rows])
    with bounded(store) as tables:
        facts = read_facts(tables, "s", None, None, 10)
        (entry,) = read_entries(tables, facts.waiting, facts.policy)
    assert (entry.candidate.places, len(entry.case.places), len(entry.rows)) == (50, 10, 10)
