"""China's label of AI-made content, the ``AIGC`` object of GB 45438-2025 (6.1, annexes E and F).

Seven fields, bare or wrapped in ``{"AIGC": {…}}``, in XMP, EXIF, PNG text, MP4 keys, MKV tags, AVI INFO or a JPEG
segment. ``Label`` is ``1`` (is generated), ``2`` (may be) or ``3`` (suspected), as Article 6 of the Measures of
14.03.2025 ranks them. That ``1`` means generated was seen in files; the numbers 2 and 3 rest on two public
implementations that agree and on the order of the standard, and were not checked against its text.
"""

import html
import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from transforms.marks.mark import Mark, MarkClass, Says, cut, sha256_text
from transforms.marks.meaning.loose_json import object_at
from transforms.marks.meaning.marking import mark_of, storable
from transforms.marks.meaning.names import names_of
from transforms.marks.pieces import Property

LAYER, KIND = "tc260", "tc260.aigc"
_NAMESPACE = "tc260.org.cn/ns/aigc"
_FIELDS = (
    "Label",
    "ContentProducer",
    "ProduceID",
    "ReservedCode1",
    "ContentPropagator",
    "PropagateID",
    "ReservedCode2",
)
_ALL_FIELDS, _OWN_FIELDS = frozenset(_FIELDS), frozenset(_FIELDS[1:])
"""``Label`` alone is a common word; without the key ``AIGC`` one of the others must be there."""
_CERTAINTY = {"1": "is", "2": "may_be", "3": "suspected"}
_FACTS = {
    "ContentProducer": "content_producer",
    "ProduceID": "produce_id",
    "ContentPropagator": "content_propagator",
    "PropagateID": "propagate_id",
}
_TOKEN = re.compile(r"AIGC|ContentProducer|ProduceID|ContentPropagator|PropagateID|ReservedCode[12]")
_KEYED = re.compile(r"AIGC[\"']?\s{0,8}[:=]?\s{0,8}[\"']?(?=\{)")
_MOST_TRIALS, _MOST_PREFIX = 16, 64
_MOST_CHARACTERS = 1 << 20


@dataclass(frozen=True, slots=True)
class _Copy:
    index: int
    prop: Property
    fields: dict[str, str] | None
    text: str


def read_tc260(properties: Sequence[Property]) -> list[tuple[int, Mark]]:
    """The labels of a file, each with the index of the property that holds it.

    Each mark says how many copies the file holds, of which the standard allows one, and whether they agree. A label
    that cannot be read, in the field that is meant for it, is a mark that says ``unknown``.
    """
    distinct: dict[tuple[str, int, str], _Copy] = {}
    for index, prop in enumerate(properties):
        for copy in _copies(index, prop):
            distinct.setdefault((prop.locator, prop.offset, copy.text), copy)
    copies = list(distinct.values())
    agree = len({tuple(sorted((copy.fields or {"": copy.text}).items())) for copy in copies}) == 1
    return [(copy.index, _mark(copy, len(copies), agree=agree)) for copy in copies]


def _copies(index: int, prop: Property) -> list[_Copy]:
    named = "aigc" in names_of(prop)
    own = _NAMESPACE in prop.namespace.casefold()
    value = prop.value[:_MOST_CHARACTERS]
    if not (named or own or _TOKEN.search(value)):
        return []
    text = html.unescape(value) if "&quot;" in value or "&#" in value else value
    found = list(_labels(text, keyed=named or own))
    if found:
        return [_Copy(index, prop, fields, label) for fields, label in found]
    return [_Copy(index, prop, None, value)] if own and named and value else []


def _labels(text: str, *, keyed: bool) -> Iterator[tuple[dict[str, str], str]]:
    """Labels in a text, each with its own text: objects under ``AIGC``; without any, the object it begins with."""
    end, found = 0, False
    for match in itertools.islice(_KEYED.finditer(text), _MOST_TRIALS):
        label = _label_at(text, match.end(), keyed=True) if match.end() >= end else None
        if label is not None:
            end, found = match.end() + len(label[1]), True
            yield label
    first = text.find("{", 0, _MOST_PREFIX)
    label = _label_at(text, first, keyed=keyed) if first >= 0 and not found else None
    if label is not None:
        yield label


def _label_at(text: str, start: int, *, keyed: bool) -> tuple[dict[str, str], str] | None:
    read = object_at(text, start)
    if read is None:
        return None
    data, raw = read
    if isinstance(inner := data.get("AIGC"), str):
        return _label_at(inner, 0, keyed=True) if inner.startswith("{") else None
    needed = _ALL_FIELDS if keyed else _OWN_FIELDS
    if needed.isdisjoint(data):
        return None
    return {name: str(data[name]) for name in _FIELDS if isinstance(data.get(name), str | int)}, raw


def _mark(copy: _Copy, copies: int, *, agree: bool) -> Mark:
    facts = {"copies": str(copies), "copies_agree": "yes" if agree else "no"}
    says = Says.UNKNOWN
    if copy.fields is None:
        facts["readable"] = "no"
    else:
        label = copy.fields.get("Label", "").strip()
        certainty = _CERTAINTY.get(label)
        says = Says.UNKNOWN if certainty is None else Says.AI
        facts |= {"certainty": certainty or "not_stated", "label": label}
        facts |= {fact: copy.fields[name] for name, fact in _FACTS.items() if copy.fields.get(name)}
    mark = mark_of(copy.prop, KIND, says, MarkClass.DECLARED, facts, layer=LAYER)
    return replace(mark, value=cut(storable(copy.text[:10_000])), value_sha256=sha256_text(copy.text))
