"""What the page shows of one item, made from what is known of it: frames with their labels, curves, sections."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from pipelines.case import Case
from pipelines.pages.curve import CurveWords, FrameScore, LevelLine, clock, score_curve
from pipelines.review.desk import Look
from pipelines.review.phrases import ReviewWords
from pipelines.ruling_story import policy_sections
from pipelines.stills import Picture
from pipelines.story import Section, fact_sections
from pipelines.words import Voice
from transforms.marks.meaning.rules import Rules

_FIRST = ("outcome", "next", "found", "declared", "detector")
"""Sections that a person reads to decide, in that order; the others are for whoever wants to know more."""


@dataclass(frozen=True, slots=True)
class Box:
    """A label in a frame, in the frame's pixels."""

    x: int
    y: int
    width: int
    height: int
    text: str


@dataclass(frozen=True, slots=True)
class SceneFrame:
    """A frame to look at.

    Attributes:
        time: As players show it; empty for a still.
        width: Of the frame as it is in the file, like the boxes; not of the copy that is shown.
        height: Likewise.
        faces: That were found, and blurred unless they are shown.
    """

    time: str
    width: float
    height: float
    faces: int
    boxes: tuple[Box, ...]


def scene_frames(pictures: Sequence[Picture], marks: Sequence[Mapping[str, Any]]) -> list[SceneFrame]:
    """Frames with the labels that were read in them.

    Args:
        pictures: In order of time.
        marks: Of ``item_marks``, those with a box.
    """
    return [
        SceneFrame(
            "" if picture.timestamp_ms is None else clock(picture.timestamp_ms),
            picture.width / picture.scale,
            picture.height / picture.scale,
            picture.faces,
            tuple(_box(mark) for mark in marks if _is_there(mark, picture.timestamp_ms)),
        )
        for picture in pictures
    ]


def _is_there(mark: Mapping[str, Any], at_ms: float | None) -> bool:
    """Whether a label is seen at a time; one without times is in the only picture."""
    first, last = mark["first_ms"], mark["last_ms"]
    return at_ms is None or first is None or first <= at_ms <= (first if last is None else last)


def _box(mark: Mapping[str, Any]) -> Box:
    return Box(mark["box_x"], mark["box_y"], mark["box_width"], mark["box_height"], mark["value"] or mark["kind"])


def curves(look: Look, words: ReviewWords) -> list[Markup]:
    """The scores of a video's frames, a curve for each detector that answered."""
    return [Markup(one) for one in _curves(look, words)]  # noqa: S704  (our own SVG, whose texts its writer escapes)


def _curves(look: Look, words: ReviewWords) -> Iterator[str]:
    for number, answer in enumerate(look.case.answers):
        own = [row for row in look.frames if row["detector_digest"] == answer.digest]
        frames = [FrameScore(row["timestamp_ms"], row["score"]) for row in own]
        scores = [frame.score for frame in frames if frame.score is not None]
        if len(frames) < 2:
            continue
        points = answer.config.operating_points if answer.config else ()
        told = {"detector": answer.detector, "count": len(frames), "highest": f"{max(scores):.2f}" if scores else "–"}
        named = CurveWords(
            f"{words.phrase('curve')}: {answer.detector}",
            words.phrase("curve_told", **told),
            words.phrase("score"),
            words.phrase("no_number"),
        )
        levels = [LevelLine(point.level, point.threshold) for point in points]
        yield score_curve(f"curve{number}", frames, levels, named, until_ms=look.case.duration_ms or 0.0)


def sections(case: Case, voice: Voice, rules: Rules) -> tuple[list[Section], list[Section]]:
    """The item's story: what a person reads to decide, and the rest."""
    every = [*fact_sections(case, voice, rules), *policy_sections(case, voice)]
    told = [one for one in every if one.name != "people"]  # the page shows what people decided in its own place
    first = sorted((one for one in told if one.name in _FIRST), key=lambda one: _FIRST.index(one.name))
    return first, [one for one in told if one.name not in _FIRST]
