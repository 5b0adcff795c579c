"""Reads the labels of one frame: finds its lines of text, reads them, and matches them with the lexicon."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from transforms.examine.frames import Pixels
from transforms.labels.finder import TextFinder
from transforms.labels.joints import continues
from transforms.labels.lexicon import Lexicon
from transforms.labels.lines import Box, Line, beyond, box_of, to_blocks, to_rows
from transforms.labels.match import Label, Wordmark, match_lines, match_wordmark, may_be_part
from transforms.labels.measure import measure
from transforms.labels.networks import Networks, open_session
from transforms.labels.recogniser import LineRecogniser, to_tensor
from transforms.labels.strokes import strokes_alone, without_background
from transforms.marks.mark import Says

Row = Sequence[Line]
Block = Sequence[Row]
_MOST_READ_AGAIN, _MOST_NEIGHBOURED, _MOST_BUT_A_PAGE = 3, 2, 6
_HEIGHTS = (40, 16)
"""Pixels of a row in closer looks at what surrounds it."""
_LEAST_CONFIDENCE = 0.35
_SURE, _PLAIN = 0.8, 0.97
_WIDER = 2.2
"""Heights of a row by which it is widened on either side."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """A label, or a generator's word, in a frame.

    Attributes:
        found: What the lexicon says of it.
        reading: The whole line, or lines, in which it stands, as read.
        confidence: Of the reading, 0 to 1.
        box: Around its lines, in pixels of the frame.
        line_height: Of its letters, in pixels.
        contrast: Of its letters with what surrounds them, in levels of grey.
    """

    found: Label | Wordmark
    reading: str
    confidence: float
    box: Box
    line_height: float
    contrast: float


@dataclass(frozen=True, slots=True)
class FrameText:
    """What was read in a frame, the lines for icons to be confirmed by."""

    sightings: tuple[Sighting, ...]
    lines: tuple[Line, ...]


class LabelReader:
    """Holds the networks and the lexicon.

    Args:
        networks: From ``read_networks``.
        lexicon: What counts as a label.
        most_lines: How many lines of a frame are read.
    """

    def __init__(self, networks: Networks, lexicon: Lexicon, most_lines: int = 40) -> None:
        self._finder = TextFinder(open_session(networks.finder))
        self._recognisers = [LineRecogniser(open_session(one.network), one.alphabet) for one in networks.readers]
        self._lexicon = lexicon
        self._most_lines = most_lines

    def read(self, rgb: Pixels) -> FrameText:
        """The labels of a frame; the same pixels give the same ones, whatever was read before.

        Args:
            rgb: uint8 (H, W, 3).
        """
        text = self._read(self._finder.find(rgb, self._most_lines), rgb, reads_again=True)
        if any(isinstance(one.found, Label) for one in text.sightings):
            return text
        unsure = [row for row in self._parts(to_rows(text.lines)) if _is_unsure(row)]
        if not unsure or len(text.lines) > _MOST_BUT_A_PAGE:
            return text
        place = box_of(unsure[0])
        for height in _HEIGHTS:
            closer = self._read(
                self._finder.find_around(rgb, place, height)[: self._most_lines], rgb, reads_again=False
            )
            labels = tuple(one for one in closer.sightings if isinstance(one.found, Label))
            if labels:
                return FrameText((*text.sightings, *labels), text.lines)
        return text

    def _read(self, boxes: Sequence[Box], rgb: Pixels, *, reads_again: bool) -> FrameText:
        lines = [line for box in boxes if (line := self._line(box, box.cut_from(rgb))).confidence >= _LEAST_CONFIDENCE]
        rows = to_rows(lines)
        blocks = to_blocks(rows)
        sightings = list(self._of_rows(rows, blocks, rgb))
        if reads_again and not any(isinstance(one.found, Label) for one in sightings):
            sightings += self._of_second_readings(rows, blocks, rgb)
        return FrameText(tuple(sightings), tuple(lines))

    def _parts(self, rows: Sequence[Row]) -> list[Row]:
        """The rows that have a part of a label, those read least surely last."""
        numbers = range(len(self._recognisers))
        parts = [row for row in rows if any(may_be_part(_text(row, number), self._lexicon) for number in numbers)]
        return sorted(parts, key=lambda row: -min(line.confidence for line in row))

    def _line(self, box: Box, pixels: Pixels) -> Line:
        tensor = to_tensor(pixels)
        return Line(box, tuple(recogniser.read(tensor) for recogniser in self._recognisers))

    def _of_rows(self, rows: Sequence[Row], blocks: Sequence[Block], rgb: Pixels) -> Iterator[Sighting]:
        """Labels of one row each, then such as only several rows together make, then words of generators."""
        taken: set[int] = set()
        for block in [*([row] for row in rows), *blocks]:
            parts = {id(line) for row in block for line in row}
            if parts & taken:
                continue
            best = min(self._labels(block), key=_rank, default=None)
            if best is not None:
                found = self._in_context(_Found(*best, block), blocks, rgb)
                if found is not None:
                    taken |= {id(line) for row in found.block for line in row}
                    yield found.sighting(rgb)
        for row in rows:
            if taken.isdisjoint(map(id, row)):
                for number in range(len(self._recognisers)):
                    wordmark = match_wordmark(_text(row, number), self._lexicon)
                    if wordmark is not None:
                        yield _Found(wordmark, number, [row]).sighting(rgb)
                        break

    def _of_second_readings(self, rows: Sequence[Row], blocks: Sequence[Block], rgb: Pixels) -> Iterator[Sighting]:
        """The first label that another reading of a row, or of what stands above and below it, gives."""
        for block, others in self._read_again(rows, blocks, rgb):
            best = min(self._labels(block), key=_rank, default=None)
            if best is not None:
                found = self._in_context(_Found(*best, block), others, rgb)
                if found is not None:
                    yield found.sighting(rgb)
                    return

    def _in_context(self, found: "_Found", blocks: Sequence[Block], rgb: Pixels) -> "_Found | None":
        """What was found, or the denial that it is a part of: «Видео не / создано ИИ» in two rows.

        The denying word may stand in a neighbouring row, beside what the finder marked, or in a row that it missed.
        Nothing if the sentence goes on in neighbouring rows and is no label as a whole: «Как узнать видео, / созданное
        ИИ».
        """
        if isinstance(found.label, Wordmark) or found.label.says is Says.NOT_AI:
            return found
        longer = [block for block in blocks if _holds(block, found.block)]
        for block in chain(longer, self._looked_around(found.block, rgb)):
            for label, number in self._labels(block):
                if label.says is Says.NOT_AI:
                    return _Found(label, number, block)
        sentences = [block for block in longer if _goes_on(block, found)]
        whole = max(sentences, key=len, default=found.block)
        return found if whole is found.block or any(self._labels(whole)) else None

    def _looked_around(self, block: Block, rgb: Pixels) -> Iterator[Block]:
        """The block with what stands beside its first row, and with what is read above that."""
        wide = box_of(block[0]).widened(_WIDER, rgb.shape[:2])
        yield [[self._line(wide, wide.cut_from(rgb))], *block[1:]]
        for box, is_above in beyond(block, rgb.shape[:2]):
            if is_above:
                yield [[_surely(self._line(box, box.cut_from(rgb)))], *block]

    def _labels(self, block: Block) -> Iterator[tuple[Label, int]]:
        """The label that each network's readings of the rows make, with the network's number.

        Lines that it is not sure of are left out where the whole makes none: they may be taken from the background.
        """
        for number in range(len(self._recognisers)):
            texts = [_text(row, number) for row in block]
            sure = [_text(row, number, _SURE) for row in block]
            label = match_lines(texts, self._lexicon)
            if label is None and sure != texts:
                label = match_lines(sure, self._lexicon)
            if label is not None:
                yield label, number

    def _read_again(
        self, rows: Sequence[Row], blocks: Sequence[Block], rgb: Pixels
    ) -> Iterator[tuple[Block, Sequence[Block]]]:
        """The rows that have a part of a label once more, with the blocks in which these readings stand instead.

        A finder often leaves the first or last letters of a line out, a short word before a wide space, and a short
        word that wrapping put into a line of its own.
        """
        parts = self._parts(rows)
        for row in parts[:_MOST_READ_AGAIN]:
            for line in self._readings(row, rgb):
                again = [line]
                others = [[again if one is row else one for one in block] for block in blocks]
                yield [again], others
                yield from ((block, others) for block in others if any(one is again for one in block))
        for row in parts[:_MOST_NEIGHBOURED]:
            longest = max((one for one in blocks if row in one), key=len, default=[row])
            yield from ((block, blocks) for block in self._with_neighbours(longest, rgb))

    def _readings(self, row: Row, rgb: Pixels) -> Iterator[Line]:
        wide, wider = (box_of(row).widened(heights, rgb.shape[:2]) for heights in (_WIDER, 2 * _WIDER))
        pixels = wide.cut_from(rgb)
        line = self._line(wide, pixels)
        yield line
        if _is_unsure(row):
            yield self._line(wide, strokes_alone(pixels))
            box = box_of(row)
            yield self._line(box, without_background(box.cut_from(rgb)))
            yield self._line(wide, without_background(pixels))
        if len(line.text) > len(" ".join(one.text for one in row)):
            yield self._line(wider, wider.cut_from(rgb))

    def _with_neighbours(self, block: Block, rgb: Pixels) -> Iterator[Block]:
        """The block with all its rows read wider; then with what stands above or below it."""
        if len(block) > 1:
            boxes = [box_of(one).widened(_WIDER, rgb.shape[:2]) for one in block]
            yield [[self._line(box, box.cut_from(rgb))] for box in boxes]
        for box, is_above in beyond(block, rgb.shape[:2]):
            line = self._line(box, box.cut_from(rgb))
            if line.confidence >= _LEAST_CONFIDENCE:
                yield [[line], *block] if is_above else [*block, [line]]


def _holds(longer: Block, block: Block) -> bool:
    rows, own = ([id(row) for row in one] for one in (longer, block))
    return len(rows) > len(own) and any(rows[at : at + len(own)] == own for at in range(len(rows)))


def _goes_on(longer: Block, found: "_Found") -> bool:
    """Whether the rows of a longer block are one sentence with what was found: each goes on with the one above it."""
    inside = {id(row) for row in found.block[1:]}
    return all(id(row) in inside or continues(_text(row, found.number)) for row in longer[1:])


def _surely(line: Line) -> Line:
    """The line with only those readings that are sure: it was read where nobody found text."""
    return Line(line.box, tuple(one if one[1] >= _SURE else ("", 0.0) for one in line.readings))


def _is_unsure(row: Row) -> bool:
    """Whether another look might read it otherwise."""
    return min(line.confidence for line in row) < _PLAIN


def _rank(found: tuple[Label, int]) -> tuple[int, int]:
    return ("exact", "fuzzy", "probable").index(found[0].exactness), found[1]


def _text(row: Row, number: int, least_confidence: float = 0.0) -> str:
    return " ".join(line.readings[number][0] for line in row if line.readings[number][1] >= least_confidence)


@dataclass(frozen=True, slots=True)
class _Found:
    """A label or a word of a generator, the number of the network that read it, and the rows that it stands in."""

    label: Label | Wordmark
    number: int
    block: Block

    def sighting(self, rgb: Pixels) -> Sighting:
        """With what is measured of it in the frame."""
        lines = [line for row in self.block for line in row]
        measured = [measure(line.box.cut_from(rgb)) for line in lines]
        return Sighting(
            self.label,
            "\n".join(_text(row, self.number) for row in self.block),
            round(sum(line.readings[self.number][1] for line in lines) / len(lines), 4),
            box_of(lines),
            max(height for height, _ in measured),
            min(contrast for _, contrast in measured),
        )
