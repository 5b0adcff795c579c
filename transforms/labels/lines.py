"""Lines of text in a frame: where they are, what they read, and how they stand together."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from transforms.examine.frames import Pixels


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels of the frame, upright."""

    x: int
    y: int
    width: int
    height: int

    @property
    def right(self) -> int:
        """The first column beyond it."""
        return self.x + self.width

    @property
    def bottom(self) -> int:
        """The first row beyond it."""
        return self.y + self.height

    @property
    def area(self) -> int:
        """In pixels."""
        return self.width * self.height

    def shared(self, other: "Box") -> int:
        """How many pixels both cover."""
        width = min(self.right, other.right) - max(self.x, other.x)
        height = min(self.bottom, other.bottom) - max(self.y, other.y)
        return max(0, width) * max(0, height)

    def joined(self, other: "Box") -> "Box":
        """The smallest box around both."""
        x, y = min(self.x, other.x), min(self.y, other.y)
        return Box(x, y, max(self.right, other.right) - x, max(self.bottom, other.bottom) - y)

    def widened(self, heights: float, frame_size: tuple[int, int]) -> "Box":
        """The same with so many of its heights more on either side, within a frame of that height and width."""
        more = round(heights * self.height)
        left, right = max(0, self.x - more), min(frame_size[1], self.right + more)
        return Box(left, self.y, right - left, self.height)

    def heightened(self, heights: float, frame_size: tuple[int, int]) -> "Box":
        """The same with so many of its heights more above and below, likewise."""
        more = round(heights * self.height)
        top, bottom = max(0, self.y - more), min(frame_size[0], self.bottom + more)
        return Box(self.x, top, self.width, bottom - top)

    def cut_from(self, rgb: Pixels) -> Pixels:
        """The pixels in it."""
        return rgb[self.y : self.bottom, self.x : self.right]


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text.

    Attributes:
        box: Where it stands.
        readings: What each network made of it, and the mean probability of its characters, 0 to 1.
    """

    box: Box
    readings: tuple[tuple[str, float], ...]

    @property
    def text(self) -> str:
        """The surest reading."""
        return self._surest[0]

    @property
    def confidence(self) -> float:
        """Of the surest reading."""
        return self._surest[1]

    @property
    def _surest(self) -> tuple[str, float]:
        return max(self.readings, key=lambda reading: reading[1])


_MOST_ROWS = 4
_LEAST_ROW_OVERLAP = 0.5
_MOST_GAP_IN_ROW = 1.6
_MOST_GAP_OF_ROWS = 0.9
_MOST_HEIGHT_RATIO = 2.6
_MOST_OUT_OF_LINE = 1.5
"""By how many heights lines of one text, which share a left or right edge or their middle, are out of line."""


def to_rows(lines: Sequence[Line]) -> list[list[Line]]:
    """Lines that stand beside each other as one row, left to right; rows from top to bottom.

    A finder often parts a row at a wide space.
    """
    rows: list[list[Line]] = []
    for line in sorted(lines, key=lambda one: (one.box.x, one.box.y)):
        row = next((row for row in rows if _continues(row[-1].box, line.box)), None)
        if row is None:
            rows.append([line])
        else:
            row.append(line)
    return sorted(rows, key=lambda row: (row[0].box.y, row[0].box.x))


def to_blocks(rows: Sequence[Sequence[Line]]) -> list[list[Sequence[Line]]]:
    """Every run of two to four rows that stand closely under each other: what a wrapped label may be.

    Each run is a list of rows, from top to bottom. None leaves out a row that stands between two of its own: without
    it a denial would read as a label.
    """
    boxes = [box_of(row) for row in rows]
    below = [
        [after for after, other in enumerate(boxes) if after != index and _stands_under(box, other)]
        for index, box in enumerate(boxes)
    ]
    below = [[one for one in after if not any(one in below[between] for between in after)] for after in below]
    blocks: list[list[Sequence[Line]]] = []
    runs = [[index] for index in range(len(rows))]
    for _ in range(_MOST_ROWS - 1):
        runs = [[*run, after] for run in runs for after in below[run[-1]]]
        blocks += [[rows[index] for index in run] for run in runs]
    return blocks


def box_of(lines: Sequence[Line]) -> Box:
    """The smallest box around all of them."""
    box = lines[0].box
    for line in lines[1:]:
        box = box.joined(line.box)
    return box


def beyond(block: Sequence[Sequence[Line]], frame_size: tuple[int, int]) -> Iterator[tuple[Box, bool]]:
    """Where a further line above and below a block would stand, and whether it is the one above.

    Args:
        block: Rows from top to bottom.
        frame_size: Height and width of the frame.
    """
    boxes = [box_of(row) for row in block]
    whole = box_of([line for row in block for line in row])
    height = sorted(box.height for box in boxes)[len(boxes) // 2]
    first, last = (box.y + box.height / 2 for box in (boxes[0], boxes[-1]))
    pitch = (last - first) / (len(boxes) - 1) if len(boxes) > 1 else height
    left, right = max(0, whole.x - height), min(frame_size[1], whole.right + height)
    for middle, is_above in ((last + pitch, False), (first - pitch, True)):
        top, bottom = max(0, round(middle - height / 2)), min(frame_size[0], round(middle + height / 2))
        if bottom - top > height // 2:
            yield Box(left, top, right - left, bottom - top), is_above


def _continues(left: Box, right: Box) -> bool:
    low, high = sorted((left.height, right.height))
    overlap = min(left.bottom, right.bottom) - max(left.y, right.y)
    gap = right.x - left.right
    return overlap >= _LEAST_ROW_OVERLAP * low and -low <= gap <= _MOST_GAP_IN_ROW * high and high <= 2.2 * low


def _stands_under(upper: Box, lower: Box) -> bool:
    low, high = sorted((upper.height, lower.height))
    gap = lower.y - upper.bottom
    overlap = min(upper.right, lower.right) - max(upper.x, lower.x)
    is_near = -0.5 * low <= gap <= _MOST_GAP_OF_ROWS * high and lower.y > upper.y
    edges = upper.x - lower.x, upper.right - lower.right, (upper.x + upper.right - lower.x - lower.right) / 2
    is_near = is_near and min(map(abs, edges)) <= _MOST_OUT_OF_LINE * high
    return is_near and overlap > 0.3 * min(upper.width, lower.width) and high <= _MOST_HEIGHT_RATIO * low
