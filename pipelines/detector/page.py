"""The evaluation as one HTML page that needs nothing else: no script, no network, plots as SVG."""

from dataclasses import dataclass
from pathlib import Path

from pipelines.detector import plots, words
from pipelines.detector.plain_words import base_rate, plain_words, pooled, strictest
from pipelines.detector.record import Evaluation, Sample
from pipelines.detector.sections import Plot, sections
from pipelines.pages.html import environment

_TEMPLATE = "page.html.j2"


@dataclass(frozen=True)
class Tile:
    """A figure to see first."""

    name: str
    value: str
    interval: str


def render(found: Evaluation) -> str:
    """The page.

    Args:
        found: From `report.measure`; names in it come from manifests and are hostile until they are escaped.
    """
    # Names reach the template as text, and autoescape is on; only our own SVG, escaped by the XML writer, is markup.
    page = environment(Path(__file__).parent).get_template(_TEMPLATE)
    return page.render(
        title=f"{words.name(found.detector)} {words.name(found.version)}",
        digest=found.digest,
        measured_on=words.name(found.measured_on),
        counts=_counts(found),
        sentences=plain_words(found),
        tiles=_tiles(found),
        hundred=_hundred(found),
        sections=sections(found),
    )


def _counts(found: Evaluation) -> str:
    counts = [f"{_classes(found.sample)} pictures"] if found.pictures or not found.videos else []
    counts += [f"{_classes(found.videos.sample)} videos"] if found.videos else []
    counts += [f"{found.skipped_videos} videos not measured"] if found.skipped_videos else []
    return "; ".join(counts)


def _classes(sample: list[Sample]) -> str:
    ai, real = (sum(s.n for s in sample if s.label == label) for label in ("ai", "real"))
    return f"{words.number(ai)} AI and {words.number(real)} real"


def _tiles(found: Evaluation) -> list[Tile]:
    if not found.pictures:
        return []
    tiles = [
        Tile("AUC", words.figure(r.value), words.figures(r.interval))
        for r in found.ranking
        if (r.group, r.metric, r.treatment) == ("all", "auc", found.treatments[0])
    ]
    if not found.operating_points:
        return tiles
    level = strictest(found).level
    pair, base = pooled(found, level, found.treatments[0]), base_rate(found, level, found.treatments[0])
    if pair:
        tiles.append(Tile(f"AI found at {level}", words.percent(pair[1].share), words.percents(pair[1].interval)))
        tiles.append(Tile(f"false alarms at {level}", words.percent(pair[0].share), words.percents(pair[0].interval)))
    if base and base.right_share is not None and base.right_share_interval is not None:
        share = words.percent(base.right_share)
        if not base.false_accusations:
            share = f"≥ {words.percent(base.right_share_interval[0])}"
        ends = words.percents(base.right_share_interval)
        tiles.append(Tile(f"accusations right where 1{words.NARROW}% is AI", share, ends))
    return tiles


def _hundred(found: Evaluation) -> Plot | None:
    if not found.pictures:
        return None
    base = base_rate(found, strictest(found).level, found.treatments[0]) if found.operating_points else None
    if base is None or base.right_share_interval is None:
        return None
    low, high = (round(100 * end) for end in base.right_share_interval)
    caption = (
        f"100 accusations where 1{words.NARROW}% of the pictures is AI. By the interval {low} at least are right "
        f"(filled), {100 - high} at least wrong (hollow); the pale ones may be either."
    )
    return Plot(plots.hundred("hundred", low, high), caption)
