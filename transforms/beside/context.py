"""What a table of its user says of a place: title, caption, description, and where and when it was published."""

import hashlib
import itertools
import json
from dataclasses import astuple, dataclass
from datetime import UTC, date, datetime
from typing import Final

COLUMNS: Final = ("title", "caption", "description", "published_at", "publisher", "url", "presented_as_product")
"""Columns of a context table beside ``uri``; those of ``items``, too."""

TEXT_COLUMNS: Final = ("title", "caption", "description")
"""Those that people read under a picture: looked through for labels."""

_MOST_CHARACTERS: Final = 20_000
_DAYS: Final = ("%d.%m.%Y", "%Y/%m/%d")
_TIMES: Final = ("", " %H:%M", " %H:%M:%S")
_SECONDS: Final = range(1 << 33)
_ANSWERS: Final = {
    **dict.fromkeys(("1", "true", "yes", "y", "да", "иә"), True),
    **dict.fromkeys(("0", "false", "no", "n", "нет", "жоқ"), False),
}


@dataclass(frozen=True, slots=True)
class Context:
    """One row of a context table.

    Attributes:
        title: Of the publication.
        caption: Under the picture.
        description: Beside it.
        published_at: ISO 8601, a date or a time, in UTC where its zone was told.
        publisher: Who.
        url: Where.
        presented_as_product: Whether it is sold or offered as goods, a work or a service; None where that is not told.
        notes: What of the row could not be understood, a line each, with a reason code.
    """

    title: str | None = None
    caption: str | None = None
    description: str | None = None
    published_at: str | None = None
    publisher: str | None = None
    url: str | None = None
    presented_as_product: bool | None = None
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, cells: dict[str, str | None]) -> "Context":
        """A row, from the cells of ``COLUMNS``; empty cells are none, and a cell is cut at 20,000 characters."""
        values = {name: (cells.get(name) or "").strip()[:_MOST_CHARACTERS] or None for name in COLUMNS}
        told, answer = values["published_at"], values.pop("presented_as_product")
        notes = []
        if told is not None:
            values["published_at"] = published_at(told)
            if values["published_at"] is None:
                notes.append(f"bad_published_at: context:published_at: {told[:60]!r} is no date or time.")
        offered = None if answer is None else _ANSWERS.get(answer.casefold())
        if answer is not None and offered is None:
            notes.append(f"bad_presented_as_product: context:presented_as_product: {answer[:60]!r} is no yes or no.")
        return cls(**values, presented_as_product=offered, notes=tuple(notes))

    @property
    def digest(self) -> str:
        """SHA-256 of the row, hexadecimal."""
        return hashlib.sha256(json.dumps(astuple(self)).encode()).hexdigest()


def published_at(told: str) -> str | None:
    """A date or time as ISO 8601; None for what is neither.

    Understood: ISO 8601, ``18.01.2026``, ``2026/01/18``, both also with a time, and seconds since 1970. A time whose
    zone is told is given in UTC.
    """
    text = " ".join(told.split())
    if text.isdecimal() and len(text) > 8 and int(text[:12]) in _SECONDS:
        return datetime.fromtimestamp(int(text), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        moment = _moment(text)
    if not isinstance(moment, datetime) or moment.tzinfo is None:
        return None if moment is None else moment.isoformat()
    try:
        return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
    except OverflowError:
        return None


def _moment(text: str) -> datetime | date | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        pass
    for day, time in itertools.product(_DAYS, _TIMES):
        try:
            moment = datetime.strptime(text, day + time)  # noqa: DTZ007  (its zone is not told)
        except ValueError:
            continue
        return moment if time else moment.date()
    return None
