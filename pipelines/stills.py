"""Pictures of stored items for people to look at: decoded anew from their source, in an examiner child, and shrunk.

Nothing of a file is kept in a store, so what is shown is what lies at the place now, provided that it is still the
content of the row. Faces are blurred unless a person asks to see them; those that the face finder misses are not.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import cv2
import numpy as np

from pipelines.contents import hash_place
from pipelines.errors import UsageError
from pipelines.profile import load_profile
from transforms.examine.faces import Face
from transforms.examine.frames import Pixels
from transforms.examine.pool import ChildPool
from transforms.examine.settings import ExamineSettings, FaceSearch, Sampling
from transforms.examine.views import FrameViews, Still
from transforms.labels.settings import LabelReading
from transforms.marks.settings import MarkReading
from transforms.records import Place

_MARGIN = 0.25
"""Of a face's box, on each side: the box ends at the chin and the brow."""
_MOSAIC = 6
"""Squares across a blurred face."""
_JPEG_QUALITY = 82


class StillMissingError(Exception):
    """An item of which no picture can be had; says why."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What a file shows now: its pictures, and its C2PA manifest store as JSON where that was asked for."""

    pictures: list["Picture"]
    manifests: str | None = None


@dataclass(frozen=True, slots=True)
class Picture:
    """One frame.

    Attributes:
        jpeg: Of the shrunk copy, which has ``width`` × ``height`` pixels.
        scale: Pixels of the copy for one of the frame: what a box in the frame is to be multiplied by.
        timestamp_ms: As in ``frames``; None for a still.
        faces: How many were blurred, or would be.
    """

    jpeg: bytes
    width: int
    height: int
    scale: float
    timestamp_ms: float | None
    faces: int


class Stills:
    """Decodes frames of items; holds examiner children until it is closed.

    Args:
        longest: Side of a picture, in pixels.
        frames: Of a video or an animation, evenly spread, as a scan samples them.
        children: How many items are decoded at the same time.
        with_manifests: Whether the C2PA manifest store is read, too.
    """

    def __init__(self, longest: int, frames: int, children: int = 1, *, with_manifests: bool = False) -> None:
        profile = load_profile("default")
        settings = ExamineSettings(
            Sampling(frames),
            profile.limits,
            (),
            FaceSearch(scored=0),
            MarkReading(enabled=with_manifests, watermarks=False),
            labels=LabelReading(enabled=False),
            stills=longest,
            show_manifests=with_manifests,
        )
        self._limits = profile.limits
        self._pool = ChildPool(settings, children)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.close()

    def of(self, row: Mapping[str, Any], *, are_faces_shown: bool = False) -> list[Picture]:
        """Pictures of an item as it lies at its place now.

        Args:
            row: Of ``items``: where it lies, and what its content is.
            are_faces_shown: Whether faces are not blurred.

        Raises:
            StillMissingError: It is gone, was changed since, or cannot be decoded.
        """
        return self.shown(row, are_faces_shown=are_faces_shown).pictures

    def shown(self, row: Mapping[str, Any], *, are_faces_shown: bool = False) -> Shown:
        """As ``of``, with the C2PA manifest store.

        Args:
            row: As for ``of``.
            are_faces_shown: As for ``of``.

        Raises:
            StillMissingError: As ``of`` does.
        """
        place = self._place(row)
        examined = self._pool.examine(place)
        if not examined.frames:
            raise StillMissingError(examined.examination.detail or "No frame of it can be decoded.")
        pictures = [_picture(frame, are_faces_shown=are_faces_shown) for frame in examined.frames]
        return Shown(pictures, examined.manifests)

    def of_first(self, rows: Sequence[Mapping[str, Any]], *, are_faces_shown: bool = False) -> list[Picture]:
        """As ``of``, of the first place of several that gives the content.

        Args:
            rows: Of one content; at least one.
            are_faces_shown: As for ``of``.

        Raises:
            StillMissingError: None of them does; says why the last one does not.
        """
        for row in rows[:-1]:
            try:
                return self.of(row, are_faces_shown=are_faces_shown)
            except StillMissingError:
                continue
        return self.of(rows[-1], are_faces_shown=are_faces_shown)

    def _place(self, row: Mapping[str, Any]) -> Place:
        """Where the row's content lies now.

        Raises:
            StillMissingError: It lies there no more.
        """
        uri, content = row["uri"], row["content_sha256"]
        if content is None:
            raise StillMissingError("Its bytes could not be read when it was scanned.")
        names = ("size_bytes", "mtime_ns", "member_path", "etag")
        place = Place(uri, uri, uri, **{name: row[name] for name in names})
        if "://" not in uri:
            try:
                now = Path(uri).stat()
            except OSError as error:
                raise StillMissingError(f"The file cannot be opened: {error.strerror}.") from error
            if now.st_mtime_ns == place.mtime_ns and (place.member_path or now.st_size == place.size_bytes):
                return place
            size = place.size_bytes if place.member_path else now.st_size
            place = replace(place, size_bytes=size, mtime_ns=now.st_mtime_ns)
        try:
            found = hash_place(place, self._limits.file_bytes, self._pool.opener)
        except UsageError as error:  # an extra for its storage is missing
            raise StillMissingError(str(error)) from error
        if found != content:
            told = "It was changed since it was scanned." if isinstance(found, str) else found.detail
            raise StillMissingError(told or "It cannot be read.")
        return place


def _picture(frame: FrameViews, *, are_faces_shown: bool) -> Picture:
    still = frame.still
    if still is None:
        raise TypeError("a child that was asked for stills sent none")
    faces = frame.facts.faces or ()
    rgb = still.rgb if are_faces_shown else blurred(still, faces)
    height, width = rgb.shape[:2]
    jpeg = cv2.imencode(".jpg", rgb[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])[1]
    return Picture(jpeg.tobytes(), width, height, width / still.width, frame.facts.timestamp_ms, len(faces))


def blurred(still: Still, faces: Sequence[Face]) -> Pixels:
    """The still with a few coarse squares for every face.

    Args:
        still: Left as it is.
        faces: Boxes in the frame that it is a copy of.
    """
    rgb = still.rgb.copy()
    for top, bottom, left, right in _windows(still, faces):
        face = rgb[top:bottom, left:right]
        coarse = cv2.resize(face, (_MOSAIC, _MOSAIC), interpolation=cv2.INTER_AREA)
        rgb[top:bottom, left:right] = cv2.resize(coarse, (right - left, bottom - top), interpolation=cv2.INTER_NEAREST)
    return np.asarray(rgb, np.uint8)


def _windows(still: Still, faces: Sequence[Face]) -> Iterator[tuple[int, int, int, int]]:
    height, width = still.rgb.shape[:2]
    down, along = height / still.height, width / still.width
    for face in faces:
        top, bottom = face.y - _MARGIN * face.height, face.y + (1 + _MARGIN) * face.height
        left, right = face.x - _MARGIN * face.width, face.x + (1 + _MARGIN) * face.width
        window = (
            max(0, int(top * down)),
            min(height, int(bottom * down) + 1),
            max(0, int(left * along)),
            min(width, int(right * along) + 1),
        )
        if window[0] < window[1] and window[2] < window[3]:
            yield window
