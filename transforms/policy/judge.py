"""``judge``: what a policy makes of one item. Pure and total; the same facts give the same verdict everywhere."""

from collections.abc import Iterator
from datetime import UTC, date, datetime

from transforms.policy.codes import Code, DateBasis, Scope, Status, Synthesis, VerdictOutcome
from transforms.policy.facts import ItemFacts
from transforms.policy.policy import Policy
from transforms.policy.requirements import Found, machine_mark, visible_warning
from transforms.policy.synthesis import Signs, synthesise
from transforms.policy.verdict import Reason, Verdict

VERSION = 1
"""Raised with every change that lets the same facts have another verdict: all is judged anew then."""
_AI_MADE = frozenset({Synthesis.DECLARED, Synthesis.TRACED})
_NOTHING_FOUND = frozenset({Synthesis.NO_SIGN, Synthesis.CAPTURE_DECLARED})
_DOUBTFUL_TIMES = frozenset({Code.GRACE_PERIOD, Code.CAPTURED_BEFORE_IN_FORCE})


def judge(facts: ItemFacts, policy: Policy, as_of: date) -> Verdict:
    """The verdict.

    Args:
        facts: Of the item, whatever became of it.
        policy: What is asked for.
        as_of: The day on which, or as if on which, it is judged.
    """
    signs = Signs.of(facts.marks)
    made = synthesise(facts, signs, policy)
    decided_on, decided_by = _decisive_day(facts, as_of)
    scope, scope_reasons = _scope(facts, policy, signs)
    machine, visible = machine_mark(facts, policy), visible_warning(facts, policy)
    times = list(_times(policy, decided_on, decided_by, as_of))
    is_in_force = not any(reason.code is Code.BEFORE_IN_FORCE for reason in times)
    if scope is Scope.IN and any(reason.code in _DOUBTFUL_TIMES for reason in times):
        scope = Scope.UNKNOWN
    if made.state in _NOTHING_FOUND or not is_in_force or scope is Scope.OUT:
        outcome = VerdictOutcome.OUT_OF_SCOPE
    elif made.state in _AI_MADE:
        outcome = _disclosure(policy, machine, visible)
    elif made.disagrees or made.state is Synthesis.SUSPECTED:
        outcome = VerdictOutcome.REVIEW
    else:
        outcome = VerdictOutcome.NOT_ASSESSABLE
    reasons = list(made.reasons)
    if made.state not in _NOTHING_FOUND:
        reasons += [reason for found in _needed(policy, machine, visible) for reason in found.reasons]
        reasons += scope_reasons
        reasons += times
    return Verdict(
        as_of,
        decided_on,
        decided_by,
        made.state,
        scope,
        machine.status,
        visible.status,
        outcome,
        tuple(reasons),
    )


def _disclosure(policy: Policy, machine: Found, visible: Found) -> VerdictOutcome:
    """How much of what is required is found."""
    needed = _needed(policy, machine, visible)
    met = [found.is_met for found in needed]
    if all(met) or (policy.combine == "any" and any(met)) or (policy.combine == "visible" and visible.is_met):
        return VerdictOutcome.DISCLOSED
    if any(found.status is Status.NOT_ASSESSABLE for found in needed):
        return VerdictOutcome.NOT_ASSESSABLE
    if any(found.is_begun for found in needed):
        return VerdictOutcome.PARTLY_DISCLOSED
    return VerdictOutcome.NOT_DISCLOSED


def _needed(policy: Policy, machine: Found, visible: Found) -> list[Found]:
    both = [(policy.machine_mark.required, machine), (policy.visible_warning.required, visible)]
    return [found for is_required, found in both if is_required]


def _scope(facts: ItemFacts, policy: Policy, signs: Signs) -> tuple[Scope, list[Reason]]:
    """Whether one of the policy's rules is about the item; what a file cannot show is unknown and said to be."""
    rules = [rule for rule in (policy.scope, policy.offered_products) if rule]
    found = [_scope_of(facts, rule.applies_to, rule.article) for rule in rules]
    reasons = [reason for _, reason in found if reason is not None]
    scopes = {scope for scope, _ in found}
    scope = next(one for one in (Scope.IN, Scope.UNKNOWN, Scope.OUT) if one in scopes)
    if facts.publisher:
        reasons.append(Reason(Code.PUBLISHED_BY, policy.scope.article, detail=facts.publisher))
    for exception in policy.exceptions:
        if exception.possible_when == "ai_part" and signs.is_part_only:
            reasons.append(Reason(Code.EXCEPTION_POSSIBLE, exception.article))
            scope = Scope.UNKNOWN if scope is Scope.IN else scope
    return scope, reasons


def _scope_of(facts: ItemFacts, applies_to: str, article: str) -> tuple[Scope, Reason | None]:
    if applies_to == "any":
        return Scope.IN, None
    if applies_to == "product":
        if facts.presented_as_product is None:
            return Scope.UNKNOWN, Reason(Code.SCOPE_UNKNOWN, article)
        offered = facts.presented_as_product
        code = Code.PRESENTED_AS_PRODUCT if offered else Code.NO_PRODUCT
        return (Scope.IN if offered else Scope.OUT), Reason(code, article)
    if facts.depicts_person and applies_to != "large_provider":
        is_enough = applies_to == "imitation"
        return (Scope.IN if is_enough else Scope.UNKNOWN), Reason(Code.SHOWS_PERSON, article)
    return Scope.UNKNOWN, Reason(Code.SCOPE_UNKNOWN, article)


def _decisive_day(facts: ItemFacts, as_of: date) -> tuple[date, DateBasis]:
    """The day of publication, else that of the capture, else the one on which it is judged."""
    for told, basis in ((facts.published_at, DateBasis.PUBLISHED), (facts.captured_at, DateBasis.CAPTURED)):
        day = day_of(told)
        if day is not None:
            return day, basis
    return as_of, DateBasis.AS_OF


def day_of(told: str | None) -> date | None:
    """The day of an ISO 8601 date or time, in UTC where its zone is told; None for what is neither."""
    if not told:
        return None
    try:
        return date.fromisoformat(told)
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(told)
        return (moment.astimezone(UTC) if moment.tzinfo else moment).date()
    except (ValueError, OverflowError):
        return None


def _times(policy: Policy, day: date, basis: DateBasis, as_of: date) -> Iterator[Reason]:
    """What follows from the day: whether the rule was in force, and where the day is taken from.

    What was captured before may have been altered or published since, so that day alone ends no rule.
    """
    rule = policy.effective
    compared = f"{day.isoformat()} / {rule.from_.isoformat()}"
    if basis is DateBasis.CAPTURED:
        yield Reason(Code.DATE_FROM_CAPTURE, rule.article, detail=day.isoformat())
    elif basis is DateBasis.AS_OF:
        yield Reason(Code.DATE_UNKNOWN, rule.article, detail=day.isoformat())
    if basis is DateBasis.CAPTURED and day < rule.from_ <= as_of:
        yield Reason(Code.CAPTURED_BEFORE_IN_FORCE, rule.article, detail=compared)
    elif day < rule.from_ or (rule.until is not None and day > rule.until):
        yield Reason(Code.BEFORE_IN_FORCE, rule.article, detail=compared)
    elif rule.grace is not None and day < rule.grace.until:
        yield Reason(Code.GRACE_PERIOD, rule.grace.article, detail=rule.grace.until.isoformat())
