"""The score curve: every frame is a point, what was not measured is not drawn, and no text of others is markup."""

import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.pages.curve import MOST_POINTS, CurveWords, FrameScore, LevelLine, clock, score_curve

WORDS = CurveWords("Score", "Highest 0.9 at 0:02.", "score", "no number")
LEVELS = [LevelLine("elevated", 0.83), LevelLine("suspected", 0.93)]


def drawn(*scores: float | None, levels=LEVELS, words=WORDS, step=1000.0) -> ET.Element:
    frames = [FrameScore(i * step, score) for i, score in enumerate(scores)]
    return read(score_curve("c1", frames, levels, words))


def read(markup: str) -> ET.Element:
    return ET.fromstring(markup)  # noqa: S314  (our own)


def kinds(sheet: ET.Element, kind: str) -> list[ET.Element]:
    return [element for element in sheet.iter() if element.get("class") == kind]


def test_a_frame_is_a_point_with_its_time_and_score() -> None:
    points = kinds(drawn(0.1, 0.9, 0.5), "point")
    assert [point.findtext("title") for point in points] == ["0:00: 0.10", "0:01: 0.90", "0:02: 0.50"]
    heights = [float(point.get("cy") or "nan") for point in points]
    assert heights[1] < heights[2] < heights[0]


@pytest.mark.parametrize(
    ("scores", "runs"),
    [
        ((0.1, 0.2, 0.3), [3]),
        ((0.1, None, 0.3, 0.4), [1, 2]),
        ((None, 0.2), [1]),
        ((None, None), []),
        ((), []),
        ((0.5,), [1]),
    ],
)
def test_the_line_stops_where_a_frame_has_no_number(scores, runs) -> None:
    sheet = drawn(*scores)
    assert [len((line.get("points") or "").split()) for line in kinds(sheet, "curve")] == runs
    assert len(kinds(sheet, "missing")) == scores.count(None)


def test_levels_are_lines_with_names_that_never_lie_on_one_another() -> None:
    sheet = drawn(0.5, levels=[LevelLine("elevated", 0.90), LevelLine("suspected", 0.91)])
    assert len(kinds(sheet, "threshold")) == 2
    places = {text.text: float(text.get("y") or "nan") for text in sheet.iter("text")}
    assert places["elevated"] - places["suspected"] >= 12


def test_very_many_frames_are_thinned_and_the_peak_stays() -> None:
    scores = [0.1] * 5000
    scores[1234] = 0.99
    points = kinds(drawn(*scores, step=40.0), "point")
    assert len(points) == MOST_POINTS
    assert "0.99" in " ".join(point.findtext("title") or "" for point in points)


def test_the_axis_reaches_to_the_end_of_the_video() -> None:
    sheet = read(score_curve("c", [FrameScore(0, 0.5), FrameScore(5000, 0.5)], [], WORDS, until_ms=60_000))
    assert "1:00" in [text.text for text in sheet.iter("text")]


def test_it_tells_those_who_cannot_see_it() -> None:
    sheet = drawn(0.5)
    told = {element.get("id"): element.text for element in sheet if element.tag in {"title", "desc"}}
    assert sheet.get("role") == "img"
    assert [told[ident] for ident in (sheet.get("aria-labelledby") or "").split()] == [WORDS.title, WORDS.description]


def test_texts_are_never_markup() -> None:
    hostile = "</svg><script>alert(1)</script>\u202egnp.exe\x00"
    sheet = drawn(None, levels=[LevelLine(hostile, 0.5)], words=CurveWords(hostile, hostile, hostile, hostile))
    assert not list(sheet.iter("script"))
    assert "\u202e" not in "".join(sheet.itertext())


@pytest.mark.parametrize(
    ("at_ms", "told"), [(0, "0:00"), (7_000, "0:07"), (1_540, "0:01.5"), (62_000, "1:02"), (3_750_000, "1:02:30")]
)
def test_times_are_written_as_players_do(at_ms, told) -> None:
    assert clock(at_ms) == told


@given(st.lists(st.floats(0, 1e9), max_size=20), st.floats(0, 1e9))
def test_any_times_give_few_ticks(times, until) -> None:
    frames = [FrameScore(at, 0.5) for at in sorted(times)]
    sheet = read(score_curve("c", frames, [], WORDS, until_ms=until))
    assert 1 <= len(kinds(sheet, "axis")) <= 12
