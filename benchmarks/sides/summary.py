"""From runs to what is told of them: medians, spreads, ratios within rounds, targets, a table and a plot."""

import statistics
from collections.abc import Mapping, Sequence
from typing import Any, Final

from benchmarks.sides.contestants import LIMIT
from benchmarks.sides.legs import DECODE, DECODE_MODEL, ROW
from pipelines.pages.svg import Frame, Sheet

MOST_OVER_LIMIT: Final = {DECODE_MODEL: 1.10, DECODE: 1.5, ROW: 1.25}
"""The most that Aiqyn's wall time may be over that of the bare loop on all cores, as the median over rounds."""
_RIVALS: Final = ("pool", "ray", "daft")
_FIGURES: Final = ("wall_s", "cpu_s", "peak_mb", "first_s", "other_cpu_s")
_STYLE: Final = "text{font:13px sans-serif;fill:#222}.run{fill:#8aa;opacity:.8}.median{stroke:#c33;stroke-width:3}"

Rounds = Sequence[Mapping[str, Mapping[str, Any]]]
Summary = dict[str, dict[str, Any]]


def counted(rounds: Rounds, name: str) -> list[Mapping[str, Any]]:
    """A contestant's runs that count."""
    return [one[name] for one in rounds if name in one and "fault" not in one[name]]


def paired(rounds: Rounds, name: str, other: str, figure: str = "wall_s") -> list[float]:
    """A figure over another contestant's in the same round, of all rounds in which both count."""
    both = (one for one in rounds if all(who in one and "fault" not in one[who] for who in (name, other)))
    return [one[name][figure] / one[other][figure] for one in both]


def summarise(names: Sequence[str], rounds: Rounds, starts: Rounds, items: int) -> Summary:
    """Of each contestant that has runs: median, least and most of every figure, and the ratio to the bare loop.

    Args:
        names: In the order in which they are to be told.
        rounds: The rounds that count.
        starts: Rounds over a corpus of one file: what start-up costs.
        items: Files of the corpus.
    """
    found: Summary = {}
    for name in names:
        if not (runs := counted(rounds, name)):
            continue
        figures = {figure: _spread([run[figure] for run in runs if run[figure] is not None]) for figure in _FIGURES}
        start = _spread([run["wall_s"] for run in counted(starts, name)])
        over = _spread(paired(rounds, name, LIMIT))
        rate = items / figures["wall_s"]["median"]
        found[name] = figures | {"start_s": start, "over_limit": over, "rounds": len(runs), "items_per_s": rate}
    return found


def missed(rounds: Rounds, leg: str) -> list[str]:
    """Which targets Aiqyn missed, in sentences; none where all are met or none was tried."""
    told = []
    over = paired(rounds, "aiqyn", LIMIT)
    most = MOST_OVER_LIMIT.get(leg)
    if over and most and statistics.median(over) > most:
        told.append(f"Aiqyn takes {statistics.median(over):.2f} times the bare loop's time; the target is {most:.2f}.")
    if leg == DECODE_MODEL:
        for rival in _RIVALS:
            ratios = paired(rounds, "aiqyn", rival)
            if ratios and statistics.median(ratios) >= 1:
                told.append(f"Aiqyn takes {statistics.median(ratios):.2f} times the time of {rival}.")
    return told


def table(summary: Summary, titles: Mapping[str, str]) -> str:
    """As Markdown: medians, least…most in brackets."""
    rows = [
        "| | wall, s | over the bare loop | items/s | CPU, s | peak, MB | first row, s | start-up, s |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, one in summary.items():
        cells = [
            _told(one["wall_s"], 1),
            _told(one["over_limit"], 2),
            f"{one['items_per_s']:.1f}",
            _told(one["cpu_s"], 1),
            _told(one["peak_mb"], 0),
            _told(one["first_s"], 1),
            _told(one["start_s"], 1),
        ]
        rows.append(f"| {titles[name]} | {' | '.join(cells)} |")
    return "\n".join(rows)


def plot(rounds: Rounds, summary: Summary, titles: Mapping[str, str], title: str) -> str:
    """An SVG file: each run's wall time as a dot, each median as a stroke."""
    most = max(one["wall_s"]["most"] for one in summary.values())
    sheet = Sheet("sides", title, table(summary, titles), 720, 60 + 34 * len(summary))
    frame = Frame(190, 40, 440, 34 * len(summary), x_end=1.05 * most)
    sheet.text((10, 22), f"{title}: seconds, each run a dot, the median a stroke")
    for number, name in enumerate(summary):
        middle = frame.top + 34 * number + 17
        sheet.text((10, middle + 4), titles[name])
        for run in counted(rounds, name):
            sheet.circle((frame.x(run["wall_s"]), middle), 5, "run", tip=f"{run['wall_s']:.1f} s")
        median = summary[name]["wall_s"]["median"]
        sheet.line((frame.x(median), middle - 11), (frame.x(median), middle + 11), "median")
        sheet.text((frame.left + frame.width + 10, middle + 4), f"{median:.1f} s")
    file = sheet.markup().replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
    return file.replace("<title", f"<style>{_STYLE}</style><title", 1) + "\n"


def _spread(values: Sequence[float]) -> dict[str, float] | None:
    if not values:
        return None
    return {"median": statistics.median(values), "least": min(values), "most": max(values)}


def _told(spread: Mapping[str, float] | None, digits: int) -> str:
    if spread is None:
        return "–"
    median, least, most = (f"{spread[which]:,.{digits}f}" for which in ("median", "least", "most"))
    return f"{median} ({least}…{most})"


def file_name(result: Mapping[str, Any]) -> str:
    """Of a result's files, without an ending."""
    return f"{result['corpus']['kind']}-{result['corpus']['files']}-{result['leg']}"
