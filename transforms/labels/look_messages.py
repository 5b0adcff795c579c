"""What was read of one picture, as a message from an examiner child to its parent: for ``aiqyn labels``."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from transforms.examine.frames import Pixels
from transforms.labels.lines import Box, Line

if TYPE_CHECKING:
    from transforms.labels.composites import Look
    from transforms.labels.reader import FrameText

_MOST_CHARACTERS = 2000


@dataclass(frozen=True, slots=True)
class LookRead:
    """One picture that was read.

    Attributes:
        rgb: uint8 (H, W, 3).
        source: ``frame``, ``mean`` or ``minimum``.
        frames: Indices of the frames that it shows.
        lines: All that was read in it.
        found: Which of them make a label or name a generator: their box, and what was matched.
    """

    rgb: Pixels
    source: str
    frames: tuple[int, ...]
    lines: tuple[Line, ...]
    found: tuple[tuple[Box, str], ...]


def look_to_message(look: "Look", text: "FrameText") -> tuple[dict[str, Any], list[Pixels]]:
    """The picture as JSON and pixels."""
    message = {
        "look": look.source,
        "frames": look.frames,
        "lines": [
            [*_sides(one.box), [[text[:_MOST_CHARACTERS], sure] for text, sure in one.readings]] for one in text.lines
        ],
        "found": [[*_sides(one.box), one.found.text[:_MOST_CHARACTERS]] for one in text.sightings],
    }
    return message, [look.rgb]


def look_from_message(message: dict[str, Any], arrays: list[Pixels]) -> LookRead:
    """The inverse of ``look_to_message``.

    Raises:
        KeyError, TypeError, ValueError: No examiner sends that.
    """
    (rgb,) = arrays
    if rgb.ndim != 3 or rgb.shape[2] != 3:
        raise ValueError(f"a picture of shape {rgb.shape}")
    lines = tuple(
        Line(_box(sides), tuple((str(text), float(sure)) for text, sure in readings))
        for *sides, readings in message["lines"]
    )
    found = tuple((_box(sides), str(text)) for *sides, text in message["found"])
    return LookRead(rgb, str(message["look"]), tuple(int(index) for index in message["frames"]), lines, found)


def _sides(box: Box) -> list[int]:
    return [box.x, box.y, box.width, box.height]


def _box(sides: list[Any]) -> Box:
    x, y, width, height = (int(side) for side in sides)
    return Box(x, y, width, height)
