"""The manifests of a C2PA store: how they hang together, and what the check said of each.

A library judges a store as a whole. An ingredient's manifest is judged twice: when it was taken in, which the manifest
that took it in records, and today, of which the library tells only what is new (specification 2.2, 15.11.3).
"""

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from transforms.marks.c2pa_store import Store

MOST_MANIFESTS: Final = 32
"""How many manifests of one store are looked at; a picture edited more often says no more."""
_LABEL: Final = re.compile(r"self#jumbf=/c2pa/([^/]+)(?:/|$)")
_TRUSTED, _UNTRUSTED = "signingCredential.trusted", "signingCredential.untrusted"


@dataclass(frozen=True, slots=True)
class Manifest:
    """One manifest and its place in the store.

    Attributes:
        label: Its name in the store: ``urn:c2pa:…``.
        data: As the library reports it.
        role: ``active``: it is about this file; ``ingredient``: about something that the file was made from.
        relationship: How an ingredient entered: ``parentOf``, ``componentOf``, ``inputTo``; empty for the active one.
        whole: Whether what it says of its own file holds for all of this one: it is the active manifest, or the file
            came from its file and from nothing else.
        integrity: ``trusted``, ``valid`` or ``invalid``; never better than that of the whole store.
        signer_trust: ``trusted`` or ``untrusted``; None where there is no readable signature.
        failures: Codes of what failed (specification 2.2, 15.2.2), sorted.
        informational: Codes of what the check remarked besides, sorted.
    """

    label: str
    data: dict[str, Any]
    role: str
    relationship: str
    whole: bool
    integrity: str
    signer_trust: str | None
    failures: tuple[str, ...]
    informational: tuple[str, ...]


@dataclass(slots=True)
class _Codes:
    """What one check said of one manifest."""

    success: set[str]
    informational: set[str]
    failure: set[str]

    @classmethod
    def read(cls, results: Any, label: str | None = None) -> "_Codes":
        """The codes of one result object, only those about ``label`` where one is given."""
        found = mapping(results)
        return cls(*(set(_codes(found.get(kind), label)) for kind in ("success", "informational", "failure")))


def manifests_of(store: Store) -> list[Manifest]:
    """The manifests that the active one leads to, itself first, then by distance and in the order of the ingredients.

    Args:
        store: One that was read; any other has no manifests.

    Returns:
        At most ``MOST_MANIFESTS``, each once. A manifest that nothing leads to is not about this file and is left out.
    """
    data = {text(label): mapping(manifest) for label, manifest in mapping(store.data.get("manifests")).items()}
    active = text(store.data.get("active_manifest"))
    if active not in data:
        return []
    found = [_active(store, active, data[active])]
    waiting = deque(found)
    seen = {active}
    while waiting and len(found) < MOST_MANIFESTS:
        parent = waiting.popleft()
        ingredients = [mapping(one) for one in sequence(parent.data.get("ingredients"))]
        for ingredient in ingredients:
            label = text(ingredient.get("active_manifest"))
            if label in data and label not in seen and len(found) < MOST_MANIFESTS:
                seen.add(label)
                whole = parent.whole and _is_all_there_is(ingredient, ingredients, parent.data)
                found.append(_ingredient(store, label, data[label], ingredient, whole=whole))
                waiting.append(found[-1])
    return found


def _active(store: Store, label: str, data: dict[str, Any]) -> Manifest:
    results = mapping(store.data.get("validation_results"))
    codes = _Codes.read(results.get("activeManifest"))
    failures = codes.failure or set(_codes(store.data.get("validation_status"), label))
    integrity = {"Trusted": "trusted", "Valid": "valid"}.get(store.state, "invalid")
    trust = _trust(data, trusted=_TRUSTED in codes.success and _UNTRUSTED not in failures)
    return Manifest(
        label, data, "active", "", True, integrity, trust, tuple(sorted(failures)), tuple(sorted(codes.informational))
    )


