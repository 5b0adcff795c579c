"""The score curve of a video as inline SVG: one point for each frame, lines at the levels, a time axis."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from pipelines.pages.svg import Frame, Sheet
from pipelines.pages.texts import shown

WIDTH, HEIGHT = 640.0, 210.0
MOST_POINTS = 300
_STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200)
"""Seconds between two ticks."""
_MOST_TICKS = 8
_LONGEST_NAME = 24
_LETTER = 6.4
"""Width of one, so that names of levels have room."""


@dataclass(frozen=True, slots=True)
class FrameScore:
    """What a detector made of one frame.

    Attributes:
        at_ms: From the beginning.
        score: From 0 to 1; None where it gave no number.
    """

    at_ms: float
    score: float | None


@dataclass(frozen=True, slots=True)
class LevelLine:
    """An operating point: a level is stated from this score on."""

    name: str
    score: float


@dataclass(frozen=True, slots=True)
class CurveWords:
    """What the curve says to people.

    Attributes:
        title: Its name, for those who cannot see it.
        description: What is to be seen, in a sentence.
        score: What the axis from 0 to 1 shows.
        no_number: What a frame without a number is called.
    """

    title: str
    description: str
    score: str
    no_number: str


def score_curve(
    ident: str, frames: Sequence[FrameScore], levels: Sequence[LevelLine], words: CurveWords, *, until_ms: float = 0.0
) -> str:
    """The curve as markup to stand in an HTML page; its classes are those of ``style.css``.

    Args:
        ident: Unique on the page; becomes part of ids.
        frames: In order of time; of very many the highest of each stretch are drawn.
        levels: Each becomes a line with its name.
        words: In the language of the page; they are escaped here.
        until_ms: How long the video is, where that is known: frames end earlier.
    """
    end = max([until_ms, *(frame.at_ms for frame in frames)]) or 1.0
    names = [shown(level.name, _LONGEST_NAME) for level in levels]
    beside = 16 + _LETTER * max(map(len, names), default=0)
    plot = Frame(34, 22, WIDTH - 34 - beside, HEIGHT - 22 - 30, x_end=end)
    sheet = Sheet(ident, shown(words.title), shown(words.description, 600), WIDTH, HEIGHT)
    for value in (0.0, 0.25, 0.5, 0.75, 1.0):
        sheet.line((plot.left, plot.y(value)), (plot.left + plot.width, plot.y(value)), "grid")
        sheet.text((plot.left - 6, plot.y(value) + 4), f"{value:g}", "small", anchor="end")
    for at in _ticks(end):
        sheet.line((plot.x(at), plot.y(0)), (plot.x(at), plot.y(0) + 5), "axis")
        sheet.text((plot.x(at), plot.y(0) + 18), clock(at), "small", anchor="middle")
    sheet.text((plot.left - 26, 12), shown(words.score, 60), "small")
    _draw_levels(sheet, plot, levels)
    for run in _runs(_thinned(frames)):
        sheet.polyline([(plot.x(frame.at_ms), plot.y(frame.score or 0.0)) for frame in run], "curve")
    for frame in _thinned(frames):
        if frame.score is None:
            place = (plot.x(frame.at_ms), plot.y(0))
            sheet.circle(place, 3.5, "missing", tip=f"{clock(frame.at_ms)}: {shown(words.no_number, 60)}")
        else:
            place = (plot.x(frame.at_ms), plot.y(frame.score))
            sheet.circle(place, 3.5, "point", tip=f"{clock(frame.at_ms)}: {frame.score:.2f}")
    return sheet.markup()


def _draw_levels(sheet: Sheet, plot: Frame, levels: Sequence[LevelLine]) -> None:
    """Lines where they are, names beside them and never on one another."""
    below = 0.0
    for level in sorted(levels, key=lambda one: -one.score):
        y = plot.y(level.score)
        sheet.line((plot.left, y), (plot.left + plot.width, y), "threshold")
        at = max(y + 4, below)
        sheet.text((plot.left + plot.width + 6, at), shown(level.name, _LONGEST_NAME), "small")
        below = at + 13


def clock(at_ms: float) -> str:
    """A time as players show it: 0:07, 1:02:30; tenths of a second where there are any."""
    tenths = round(at_ms / 100)
    seconds, rest = divmod(tenths, 10)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    told = f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
    return f"{told}.{rest}" if rest else told


def _ticks(end: float) -> Iterator[float]:
    fitting = (1000 * seconds for seconds in _STEPS if end / (1000 * seconds) <= _MOST_TICKS)
    step = next(fitting, end / _MOST_TICKS)
    return (i * step for i in range(int(end / step) + 1))


def _thinned(frames: Sequence[FrameScore]) -> list[FrameScore]:
    if len(frames) <= MOST_POINTS:
        return list(frames)
    ends = [len(frames) * i // MOST_POINTS for i in range(MOST_POINTS + 1)]
    stretches = (frames[start:end] for start, end in pairwise(ends))
    return [max(stretch, key=lambda frame: -1.0 if frame.score is None else frame.score) for stretch in stretches]


def _runs(frames: Sequence[FrameScore]) -> Iterator[list[FrameScore]]:
    """Frames with a number, parted where one has none: what was not measured is not drawn."""
    run: list[FrameScore] = []
    for frame in frames:
        if frame.score is not None:
            run.append(frame)
        elif run:
            yield run
            run = []
    if run:
        yield run
