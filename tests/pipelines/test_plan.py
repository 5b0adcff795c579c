"""Planning: segments are even, deterministic, and cut again where they were cut before."""

from hypothesis import given
from hypothesis import strategies as st

from pipelines.due import Due, DueItems, estimate_seconds
from pipelines.plan import cut_segments, segment_id
from transforms.records import Place

PLACES = st.builds(
    lambda name, size, mtime: Place("/s", f"/s/{name}", f"/s/{name}", size, mtime),
    st.text("abc.mp4jg", min_size=1, max_size=8),
    st.integers(0, 10**9),
    st.integers(0, 10**18),
)
WORK = st.lists(st.builds(Due, PLACES), max_size=60)


def cut(due: list[Due], target: float, most: int) -> list[list[Due]]:
    return [list(segment) for segment in cut_segments(DueItems.of(due), target, most)]


@given(due=WORK, target=st.floats(0.01, 30), most=st.integers(1, 20))
def test_segments_keep_everything_in_order_and_their_bounds(due, target, most) -> None:
    segments = cut(due, target, most)
    assert [one for segment in segments for one in segment] == due
    for segment in segments:
        assert 1 <= len(segment) <= most
        assert len(segment) == 1 or sum(estimate_seconds(one.place) for one in segment) <= target + 1e-9


@given(due=WORK, target=st.floats(0.01, 30), done=st.integers(0, 10))
def test_what_a_killed_scan_left_is_cut_where_it_was_cut_before(due, target, done) -> None:
    segments = cut(due, target, 10)
    left = [one for segment in segments[done:] for one in segment]
    assert cut(left, target, 10) == segments[done:]


@given(due=st.lists(st.builds(Due, PLACES), min_size=1, max_size=10, unique_by=lambda due: due.place.uri))
def test_a_segment_is_named_by_its_items_not_by_their_order(due) -> None:
    assert segment_id(due, "e", "c") == segment_id(due[::-1], "e", "c")


def test_a_segment_is_named_by_all_that_decides_its_rows() -> None:
    place = Place("/s", "/s/a", "/s/a", 1, 2)
    names = {
        segment_id([Due(place)], "e", "c"),
        segment_id([Due(place)], "other detector", "c"),
        segment_id([Due(place)], "e", "other profile"),
        segment_id([Due(Place("/s", "/s/a", "/s/a", 1, 3))], "e", "c"),
        segment_id([Due(Place("/s", "/s/a", "/s/a", 2, 2))], "e", "c"),
        segment_id([Due(Place("/s", "/s/a", "/s/a", 1, 2, "member"))], "e", "c"),
        segment_id([Due(place, supersedes="an earlier scan")], "e", "c"),
        segment_id([Due(place, gone=True)], "e", "c"),
    }
    assert len(names) == 8
