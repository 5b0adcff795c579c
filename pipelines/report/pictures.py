"""Thumbnails of a report, made on demand from the source: within a page's bounds, and a reason where there is none."""

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipelines.report.entries import Box, Entry
from pipelines.stills import Picture, StillMissingError, Stills

LONGEST = 320
"""Side of a picture, in pixels."""
FRAMES = 4
"""Of a video."""
MOST_BYTES = 1_900_000
"""Of all pictures together: as base64 they take a third more of the page."""
_NEAR_MS = 50.0


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture, and the boxes of labels that are seen on it, in its own pixels."""

    data: str
    width: int
    height: int
    at_ms: float | None
    boxes: tuple[Box, ...]


@dataclass(frozen=True, slots=True)
class Shots:
    """Pictures of an item; none where ``missing`` says why."""

    shots: tuple[Shot, ...] = ()
    faces: int = 0
    missing: str | None = None


NONE_ASKED = Shots(missing="none_asked")
TOO_MANY = Shots(missing="too_many")
TOO_LARGE = Shots(missing="too_large")


def take_shots(entries: Sequence[Entry], most: int, *, are_faces_shown: bool) -> Iterator[Shots]:
    """Pictures of each entry, in their order.

    Args:
        entries: Of which the first ones get pictures.
        most: How many get them.
        are_faces_shown: Whether faces are not blurred.
    """
    left = MOST_BYTES
    with Stills(LONGEST, FRAMES) as stills:
        for entry in entries[:most]:
            taken = _of_entry(stills, entry, are_faces_shown=are_faces_shown) if left > 0 else TOO_LARGE
            size = sum(len(shot.data) * 3 // 4 for shot in taken.shots)
            if size > left:
                taken, size = TOO_LARGE, 0
            left -= size
            yield taken
    yield from (TOO_MANY for _ in entries[most:])


def _of_entry(stills: Stills, entry: Entry, *, are_faces_shown: bool) -> Shots:
    try:
        pictures = stills.of_first(entry.rows, are_faces_shown=are_faces_shown)
    except StillMissingError as error:
        return Shots(missing=str(error))
    shots = tuple(shot_of(picture, entry.boxes) for picture in pictures)
    return Shots(shots, sum(picture.faces for picture in pictures))


def shot_of(picture: Picture, boxes: Sequence[Box]) -> Shot:
    """A picture as the page carries it, with the boxes that are to be seen on it."""
    seen = tuple(_scaled(box, picture.scale) for box in boxes if _is_seen(box, picture.timestamp_ms))
    data = base64.b64encode(picture.jpeg).decode()
    return Shot(data, picture.width, picture.height, picture.timestamp_ms, seen)


def _is_seen(box: Box, at_ms: float | None) -> bool:
    if at_ms is None or box.first_ms is None or box.last_ms is None:
        return True
    return box.first_ms - _NEAR_MS <= at_ms <= box.last_ms + _NEAR_MS


def _scaled(box: Box, scale: float) -> Box:
    x, y, width, height = (round(scale * value) for value in (box.x, box.y, box.width, box.height))
    return Box(box.number, x, y, max(1, width), max(1, height), box.first_ms, box.last_ms)
