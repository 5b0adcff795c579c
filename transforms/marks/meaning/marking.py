"""Makes a mark of a property; the one place that decides how a raw value is shown."""

from collections.abc import Mapping

from transforms.marks.mark import Mark, MarkClass, Says, cut, sha256_text
from transforms.marks.pieces import Property

TOOL = "aiqyn-marks/1"
_MOST_FACT_CHARACTERS = 300
_MOST_LOCATOR_CHARACTERS = 500


def mark_of(
    prop: Property,
    kind: str,
    says: Says,
    mark_class: MarkClass,
    facts: Mapping[str, str] | None = None,
    *,
    shown: str | None = None,
    layer: str | None = None,
    integrity: str | None = None,
) -> Mark:
    """A mark that rests on one property.

    Args:
        prop: The property.
        kind: As in ``Mark``.
        says: As in ``Mark``.
        mark_class: As in ``Mark``.
        facts: As in ``Mark``; each is cut.
        shown: What ``value`` shows where it is not the raw value, for instance without a prompt; the SHA-256 is that of
            the raw value all the same.
        layer: Where it is not that of the property.
        integrity: As in ``Mark``.
    """
    return Mark(
        layer=layer or prop.layer,
        kind=kind,
        says=says,
        mark_class=mark_class,
        locator=storable(prop.locator)[:_MOST_LOCATOR_CHARACTERS],
        value=cut(storable(prop.value[:10_000] if shown is None else shown)),
        value_sha256=sha256_text(prop.value),
        tool=TOOL,
        integrity=integrity,
        offset=prop.offset,
        facts={name: short_fact(value) for name, value in sorted((facts or {}).items())},
    )


def storable(text: str) -> str:
    """A text that UTF-8 can hold: half a surrogate pair, which JSON can name, becomes ``?``."""
    return text.encode("utf-8", "replace").decode("utf-8")


def short_fact(value: str) -> str:
    """A fact as a row holds it: storable and cut."""
    text = storable(value[: _MOST_FACT_CHARACTERS + 1])
    return text if len(text) <= _MOST_FACT_CHARACTERS else text[: _MOST_FACT_CHARACTERS - 1] + "…"
