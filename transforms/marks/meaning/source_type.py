"""IPTC DigitalSourceType: how an item came about, as one term of a vocabulary; also what C2PA actions use.

Source: https://cv.iptc.org/newscodes/digitalsourcetype, release 2024-10-23; terms: ``configs/marks/source_types.yaml``.
"""

from collections.abc import Mapping

from transforms.marks.mark import Mark, MarkClass, Says
from transforms.marks.meaning.marking import mark_of
from transforms.marks.meaning.names import names_of
from transforms.marks.meaning.rule_files import read_rules
from transforms.marks.meaning.rules import SourceType
from transforms.marks.pieces import Property

KIND = "iptc.digital_source_type"
_NAMES = frozenset({"digitalsourcetype", "digitalsourcefiletype"})
_SCHEMA_ORG_ENDING = "digitalsource"
_MOST_CHARACTERS = 300


def classify(term: str) -> SourceType | None:
    """The term of the vocabulary that a value names.

    Args:
        term: An IPTC, C2PA or schema.org URI with any scheme, a QCode (``digsrctype:trainedAlgorithmicMedia``), a bare
            term or a name of schema.org (``TrainedAlgorithmicMediaDigitalSource``), in any case.

    Returns:
        None for what is not in the vocabulary. Terms are compared whole, since
        ``compositeWithTrainedAlgorithmicMedia`` contains ``trainedAlgorithmicMedia``.
    """
    return find_source_type(term, read_rules().source_types)


def find_source_type(term: str, source_types: Mapping[str, SourceType]) -> SourceType | None:
    """As ``classify``, with a given vocabulary."""
    if len(term) > _MOST_CHARACTERS:
        return None
    bare = term.strip().rstrip("/#").casefold()
    for separator in ("/", "#", ":"):
        bare = bare.rpartition(separator)[2]
    bare = bare.removeprefix("c2pa.").strip()
    return source_types.get(bare) or source_types.get(bare.removesuffix(_SCHEMA_ORG_ENDING))


def read_source_type(prop: Property, source_types: Mapping[str, SourceType]) -> Mark | None:
    """The mark of a digital source type in any layer; None where the property is none.

    A value outside the vocabulary is a mark too, which says ``unknown``.
    """
    if not prop.value or _NAMES.isdisjoint(names_of(prop)):
        return None
    found = find_source_type(prop.value, source_types)
    if found is None:
        return mark_of(prop, KIND, Says.UNKNOWN, MarkClass.DECLARED, {"ai_class": "not_in_vocabulary"})
    facts = {"term": found.term, "ai_class": found.ai_class, "label": found.label}
    return mark_of(prop, KIND, found.says, MarkClass.DECLARED, facts)
