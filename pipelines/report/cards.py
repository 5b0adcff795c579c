"""One item of a report as a card: pictures, badges, curves, and its story in sentences."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from markupsafe import Markup

from pipelines.pages.curve import CurveWords, FrameScore, clock, score_curve
from pipelines.pages.texts import number, shown, shown_path
from pipelines.report.entries import Entry
from pipelines.report.pictures import Shots
from pipelines.report.sections import Teller
from pipelines.ruling_story import policy_sections
from pipelines.story import Line, Section, fact_sections
from transforms.marks.meaning.rules import Rules

MOST_LINES = 40
"""Of one section of the story; a file can hold very many marks."""
_LONGEST_LINE = 400
_PLACES = frozenset({"one_place", "many_places", "place"})
_TOLD_ONCE = frozenset({"asks"})
"""Sections that are the same for all items, so that the report has them once."""


@dataclass(frozen=True)
class Badge:
    """A word with the class of its shape and colour."""

    text: str
    kind: str


@dataclass(frozen=True)
class Curve:
    """A detector's curve, with what it shows in words."""

    title: str
    text: str
    chart: Markup


@dataclass(frozen=True)
class Card:
    """What the template shows of an item; every text is safe to print, and is escaped there all the same."""

    ident: str
    name: str
    search: str
    verdict: str
    badges: tuple[Badge, ...]
    facts: tuple[str, ...]
    places: tuple[str, ...]
    more_places: str
    shots: Shots
    missing: str
    faces: str
    curves: tuple[Curve, ...]
    decisions: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]


def card(
    ident: str, entry: Entry, shots: Shots, teller: Teller, rules: Rules, *, most_shots: int, are_faces_shown: bool
) -> Card:
    """The card of an item.

    Args:
        ident: Unique on the page; becomes part of ids.
        entry: The item.
        shots: Its pictures, or why there are none.
        teller: The language.
        rules: What kinds of marks mean.
        most_shots: How many items have pictures at most.
        are_faces_shown: Whether faces of the pictures are not blurred.
    """
    words, candidate, case = teller.words, entry.candidate, entry.case
    name = shown_path(case.places[0], 200)
    badges = [Badge(words.outcomes[candidate.verdict], candidate.verdict)]
    badges += [Badge(words.synthesis[candidate.synthesis], candidate.synthesis)]
    if candidate.review is not None:
        badges.append(Badge(words.phrase("decided", decision=words.decisions[candidate.review]), candidate.review))
    more = candidate.places - len(case.places)
    # A word of ours, or the sentence of whoever looked for it.
    missing = words.phrases.get(shots.missing or "", shots.missing or "").replace("{most}", number(most_shots))
    faces = words.phrases["faces_shown"] if are_faces_shown else words.phrase("faces_blurred", n=shots.faces)
    return Card(
        ident=ident,
        name=name,
        search=" ".join([*(shown_path(place) for place in case.places), case.content_sha256 or ""]).lower(),
        verdict=candidate.verdict,
        badges=tuple(badges),
        facts=tuple(_facts(entry, teller)),
        places=tuple(shown_path(place, 300) for place in case.places),
        more_places=words.phrase("more_places", n=number(more)) if more > 0 else "",
        shots=shots,
        missing=words.phrase("no_picture", reason=shown(missing, 200)) if missing else "",
        faces=faces if shots.faces else "",
        curves=tuple(_curves(ident, entry, teller)),
        decisions=tuple(_decisions(entry, teller)),
        sections=tuple(_sections(entry, teller, rules)),
    )


def _facts(entry: Entry, teller: Teller) -> Iterator[str]:
    words, candidate, case = teller.words, entry.candidate, entry.case
    if case.media_type:
        yield shown(case.media_type, 60)
    if case.width and case.height:
        yield f"{case.width} × {case.height}"
    if case.duration_ms:
        yield clock(case.duration_ms)
    for answer in case.answers[:3]:
        if answer.score is not None:
            yield f"{shown(answer.detector, 40)}: {words.phrase('score_is', score=f'{answer.score:.2f}')}"
    if candidate.places > 1:
        yield words.phrase("places", n=number(candidate.places))
    if candidate.alike:
        yield words.phrase("alike", n=number(candidate.alike))
    if candidate.value is not None:
        yield words.phrase("value", value=f"{candidate.value:.2f}")


def _decisions(entry: Entry, teller: Teller) -> Iterator[tuple[str, str]]:
    words = teller.words
    for one in entry.decisions:
        at = f"{one.decided_at:%Y-%m-%d %H:%M}"
        decision = words.decisions.get(one.decision, shown(one.decision))
        told = words.phrases["decision"].format(reviewer=shown(one.reviewer, 80), decision=decision, at=at)
        yield told, shown(one.note or "", 1000)


def _curves(ident: str, entry: Entry, teller: Teller) -> Iterator[Curve]:
    words = teller.words
    configs = {answer.detector: answer.config for answer in entry.case.answers}
    for i, (detector, frames) in enumerate(entry.curves[:3]):
        title, text = words.phrase("curve", detector=shown(detector, 60)), _curve_text(frames, teller)
        told = CurveWords(title, text, words.phrases["score"], words.phrases["no_number"])
        levels = teller.level_lines(configs.get(detector))
        chart = score_curve(f"{ident}-curve-{i}", frames, levels, told, until_ms=entry.case.duration_ms or 0.0)
        yield Curve(title, text, Markup(chart))  # noqa: S704  (our own SVG, escaped by the XML writer)


def _curve_text(frames: Sequence[FrameScore], teller: Teller) -> str:
    scored = [(frame.score, frame.at_ms) for frame in frames if frame.score is not None]
    if not scored:
        return teller.words.phrase("curve_none", frames=len(frames))
    most, at_ms = max(scored, key=lambda one: one[0])
    return teller.words.phrase("curve_text", frames=len(frames), most=f"{most:.2f}", at=clock(at_ms))


def _sections(entry: Entry, teller: Teller, rules: Rules) -> Iterator[Section]:
    told = [*fact_sections(entry.case, teller.voice, rules), *policy_sections(entry.case, teller.voice)]
    for section in told:
        if section.name in _TOLD_ONCE:
            continue
        # Places stand above, where they are bounded.
        lines = [line for line in section.lines if line.code not in _PLACES]
        kept = [replace(line, text=shown(line.text, _LONGEST_LINE)) for line in lines[:MOST_LINES]]
        if len(lines) > MOST_LINES:
            kept.append(Line("more_lines", teller.words.phrase("more_lines", n=number(len(lines) - MOST_LINES))))
        yield replace(section, heading=shown(section.heading), lines=tuple(kept))
