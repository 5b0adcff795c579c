"""What the reader found, and the figures made of it: recall by every property, false hits, processor time."""

import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from benchmarks.labels_media.cases import EMPTY, Case
from benchmarks.labels_media.clips import Clip
from benchmarks.labels_media.reading import Found
from benchmarks.labels_media.render import LEGIBLE
from pipelines.detector.metrics import wilson

ARCHIVE: Final = {EMPTY: 0.85, "other text": 0.10, "label": 0.05}
"""A median archive: most of its pictures have no text."""
_CONTRASTS: Final = ((0, 25), (25, 50), (50, 100), (100, 256))
_SIZES: Final = ((0, 2.5), (2.5, 4), (4, 6.5), (6.5, 100))
_LARGE: Final = 0.049  # an em of 5 % is rounded to whole pixels
_CLEAR: Final = 40.0  # levels of grey from which letters are no matter of luck


@dataclass(frozen=True, slots=True)
class Outcome:
    """A picture, and what was read on it.

    Attributes:
        kind: ``label``, or the kind of a picture without one.
        text: What was drawn.
        language: Of the text.
        style: How it was drawn.
        font: In what.
        height_ratio: Em over the frame's short side.
        alpha: Opacity.
        contrast: Grey levels, ``render.contrast``.
        found: The warnings that were read, of a label only those that lie on it.
        languages: Their languages.
        ratios: Their heights over the short side.
        contrasts: Their contrasts, as the reader measured them.
        cpu_ms: Processor time of the reading.
    """

    kind: str
    text: str
    language: str
    style: str
    font: str
    height_ratio: float
    alpha: float
    contrast: float
    found: tuple[str, ...]
    languages: tuple[str, ...]
    ratios: tuple[float, ...]
    contrasts: tuple[float, ...]
    cpu_ms: float

    @property
    def is_label(self) -> bool:
        """Whether a warning was to be found."""
        return self.kind == "label"

    @property
    def legible(self) -> bool:
        """Whether it is a label that a person can be asked to read."""
        return self.is_label and self.contrast >= LEGIBLE


@dataclass(frozen=True, slots=True)
class ClipOutcome:
    """A clip, and what was found in it; times in seconds, None if nothing was found or no time was given."""

    kind: str
    text: str
    language: str
    span: str
    height_ratio: float
    contrast: float
    found: tuple[str, ...]
    first_error: float | None
    last_error: float | None
    shown_error: float | None

    @property
    def legible(self) -> bool:
        """Whether it is a label that a person can be asked to read."""
        return self.kind == "label" and self.contrast >= LEGIBLE


def picture_outcome(case: Case, found: Sequence[Found], cpu_ms: float) -> Outcome:
    """What was found on the picture; on a label, only what touches it counts."""
    rendered = case.rendered
    hits = [one for one in found if not case.is_label or _touches(one, rendered.boxes)]
    return Outcome(
        case.kind,
        (rendered.text or "").replace("\n", " "),
        rendered.language,
        rendered.style,
        rendered.font,
        rendered.height_ratio,
        rendered.alpha,
        rendered.contrast,
        tuple(one.text for one in hits),
        tuple(one.language for one in hits),
        tuple(one.height_ratio for one in hits if one.height_ratio is not None),
        tuple(one.contrast for one in hits if one.contrast is not None),
        cpu_ms,
    )


def clip_outcome(clip: Clip, found: Sequence[Found]) -> ClipOutcome:
    """What was found in the clip; the errors are those of the warning whose times are nearest."""
    errors = [
        (one.seconds[0] - clip.first, one.seconds[1] - clip.last, one.seconds[2] - clip.shown)
        for one in found
        if one.seconds
    ]
    first, last, shown = min(errors, key=lambda error: sum(map(abs, error)), default=(None, None, None))
    return ClipOutcome(
        clip.phrase.kind,
        clip.phrase.text,
        clip.phrase.language,
        clip.span,
        clip.height_ratio,
        clip.contrast,
        tuple(one.text for one in found),
        first,
        last,
        shown,
    )


def summarise(outcomes: Sequence[Outcome], clips: Sequence[ClipOutcome]) -> dict[str, Any]:
    """All figures; shares as ``{"hits", "n", "share", "low", "high"}`` with 95 % Wilson intervals."""
    legible = [outcome for outcome in outcomes if outcome.legible]
    labels = [outcome for outcome in outcomes if outcome.is_label]
    others = [outcome for outcome in outcomes if not outcome.is_label]
    seen = [clip for clip in clips if clip.legible]
    return {
        "labels": len(labels),
        "negatives": len(others),
        "recall": {
            "legible": _share(legible),
            "legible, 5 % and higher": _share([o for o in legible if o.height_ratio >= _LARGE]),
            "clear, 5 % and higher": _share([o for o in legible if o.height_ratio >= _LARGE and o.contrast >= _CLEAR]),
            "all": _share(labels),
            "by language": _by(legible, lambda o: o.language),
            "by size": _by(legible, lambda o: _band(o.height_ratio * 100, _SIZES, " %")),
            "by style": _by(legible, lambda o: o.style),
            "by contrast": _by(labels, lambda o: _band(o.contrast, _CONTRASTS, "")),
            "by alpha": _by(legible, lambda o: f"{o.alpha:g}"),
            "by font": _by(legible, lambda o: o.font.partition(",")[0]),
        },
        "facts": {
            "language right": _rate([o.language.split("-")[0] in o.languages for o in legible if o.languages]),
            "height found / em": _median([max(o.ratios) / o.height_ratio for o in legible if o.ratios]),
            "contrast found / rendered": _median([min(o.contrasts) / o.contrast for o in legible if o.contrasts]),
        },
        "false": {
            "all": _share(others),
            "by kind": _by(others, lambda o: o.kind),
            "texts": [{"drawn": o.text, "kind": o.kind, "read": list(o.found)} for o in others if o.found],
        },
        "missed": [asdict(o) for o in legible if not o.found],
        "cpu_ms": _times(outcomes),
        "clips": {
            "recall of legible": _share(seen),
            "by span": _by(seen, lambda clip: clip.span),
            "false": _share([clip for clip in clips if clip.kind != "label"]),
            "false texts": [clip.text for clip in clips if clip.kind != "label" and clip.found],
            "errors in seconds, by span": {
                span: {
                    "first": _median([c.first_error for c in seen if c.span == span and c.first_error is not None]),
                    "last": _median([c.last_error for c in seen if c.span == span and c.last_error is not None]),
                    "shown": _median([c.shown_error for c in seen if c.span == span and c.shown_error is not None]),
                }
                for span in sorted({clip.span for clip in seen})
            },
        },
    }


