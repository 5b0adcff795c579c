"""What is due, in Arrow's memory, comes back as it was, whole or in part."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines import due as due_module
from pipelines.due import Due, DueItems, estimate_seconds
from transforms.outcomes import Reason
from transforms.records import Place

NAMES = st.text(st.characters(codec="utf-8"), max_size=8)
PLACES = st.builds(
    Place,
    source=NAMES,
    uri=NAMES,
    path=st.text(max_size=8) | NAMES,  # with bytes that are no UTF-8, as Python has them
    size_bytes=st.none() | st.integers(0, 2**62),
    mtime_ns=st.none() | st.integers(0, 2**62),
    member_path=st.none() | NAMES,
    ordinal=st.none() | st.integers(0, 9),
    etag=st.none() | NAMES,
)
ITEMS = st.lists(
    st.builds(Due, PLACES, supersedes=NAMES, gone=st.booleans(), content_sha256=st.none() | st.just("a" * 64)),
    max_size=8,
)


@given(items=ITEMS)
def test_items_come_back_as_they_were(items: list[Due]) -> None:
    due = DueItems.of(items)
    assert (len(due), list(due), list(due)) == (len(items), items, items)
    assert [due[at] for at in range(len(items))] == items


@given(items=ITEMS, start=st.integers(-9, 9), stop=st.none() | st.integers(-9, 9))
def test_parts_are_as_of_a_list(items: list[Due], start: int, stop: int | None) -> None:
    assert list(DueItems.of(items)[start:stop]) == items[start:stop]


def test_parts_are_of_neighbours_only() -> None:
    with pytest.raises(ValueError, match="2th"):
        DueItems.of([])[::2]
    with pytest.raises(IndexError):
        DueItems.of([])[0]


@given(items=ITEMS)
def test_what_is_gone_is_told_from_what_is_there(items: list[Due]) -> None:
    due = DueItems.of(items)
    assert list(due.gone) == [one for one in items if one.gone]
    assert list(due.there) == [one for one in items if not one.gone]


def test_they_are_counted_and_their_cost_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(due_module, "_BATCH", 2)
    places = [Place("/s", f"/s/{name}", f"/s/{name}", 10**9, 1) for name in ("a.jpg", "b.MP4", "c.zip", "d.jpg")]
    member = Place("/s", "/s/c.zip", "/s/c.zip", 10, 1, "film.mov", refused=(Reason.VANISHED, "It is not there."))
    due = DueItems.of([*map(Due, places[:3]), Due(member, why="back again"), Due(places[3], gone=True, why="gone")])
    assert list(due.because("new")) == [Due(place) for place in places[:3]]
    assert due.whys() == {"new": 3, "back again": 1, "gone": 1}
    assert list(due.costs())[:4] == [*map(estimate_seconds, places[:3]), estimate_seconds(member)]
    assert list(due.costs())[4] < min(map(estimate_seconds, places))
