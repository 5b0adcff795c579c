"""Traces that generators leave for their own ends: parameters, graphs, names in fields for software.

Rules: ``configs/marks/generators.yaml``. A trace is strong evidence of AI and was never meant as a disclosure, so its
class is ``implicit``.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from transforms.marks.mark import Mark, MarkClass, Says
from transforms.marks.meaning.loose_json import parse_json
from transforms.marks.meaning.marking import mark_of
from transforms.marks.meaning.names import names_of
from transforms.marks.meaning.rules import GeneratorRule, Where
from transforms.marks.meaning.traces import READERS
from transforms.marks.pieces import Property

_MOST_NAME_CHARACTERS = 2000
"""Of a value, where only a product's name is looked for."""
_MOST_PARTNERS = 500


@dataclass(frozen=True, slots=True)
class NamedProperty:
    """A property with the names that rules know it by, so that these are made once.

    Attributes:
        prop: The property.
        names: ``names_of``.
    """

    prop: Property
    names: tuple[str, ...]

    @classmethod
    def of(cls, prop: Property) -> "NamedProperty":
        """Names a property."""
        return cls(prop, names_of(prop))


def read_generator(
    named: NamedProperty, file: Sequence[NamedProperty], rules: Sequence[GeneratorRule], *, keep_prompts: bool
) -> Mark | None:
    """The mark of the first rule that fits a property, or None.

    Args:
        named: The property.
        file: All properties of the file, for rules that need a second one.
        rules: In order of precedence; those that look at other names may be left out.
        keep_prompts: Whether prompts may be shown.
    """
    for rule in rules:
        if lies_in(named, rule.where):
            found = _found(named.prop.value, rule)
            if found is not None and _has_needed(named, file, rule):
                return _mark(named.prop, rule, found, keep_prompts=keep_prompts)
    return None


def lies_in(named: NamedProperty, where: Where) -> bool:
    """Whether a property is one of those that a rule looks at."""
    return (
        (not where.layers or named.prop.layer in where.layers)
        and (not where.names or not where.names.isdisjoint(named.names))
        and (not where.namespaces or named.prop.namespace in where.namespaces)
    )


def _found(value: str, rule: GeneratorRule) -> str | None:
    """What the rule's last pattern found; an empty text where it has none; None where the rule does not fit."""
    text = value[:_MOST_NAME_CHARACTERS] if rule.confidence == "name" else value
    found = ""
    for pattern in rule.all_of:
        match = pattern.search(text)
        if match is None:
            return None
        found = match[0]
    if rule.unless is not None and rule.unless.search(text):
        return None
    return found if not rule.json_keys or _has_keys(value, rule.json_keys) else None


def _has_keys(value: str, keys: tuple[str, ...]) -> bool:
    if not all(key in value for key in keys):  # the cheap test first: a value may have megabytes
        return False
    data = parse_json(value)
    if not isinstance(data, dict):
        return False
    inner = [one for one in list(data.values())[:8] if isinstance(one, dict)]
    return any(all(key in one for key in keys) for one in (data, *inner))


def _has_needed(named: NamedProperty, file: Sequence[NamedProperty], rule: GeneratorRule) -> bool:
    if rule.needs is None:
        return True
    where, regex = rule.needs.where, rule.needs.regex
    return any(
        other is not named
        and other.prop.layer == named.prop.layer
        and lies_in(other, where)
        and (regex is None or regex.search(other.prop.value[:_MOST_NAME_CHARACTERS]) is not None)
        for other in file[:_MOST_PARTNERS]
    )


def _mark(prop: Property, rule: GeneratorRule, found: str, *, keep_prompts: bool) -> Mark:
    trace = READERS[rule.reader](prop.value, found)
    facts = {**trace.facts, "product": rule.product, "rule": rule.id, "confidence": rule.confidence}
    if rule.confidence == "name":
        facts["named"] = found
    says = rule.says
    if says is Says.AI and prop.layer == "xmp" and "History" in prop.name:
        says = Says.AI_PART  # one step of an edit among others
    if keep_prompts:
        facts |= {name: text for name, text in trace.prompts.items() if text}
    shown = None if keep_prompts else trace.shown
    return mark_of(prop, rule.kind, says, MarkClass.IMPLICIT, facts, shown=shown)
