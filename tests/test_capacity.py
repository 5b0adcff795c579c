"""The page on capacity and its plots are what the command makes of the measured figures, and its arithmetic holds."""

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from benchmarks import capacity
from benchmarks.capacity import Archive, archive_of, each_of
from benchmarks.loglog import Chart, Series, drawn
from benchmarks.measured import keep, read

FACTS = {
    "due": 4,
    "due_bytes": 4_000_000,
    "video_hours": 0.5,
    "strata": [
        {"examine_seconds": 3.0, "model_seconds": 1.0},
        {"examine_seconds": 5.0, "model_seconds": 1.0},
    ],
    "overhead_seconds": {"start": 6.0, "segment": 3.6, "place": 0.5},
    "store_bytes_each": {"place": 400.0, "segment": 50_000.0},
}


def test_the_page_is_that_of_these_figures() -> None:
    text = (capacity.DOCS / "capacity.md").read_text("utf-8")
    assert text == capacity.page(text), "python benchmarks/capacity.py"


def test_the_plots_are_those_of_these_figures() -> None:
    for name, markup in capacity.plots().items():
        assert (capacity.DOCS / name).read_text("utf-8") == markup, "python benchmarks/capacity.py"


@pytest.mark.parametrize("name", capacity.TABLES)
def test_a_page_without_its_marks_is_refused(name: str) -> None:
    text = (capacity.DOCS / "capacity.md").read_text("utf-8").replace(f"<!-- {name} -->", "")
    with pytest.raises(SystemExit, match=f"<!-- {name} -->"):
        capacity.page(text)


def test_what_one_place_costs() -> None:
    one = each_of(FACTS)
    assert (one.examine, one.model, one.seconds, one.file_bytes) == (2.0, 0.5, 3.0, 1_000_000)
    assert one.seconds_of_video == 450


def test_what_many_places_cost() -> None:
    """A picture of 1 MB is thought to take 0.1 s, so that 1,200 fill the 120 s of a segment."""
    assert archive_of(each_of(FACTS), 2400, "a.jpg") == Archive(
        places=2400,
        core_hours=pytest.approx((2400 * 3.0 + 2 * 3.6) / 3600),
        model_core_hours=pytest.approx(2400 * 0.5 / 3600),
        store_bytes=2400 * 400 + 2 * 50_000,
        file_bytes=2400 * 1_000_000,
    )


def test_points_of_a_plot_lie_at_their_powers_of_ten() -> None:
    chart = Chart("Cost", "items", "seconds", [Series("a", [(100, 1), (1_000, 10), (10_000, 100)])])
    root = ET.fromstring(drawn("x", chart))  # noqa: S314  (our own)
    space = {"svg": "http://www.w3.org/2000/svg"}
    circles = [(float(one.get("cx")), float(one.get("cy"))) for one in root.findall("svg:circle", space)]
    assert len(circles) == 3
    assert circles[1] == pytest.approx([(circles[0][i] + circles[2][i]) / 2 for i in (0, 1)], abs=0.1)
    assert circles[0][0] < circles[2][0]
    assert circles[0][1] > circles[2][1]
    assert {"100", "1,000", "10,000"} <= {one.text for one in root.findall("svg:text", space)}


def test_of_no_points_there_is_no_plot() -> None:
    with pytest.raises(ValueError, match="nothing to draw: Cost"):
        drawn("x", Chart("Cost", "items", "seconds", [Series("a", [])]))


def test_a_point_that_is_measured_anew_gives_way_and_others_stay(tmp_path: Path) -> None:
    file = tmp_path / "results" / "scaling.json"
    keep(file, "items", "items", [{"items": 1000, "cpu_s": 9.0}, {"items": 100, "cpu_s": 1.0}])
    keep(file, "rows", "rows", [{"rows": 5, "cpu_s": 1.0}])
    keep(file, "items", "items", [{"items": 1000, "cpu_s": 8.0}])
    told = read(file)
    assert told["items"] == [{"items": 100, "cpu_s": 1.0}, {"items": 1000, "cpu_s": 8.0}]
    assert told["rows"] == [{"rows": 5, "cpu_s": 1.0}]
    assert json.loads(file.read_text("utf-8"))["machine"]["cores"] >= 1
