"""Whether rows that were made anew from the original are those of the package."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pipelines.evidence.rows import Row

_SCORE_TOLERANCE: Final = 1e-5
"""As wide as between two machines: sums of floating-point numbers depend on the processor."""
_ITEM: Final = (
    "media_type",
    "width",
    "height",
    "duration_ms",
    "perceptual_hash",
    "captured_at",
    "outcome",
    "reason",
    "frames_examined",
    "score",
    "scores",
    "layers",
    "depicts_person",
    "faces_max",
)
_FRAME_KEY: Final = ("detector", "frame_index")
_FRAME: Final = ("timestamp_ms", "score", "raw", "error", "not_assessable", "face_count", "faces")
_MARK: Final = (
    "layer",
    "kind",
    "says",
    "class",
    "locator",
    "value_sha256",
    "integrity",
    "signer_trust",
    "language",
    "exactness",
    "first_ms",
    "last_ms",
)
_VERDICT: Final = (
    "synthesis",
    "scope",
    "machine_mark",
    "visible_warning",
    "outcome",
    "reasons",
    "decided_on",
    "decided_by",
)


@dataclass(frozen=True, slots=True)
class Difference:
    """A value that came out otherwise; ``row`` names it: ``frames aiqyn-lite 3``."""

    row: str
    column: str
    was: Any
    now: Any

    @property
    def line(self) -> str:
        """For people."""
        return f"{self.row}, {self.column}: the package says {self.was!r:.200}, the original gives {self.now!r:.200}"


def differences(was: Mapping[str, Sequence[Row]], now: Mapping[str, Sequence[Row]]) -> list[Difference]:
    """What differs between the rows of a package and those that the original gives now.

    Args:
        was: ``items``, ``frames``, ``marks`` and ``verdicts`` of one examination.
        now: The same, made anew; scores may differ by a hundred-thousandth.
    """
    return [
        *_compared("item", was["items"], now["items"], (), _ITEM),
        *_compared("frame", was["frames"], now["frames"], _FRAME_KEY, _FRAME),
        *_compared("mark", was["marks"], now["marks"], ("mark_id",), _MARK),
        *_compared("verdict", was["verdicts"], now["verdicts"], ("policy",), _VERDICT),
    ]


def _compared(
    what: str, was: Iterable[Row], now: Iterable[Row], key: Sequence[str], columns: Sequence[str]
) -> Iterator[Difference]:
    before, after = ({tuple(row[name] for name in key): row for row in rows} for rows in (was, now))
    for name in sorted(before.keys() | after.keys(), key=str):
        row = " ".join([what, *map(str, name)])
        if name not in after or name not in before:
            yield Difference(row, "row", name in before, name in after)
            continue
        for column in columns:
            if not _is_same(before[name][column], after[name][column]):
                yield Difference(row, column, before[name][column], after[name][column])


def _is_same(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, abs_tol=_SCORE_TOLERANCE, rel_tol=0)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_is_same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_is_same(value, other[name]) for name, value in one.items())
    return bool(one == other)
