"""Marks on their way from an examiner child to its parent, who believes no field that is not as it should be."""

from dataclasses import fields
from typing import Any

from transforms.marks.mark import MOST_VALUE_CHARACTERS, Mark, MarkClass, Says

MOST_MARKS = 256
"""How many marks of one file are kept; what declares that often, declares it no better."""
_MOST_CHARACTERS = 4 * MOST_VALUE_CHARACTERS
_TEXTS = ("layer", "kind", "locator", "tool")
_TEXTS_OR_NONE = ("value", "value_sha256", "integrity", "signer_trust")
_FIELDS = {field.name for field in fields(Mark)}


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
    checked = {"says": Says(data["says"]), "mark_class": MarkClass(data["mark_class"])}
    return Mark(**{**data, **checked, "facts": dict(sorted(facts.items()))})


def _check_text(name: str, value: Any) -> None:
    if not isinstance(value, str) or len(value) > _MOST_CHARACTERS:
        raise TypeError(f"{name} is {str(value)[:40]!r}")
    value.encode()  # a lone surrogate would not fit into a table
