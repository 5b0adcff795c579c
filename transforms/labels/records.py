"""The label lexicon as plain records; ``lexicon`` reads them from ``configs/lexicon``."""

from collections.abc import Mapping
from dataclasses import dataclass

from transforms.labels.entries import Edge, Of
from transforms.labels.words import Cutter

ROLES = (
    "ai",
    "ai_by",
    "ai_of",
    "made",
    "made_weak",
    "edited",
    "links",
    "links_weak",
    "fillers",
    "media",
    "part",
    "used",
    "making",
    "negation",
    "negation_after",
    "denied",
    "not_made",
    "news",
    "before_ai",
    "after_made",
    "product",
    "misread",
)
"""Lists of words and fixed phrases; a phrase may stand in several. ``docs/lexicon.md`` tells what each is for."""
STATEMENTS = ("labels", "labels_of_edits", "whole_labels", "denials", "traps")
"""Lists of whole statements, which may refer to the lists above."""
LISTS = (*(role for role in ROLES if role != "product"), *STATEMENTS, "near_words")
"""All lists that a language of ``configs/lexicon`` may have."""
MASK = {role: 1 << index for index, role in enumerate(ROLES)}
STATED = 1 << len(ROLES)
"""The bit of words of whole statements."""


def role_mask(role: str) -> int:
    """The bits that ``[role]`` stands for; ``[ai]`` stands for all three lists of AI elements.

    Raises:
        KeyError: There is no such list.
    """
    return MASK["ai"] | MASK["ai_by"] | MASK["ai_of"] if role == "ai" else MASK[role]


@dataclass(frozen=True, slots=True)
class Entry:
    """A fixed phrase and the lists it stands in.

    Attributes:
        words: For each word the set of its keys.
        roles: Bits of ``MASK``.
        capitals: Whether it counts in capitals only.
    """

    words: tuple[frozenset[str], ...]
    roles: int
    capitals: bool


@dataclass(frozen=True, slots=True)
class Statement:
    """A whole statement of the list ``kind``."""

    elements: tuple[frozenset[str] | Of | Edge, ...]
    kind: str


@dataclass(frozen=True, slots=True)
class Tongue:
    """The words of labels in one language, under the keys of one kind of text.

    Attributes:
        code: ``kk``, ``ru``, ``en``, ``zh`` and so on.
        entries: By the key of their first word, longest first.
        statements: By each key with which they can begin.
        words: All keys that have a meaning, and decoys.
        adjectives_only: Whether `AI made …` is news unless one of ``before_ai`` or ``after_made`` stands beside it.
        media_follow: Whether a word of ``media`` may stand behind it, too.
    """

    code: str
    entries: Mapping[str, tuple[Entry, ...]]
    statements: Mapping[str, tuple[Statement, ...]]
    words: frozenset[str]
    adjectives_only: bool
    media_follow: bool


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Kind:
    """The lexicon for one kind of text, typed or read.

    Attributes:
        cutter: Cuts sentences into words.
        tongues: In order of precedence.
        words: All keys that have a meaning, with the bits of their lists.
        cyrillic: Those among ``words`` and ``decoys`` that are written in Cyrillic.
        decoys: Keys near to those that mean something else.
        cores: Keys that are an AI element by themselves.
        hints: Keys one of which every label holds.
    """

    cutter: Cutter
    tongues: tuple[Tongue, ...]
    words: Mapping[str, int]
    cyrillic: frozenset[str]
    decoys: frozenset[str]
    cores: frozenset[str]
    hints: frozenset[str]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Lexicon:
    """All that ``match`` knows; two are equal only if they are one.

    Attributes:
        typed: For captions, sidecars and metadata.
        read: For lines read from pixels.
        stems: Beginnings of long words of typed text, one of which every label holds.
        short_words: Short words, one of which every other label holds as a word.
        wordmarks: Products by the squashed key of each of their names, in read text.
        beside_wordmarks: Squashed keys that may stand beside such a name.
    """

    typed: Kind
    read: Kind
    stems: tuple[str, ...]
    short_words: frozenset[str]
    wordmarks: Mapping[str, str]
    beside_wordmarks: frozenset[str]
