"""Charts tell their figures also to those who cannot see them."""

import xml.etree.ElementTree as ET

import pytest

from pipelines.report import charts
from pipelines.report.facts import Detector
from pipelines.report.words import ReportWords

WORDS = ReportWords.read("en")


def read(markup: str) -> ET.Element:
    return ET.fromstring(markup)  # noqa: S314  (our own)


def test_the_strip_has_a_part_for_each_verdict_and_never_hides_a_small_one() -> None:
    strip = read(charts.verdict_strip({"out_of_scope": 99_999, "not_disclosed": 1}, WORDS))
    parts = {rect.get("class"): float(rect.get("width") or 0) for rect in strip.iter("rect")}
    assert list(parts) == ["fill is-not_disclosed", "fill is-out_of_scope"]
    assert parts["fill is-not_disclosed"] >= 3
    assert "Not found in the file: 1; Out of scope: 99\u202f999" in (strip.findtext("desc") or "")


@pytest.mark.parametrize(
    ("most", "end"), [(0, "4"), (3, "4"), (5, "8"), (41, "60"), (95, "100"), (101, "120"), (99_999, "100\u202f000")]
)
def test_an_axis_ends_at_a_round_number(most, end) -> None:
    chart = read(charts.histogram("h", Detector("made", "d", None, {}, (most, 0)), [], WORDS))
    assert end in [text.text for text in chart.iter("text")]


def test_a_histogram_tells_its_bins() -> None:
    chart = read(charts.histogram("h", Detector("</svg>", "d", None, {}, (3, 0, 2, 0)), [], WORDS))
    assert chart.findtext("desc") == "5 items with a number. 0.00 to 0.25: 3; 0.50 to 0.75: 2."
    assert chart.findtext("title") == "Scores of </svg>"