def _ingredient(store: Store, label: str, data: dict[str, Any], ingredient: dict[str, Any], *, whole: bool) -> Manifest:
    then = _Codes.read(mapping(ingredient.get("validation_results")).get("activeManifest"))
    then.failure |= set(_codes(ingredient.get("validation_status")))
    now = _Codes(set(), set(), set(_codes(store.data.get("validation_status"), label)))
    for delta in sequence(mapping(store.data.get("validation_results")).get("ingredientDeltas")):
        new = _Codes.read(mapping(delta).get("validationDeltas"), label)
        now.success |= new.success
        now.informational |= new.informational
        now.failure |= new.failure
    if _UNTRUSTED in now.failure or _TRUSTED in now.success:
        trusted = _UNTRUSTED not in now.failure
    else:  # nothing new: what was recorded still holds, since today's check found the same
        trusted = _TRUSTED in then.success and _UNTRUSTED not in then.failure
    failures = now.failure | (then.failure - {_UNTRUSTED} if trusted else then.failure)
    broken = store.state not in {"Trusted", "Valid"} or any(_breaks(code) for code in failures)
    trust = _trust(data, trusted=trusted)
    integrity = "invalid" if broken else "trusted" if trust == "trusted" else "valid"
    relationship = text(ingredient.get("relationship"))
    informational = tuple(sorted(then.informational | now.informational))
    return Manifest(
        label, data, "ingredient", relationship, whole, integrity, trust, tuple(sorted(failures)), informational
    )


def _trust(data: dict[str, Any], *, trusted: bool) -> str | None:
    if not mapping(data.get("signature_info")):
        return None
    return "trusted" if trusted else "untrusted"


def _breaks(code: str) -> bool:
    """Whether a failure means that the manifest does not hold, and not only that someone is unknown."""
    return code != _UNTRUSTED and not code.startswith("timeStamp.")


def _is_all_there_is(ingredient: dict[str, Any], siblings: list[dict[str, Any]], parent: dict[str, Any]) -> bool:
    """Whether a file is wholly what this ingredient was: its parent, or its only component with nothing made anew."""
    relationship = text(ingredient.get("relationship"))
    if relationship == "parentOf":
        return True
    made_anew = any(text(action.get("action")) == "c2pa.created" for _, action in actions(parent))
    return relationship == "componentOf" and len(siblings) == 1 and not made_anew


def assertions(data: dict[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """The assertions of a manifest: unique name, label without number (``c2pa.actions``), data."""
    seen: dict[str, int] = {}
    for assertion in map(mapping, sequence(data.get("assertions"))):
        full = text(assertion.get("label"))
        number = seen[full] = seen.get(full, 0) + 1
        yield (full if number == 1 else f"{full}#{number}"), full.split("__")[0], assertion.get("data")


def actions(data: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The actions of a manifest with their place; what a template says of all actions of a kind is filled in."""
    for name, label, value in assertions(data):
        if label not in {"c2pa.actions", "c2pa.actions.v2"}:
            continue
        content = mapping(value)
        templates = {text(one.get("action")): one for one in map(mapping, sequence(content.get("templates")))}
        agents = sequence(content.get("softwareAgents"))
        for number, one in enumerate(map(mapping, sequence(content.get("actions")))):
            kind = text(one.get("action"))
            action = {**templates.get("*", {}), **templates.get(kind, {}), **one}
            index = action.get("softwareAgentIndex")
            if "softwareAgent" not in action and isinstance(index, int) and 0 <= index < len(agents):
                action["softwareAgent"] = agents[index]
            yield f"{name}/actions[{number}]", action


def _codes(statuses: Any, label: str | None = None) -> Iterator[str]:
    for status in map(mapping, sequence(statuses)):
        if label is None or _label_of(text(status.get("url"))) == label:
            yield text(status.get("code"))


def _label_of(url: str) -> str:
    found = _LABEL.match(url)
    return found[1] if found else url


def mapping(value: Any) -> dict[str, Any]:
    """A JSON object as it is, and anything else as an empty one: a file need not follow the specification."""
    return value if isinstance(value, dict) else {}


def sequence(value: Any) -> list[Any]:
    """A JSON array as it is, and anything else as an empty one."""
    return value if isinstance(value, list) else []


def text(value: Any) -> str:
    """A string as it is, and anything else as an empty one."""
    return value if isinstance(value, str) else ""
