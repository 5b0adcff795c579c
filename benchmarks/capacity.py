"""What a large archive costs, by measured figures: writes docs/capacity.md between its marks, and draws its plots.

    python benchmarks/capacity.py                                         # page and plots of what is measured
    python benchmarks/capacity.py --measure [--pictures 60] [--videos 2]  # measure first, over corpora made here

Measured are pictures of mixed sizes up to 1920 × 1080 (`benchmarks/corpus.py`), and videos of ten minutes, H.264,
1280 × 720. The figures are what `aiqyn estimate --json` says of them, all examined; they lie in
benchmarks/results/capacity.json, those of the plots in scaling.json.
"""

import argparse
import json
import math
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks import corpus  # noqa: E402
from benchmarks.loglog import Chart, Series, drawn  # noqa: E402
from benchmarks.measured import RESULTS, machine, read  # noqa: E402
from pipelines.due import estimate_seconds  # noqa: E402
from pipelines.estimate.resources import money_of, time_of  # noqa: E402
from pipelines.estimate.terms import ASSUMED_EFFICIENCY, Terms  # noqa: E402
from pipelines.profile import load_profile  # noqa: E402
from transforms.records import Place  # noqa: E402

DOCS: Final = ROOT / "docs"
FILE: Final = RESULTS / "capacity.json"
SCALING: Final = RESULTS / "scaling.json"
_PICTURES: Final = 10_000_000
_VIDEO_HOURS: Final = 100_000
_MINUTES: Final = 10
_HOSTS: Final = (Terms(1, 16), Terms(4, 64), Terms(16, 64), Terms(16, 64, gpus=1, gpu_speedup=50.0))
_PRICES: Final = {"price_core_hour": 0.04, "price_gpu_hour": 1.5, "price_gb_month": 0.02}


@dataclass(frozen=True, slots=True)
class Each:
    """What one place costs, from an estimate; seconds are of a processor core."""

    examine: float
    model: float
    place: float
    segment: float
    file_bytes: float
    store_bytes: float
    segment_bytes: float
    seconds_of_video: float

    @property
    def seconds(self) -> float:
        """Of the place itself, without its share of a segment."""
        return self.examine + self.model + self.place


def each_of(facts: Mapping[str, Any]) -> Each:
    """From what ``aiqyn estimate --json`` said of places that are alike."""
    due = facts["due"]
    return Each(
        examine=sum(one["examine_seconds"] for one in facts["strata"]) / due,
        model=sum(one["model_seconds"] for one in facts["strata"]) / due,
        place=facts["overhead_seconds"]["place"],
        segment=facts["overhead_seconds"]["segment"],
        file_bytes=facts["due_bytes"] / due,
        store_bytes=facts["store_bytes_each"]["place"],
        segment_bytes=facts["store_bytes_each"]["segment"],
        seconds_of_video=facts["video_hours"] * 3600 / due,
    )


@dataclass(frozen=True, slots=True)
class Archive:
    """What a number of such places costs."""

    places: int
    core_hours: float
    model_core_hours: float
    store_bytes: float
    file_bytes: float


def archive_of(each: Each, places: int, name: str) -> Archive:
    """A number of places, in segments as the default profile cuts them; ``name`` ends as such files do."""
    size = load_profile("default").segments
    rough = estimate_seconds(Place("", name, name, round(each.file_bytes), None))
    segments = math.ceil(places / min(size.max_items, max(1, int(size.target_seconds / rough))))
    return Archive(
        places,
        (places * each.seconds + segments * each.segment) / 3600,
        places * each.model / 3600,
        places * each.store_bytes + segments * each.segment_bytes,
        places * each.file_bytes,
    )


def both(told: Mapping[str, Any]) -> tuple[Archive, Archive]:
    """The pictures and the videos."""
    pictures, videos = each_of(told["pictures"]), each_of(told["videos"])
    count = round(_VIDEO_HOURS * 3600 / round(videos.seconds_of_video))
    return archive_of(pictures, _PICTURES, "a.jpg"), archive_of(videos, count, "a.mp4")


