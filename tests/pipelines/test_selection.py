"""Filters: what they let pass, what they say of the rest, and how sizes and times are written."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.amounts import parse_moment, parse_size
from pipelines.errors import UsageError
from pipelines.selection import EXCLUDED, LARGER, NOT_INCLUDED, OLDER, SMALLER, LeftOut, parse_selection, path_below
from transforms.records import Place

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
DAY = 86_400 * 10**9
NOW_NS = int(NOW.timestamp()) * 10**9


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("0", 0),
        ("500", 500),
        ("10KB", 10_000),
        ("10 kb", 10_000),
        ("1.5M", 1_500_000),
        ("2GB", 2 * 10**9),
        ("2GiB", 2 << 30),
        ("1Ti", 1 << 40),
        ("0.1KB", 100),
    ],
)
def test_sizes(text: str, size: int) -> None:
    assert parse_size(text, "--min-size") == size


@pytest.mark.parametrize("text", ["", "KB", "-1", "1iB", "1XB", "1,5MB", "1e3", "ten", "1 2"])
def test_what_is_no_size_is_refused_by_name(text: str) -> None:
    with pytest.raises(UsageError, match="--min-size takes a size"):
        parse_size(text, "--min-size")


@given(st.integers(0, 10**15), st.sampled_from(["", "B", "b"]))
def test_a_number_alone_is_one_of_bytes(number: int, unit: str) -> None:
    assert parse_size(f"{number}{unit}", "--min-size") == number


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("7d", "2026-03-03T12:00:00+00:00"),
        ("36h", "2026-03-09T00:00:00+00:00"),
        ("90m", "2026-03-10T10:30:00+00:00"),
        ("1.5h", "2026-03-10T10:30:00+00:00"),
        ("2w", "2026-02-24T12:00:00+00:00"),
        ("2026-01-18", "2026-01-18T00:00:00+00:00"),
        ("2026-01-18 09:00", "2026-01-18T09:00:00+00:00"),
        ("2026-01-18T09:00:00.5+05:00", "2026-01-18T04:00:00.500000+00:00"),
        ("2026-01-18T09:00Z", "2026-01-18T09:00:00+00:00"),
        ("1960-01-01", "1960-01-01T00:00:00+00:00"),
    ],
)
def test_moments(text: str, moment: str) -> None:
    found = parse_moment(text, "--newer-than", NOW)
    assert found == round(datetime.fromisoformat(moment).timestamp() * 10**6) * 1000


@pytest.mark.parametrize("text", ["", "d", "7", "7y", "-7d", "yesterday", "2026-13-01", "9999999d", "18.01.2026"])
def test_what_is_no_moment_is_refused_by_name(text: str) -> None:
    with pytest.raises(UsageError, match="--newer-than takes a date"):
        parse_moment(text, "--newer-than", NOW)


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_moment_is_read_to_the_microsecond(moment: datetime) -> None:
    found = parse_moment(moment.isoformat(), "--newer-than", NOW)
    assert datetime(1970, 1, 1, tzinfo=UTC).timestamp() == 0
    assert found % 1000 == 0
    assert found // 1000 == (moment - datetime(1970, 1, 1, tzinfo=UTC)) // (datetime.resolution)


@pytest.mark.parametrize(
    ("source", "address", "path"),
    [
        ("/a", "/a/b/c.jpg", "b/c.jpg"),
        ("/", "/a/b.jpg", "a/b.jpg"),
        ("/a/b.jpg", "/a/b.jpg", "b.jpg"),
        ("/a/x.tar", "/a/x.tar!/b.jpg", "x.tar!/b.jpg"),
        ("/a/2*/**.jpg", "/a/26/b/c.jpg", "26/b/c.jpg"),
        ("/tree [1] *", "/tree [1] */a.jpg", "a.jpg"),
        ("s3://bucket/films", "s3://bucket/films/a.mp4", "a.mp4"),
        ("s3://bucket", "s3://bucket/films/a.mp4", "films/a.mp4"),
        ("/lists/today.csv", "/lists/a/b.jpg", "a/b.jpg"),
        ("/lists/today.csv", "/archive/b.jpg", "archive/b.jpg"),
        ("/lists/today.csv", "s3://bucket/b.jpg", "bucket/b.jpg"),
    ],
)
def test_what_globs_are_matched_with(source: str, address: str, path: str) -> None:
    assert path_below(source, address) == path


def place(name: str, size: int | None = 1000, days: float | None = 0, **more) -> Place:
    mtime_ns = None if days is None else NOW_NS - int(days * DAY)
    return Place("/s", f"/s/{name}", f"/s/{name}", size, mtime_ns, **more)


TAR = {"include": ["**.jpg"], "min_size": "1KB"}
CASES = [
    ({}, place("a.txt"), None),
    ({"include": ["*.jpg"]}, place("a.jpg"), None),
    ({"include": ["*.png", "*.jpg"]}, place("a.jpg"), None),
    ({"include": ["*.jpg"]}, place("a.png"), NOT_INCLUDED),
    ({"include": ["*.jpg"], "exclude": ["a*"]}, place("a.jpg"), EXCLUDED),
    ({"exclude": ["cache/"]}, place("cache/deep/a.jpg"), EXCLUDED),
    ({"newer_than": "7d"}, place("a", days=7), None),
    ({"newer_than": "7d"}, place("a", days=7.001), OLDER),
    ({"newer_than": "7d"}, place("a", days=None), None),
    ({"min_size": "1KB"}, place("a", 1000), None),
    ({"min_size": "1KB"}, place("a", 999), SMALLER),
    ({"max_size": "1KB"}, place("a", 1000), None),
    ({"max_size": "1KB"}, place("a", 1001), LARGER),
    ({"min_size": "1KB", "max_size": "2KB"}, place("a", None), None),
    (TAR, place("x.tar", 10), None),
    (TAR, place("x.tar", 10, member_path="a.jpg"), SMALLER),
    (TAR, place("x.tar", 1000, member_path="a.jpg"), None),
    (TAR, place("x.tar", 1000, member_path="a.txt"), NOT_INCLUDED),
    ({"include": ["*.jpg"]}, place("x.tar"), NOT_INCLUDED),
    ({"include": ["x.tar"]}, place("x.tar", member_path="a.jpg"), None),
    ({"exclude": ["x.tar"]}, place("x.tar", member_path="a.jpg"), EXCLUDED),
    ({"exclude": ["x.tar!/**"]}, place("x.tar"), None),
    ({"newer_than": "1d"}, place("x.tar", days=2), OLDER),
    ({"include": ["2026/**.jpg"]}, place("2026", None, None, problem="Folder: Permission denied."), None),
    ({"include": ["2026/**.jpg"]}, place("2025", None, None, problem="Folder: Permission denied."), NOT_INCLUDED),
    ({"exclude": ["mnt/"]}, place("mnt", None, None, problem="Folder: Permission denied."), EXCLUDED),
    ({"exclude": ["mnt/*"]}, place("mnt", None, None, problem="Folder: Permission denied."), None),
    ({"include": ["**.jpg"]}, place("a.png", None, None, problem="No such file or directory"), NOT_INCLUDED),
]


@pytest.mark.parametrize(("filters", "one", "why"), CASES)
def test_filters(filters: dict, one: Place, why: str | None) -> None:
    assert parse_selection(**filters, now=NOW).why_not(one, opens_containers=True) == why


def test_a_container_that_is_not_opened_is_a_file_like_any() -> None:
    selection = parse_selection(["**.jpg"], now=NOW)
    assert selection.why_not(place("x.tar"), opens_containers=False) == NOT_INCLUDED


def test_filters_that_let_nothing_pass_are_refused() -> None:
    with pytest.raises(UsageError, match="No file has 2KB or more and 1KB or less"):
        parse_selection(min_size="2KB", max_size="1KB")


def test_a_file_of_two_sources_need_pass_through_one_only() -> None:
    selection = parse_selection(["deep/*.jpg"])
    below = Place("/s/deep", "/s/deep/a.jpg", "/s/deep/a.jpg", 1, 1)
    left_out = LeftOut()
    places = [place("deep/a.jpg"), below, place("b.jpg"), place("b.jpg")]
    kept = list(left_out.sift(places, lambda one: selection.why_not(one, opens_containers=True)))
    left_out.keep((one.uri, one.member_path) for one in kept)
    assert kept == [places[0]]
    assert left_out.counts == {NOT_INCLUDED: 1}
