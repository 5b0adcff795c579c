"""A policy for people: everything that its file says, the law's numbers apart from our advice."""

import textwrap
from collections.abc import Iterable, Iterator

from pydantic import BaseModel

from pipelines.policy_config import LoadedPolicy
from transforms.policy.policy import Effective, MachineMark, Policy, ScopeRule, VisibleWarning

_WIDTH = 100
_ABOUT = {
    "any": "all that AI made or altered",
    "imitation": "what imitates a person or an event that did not happen; a face found puts an item in scope",
    "deepfake": "what resembles existing persons, objects, places or events and would seem real; no file shows it",
    "large_provider": "what a provider with many users made; no file shows it",
    "product": "what is sold or offered as a product, as the context table says",
}
_COMBINED = {
    "all": "all that is required is needed",
    "any": "one of what is required is enough",
    "visible": "the visible warning alone is enough, the machine-readable mark alone is not",
}


def policy_page(loaded: LoadedPolicy) -> Iterator[str]:
    """The lines of the page."""
    policy = loaded.policy
    yield f"{policy.id}: {policy.title}"
    yield f"SHA-256 of its content: {loaded.sha256}"
    yield f"The law's own text was read: {_yes(policy.law_text_verified)}"
    yield f"Whose duty it is: {policy.duty_of}"
    yield from _section("When it holds", _times(policy.effective))
    yield from _section("What it is about", _scope(policy))
    yield from _section("Mark for machines", _requirement(policy.machine_mark))
    yield from _section("Warning for people", _requirement(policy.visible_warning))
    yield from _section(
        "Taken together",
        [
            f"{policy.combine}: {_COMBINED[policy.combine]}",
            f"a detector's score opens a review from the level {policy.review_from} on",
        ],
    )
    yield from _section("Exceptions", _exceptions(policy))
    articles = (f"{one.id}: {one.says}{f' {one.link}' if one.link else ''}" for one in policy.articles)
    yield from _section("Articles", articles)
    yield from _section("Open questions, which this file does not settle", policy.open_questions)


def _section(title: str, lines: Iterable[str]) -> Iterator[str]:
    lines = list(lines)
    if not lines:
        return
    yield ""
    yield title
    for line in lines:
        yield from textwrap.wrap(
            line, _WIDTH, initial_indent="  ", subsequent_indent="    ", break_long_words=False, break_on_hyphens=False
        )


def _times(effective: Effective) -> Iterator[str]:
    until = f" until {effective.until}" if effective.until else ""
    yield f"from {effective.from_}{until} ({effective.article})"
    if grace := effective.grace:
        yield f"for {grace.holds_later_for}: from {grace.until} on ({grace.article})"
    yield from effective.later


def _scope(policy: Policy) -> Iterator[str]:
    def line(rule: ScopeRule) -> str:
        return f"{rule.applies_to}: {_ABOUT[rule.applies_to]} ({rule.article})"

    yield f"AI-made is what {policy.definition} says"
    yield line(policy.scope)
    if policy.offered_products:
        yield f"also {line(policy.offered_products)}"


def _requirement(rule: MachineMark | VisibleWarning) -> Iterator[str]:
    yield f"required: {_yes(rule.required)} ({rule.article})"
    yield f"counts: {', '.join(rule.accepts) or 'nothing'}"
    yield f"is there and falls short: {', '.join(rule.falls_short) or 'nothing'}"
    law = dict(_numbers(rule.law))
    errors = {name: line for name, line in law.items() if name.endswith("_error")}
    asked = [line for name, line in law.items() if name not in errors]
    yield from (f"the law: {line}" for line in asked or ["gives nothing to measure"])
    yield from (f"our measuring may be off: {line}" for line in errors.values() if asked)
    yield from (f"our advice, not the law: {line}" for line in dict(_numbers(rule.advice)).values())


def _numbers(part: BaseModel) -> Iterator[tuple[str, str]]:
    """Name, value and description of what is set."""
    for name, field in type(part).model_fields.items():
        value = getattr(part, name)
        if value is None or value is False or value == ():
            continue
        description = f" – {field.description}" if field.description else ""
        yield name, f"{name} {_told(value)}{description}"


def _told(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(" / ".join(one) if isinstance(one, tuple) else str(one) for one in value)
    return "yes" if value is True else str(value)


def _exceptions(policy: Policy) -> Iterator[str]:
    for one in policy.exceptions:
        when = "possible where all that is declared is a part" if one.possible_when else "nothing in a file shows it"
        yield f"{one.article}: {one.says} ({when})"


def _yes(told: bool) -> str:
    return "yes" if told else "no"
