"""A frame's facts and views as a message of ``channel``; what a child sent is believed only as far as it is checked."""

import math
from typing import Any

from transforms.examine.faces import MAX_FACES, Face
from transforms.examine.frames import Pixels
from transforms.examine.settings import ExamineSettings
from transforms.examine.views import FrameViews, Still, ViewKey
from transforms.records import FrameFacts

_MOST = (1 << 31) - 1
_MOST_REASON_CHARACTERS = 40


def to_message(frame: FrameViews) -> tuple[dict[str, Any], list[Pixels]]:
    """The frame as JSON, its views in the order that the JSON names, and its still, if any."""
    facts = frame.facts
    faces = None if facts.faces is None else [_to_list(face) for face in facts.faces]
    message = {
        "timestamp_ms": facts.timestamp_ms,
        "not_assessable": facts.not_assessable,
        "face_count": facts.face_count,
        "faces": faces,
        "views": list(frame.views),
    }
    if frame.still is None:
        return message, list(frame.views.values())
    return message | {"still": [frame.still.width, frame.still.height]}, [*frame.views.values(), frame.still.rgb]


def from_message(message: dict[str, Any], arrays: list[Pixels], settings: ExamineSettings) -> FrameViews:
    """The inverse of ``to_message``.

    Raises:
        KeyError, TypeError, ValueError: No examiner with these settings sends that.
    """
    time_ms, faces = message["timestamp_ms"], message["faces"]
    reasons = tuple(_checked_reason(reason) for reason in message["not_assessable"])
    if len(reasons) != len(settings.detectors):
        raise ValueError(f"{len(reasons)} assessments for {len(settings.detectors)} detectors")
    boxes = None if faces is None else tuple(_checked_face(face) for face in faces)
    count = None if boxes is None else _checked_whole(message["face_count"], len(boxes))
    if len(boxes or ()) > MAX_FACES:
        raise ValueError(f"{len(boxes or ())} faces")
    facts = FrameFacts(None if time_ms is None else float(time_ms), reasons, count, boxes)
    still = _checked_still(message["still"], arrays, settings.stills) if settings.stills else None
    keys: list[ViewKey] = [(index, face) for index, face in message["views"]]
    views = dict(zip(keys, arrays, strict=True))
    _check_views(views, facts, settings)
    return FrameViews(facts, views, still)


def _check_views(views: dict[ViewKey, Pixels], facts: FrameFacts, settings: ExamineSettings) -> None:
    inputs = settings.inputs
    wanted = {
        inputs.index(one.input)
        for one, reason in zip(settings.detectors, facts.not_assessable, strict=True)
        if reason is None
    }
    if {index for index, face in views if face is None} != wanted:
        raise ValueError(f"views for {list(views)}, wanted {sorted(wanted)}")
    if len({face for _, face in views if face is not None}) > settings.faces.scored:
        raise ValueError(f"more than {settings.faces.scored} faces to score")
    for (index, face), pixels in views.items():
        if index not in wanted or (face is not None and face not in range(len(facts.faces or ()))):
            raise ValueError(f"a view for {index}, {face}")
        if pixels.shape != (inputs[index].views, inputs[index].size, inputs[index].size, 3):
            raise ValueError(f"a view of shape {pixels.shape}")


def _checked_still(size: Any, arrays: list[Pixels], longest: int) -> Still:
    """Takes the still, which comes last, from the arrays."""
    width, height = (_checked_whole(side, 1) for side in size)
    if not arrays:
        raise ValueError("no still")
    rgb = arrays.pop()
    if rgb.ndim != 3 or rgb.shape[2] != 3 or max(rgb.shape[:2]) > longest:
        raise ValueError(f"a still of shape {rgb.shape}")
    return Still(rgb, width, height)


def _checked_reason(reason: Any) -> str | None:
    if reason is not None and not (isinstance(reason, str) and reason.isidentifier() and reason.isascii()):
        raise TypeError(f"not_assessable is {reason!r}")
    return None if reason is None else str(reason)[:_MOST_REASON_CHARACTERS]


def _to_list(face: Face) -> list[float]:
    return [face.x, face.y, face.width, face.height, face.confidence]


def _checked_face(values: Any) -> Face:
    *box, confidence = values
    x, y, width, height = (_checked_whole(value, least) for value, least in zip(box, (0, 0, 1, 1), strict=True))
    if not (isinstance(confidence, float | int) and math.isfinite(confidence)):
        raise TypeError(f"a confidence of {confidence!r}")
    return Face(x, y, width, height, float(confidence))


def _checked_whole(value: Any, least: int) -> int:
    if type(value) is not int or not least <= value <= _MOST:
        raise ValueError(f"{value!r} is no whole number from {least}")
    return value
