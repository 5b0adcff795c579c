"""From the properties of a file to its marks."""

from collections.abc import Iterator, Sequence

from transforms.marks.mark import Mark, Says
from transforms.marks.meaning.adhoc import read_adhoc_key, read_label_text
from transforms.marks.meaning.capture import read_camera, read_editor
from transforms.marks.meaning.declarations import read_ai_field, read_credit, read_remote_reference
from transforms.marks.meaning.generators import NamedProperty, read_generator
from transforms.marks.meaning.rules import Rules
from transforms.marks.meaning.source_type import read_source_type
from transforms.marks.meaning.tc260 import read_tc260
from transforms.marks.pieces import Property


def read_meaning(properties: Sequence[Property], rules: Rules, *, keep_prompts: bool = False) -> list[Mark]:
    """What the properties of one file say of its making.

    Args:
        properties: In file order.
        rules: ``rule_files.read_rules``.
        keep_prompts: Whether values and facts may hold prompts; without it only their length and SHA-256.

    Returns:
        Marks in the order of the properties they rest on; the same statement twice at one place is one mark. No text
        makes it raise.
    """
    file = [NamedProperty.of(prop) for prop in properties]
    found = list(_of_single_properties(file, rules, keep_prompts=keep_prompts))
    claimed = {index for index, mark in found if mark.kind.startswith("generator.")}
    found += read_tc260(properties)
    found += read_camera(file, claimed)
    kept: dict[tuple[str, ...], Mark] = {}
    for _, mark in sorted(found, key=lambda one: one[0]):
        kept.setdefault((mark.kind, mark.layer, mark.locator, mark.value_sha256 or ""), mark)
    return list(kept.values())


def _of_single_properties(
    file: Sequence[NamedProperty], rules: Rules, *, keep_prompts: bool
) -> Iterator[tuple[int, Mark]]:
    source_says = _source_says(file, rules)
    for index, named in enumerate(file):
        declared = [
            read_source_type(named.prop, rules.source_types),
            read_ai_field(named.prop, source_says, keep_prompts=keep_prompts),
            read_credit(named.prop),
            read_remote_reference(named.prop),
        ]
        yield from ((index, mark) for mark in declared if mark is not None)
        if any(declared):
            continue
        generator = read_generator(named, file, rules.generators_of(named.names), keep_prompts=keep_prompts)
        if generator is not None:
            yield index, generator
        if generator is None or generator.facts["confidence"] == "name":
            others = [
                read_adhoc_key(named, rules.adhoc),
                read_label_text(named, rules.text_names, rules.lexicon, keep_prompts=keep_prompts),
            ]
            yield from ((index, mark) for mark in others if mark is not None)
        if generator is None:
            editor = read_editor(named, rules.software_names, rules.editors)
            if editor is not None:
                yield index, editor


def _source_says(file: Sequence[NamedProperty], rules: Rules) -> Says | None:
    """``ai`` where one of the file's digital source types says so, else ``ai_part`` where one does."""
    marks = [read_source_type(named.prop, rules.source_types) for named in file]
    says = {mark.says for mark in marks if mark is not None}
    return next((one for one in (Says.AI, Says.AI_PART) if one in says), None)
