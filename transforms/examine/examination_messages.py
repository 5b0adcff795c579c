"""Examinations and marks as an examiner child sends them; what it sent is believed only as far as it is checked."""

from typing import Any

from transforms.marks.found import MarksFound
from transforms.marks.messages import MOST_MARKS, mark_from_json
from transforms.outcomes import Outcome, Reason
from transforms.records import Examination, LayerNote

_FACTS: dict[str, type | tuple[type, ...]] = {
    "detail": str,
    "media_type": str,
    "width": int,
    "height": int,
    "duration_ms": (int, float),
    "perceptual_hash": str,
    "captured_at": str,
    "duplicate_of": str,
    "frames_examined": int,
}


def examination_from_json(data: dict[str, Any]) -> Examination:
    """An examination as a child sent it.

    Raises:
        KeyError, TypeError, ValueError: It is none.
    """
    for name, kind in _FACTS.items():
        if data[name] is not None and not isinstance(data[name], kind):
            raise TypeError(f"{name} is {data[name]!r}")
        if isinstance(data[name], str):
            data[name].encode()  # a lone surrogate would not fit into a table
    found = marks_from_json(data)
    reason = Reason(data["reason"]) if data["reason"] else None
    checked = {"outcome": Outcome(data["outcome"]), "reason": reason, "layers": found.layers, "marks": found.marks}
    return Examination(**{**data, **checked, "scores": ()})


def marks_from_json(data: dict[str, Any]) -> MarksFound:
    """Marks as a child sent them.

    Raises:
        KeyError, TypeError, ValueError: They are none.
    """
    if len(data["marks"]) > MOST_MARKS:
        raise ValueError(f"{len(data['marks'])} marks")
    notes = tuple(LayerNote(**note) for note in data["layers"])
    return MarksFound(tuple(map(mark_from_json, data["marks"])), notes)
