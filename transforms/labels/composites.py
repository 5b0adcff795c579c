"""What of a video is read: single frames, and composites in which a label that stays stands out from what moves."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from transforms.examine.frames import Frame, Pixels

_THUMBNAIL: Final = (32, 18)
_SAME_SCENE, _SAME_FRAME = 22.0, 2.0
"""Mean differences of thumbnails in levels of grey: below the first a scene goes on, below the other nothing moves."""
_OPENING_MS: Final = 3000.0
_LEAST_COMPOSED: Final = 3


@dataclass(frozen=True, slots=True)
class Look:
    """One picture to be read.

    Attributes:
        rgb: uint8 (H, W, 3).
        source: ``frame``, ``mean`` or ``minimum``.
        frames: Indices of the frames that it shows.
    """

    rgb: Pixels
    source: str
    frames: tuple[int, ...]


def plan_looks(frames: Sequence[Frame], most: int) -> Iterator[Look]:
    """The pictures to read of one video, the most telling first.

    The temporal mean keeps what stays and blurs what moves; the pixel minimum keeps light text and darkens what is
    behind it. Both are made of the whole video, of its opening seconds (GB 45438-2025, 5.4 asks for a label there) and
    of each scene; where a scene has too few frames these are read themselves, near-duplicates once.

    Args:
        frames: All of one size, in order of time.
        most: How many pictures there may be.
    """
    thumbnails = [_thumbnail(frame.rgb) for frame in frames]
    scenes = _scenes(thumbnails)
    opening = [index for index, frame in enumerate(frames) if (frame.timestamp_ms or 0.0) <= _OPENING_MS]
    groups = [list(range(len(frames))), opening, *sorted(scenes, key=len, reverse=True)]
    asked: set[tuple[int, ...]] = set()
    looks: list[Look] = []
    for group in groups:
        key = tuple(group)
        if len(group) >= _LEAST_COMPOSED and key not in asked and _moves(thumbnails, group):
            asked.add(key)
            looks += [_composed(frames, group, "mean"), _composed(frames, group, "minimum")]
            if len(looks) >= most:
                break
    yield from looks[:most]
    yield from _singles(frames, thumbnails, most - len(looks[:most]))


def _singles(frames: Sequence[Frame], thumbnails: Sequence[Pixels], most: int) -> Iterator[Look]:
    """Single frames that differ, spread evenly over the video, each standing for its near-duplicates, too."""
    groups: list[list[int]] = []
    for index, thumbnail in enumerate(thumbnails):
        if groups and _difference(thumbnails[groups[-1][0]], thumbnail) < _SAME_FRAME:
            groups[-1].append(index)
        else:
            groups.append([index])
    if most < 1:
        return
    step = max(1.0, len(groups) / most)
    for number in range(min(most, len(groups))):
        group = groups[int(number * step)]
        yield Look(frames[group[0]].rgb, "frame", tuple(group))


def _composed(frames: Sequence[Frame], group: Sequence[int], source: str) -> Look:
    if source == "minimum":
        rgb = frames[group[0]].rgb.copy()
        for index in group[1:]:
            np.minimum(rgb, frames[index].rgb, out=rgb)
    else:
        total = frames[group[0]].rgb.astype(np.float32)
        for index in group[1:]:
            total += frames[index].rgb
        rgb = (total / len(group)).round().astype(np.uint8)
    return Look(rgb, source, tuple(group))


def _scenes(thumbnails: Sequence[Pixels]) -> list[list[int]]:
    scenes: list[list[int]] = []
    for index, thumbnail in enumerate(thumbnails):
        if scenes and _difference(thumbnails[index - 1], thumbnail) < _SAME_SCENE:
            scenes[-1].append(index)
        else:
            scenes.append([index])
    return scenes


def _moves(thumbnails: Sequence[Pixels], group: Sequence[int]) -> bool:
    """Of frames that are all alike a composite shows no more than one of them."""
    return any(_difference(thumbnails[group[0]], thumbnails[index]) >= _SAME_FRAME for index in group[1:])


def _thumbnail(rgb: Pixels) -> Pixels:
    small = cv2.resize(rgb, _THUMBNAIL, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), np.uint8)


def _difference(one: Pixels, other: Pixels) -> float:
    return float(cv2.absdiff(one, other).mean())
