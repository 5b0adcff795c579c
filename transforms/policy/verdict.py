"""A verdict and its reasons."""

from dataclasses import dataclass
from datetime import date

from transforms.policy.codes import Code, DateBasis, Scope, Status, Synthesis, VerdictOutcome


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason of a verdict.

    Attributes:
        code: What.
        article: Of the policy.
        marks: The rows of ``marks`` that it rests on, by ``mark_id``.
        detail: What else a person needs: a number, a layer; or None.
    """

    code: Code
    article: str
    marks: tuple[str, ...] = ()
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one policy makes of one item.

    Attributes:
        as_of: The day on which it was judged, or as if it had been.
        decided_on: The day whose rule was looked up.
        decided_by: What that day is.
        synthesis: How the item seems to have been made.
        scope: Whether the rule is about it.
        machine_mark: Whether a mark for machines is found.
        visible_warning: Whether a warning for people is found.
        outcome: What follows.
        reasons: Why, the most telling first.
    """

    as_of: date
    decided_on: date
    decided_by: DateBasis
    synthesis: Synthesis
    scope: Scope
    machine_mark: Status
    visible_warning: Status
    outcome: VerdictOutcome
    reasons: tuple[Reason, ...]
