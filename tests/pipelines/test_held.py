"""Places held in Arrow's memory come back as they were, and say below what more may lie."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines import held
from pipelines.held import HeldPlaces
from transforms.beside.context import Context
from transforms.outcomes import Reason
from transforms.records import Place

NUMBERS = st.none() | st.integers(0, 2**62)
NAMES = st.text(st.characters(codec="utf-8"), max_size=8)
PLACES = st.builds(
    Place,
    source=NAMES,
    uri=NAMES,
    path=st.text(max_size=8) | NAMES,  # with bytes that are no UTF-8, as Python has them
    size_bytes=NUMBERS,
    mtime_ns=NUMBERS,
    member_path=st.none() | NAMES,
    problem=st.none() | NAMES,
    refused=st.none() | st.tuples(st.sampled_from(Reason), NAMES),
    content_sha256=st.none() | st.just("a" * 64),
    ordinal=NUMBERS,
    members=NUMBERS,
    etag=st.none() | NAMES,
)


@given(places=st.lists(PLACES, max_size=8))
def test_places_come_back_as_they_were(places: list[Place]) -> None:
    assert list(HeldPlaces(places)) == places


def test_they_come_back_more_than_once_and_over_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held, "_BATCH", 3)
    places = [Place("/s", f"/s/{number}", f"/s/{number}", number, 1) for number in range(8)]
    kept = HeldPlaces(iter(places))
    assert (len(kept), list(kept), list(kept)) == (8, places, places)
    assert kept.table["position"].to_pylist() == list(range(8))
    assert list(kept.keys()) == [(place.uri, None) for place in places]


PLAIN = Place("/s", "/s/a.zip", "/s/a.zip", 1, 2)


@pytest.mark.parametrize(
    ("more", "is_whole", "unlisted"),
    [
        ({}, False, []),
        ({"member_path": "b.jpg", "ordinal": 3, "etag": "x"}, False, []),
        ({"path": "/s/\udcff"}, True, []),
        ({"beside": (PLAIN,)}, True, []),
        ({"context": Context.of({"title": "x"})}, True, []),
        ({"members": 2, "refused": (Reason.CONTAINER, "It is one.")}, True, []),
        ({"members": 2, "refused": (Reason.TRUNCATED, "It ends early.")}, True, ["/s/a.zip!/"]),
        ({"problem": "Folder: Permission denied."}, True, ["/s/a.zip/"]),
    ],
)
def test_only_what_columns_do_not_say_is_kept_whole(more: dict, is_whole: bool, unlisted: list[str]) -> None:
    place = replace(PLAIN, **more)
    kept = HeldPlaces([place])
    assert (list(kept), kept.unlisted) == ([place], unlisted)
    assert (kept.table["whole"].null_count == 0) == is_whole
