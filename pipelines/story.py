"""What is known of an item, as sections of sentences; what policies make of it is in ``ruling_story``."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipelines.case import Answer, Case, FoundMark
from pipelines.words import Voice
from transforms.detect.config import Abstention, AnswerConfig, OperatingPoint, Skill
from transforms.detect.levels import NONE
from transforms.marks.meaning.rules import Meaning, Rules
from transforms.outcomes import OF_LISTING, Reason


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence.

    Attributes:
        code: What it says, in a word that does not change.
        text: The same for people; texts of the file are in it as they are.
        depth: How far it is set in.
    """

    code: str
    text: str
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the story; ``policy`` is None for what holds whatever the policy."""

    name: str
    heading: str
    lines: tuple[Line, ...]
    policy: str | None = None


def fact_sections(case: Case, voice: Voice, rules: Rules) -> list[Section]:
    """What was examined, what is declared, and what detectors saw.

    Args:
        case: What is known.
        voice: The language.
        rules: What kinds of marks mean.
    """
    headings = voice.words.headings
    return [
        Section("examined", headings["examined"], tuple(_examined(case, voice))),
        Section("declared", headings["declared"], tuple(_declared(case, voice, rules))),
        Section("detector", headings["detector"], tuple(_detectors(case, voice))),
    ]


def _examined(case: Case, voice: Voice) -> Iterator[Line]:
    kind = "video" if case.is_video else "picture" if case.media_type else "other_file"
    told = [voice.phrase(kind)]
    told += [case.media_type] if case.media_type else []
    told += [f"{case.width} × {case.height}"] if case.width and case.height else []
    told += [voice.phrase("seconds", seconds=f"{case.duration_ms / 1000:.1f}")] if case.duration_ms else []
    yield Line("item", ", ".join(told))
    yield from place_lines(case.places, "many_places", voice)
    if case.content_sha256 is not None:
        yield Line("sha256", voice.phrase("sha256", sha256=case.content_sha256))
    elif case.reason not in OF_LISTING:
        yield Line("no_sha256", voice.phrase("no_sha256"))
    if case.reason is not None:
        yield Line("not_examined", voice.phrase("not_examined", reason=voice.words.reasons[case.reason]))
    if case.reason is not None and case.detail and case.detail != Reason(case.reason).sentence:
        yield Line("detail", case.detail, 1)
    if case.frames_examined:
        yield Line("frames", voice.phrase("frames", count=case.frames_examined))
        yield _faces(case, voice)
    for note in case.layers:
        status = voice.words.layer_statuses.get(note.status, note.status)
        yield Line("layer_note", voice.phrase("layer_note", layer=layer_name(note.layer, voice), status=status))
        if note.detail:
            yield Line("detail", note.detail, 1)
    if not case.layers and case.reason is None:
        yield Line("no_layer_note", voice.phrase("no_layer_note"))


def place_lines(places: Sequence[str], heading: str, voice: Voice) -> Iterator[Line]:
    """One place, or a heading with all of them below it."""
    if len(places) == 1:
        yield Line("one_place", voice.phrase("one_place", uri=places[0]))
        return
    yield Line(heading, voice.phrase(heading, count=len(places)))
    yield from (Line("place", place, 1) for place in places)


def _faces(case: Case, voice: Voice) -> Line:
    if case.depicts_person:
        return Line("faces", voice.phrase("faces", count=case.faces_max))
    name = "no_face" if case.depicts_person is False else "faces_unknown"
    return Line(name, voice.phrase(name))


def layer_name(layer: str, voice: Voice) -> str:
    """``detector:aiqyn-lite`` is the layer ``detector`` and a name."""
    name, _, rest = layer.partition(":")
    told = voice.words.layers.get(name, name)
    return f"{told} {rest}" if rest else told


def _declared(case: Case, voice: Voice, rules: Rules) -> Iterator[Line]:
    if not case.marks:
        name = "no_mark" if case.reason is None else "no_mark_read"
        yield Line(name, voice.phrase(name))
    explained: set[Meaning] = set()
    for number, mark in enumerate(case.marks, 1):
        yield from _mark(number, mark, voice)
        meaning = rules.meaning_of(mark.fact.kind)
        if meaning is not None and meaning not in explained:
            explained.add(meaning)
            yield Line("means", voice.phrase("means", text=voice.translated(meaning.means)), 1)
            yield Line("does_not_mean", voice.phrase("does_not_mean", text=voice.translated(meaning.does_not_mean)), 1)


def _mark(number: int, mark: FoundMark, voice: Voice) -> Iterator[Line]:
    fact, words = mark.fact, voice.words
    told = {"says": words.says[fact.says], "kind": fact.kind, "class": words.classes[fact.mark_class]}
    yield Line("mark", f"#{number} " + voice.phrase("mark", **told, locator=mark.locator))
    if fact.value:
        yield Line("value", fact.value, 1)
    if fact.integrity is not None:
        trust = words.signer_trust[fact.signer_trust] if fact.signer_trust else voice.phrase("no_signer")
        integrity = words.integrity.get(fact.integrity, fact.integrity)
        yield Line("signature", voice.phrase("signature", integrity=integrity, trust=trust), 1)
    shown = [words.exactness[fact.exactness]] if fact.exactness in words.exactness else []
    shown += [words.languages.get(fact.language, fact.language)] if fact.language else []
    shown += [voice.phrase("letters", share=f"{fact.height_ratio:.1%}")] if fact.height_ratio is not None else []
    if fact.first_ms is not None and fact.shown_ms is not None:
        times = {"first": f"{fact.first_ms / 1000:.1f}", "shown": f"{fact.shown_ms / 1000:.1f}"}
        shown.append(voice.phrase("shown", **times))
    if shown:
        yield Line("label", ", ".join(shown), 1)


def _detectors(case: Case, voice: Voice) -> Iterator[Line]:
    if not case.answers:
        yield Line("no_detector", voice.phrase("no_detector"))
    for answer in case.answers:
        told = {"detector": answer.detector, "level": answer.level}
        if answer.score is None:
            yield Line("detector", voice.phrase("detector", **told))
        else:
            yield Line("detector_score", voice.phrase("detector_score", **told, score=f"{answer.score:.2f}"))
        if answer.level in voice.words.levels:
            yield Line(f"level_{answer.level}", voice.words.levels[answer.level], 1)
        if answer.score is not None:
            yield from _rates(answer, voice)
            if case.is_video and answer.config is not None:
                yield Line("pictures_only", voice.phrase("pictures_only"), 1)


def _rates(answer: Answer, voice: Voice) -> Iterator[Line]:
    """How often the detector errs: at the level that was reached, else at the lowest that was not."""
    config = answer.config
    if config is None:
        yield Line("rates_unknown", voice.phrase("rates_unknown"), 1)
        return
    reached = next((point for point in config.operating_points if point.level == answer.level), None)
    if reached is not None:
        yield Line("false_alarms", _share("false_alarms", reached.false_alarm_rate, reached, voice), 1)
    elif answer.level == NONE and config.abstention is not None:
        yield Line("misses", _share("misses", config.abstention.miss_rate, config.abstention, voice), 1)
    level = (reached or min(config.operating_points, key=lambda point: point.threshold)).level
    for recall, alarms in measured_at(config, level):
        told = {
            "name": voice.translated(recall.measured_on),
            "level": level,
            "recall": per_thousand(recall.value, voice),
            "n_ai": recall.n_ai,
            "alarms": per_thousand(alarms.value, voice),
            "n_real": alarms.n_real,
        }
        yield Line("measured", voice.phrase("measured", **told), 1)


def _share(name: str, rate: float, measured: OperatingPoint | Abstention, voice: Voice) -> str:
    low, high = measured.interval
    told = {"rate": rate, "low": low, "high": high}
    return voice.phrase(name, **{key: per_thousand(one, voice) for key, one in told.items()}, n=measured.n)


def per_thousand(share: float, voice: Voice) -> str:
    """A share as a count among 1,000; what is found at all never reads 0."""
    return voice.phrase("less_than_one") if 0 < share < 0.001 else f"{share * 1000:.0f}"


def measured_at(config: AnswerConfig, level: str) -> list[tuple[Skill, Skill]]:
    """Of each set of pictures as they were: the shares of the AI-made and of the others that reach a level."""
    whole = [one for one in config.skill if one.source == "all" and one.treatment == "as_is"]
    alarms = {one.measured_on: one for one in whole if one.metric == f"false_alarms_{level}"}
    return [
        (one, alarms[one.measured_on]) for one in whole if one.metric == f"recall_{level}" and one.measured_on in alarms
    ]
