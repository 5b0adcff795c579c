"""Sizes and times as people write them on a command line."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from pipelines.errors import UsageError

_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgtp]?)(i?)b?", re.IGNORECASE)
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*([smhdw])")
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def parse_size(text: str, option: str) -> int:
    """Bytes: ``2GB`` are 2,000,000,000, ``2GiB`` are 2,147,483,648; a number alone is one of bytes.

    Raises:
        UsageError: It is no size; the message names the option.
    """
    found = _SIZE.fullmatch(text.strip())
    if not found or (found[3] and not found[2]):
        raise UsageError(f"{option} takes a size such as 500, 10KB, 1.5MiB or 2GB, and '{text}' is none.")
    power = " kmgtp".index(found[2].lower() or " ")
    return int(Decimal(found[1]) * (1024 if found[3] else 1000) ** power)


def parse_moment(text: str, option: str, now: datetime) -> int:
    """Nanoseconds since the epoch of a date, a time, or the moment a duration before now: ``7d``, ``36h``.

    A date is its first moment, and what names no zone is in UTC: the same command means the same everywhere.

    Args:
        text: As a person wrote it.
        option: For the message.
        now: With a zone.

    Raises:
        UsageError: It is none of these, or lies beyond what a date can be.
    """
    try:
        if found := _DURATION.fullmatch(text.strip()):
            moment = now - timedelta(**{UNITS[found[2]]: float(found[1])})
        else:
            moment = datetime.fromisoformat(text.strip())
            moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return (moment - _EPOCH) // timedelta(microseconds=1) * 1000
    except (ValueError, OverflowError) as error:
        example = "a date (2026-01-18), a time (2026-01-18T09:00+05:00) or a duration (7d, 36h, 90m)"
        raise UsageError(f"{option} takes {example}, and '{text}' is none.") from error
