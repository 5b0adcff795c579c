"""What a C2PA manifest store says of a file's making, as marks.

Four facts stay apart: whether there is a store that can be read, what it declares (``says``), whether its signatures
and hashes hold (``integrity``), and whether the signer is one that the user trusts (``signer_trust``).

Actions are read by the asset rubrics 1.0 of the C2PA Conformance Task Force (August 2026).
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from transforms.marks.c2pa_manifests import Manifest, actions, assertions, manifests_of, mapping, sequence, text
from transforms.marks.c2pa_store import Status, Store
from transforms.marks.mark import Mark, MarkClass, Says, cut, sha256_text
from transforms.marks.meaning.rules import SourceType
from transforms.marks.meaning.source_type import find_source_type

MOST_MARKS: Final = 128
"""How many marks one store may give."""
_GENERATED_EDIT: Final = frozenset(
    {
        "trainedAlgorithmicMedia",
        "compositeWithTrainedAlgorithmicMedia",
        "compositeSynthetic",
        "trainedAlgorithmicData",
    }
)
_NOT_EDITORIAL: Final = frozenset(
    {
        "c2pa.converted",
        "c2pa.published",
        "c2pa.repackaged",
        "c2pa.transcoded",
        "c2pa.resized.proportional",
        "c2pa.enhanced",
        "c2pa.edited.metadata",
        "c2pa.watermarked",
        "c2pa.watermarked.bound",
        "c2pa.watermarked.unbound",
        "c2pa.redacted",
    }
)
_AI_AGENT: Final = re.compile(
    r"\b(firefly|dall[·\-‑ ]?e|gpt-4o|gpt-image|midjourney|stable diffusion|imagen|gemini|nano banana|veo|sora|ideogram"
    r"|flux|comfyui|runway|luma|kling|pika|generative (fill|expand|ai)|text[ -]to[ -](image|video))\b",
    re.IGNORECASE,
)
_DISCLOSURES: Final = frozenset(
    {"c2pa.ai-disclosure", "c2pa.ai_disclosure", "c2pa.ai_generated_content", "c2pa.ai_generated"}
)
_TRAINING_MINING: Final = frozenset({"c2pa.training-mining", "cawg.training-mining"})
_METADATA: Final = ("stds.", "c2pa.metadata", "cawg.metadata")
_METADATA_DEPTH: Final = 8


def c2pa_marks(
    store: Store, source_types: Mapping[str, SourceType], carrier: str = "", offset: int | None = None
) -> list[Mark]:
    """The marks of a store.

    Args:
        store: As ``read_store`` gave it.
        source_types: The vocabulary of digital source types, by term without case (``Rules.source_types``).
        carrier: Where in the container a walker saw the store (``APP11``, ``caBX``); empty where it saw none. Of a file
            too broken for the library to look into, only a store that a walker saw is reported.
        offset: Of that place in the file, in bytes.

    Returns:
        At most ``MOST_MARKS``: for the active manifest and then each that it was made from, one ``c2pa.manifest`` and
        what it states: ``c2pa.action``, ``c2pa.source_type``, ``c2pa.ai_disclosure``, ``c2pa.soft_binding``,
        ``c2pa.training_mining``. Always the same for the same store.
    """
    if store.status is Status.CONTAINER_UNREADABLE and not carrier:
        return []
    manifests = manifests_of(store)
    if not manifests:
        return [_unread(store, carrier, offset)]
    marks = [mark for manifest in manifests for mark in _of_manifest(store, manifest, source_types, offset)]
    if len(marks) > MOST_MARKS:
        marks[0].facts["marks_left_out"] = str(len(marks) - MOST_MARKS)
    return marks[:MOST_MARKS]


def _unread(store: Store, carrier: str, offset: int | None) -> Mark:
    remote = store.status is Status.REMOTE_NOT_FETCHED
    value = (store.url if remote else store.message) or "a store without an active manifest"
    return Mark(
        layer="c2pa",
        kind="c2pa.manifest",
        says=Says.UNKNOWN,
        mark_class=MarkClass.DECLARED,
        locator=carrier or ("dcterms:provenance" if remote else "manifest store"),
        value=cut(value),
        value_sha256=sha256_text(value),
        tool=store.tool,
        integrity="remote_not_fetched" if remote else "unreadable",
        offset=offset,
        facts={"trust_list": cut(store.trust_list)},
    )


def _of_manifest(
    store: Store, manifest: Manifest, source_types: Mapping[str, SourceType], offset: int | None
) -> Iterator[Mark]:
    holds = manifest.integrity in {"trusted", "valid"}
    signature = mapping(manifest.data.get("signature_info"))
    generator = _generator(manifest.data)
    common = {
        "role": manifest.role,
        "relationship": manifest.relationship,
        "manifest": manifest.label,
        "generator": generator,
        "signer": text(signature.get("issuer")),
        "time_stamp": text(signature.get("time")),
        "codes": " ".join(manifest.failures),
        "trust_list": store.trust_list,
    }

    def mark(kind: str, says: Says, place: str, value: str, **facts: str) -> Mark:
        told = {name: cut(fact) for name, fact in sorted({**common, **facts}.items()) if fact}
        return Mark(
            layer="c2pa",
            kind=kind,
            says=says,
            mark_class=MarkClass.CRYPTOGRAPHIC if holds else MarkClass.DECLARED,
            locator=cut(f"{manifest.label}/{place}" if place else manifest.label),
            value=cut(value) or None,
            value_sha256=sha256_text(value) if value else None,
            tool=store.tool,
            integrity=manifest.integrity,
            signer_trust=manifest.signer_trust,
            offset=offset,
            facts=told,
        )

    yield mark(
        "c2pa.manifest",
        Says.UNKNOWN,
        "",
        generator,
        title=text(manifest.data.get("title")),
        signer_name=text(signature.get("common_name")),
        signer_serial=text(signature.get("cert_serial_number")),
        signature_algorithm=text(signature.get("alg")),
        informational_codes=" ".join(manifest.informational),
        store_codes=" ".join(_store_codes(store)),
    )
    for place, action in actions(manifest.data):
        kind, source = text(action.get("action")), text(action.get("digitalSourceType"))
        agent = _agent(action.get("softwareAgent"))
        if source or _AI_AGENT.search(agent):
            found = find_source_type(source, source_types)
            says = _of_all(_of_action(kind, found), manifest)
            yield mark("c2pa.action", says, place, source or agent, action=kind, agent=agent, **_of_term(found))
    for place, label, data in assertions(manifest.data):
        if label in _DISCLOSURES:
            facts = _disclosure(mapping(data))
            yield mark("c2pa.ai_disclosure", _of_all(Says.AI, manifest), place, _canonical(data), **facts)
        elif label == "c2pa.soft-binding":
            yield mark("c2pa.soft_binding", Says.UNKNOWN, place, text(mapping(data).get("alg")))
        elif label in _TRAINING_MINING:
            yield mark("c2pa.training_mining", Says.UNKNOWN, place, _canonical(data))
        elif label.startswith(_METADATA):
            for path, source in _source_types(data):
                found = find_source_type(source, source_types)
                says = _of_all(found.says if found else Says.UNKNOWN, manifest)
                yield mark("c2pa.source_type", says, f"{place}/{path}", source, **_of_term(found))


def _of_action(kind: str, source_type: SourceType | None) -> Says:
    """What an action says of the file that it was done to.

    ``c2pa.created`` tells what the whole file is. A generative value on any other action that can be perceived, or on
    the opening of a file, tells of a part or of what it came from.
    """
    if source_type is None:
        return Says.UNKNOWN
    if kind == "c2pa.created":
        return source_type.says
    generated = source_type.term in _GENERATED_EDIT and kind not in _NOT_EDITORIAL
    return Says.AI_PART if generated else Says.UNKNOWN


def _of_term(source_type: SourceType | None) -> dict[str, str]:
    return {"term": source_type.term, "ai_class": source_type.ai_class} if source_type else {}


def _of_all(says: Says, manifest: Manifest) -> Says:
    """What is said of an ingredient, said of the file that it went into."""
    if manifest.whole:
        return says
    return {Says.AI: Says.AI_PART, Says.CAPTURE: Says.UNKNOWN}.get(says, says)


def _generator(data: dict[str, Any]) -> str:
    """Name and version of the program that made the claim, as the claim of either version writes it."""
    for info in map(mapping, sequence(data.get("claim_generator_info"))):
        if text(info.get("name")):
            return f"{text(info.get('name'))} {text(info.get('version'))}".strip()
    return text(data.get("claim_generator"))


def _agent(agent: Any) -> str:
    """A string in actions of version 1, an object since."""
    if isinstance(agent, dict):
        return f"{text(agent.get('name'))} {text(agent.get('version'))}".strip()
    return text(agent)


def _disclosure(data: dict[str, Any]) -> dict[str, str]:
    profile = mapping(data.get("contentProfile"))
    return {
        "model": text(data.get("modelName")),
        "model_type": text(data.get("modelType")),
        "human_oversight": text(profile.get("humanOversightLevel")),
    }


def _store_codes(store: Store) -> list[str]:
    statuses = map(mapping, sequence(store.data.get("validation_status")))
    return sorted({text(status.get("code")) for status in statuses})


def _source_types(data: Any) -> list[tuple[str, str]]:
    """Every property called ``digitalSourceType``, whatever its prefix, with the path to it; sorted."""
    found = []
    waiting: list[tuple[str, Any, int]] = [("", data, 0)]
    while waiting:
        path, value, depth = waiting.pop()
        if depth > _METADATA_DEPTH:
            continue
        items = value.items() if isinstance(value, dict) else enumerate(sequence(value))
        for name, inner in items:
            inner_path = f"{path}/{name}" if path else str(name)
            local = re.split(r"[:/#]", str(name))[-1]
            if local.lower() == "digitalsourcetype":
                found += [(inner_path, source) for source in _sources(inner)]
            else:
                waiting.append((inner_path, inner, depth + 1))
    return sorted(set(found))


def _sources(value: Any) -> list[str]:
    """A digital source type stands alone, in a list, or in an object of JSON-LD (``@id``, ``@value``)."""
    if isinstance(value, dict):
        value = value.get("@id") or value.get("@value")
    return [text(one) for one in (value if isinstance(value, list) else [value]) if text(one)]


def _canonical(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
