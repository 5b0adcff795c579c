"""What is kept of a sampled frame: facts for its rows and the views that detectors score; all else ends here."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import cv2
import numpy as np

from transforms.detect.preprocess import InputSpec, prepare, shrink
from transforms.detect.scope import assess
from transforms.examine.faces import Face, FaceFinder, Faces, face_view
from transforms.examine.frames import Frame, Pixels
from transforms.examine.settings import ExamineSettings
from transforms.records import FrameFacts

ViewKey = tuple[int, int | None]
"""Which of ``ExamineSettings.inputs``, and which face of ``FrameFacts.faces``, or None: the frame as a whole."""

_COPY_SHORT_SIDE = 384
"""Pixels: what ``scope.assess`` looks at, and a little more than ``FaceFinder`` does."""

_WIDENINGS = (1.25, 1.5, 1.75, 2.0)
"""By how much the square of each further view is wider than the first; the last is 3.2 times the face."""


@dataclass(frozen=True, slots=True)
class Still:
    """A copy for people to look at: uint8 (H, W, 3), of a frame that had ``width`` × ``height`` pixels."""

    rgb: Pixels
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class FrameViews:
    """One sampled frame: its facts, and uint8 (views, size, size, 3) for every input that some detector scores.

    ``still`` is None unless settings ask for it.
    """

    facts: FrameFacts
    views: Mapping[ViewKey, Pixels]
    still: Still | None = None


def look(frame: Frame, settings: ExamineSettings, finder: FaceFinder | None) -> FrameViews:
    """Assesses one frame for every detector, finds its faces, and cuts the views that detectors are to score.

    A detector for which the frame is out of scope gets neither views of it nor of its faces.

    Args:
        frame: As decoded.
        settings: Detectors' inputs and scopes, and how many faces are scored.
        finder: None where faces are not looked for.
    """
    scopes = {one.scope for one in settings.detectors if one.scope is not None}
    copy = _copy(frame.rgb, max((scope.min_short_side for scope in scopes), default=1))
    reasons = {scope: assess(copy, scope) for scope in scopes}
    not_assessable = tuple(reasons[one.scope] if one.scope is not None else None for one in settings.detectors)
    inputs = settings.inputs
    wanted = {
        inputs.index(one.input) for one, reason in zip(settings.detectors, not_assessable, strict=True) if not reason
    }
    views: dict[ViewKey, Pixels] = {(index, None): prepare(frame.rgb, inputs[index]) for index in sorted(wanted)}
    faces = _find(copy, frame.rgb.shape[:2], finder)
    still = _still(frame.rgb, settings.stills) if settings.stills else None
    if faces is None:
        return FrameViews(FrameFacts(frame.timestamp_ms, not_assessable), views, still)
    for number in _largest(faces, settings.faces.scored):
        for index in sorted(wanted):
            crops = face_views(frame.rgb, faces.boxes[number], inputs[index])
            if crops is not None:
                views[index, number] = crops
    return FrameViews(FrameFacts(frame.timestamp_ms, not_assessable, faces.count, faces.boxes), views, still)


def face_views(rgb: Pixels, face: Face, spec: InputSpec) -> Pixels | None:
    """Cuts as many views around a face as the detector has of a frame, each with a wider margin, about one centre.

    Args:
        rgb: The frame, uint8 (H, W, 3).
        face: A box in it.
        spec: Number and side of the views.

    Returns:
        uint8 (views, size, size, 3), or None where the face is too small for a view (``faces.face_view``).
    """
    narrowest = face_view(rgb, face, spec.size)
    if narrowest is None:
        return None
    wider = (face_view(rgb, _widened(face, factor), spec.size) for factor in _WIDENINGS[: spec.views - 1])
    return np.stack([narrowest, *(crop for crop in wider if crop is not None)])


def _widened(face: Face, factor: float) -> Face:
    width, height = round(face.width * factor), round(face.height * factor)
    x, y = face.x - (width - face.width) // 2, face.y - (height - face.height) // 2
    return replace(face, x=x, y=y, width=width, height=height)


def _copy(rgb: Pixels, min_short_side: int) -> Pixels:
    """A copy for scope and faces, which look at no more: shrinking a large frame for each costs as much as they."""
    short, long = sorted(rgb.shape[:2])
    # Of a frame longer than this they take less than the copy would hold.
    return rgb if long > 4 * short else shrink(rgb, max(_COPY_SHORT_SIDE, min_short_side))


def _still(rgb: Pixels, longest: int) -> Still:
    height, width = rgb.shape[:2]
    scale = min(1.0, longest / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return Still(np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8), width, height)


def _find(rgb: Pixels, frame_size: tuple[int, int], finder: FaceFinder | None) -> Faces | None:
    """A frame that the network cannot take costs its faces, not the file: its pixels are sound, others scored them."""
    if finder is None:
        return None
    try:
        return finder.find(rgb, frame_size)
    except cv2.error:
        return None


def _largest(faces: Faces, count: int) -> list[int]:
    """Indices of the largest boxes; of equal ones the surer first."""
    areas = [box.width * box.height for box in faces.boxes]
    return sorted(range(len(areas)), key=lambda index: -areas[index])[:count]