def lines(summary: dict[str, Any]) -> Iterable[str]:
    """The summary for people."""
    recall, false, times, clips = (summary[key] for key in ("recall", "false", "cpu_ms", "clips"))
    yield f"{summary['labels']} labels, {summary['negatives']} negatives"
    for name, value in recall.items():
        if name.startswith("by "):
            yield f"recall {name}"
            yield from (f"  {key:<28}{_told(share)}" for key, share in value.items())
        else:
            yield f"recall, {name}: {_told(value)}"
    facts = summary["facts"]
    yield f"language right: {_told(facts['language right'])}"
    yield from (f"median {name}: {value}" for name, value in facts.items() if name != "language right")
    yield f"false: {_told(false['all'])}"
    yield from (f"  {key:<28}{_told(share)}" for key, share in false["by kind"].items())
    yield from (f"  false on {one['kind']}: {one['drawn']!r} read as {one['read']}" for one in false["texts"])
    for name, value in times["by kind"].items():
        yield f"CPU ms, {name}: median {value['median']:.0f}, mean {value['mean']:.0f}, p95 {value['p95']:.0f}"
    if times["archive"] is not None:
        yield f"CPU ms per picture of a median archive: {times['archive']:.0f}"
    yield f"clips, recall of legible: {_told(clips['recall of legible'])}; false: {_told(clips['false'])}"
    yield from (f"  {span:<28}{_told(share)}" for span, share in clips["by span"].items())
    yield from (f"  errors, {span}: {errors}" for span, errors in clips["errors in seconds, by span"].items())


def _touches(found: Found, boxes: Sequence[tuple[int, int, int, int]]) -> bool:
    if found.box is None:
        return True
    x, y, wide, high = found.box
    return any(
        x < left + width and left < x + wide and y < top + height and top < y + high
        for left, top, width, height in boxes
    )


def _share(outcomes: Sequence[Outcome] | Sequence[ClipOutcome]) -> dict[str, Any]:
    return _rate([bool(outcome.found) for outcome in outcomes])


def _rate(hits: Sequence[bool]) -> dict[str, Any]:
    n, good = len(hits), sum(hits)
    if not n:
        return {"hits": 0, "n": 0, "share": None, "low": None, "high": None}
    low, high = wilson(good, n)
    return {"hits": good, "n": n, "share": good / n, "low": low, "high": high}


def _by(outcomes: Sequence[Any], key: Callable[[Any], str]) -> dict[str, dict[str, Any]]:
    groups: dict[str, list[Any]] = {}
    for outcome in outcomes:
        groups.setdefault(key(outcome), []).append(outcome)
    return {name: _share(groups[name]) for name in sorted(groups, key=_in_order)}


def _in_order(name: str) -> tuple[float, str]:
    number, _, _ = name.partition("–")
    return (float(number), "") if number.replace(".", "", 1).isdigit() else (0.0, name)


def _band(value: float, bands: Sequence[tuple[float, float]], unit: str) -> str:
    low, high = next(band for band in bands if band[0] <= value < band[1])
    return f"{low:g}–{high:g}{unit}"


def _median(values: Sequence[float]) -> float | None:
    return round(statistics.median(values), 3) if values else None


def _times(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """By what is on the picture, and the mean of an archive in which those have the shares of ARCHIVE."""
    groups: dict[str, list[float]] = {name: [] for name in ARCHIVE}
    for outcome in outcomes:
        name = outcome.kind if outcome.kind in ARCHIVE else "other text"
        groups[name].append(outcome.cpu_ms)
    told = {
        name: {
            "median": statistics.median(times),
            "mean": statistics.fmean(times),
            "p95": sorted(times)[int(0.95 * (len(times) - 1))],
        }
        for name, times in groups.items()
        if times
    }
    archive = sum(share * told[name]["mean"] for name, share in ARCHIVE.items()) if len(told) == len(ARCHIVE) else None
    return {"by kind": told, "archive": archive}


def _told(share: dict[str, Any]) -> str:
    if not share["n"]:
        return "none"
    return f"{share['share']:.3f} [{share['low']:.3f}, {share['high']:.3f}] ({share['hits']}/{share['n']})"
