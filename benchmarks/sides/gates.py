"""Gates: who did other work than the bare loop did is out of the round, and a round without a bare loop is void."""

from collections.abc import Sequence
from typing import Final

from benchmarks.sides.legs import DECODE, Told

TOLERANCE: Final = 1e-5
_EXACT: Final = ("outcome", "reason", "frames", "hash")


def fault(answers: Sequence[Told], reference: Sequence[Told], expected: int, leg: str) -> str | None:
    """Why answers are not those to the same work; None where they are.

    Args:
        answers: Of one contestant, in any order.
        reference: Of the bare loop.
        expected: How many files there were.
        leg: In ``decode`` scores are nobody's business.
    """
    if len(answers) != expected:
        return f"{len(answers)} rows of {expected}"
    own, right = ({told["name"]: told for told in one} for one in (answers, reference))
    if own.keys() != right.keys():
        return f"{len(own.keys() ^ right.keys())} names are told by one only"
    for name in sorted(own):
        for column in _EXACT:
            if own[name][column] != right[name][column]:
                return f"{name}: {column} is {own[name][column]!r}, the bare loop has {right[name][column]!r}"
        if leg != DECODE and (told := _score_fault(own[name]["score"], right[name]["score"])):
            return f"{name}: {told}"
    return None


def _score_fault(own: float | None, right: float | None) -> str | None:
    if (own is None) != (right is None):
        return f"score is {own}, the bare loop has {right}"
    if own is not None and right is not None and not abs(own - right) <= TOLERANCE:
        return f"score is {abs(own - right):.2g} off"
    return None
