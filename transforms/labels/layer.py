"""The layer of visible labels: from the frames of one item to its marks."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from transforms.examine.frames import Frame, Pixels
from transforms.labels.composites import Look, plan_looks
from transforms.labels.icons import IconFound, TextLine, find_icons, to_mark
from transforms.labels.kept import LAYER
from transforms.labels.lines import Box
from transforms.labels.match import Wordmark
from transforms.labels.presence import present_in, shown_times
from transforms.labels.reader import FrameText, LabelReader, Sighting
from transforms.labels.settings import LabelReading
from transforms.marks.mark import Mark, MarkClass, Says, Shown, cut, sha256_text
from transforms.work import did

TOOL: Final = "aiqyn-labels/1"
LABEL_KIND, WORDMARK_KIND = "label.text", "trace.wordmark"
_MOST_MARKS: Final = 16
_RANKS: Final = {"exact": 0, "fuzzy": 1, "probable": 2}


Watch = Callable[[Look, FrameText], None]


@dataclass(slots=True)
class LabelLayer:
    """Reads the labels of items, one after another.

    Attributes:
        reader: Reads one frame.
        reading: How many passes a video may cost.
        watch: Told of every picture that was read, and what was read in it.
    """

    reader: LabelReader
    reading: LabelReading
    watch: Watch | None = None

    def of_picture(self, rgb: Pixels) -> list[Mark]:
        """The marks of a still, uint8 (H, W, 3)."""
        text = self._read(Look(rgb, "frame", (0,)))
        marks = [_mark(sighting, rgb.shape[:2]) for sighting in text.sightings]
        marks += [to_mark(icon, min(rgb.shape[:2])) for icon in _icons(rgb, text)]
        return marks[:_MOST_MARKS]

    def of_frames(self, frames: Sequence[Frame], duration_ms: float | None) -> list[Mark]:
        """The marks of a video, an animation or a file of several pages.

        Args:
            frames: From ``kept.small``, those of the item and of its opening seconds; of one or several sizes.
            duration_ms: Of the item; None where its frames have no times.
        """
        ordered = sorted(frames, key=lambda frame: frame.timestamp_ms or 0.0)
        same = [frame for frame in ordered if frame.rgb.shape == ordered[0].rgb.shape]
        seen: list[_Seen] = []
        if len(same) == len(ordered):
            for look in plan_looks(ordered, self.reading.passes):
                self._look(look, ordered, seen)
        else:  # pages: each its own picture
            for index, frame in enumerate(ordered[: self.reading.passes]):
                self._look(Look(frame.rgb, "frame", (index,)), [], seen)
        times = [frame.timestamp_ms for frame in ordered]
        size = ordered[0].rgb.shape[:2] if ordered else (1, 1)
        return [one.to_mark(times, duration_ms, size) for one in seen[:_MOST_MARKS]]

    def _read(self, look: Look) -> FrameText:
        did("label_looks")
        text = self.reader.read(look.rgb)
        if self.watch is not None:
            self.watch(look, text)
        return text

    def _look(self, look: Look, frames: Sequence[Frame], seen: "list[_Seen]") -> None:
        text = self._read(look)
        found: list[Sighting | IconFound] = [*text.sightings, *_icons(look.rgb, text)]
        for one in found:
            box = one.box if isinstance(one.box, Box) else Box(*one.box)
            present = set(present_in(frames, look.rgb, box)) if frames else set()
            present |= set(look.frames) if look.source == "frame" else set()
            if not present:
                # Of a composite alone: what no single frame shows may be an overlay of several frames' texts.
                continue
            same = next((other for other in seen if other.is_same(one, box)), None)
            if same is None:
                seen.append(_Seen(one, box, look.source, present))
            else:
                same.add(one, box, look.source, present)


@dataclass(slots=True)
class _Seen:
    """A label of a video, and the frames that show it."""

    best: Sighting | IconFound
    box: Box
    source: str
    present: set[int] = field(default_factory=set)

    def is_same(self, other: Sighting | IconFound, box: Box) -> bool:
        """The same statement, or whatever stands at the same place: two readings of one label."""
        if isinstance(self.best, IconFound) or isinstance(other, IconFound):
            kinds = {getattr(self.best, "kind", None), getattr(other, "kind", None)}
            return len(kinds) == 1 and _overlap(self.box, box) > 0.3
        if isinstance(self.best.found, Wordmark) != isinstance(other.found, Wordmark):
            return False
        return _overlap(self.box, box) > 0.5 or self.best.found.text.casefold() == other.found.text.casefold()

    def add(self, other: Sighting | IconFound, box: Box, source: str, present: set[int]) -> None:
        """Counts its frames, too, and keeps the better reading."""
        self.present |= present
        if _rank(other) < _rank(self.best):
            self.best, self.box, self.source = other, box, source

    def to_mark(self, times: Sequence[float | None], duration_ms: float | None, size: tuple[int, int]) -> Mark:
        """The mark, with its times where the frames have some."""
        mark = to_mark(self.best, min(size)) if isinstance(self.best, IconFound) else _mark(self.best, size)
        frames = sorted(self.present)
        facts = dict(mark.facts) | {"frames": f"{len(frames)} of {len(times)}", "source": self.source}
        known = [time for time in times if time is not None]
        if duration_ms is None or len(known) != len(times):
            return replace(mark, facts=dict(sorted(facts.items())))
        first, last, total = shown_times(known, duration_ms, frames)
        shown = replace(mark.shown or Shown(), first_ms=first, last_ms=last, shown_ms=total)
        locator = f"{first / 1000:.2f}–{last / 1000:.2f} s, {mark.locator}"
        return replace(mark, shown=shown, locator=locator, facts=dict(sorted(facts.items())))


def _rank(one: Sighting | IconFound) -> tuple[bool, int, float]:
    """The better reading first; a denial before all: a little word that is lost turns it into its opposite."""
    if isinstance(one, IconFound):
        return True, 0 if one.read else 2, -one.confidence
    is_denial = getattr(one.found, "says", None) is Says.NOT_AI
    return not is_denial, _RANKS[getattr(one.found, "exactness", "exact")], -one.confidence


def _icons(rgb: Pixels, text: FrameText) -> list[IconFound]:
    """Marks by shape, but for those whose letters were read as a label anyway."""
    lines = [TextLine(one.text, one.box.x, one.box.y, one.box.width, one.box.height) for one in text.lines]
    icons = find_icons(rgb, lines)
    return [icon for icon in icons if not any(_overlap(Box(*icon.box), one.box) > 0.3 for one in text.sightings)]


def _mark(sighting: Sighting, size: tuple[int, int]) -> Mark:
    found, box = sighting.found, sighting.box
    shown = Shown(
        language=getattr(found, "language", None),
        exactness=getattr(found, "exactness", "exact"),
        box_x=box.x,
        box_y=box.y,
        box_width=box.width,
        box_height=box.height,
        height_ratio=round(sighting.line_height / min(size), 4),
        contrast=sighting.contrast,
    )
    facts = {
        "confidence": f"{sighting.confidence:.2f}",
        "frame_size": f"{size[1]}x{size[0]}",
        "reading": sighting.reading,
    }
    if isinstance(found, Wordmark):
        kind, says, mark_class = WORDMARK_KIND, Says.AI, MarkClass.HEURISTIC
        facts["product"] = found.product
    else:
        kind, says = LABEL_KIND, found.says
        mark_class = MarkClass.DECLARED if found.exactness == "exact" else MarkClass.HEURISTIC
    return Mark(
        layer=LAYER,
        kind=kind,
        says=says,
        mark_class=mark_class,
        locator=f"box {box.x},{box.y} {box.width}x{box.height}",
        value=cut(found.text),
        value_sha256=sha256_text(found.text),
        tool=TOOL,
        facts=dict(sorted(facts.items())),
        shown=shown,
    )


def _overlap(one: Box, other: Box) -> float:
    """Area of both over that of the smaller one."""
    return one.shared(other) / max(1, min(one.area, other.area))
