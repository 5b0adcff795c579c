"""``--segments 2/8``: the second of eight parts of all places, cut by where each lies.

The cut depends on a place's address and on nothing else, so that drivers that plan at different moments, on different
hosts, never take the same place. A container and its members have one address, and are one driver's.
"""

import hashlib
import re
from dataclasses import dataclass

from pipelines.errors import UsageError

_DIGITS = 12
_TOLD = re.compile(r"([0-9]{1,6})/([0-9]{1,6})")


@dataclass(frozen=True, slots=True)
class ScanPart:
    """Part ``number`` of ``of``, counted from 1."""

    number: int = 1
    of: int = 1

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"

    @property
    def is_whole(self) -> bool:
        """Whether it is all places."""
        return self.of == 1

    @property
    def told(self) -> str | None:
        """As rows and summaries carry it: null where it is all places."""
        return None if self.is_whole else str(self)

    def takes(self, uri: str) -> bool:
        """Whether what lies at ``uri``, with all its members, belongs to this part."""
        if self.is_whole:
            return True
        digits = hashlib.sha256(uri.encode()).hexdigest()[:_DIGITS]
        return int(digits, 16) % self.of == self.number - 1

    def condition(self, column: str) -> str:
        """The same in DuckDB's SQL, of a column of addresses."""
        if self.is_whole:
            return "true"
        return f"('0x' || left(sha256({column}), {_DIGITS}))::UBIGINT % {self.of} = {self.number - 1}"


WHOLE = ScanPart()


def parse_part(told: str | None) -> ScanPart:
    """A part as the command line has it; None is the whole.

    Raises:
        UsageError: It is none.
    """
    if told is None:
        return WHOLE
    found = _TOLD.fullmatch(told)
    part = ScanPart(int(found[1]), int(found[2])) if found else None
    if part is None or not 1 <= part.number <= part.of:
        raise UsageError(f"--segments takes a part of all, from 1/8 to 8/8, and {told!r} is none.")
    return part
