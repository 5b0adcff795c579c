"""The rules of the meaning layer as plain records; ``rule_files`` reads them from ``configs/marks``."""

import functools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from transforms.labels.records import Lexicon
from transforms.marks.mark import Says


@dataclass(frozen=True, slots=True)
class SourceType:
    """One term of the IPTC vocabulary of digital source types.

    Attributes:
        term: As IPTC spells it: ``trainedAlgorithmicMedia``.
        says: What an item with this term says of itself.
        ai_class: ``whole``, ``part``, ``maybe`` (synthetic, perhaps without AI), ``enhanced``, ``capture`` or ``none``.
        label: In plain words.
    """

    term: str
    says: Says
    ai_class: str
    label: str


@dataclass(frozen=True, slots=True)
class Where:
    """Which properties a rule looks at; what is empty stands for any.

    Attributes:
        layers: ``Property.layer``.
        names: Names without case, spaces and punctuation (``normal_name``).
        namespaces: Of XMP, whole URIs.
    """

    layers: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    namespaces: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Need:
    """A second property without which a rule does not hold, in the same layer as the first."""

    where: Where
    regex: re.Pattern[str] | None


@dataclass(frozen=True, slots=True)
class GeneratorRule:
    """One trace of a generator.

    Attributes:
        id: Stable; what stands before a dot names the product and makes the kind: ``mflux.json`` is of the kind
            ``generator.mflux``.
        product: For people.
        where: Which properties are looked at.
        all_of: Every one of these must be found in the value; none means that the name alone tells.
        json_keys: Keys that the value, as JSON, must all have, at its top or one level below.
        unless: A value with this is none of the product.
        needs: A second property.
        says: Of the item.
        confidence: ``exact`` for a structure that nothing else writes, ``name`` for a product's name in a field.
        reader: How facts are taken from the value, and what of it is a prompt (``traces``).
        note: What to know.
        source: Public document or repository that shows the form.
    """

    id: str
    product: str
    where: Where
    all_of: tuple[re.Pattern[str], ...]
    json_keys: tuple[str, ...]
    unless: re.Pattern[str] | None
    needs: Need | None
    says: Says
    confidence: str
    reader: str
    note: str
    source: str

    @property
    def kind(self) -> str:
        """The kind of its marks."""
        return f"generator.{self.id.split('.', 1)[0]}"


@dataclass(frozen=True, slots=True)
class EditorRule:
    """A program that writes files it did not generate.

    Attributes:
        product: For people.
        regex: Found in a field that names software.
    """

    product: str
    regex: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class AdhocKeys:
    """Names of fields that say by yes or no whether AI made an item, and the words of the answer; all normalised."""

    names: frozenset[str]
    yes: frozenset[str]
    no: frozenset[str]


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a kind of mark means for a reader, and what must not be read into it; a sentence each."""

    means: str
    does_not_mean: str


@dataclass(frozen=True)
class Rules:
    """All that ``read_meaning`` knows.

    Attributes:
        source_types: By their term without case.
        generators: In order of precedence: the first that fits a property speaks for it.
        editors: In order of precedence.
        software_names: Names of fields that name software.
        text_names: Names of fields that hold free text for people.
        lexicon: Words of labels in texts for people.
        adhoc: Ad-hoc fields.
        meanings: By kind, or by the beginning of kinds up to a dot.
    """

    source_types: Mapping[str, SourceType]
    generators: tuple[GeneratorRule, ...]
    editors: tuple[EditorRule, ...]
    software_names: frozenset[str]
    text_names: frozenset[str]
    lexicon: Lexicon
    adhoc: AdhocKeys
    meanings: Mapping[str, Meaning]

    def generators_of(self, names: Iterable[str]) -> list[GeneratorRule]:
        """Those of the generators' rules that look at a property of these names, in their order."""
        numbers = {number for name in names for number in self._generators_by_name.get(name, ())}
        return [self.generators[number] for number in sorted(numbers.union(self._generators_of_any_name))]

    @functools.cached_property
    def _generators_by_name(self) -> Mapping[str, list[int]]:
        found: dict[str, list[int]] = {}
        for number, rule in enumerate(self.generators):
            for name in rule.where.names:
                found.setdefault(name, []).append(number)
        return found

    @functools.cached_property
    def _generators_of_any_name(self) -> list[int]:
        return [number for number, rule in enumerate(self.generators) if not rule.where.names]

    def meaning_of(self, kind: str) -> Meaning | None:
        """What a kind means: its own entry, else that of its longest beginning up to a dot."""
        while kind:
            if kind in self.meanings:
                return self.meanings[kind]
            kind = kind.rpartition(".")[0]
        return None
