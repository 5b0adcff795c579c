"""Plots with both axes in powers of ten, as SVG files of their own."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pipelines.pages.svg import Frame, Sheet

_WIDTH: Final = 720.0
_HEIGHT: Final = 340.0
_COLOURS: Final = ("#0a6b7c", "#a92c16", "#5a4590", "#7d5200")
_STYLE: Final = (
    "svg{background:#fff}text{font:12px sans-serif;fill:#13232c}line{stroke:#d2dde1}"
    + "".join(f".c{i}{{stroke:{colour};fill:none;stroke-width:2}}" for i, colour in enumerate(_COLOURS))
    + "".join(f".d{i}{{fill:{colour}}}" for i, colour in enumerate(_COLOURS))
)


@dataclass(frozen=True, slots=True)
class Series:
    """Points of one kind; both values above 0."""

    name: str
    points: Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Chart:
    """What is drawn: at most as many series as there are colours."""

    title: str
    x: str
    y: str
    series: Sequence[Series]


def drawn(ident: str, chart: Chart) -> str:
    """The plot as a file's text.

    Raises:
        ValueError: There is no point at all.
    """
    points = [point for one in chart.series for point in one.points]
    if not points:
        raise ValueError(f"there is nothing to draw: {chart.title}")
    (left, right), (bottom, top) = (_decades([point[axis] for point in points]) for axis in (0, 1))
    told = "; ".join(f"{one.name}: {', '.join(f'{y:g} at {x:g}' for x, y in one.points)}" for one in chart.series)
    sheet = Sheet(ident, chart.title, told, _WIDTH, _HEIGHT)
    plot = Frame(64, 56, _WIDTH - 264, _HEIGHT - 108, x_end=right - left, y_end=top - bottom)
    sheet.text((16, 20), chart.title)
    sheet.text((16, 42), chart.y)
    sheet.text((plot.left + plot.width, _HEIGHT - 12), chart.x, anchor="end")
    for power in range(left, right + 1):
        x = plot.x(power - left)
        sheet.line((x, plot.top), (x, plot.top + plot.height), "")
        sheet.text((x, plot.top + plot.height + 18), _power(power), anchor="middle")
    for power in range(bottom, top + 1):
        y = plot.y(power - bottom)
        sheet.line((plot.left, y), (plot.left + plot.width, y), "")
        sheet.text((plot.left - 8, y + 4), _power(power), anchor="end")
    for index, one in enumerate(chart.series):
        places = [(plot.x(math.log10(x) - left), plot.y(math.log10(y) - bottom)) for x, y in one.points]
        sheet.polyline(places, f"c{index}")
        for place, (x, y) in zip(places, one.points, strict=True):
            sheet.circle(place, 4, f"d{index}", tip=f"{one.name}: {y:g} at {x:g}")
        sheet.text((plot.left + plot.width + 10, plot.top + 14 + 18 * index), one.name, f"d{index}")
    return sheet.document(_STYLE)


def _decades(values: Sequence[float]) -> tuple[int, int]:
    first, last = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return first, max(last, first + 1)


def _power(power: int) -> str:
    return f"{10**power:,}" if power >= 0 else f"{10.0**power:g}"
