"""Which marks are kept where there are more than a file can reasonably have."""

from collections.abc import Sequence

from transforms.marks.mark import Mark, Says
from transforms.marks.messages import MOST_MARKS


def most_telling(marks: Sequence[Mark]) -> list[Mark]:
    """At most ``MOST_MARKS`` of them, in their order.

    Of more, the first of each kind that says the same stays, then those that say anything, so that no flood of weak
    marks, or of a denial, pushes a declaration out.
    """
    if len(marks) <= MOST_MARKS:
        return list(marks)
    seen: set[tuple[str, Says]] = set()
    ranks: list[tuple[bool, bool, int]] = []
    for index, mark in enumerate(marks):
        is_repeated = (mark.kind, mark.says) in seen
        seen.add((mark.kind, mark.says))
        ranks.append((is_repeated, mark.says is Says.UNKNOWN, index))
    return [marks[index] for index in sorted(index for _, _, index in sorted(ranks)[:MOST_MARKS])]