def _rows(header: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> str:
    lines = [header, ("---",) + ("---:",) * (len(header) - 1), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _each_table(told: Mapping[str, Any]) -> str:
    pictures, videos = each_of(told["pictures"]), each_of(told["videos"])
    hour = 3600 / videos.seconds_of_video
    rows = (
        ("decoding, faces, marks, labels", pictures.examine, videos.examine, videos.examine * hour),
        ("networks of the detector", pictures.model, videos.model, videos.model * hour),
        ("hashing, rows, verdicts", pictures.place, videos.place, videos.place * hour),
        ("together, core-seconds", pictures.seconds, videos.seconds, videos.seconds * hour),
        ("file, MB", pictures.file_bytes / 1e6, videos.file_bytes / 1e6, videos.file_bytes * hour / 1e6),
        ("rows in the store, bytes", pictures.store_bytes, videos.store_bytes, videos.store_bytes * hour),
    )
    header = ("", "a picture", f"a video of {videos.seconds_of_video / 60:.0f} minutes", "an hour of such videos")
    table = _rows(header, ((name, *(_number(one) for one in values)) for name, *values in rows))
    besides = (
        f"A segment takes at most {pictures.segment:.1f} core-seconds: what a scan of one picture takes besides it."
    )
    return f"{table}\n\n{besides} {_taken(told)}"


def _taken(told: Mapping[str, Any]) -> str:
    host, pictures, videos = told["machine"], told["pictures"], told["videos"]
    return (
        f"Taken from {pictures['sample']['places']} pictures and {videos['sample']['places']} videos on "
        f"{host['cores']} cores ({host['cpu']}), with a load of {host['load']:.0f} before."
    )


def _archive_table(told: Mapping[str, Any]) -> str:
    pictures, videos = both(told)
    rows = (
        ("places", pictures.places, videos.places),
        ("core-hours", pictures.core_hours, videos.core_hours),
        ("of which networks", pictures.model_core_hours, videos.model_core_hours),
        ("store, GB", pictures.store_bytes / 1e9, videos.store_bytes / 1e9),
        ("files, TB", pictures.file_bytes / 1e12, videos.file_bytes / 1e12),
    )
    header = ("", f"{_PICTURES:,} pictures", f"{_VIDEO_HOURS:,} hours of video", "together")
    return _rows(header, ((name, *(_number(one) for one in (*values, sum(values)))) for name, *values in rows))


def _hosts_table(told: Mapping[str, Any]) -> str:
    archives = both(told)
    core_hours, model = (sum(getattr(one, name) for one in archives) for name in ("core_hours", "model_core_hours"))
    store = sum(one.store_bytes for one in archives)
    memory = max((told[kind]["memory_bytes"] for kind in ("pictures", "videos")), key=lambda one: one["host"])

    def row(terms: Terms) -> tuple[str, ...]:
        time = time_of(core_hours, model, terms)
        prices = _PRICES if terms.gpus else {name: one for name, one in _PRICES.items() if name != "price_gpu_hour"}
        priced = Terms(terms.hosts, terms.cores, terms.efficiency, terms.gpus, terms.gpu_speedup, **prices)
        money = money_of(time, store, priced)
        gpus = f", {terms.gpus} GPU each" if terms.gpus else ""
        return (
            f"{terms.hosts} × {terms.cores} cores{gpus}",
            _number(time.hours / 24),
            time.bound_by.upper(),
            _number((memory["driver"] + terms.cores * memory["largest_child"]) / 1e9),
            _number(money["scan"]),
            _number(money["storage_month"]),
        )

    header = ("hosts", "days", "bound by", "memory of a host, GB", "money, scan", "money, store a month")
    prices = "{price_core_hour:g} a core-hour, {price_gpu_hour:g} a GPU-hour, {price_gb_month:g} a GB and month".format(
        **_PRICES
    )
    return (
        f"{_rows(header, map(row, _HOSTS))}\n\nAssumed: {ASSUMED_EFFICIENCY:.0%} of the cores are busy; a GPU does the "
        f"networks' work of {_HOSTS[-1].gpu_speedup:.0f} cores; prices are {prices}, in no currency. They are examples "
        "for the arithmetic and nobody's price list."
    )


def _scaling_table(told: Mapping[str, Any]) -> str:
    def rows() -> Iterator[tuple[str, ...]]:
        for name, key, words in _SERIES:
            for point in told.get(name, []):
                facts = (point["cpu_s"], point["wall_s"], point["peak_mb"], point["load_before"])
                yield (words, f"{point[key]:,}", *(_number(one) for one in facts))

    header = ("", "number", "core-seconds", "seconds", "peak MB", "load before")
    return _rows(header, rows())


_SERIES: Final = (
    ("items", "items", "scan of small pictures"),
    ("workers", "workers", "workers, each on a core of its own, same pictures"),
    ("compare", "rows", "store: comparing an inventory"),
    ("query", "rows", "store: counting by outcome"),
    ("judge", "rows", "store: judging all"),
    ("judge_again", "rows", "store: judging, nothing due"),
)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.3g}"


TABLES: Final[Mapping[str, Callable[[Mapping[str, Any], Mapping[str, Any]], str]]] = {
    "each": lambda capacity, _: _each_table(capacity),
    "archive": lambda capacity, _: _archive_table(capacity),
    "hosts": lambda capacity, _: _hosts_table(capacity),
    "scaling": lambda _, scaling: _scaling_table(scaling),
}
"""What stands between which marks of the page."""


def page(text: str) -> str:
    """The page with its figures as they are measured."""
    figures = read(FILE), read(SCALING)
    for name, table in TABLES.items():
        marked = re.compile(f"(<!-- {name} -->\n).*?(<!-- end -->)", re.DOTALL)
        if len(marked.findall(text)) != 1:
            raise SystemExit(f"docs/capacity.md needs one pair of marks: <!-- {name} --> and <!-- end -->.")
        made = table(*figures)
        text = marked.sub(lambda found, made=made: f"{found[1]}{made}\n{found[2]}", text)
    return text


def plots() -> dict[str, str]:
    """The plots by name of their file, SVG."""
    told = read(SCALING)

    def series(name: str, key: str, words: str, value: str = "cpu_s") -> Series:
        return Series(words, [(point[key], point[value]) for point in told.get(name, [])])

    charts = {
        "scaling-items.svg": Chart(
            "A scan against the number of small pictures",
            "pictures",
            "core-seconds, MB",
            [series("items", "items", "core-seconds"), series("items", "items", "peak memory, MB", "peak_mb")],
        ),
        "scaling-rows.svg": Chart(
            "A store against the number of its rows",
            "rows",
            "core-seconds",
            [series(name, key, words.removeprefix("store: ")) for name, key, words in _SERIES if key == "rows"],
        ),
        "scaling-workers.svg": Chart(
            "A scan against the number of worker processes",
            "workers",
            "seconds",
            [
                series("workers", "workers", "core-seconds"),
                series("workers", "workers", "seconds of the clock", "wall_s"),
            ],
        ),
    }
    return {name: drawn(name.removesuffix(".svg"), chart) for name, chart in charts.items()}


def measured(pictures: int, videos: int) -> dict[str, Any]:
    """What ``aiqyn estimate`` says of either corpus."""
    sources = {"pictures": corpus.pictures(pictures), "videos": corpus.long_videos(videos, _MINUTES)}
    told: dict[str, Any] = {"machine": machine() | {"load": round(os.getloadavg()[0], 1)}}
    for kind, source in sources.items():
        arguments = ["estimate", str(source), "--json", "--sample", str(pictures + videos)]
        command = [sys.executable, "-m", "pipelines.cli", *arguments]
        ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if ended.returncode:
            raise SystemExit(f"{' '.join(command)} ended with {ended.returncode}: {ended.stderr[-2000:]}")
        told[kind] = json.loads(ended.stdout)
    return told


def main() -> None:
    """Measures if asked to; writes page and plots."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--measure", action="store_true")
    parser.add_argument("--pictures", type=int, default=60)
    parser.add_argument("--videos", type=int, default=2)
    given = parser.parse_args()
    if given.measure:
        FILE.parent.mkdir(exist_ok=True)
        FILE.write_text(json.dumps(measured(given.pictures, given.videos), indent=1) + "\n", "utf-8")
    for name, markup in plots().items():
        (DOCS / name).write_text(markup, "utf-8")
    file = DOCS / "capacity.md"
    file.write_text(page(file.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    main()
