"""Marks on their way from an examiner child to its parent, who believes no field that is not as it should be."""

import math
from dataclasses import fields
from typing import Any

from transforms.marks.mark import MOST_VALUE_CHARACTERS, Mark, MarkClass, Says, Shown

MOST_MARKS = 256
"""How many marks of one file are kept; what declares that often, declares it no better."""
_MOST_CHARACTERS = 4 * MOST_VALUE_CHARACTERS
_TEXTS = ("layer", "kind", "locator", "tool")
_TEXTS_OR_NONE = ("value", "value_sha256", "integrity", "signer_trust")
_FIELDS = {field.name for field in fields(Mark)}
_SHOWN_FIELDS = {field.name for field in fields(Shown)}
_SHOWN_TEXTS = ("language", "exactness")
_SHOWN_PIXELS = ("box_x", "box_y", "box_width", "box_height")


def mark_from_json(data: Any) -> Mark:
    """A mark as a child sent it.

    Raises:
        KeyError, TypeError, ValueError: It is none.
    """
    if not isinstance(data, dict) or set(data) != _FIELDS:
        raise TypeError("a mark with other fields")
    for name in _TEXTS:
        _check_text(name, data[name])
    for name in _TEXTS_OR_NONE:
        if data[name] is not None:
            _check_text(name, data[name])
    offset, facts = data["offset"], data["facts"]
    if offset is not None and (type(offset) is not int or not 0 <= offset < 1 << 63):
        raise ValueError(f"an offset of {offset!r}")
    if not isinstance(facts, dict) or len(facts) > 64:
        raise TypeError("facts that are no small object")
    for name, fact in facts.items():
        _check_text(f"fact {name}", fact)
    checked = {
        "says": Says(data["says"]),
        "mark_class": MarkClass(data["mark_class"]),
        "facts": dict(sorted(facts.items())),
        "shown": None if data["shown"] is None else _shown(data["shown"]),
    }
    return Mark(**{**data, **checked})


def _shown(data: Any) -> Shown:
    if not isinstance(data, dict) or set(data) != _SHOWN_FIELDS:
        raise TypeError("how a mark is shown, with other fields")
    for name, value in data.items():
        if value is None:
            continue
        if name in _SHOWN_TEXTS:
            _check_text(name, value)
        elif name in _SHOWN_PIXELS:
            if type(value) is not int or not 0 <= value < 1 << 31:
                raise ValueError(f"{name} is {value!r}")
        elif not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
            raise ValueError(f"{name} is {value!r}")
    return Shown(**data)


def _check_text(name: str, value: Any) -> None:
    if not isinstance(value, str) or len(value) > _MOST_CHARACTERS:
        raise TypeError(f"{name} is {str(value)[:40]!r}")
    value.encode()  # a lone surrogate would not fit into a table
