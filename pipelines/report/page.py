"""The report as one HTML page that needs nothing else, now or in ten years."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from markupsafe import Markup

from pipelines.pages.curve import clock
from pipelines.pages.html import STYLE, environment, self_contained
from pipelines.pages.texts import number, percent, shown, shown_path
from pipelines.report import charts
from pipelines.report.cards import Card, card
from pipelines.report.entries import Entry
from pipelines.report.facts import VERDICTS, Facts
from pipelines.report.pictures import Shots
from pipelines.report.sections import Teller, size
from pipelines.report.words import ReportWords
from pipelines.words import Language, read_voice
from transforms.marks.meaning.rule_files import read_rules

_FOLDER = Path(__file__).parent
_MOST_SOURCES = 5


def render(
    facts: Facts,
    entries: Sequence[Entry],
    shots: Sequence[Shots],
    language: Language,
    made_at: datetime,
    *,
    most_shots: int,
    are_faces_shown: bool = False,
) -> str:
    """The page.

    Args:
        facts: Of the store; names in them are hostile until they are escaped.
        entries: The single items, those that wait first.
        shots: The pictures of each entry.
        language: Of all texts.
        made_at: The time stamp that it carries.
        most_shots: How many items were to get pictures.
        are_faces_shown: Whether faces of the pictures are not blurred.
    """
    teller, rules = Teller(ReportWords.read(language), read_voice(language)), read_rules()
    cards = [
        card(f"item-{i}", entry, own, teller, rules, most_shots=most_shots, are_faces_shown=are_faces_shown)
        for i, (entry, own) in enumerate(zip(entries, shots, strict=True), 1)
    ]
    # Only what ships with us and what our own SVG writer escaped is markup; all else is escaped by the template.
    style, script = (Markup(text) for text in (_style(), _text("page.js")))  # noqa: S704
    return (
        environment(_FOLDER)
        .get_template("page.html.j2")
        .render(
            policy_line=self_contained([style], [script]),
            style=style,
            script=script,
            words=teller.words,
            phrase=teller.words.phrase,
            title=teller.words.phrase("title", store=shown_path(_name(facts.store), 80)),
            meta=_meta(facts, teller, made_at),
            tiles=_tiles(facts, teller),
            strip=_chart(charts.verdict_strip(facts.verdicts, teller.words)) if facts.verdicts else "",
            facts=facts,
            teller=teller,
            trend=_chart(charts.trend(facts.scans, teller.words)) if len(facts.scans) > 1 else "",
            queues=_queues(facts, cards, teller),
            number=number,
            clock=clock,
            verdicts_order=VERDICTS,
            version=version("aiqyn"),
        )
    )


def _meta(facts: Facts, teller: Teller, made_at: datetime) -> list[tuple[str, str]]:
    words, phrase = teller.words, teller.words.phrase
    if facts.scan is None:
        scope, covered = phrase("scope_all", scans=number(facts.scans_in_all)), facts.scans
    else:
        unchanged = number(facts.scan.unchanged or 0)
        scope, covered = phrase("scope_scan", scan=shown(facts.scan.scan_id), unchanged=unchanged), (facts.scan,)
    sources = list(dict.fromkeys(shown_path(source, 80) for scan in covered for source in scan.sources))
    told = ", ".join(sources[:_MOST_SOURCES]) + (" …" if len(sources) > _MOST_SOURCES else "")
    lines = [(words.phrases["scope"], scope), (words.phrases["sources"], told or "–")]
    lines.append((words.phrases["store"], shown_path(facts.store, 120)))
    if covered:
        first, last = covered[0].started_at, covered[-1].finished_at or covered[-1].started_at
        lines.append((words.phrases["scanned"], f"{first:%Y-%m-%d %H:%M} – {last:%Y-%m-%d %H:%M} UTC"))
    lines.append((words.phrases["policy"], teller.voice.translated(facts.policy.policy.title)))
    if facts.judged:
        days = sorted({day.isoformat() for day in facts.judged})
        lines.append((words.phrases["judged"], " – ".join(days)))
    lines.append((words.phrases["made"], f"{made_at:%Y-%m-%d %H:%M} UTC"))
    return lines


def _tiles(facts: Facts, teller: Teller) -> list[tuple[str, str, str]]:
    """Figure, name and what there is to add."""
    phrases, phrase, totals = teller.words.phrases, teller.words.phrase, facts.totals

    def share(part: int) -> str:
        return percent(part / totals.items) if totals.items else "–"

    more = phrase("tile_items_more", contents=number(totals.contents), size=size(totals.size_bytes))
    return [
        (number(totals.items), phrases["tile_items"], more),
        (number(totals.examined), phrases["tile_examined"], share(totals.examined)),
        (number(totals.gaps), phrases["tile_gaps"], f"{share(totals.gaps)}; {phrases['tile_gaps_more']}"),
        (number(facts.waiting_in_all), phrases["tile_waiting"], phrases["tile_waiting_more"]),
        (number(totals.decided), phrases["tile_decided"], ""),
    ]


def _queues(facts: Facts, cards: Sequence[Card], teller: Teller) -> list[Mapping[str, Any]]:
    waiting, settled = cards[: len(facts.waiting)], cards[len(facts.waiting) :]
    shown_of = {"shown": number(len(waiting)), "all": number(facts.waiting_in_all)}
    return [
        {
            "ident": "queue",
            "cards": waiting,
            "note": teller.words.phrase("queue_note", **shown_of),
            "empty": teller.words.phrases["queue_empty"],
        },
        {
            "ident": "settled",
            "cards": settled,
            "note": teller.words.phrase("settled_note", shown=number(len(settled))),
            "empty": teller.words.phrases["settled_empty"],
        },
    ]


def _name(store: str) -> str:
    """The last part of its address: what people call it."""
    return store.rstrip("/").rpartition("/")[2] or store


def _style() -> str:
    return f"{STYLE.read_text('utf-8')}\n{_text('page.css')}"


def _text(name: str) -> str:
    return (_FOLDER / name).read_text("utf-8")


def _chart(svg: str) -> Markup:
    return Markup(svg)  # noqa: S704  (our own, escaped by the XML writer)
