"""What a verdict is made of: an item's facts and marks, as rows of the tables hold them."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class MarkFact:
    """A row of ``item_marks``, as far as policies look at it.

    Attributes:
        mark_id: The row; reasons name it.
        layer: As in ``marks``, like all that follow.
        kind: ``tc260.aigc``, ``label.text`` and so on.
        says: ``ai``, ``ai_part``, ``not_ai``, ``capture``, ``unknown``.
        mark_class: ``cryptographic``, ``declared``, ``implicit``, ``heuristic``.
        integrity: ``trusted``, ``valid``, ``invalid``, ``remote_not_fetched``, ``unreadable``; None of what is not
            signed.
        signer_trust: ``trusted`` or ``untrusted``; None where nothing is signed.
        language: Of a label.
        exactness: ``exact``, ``fuzzy``, ``probable``; None of what is no label.
        height_ratio: Height of a label's letters over the frame's short side.
        contrast: Of a label, in levels of grey.
        first_ms: When a label is first seen; None in a picture.
        shown_ms: For how long in all.
        value: What was read.
        facts: Further facts: ``copies``, ``role``, ``signer``.
        beside: Whether it is of a text beside the file, so that the file can be passed on without it.
    """

    mark_id: str
    layer: str
    kind: str
    says: str
    mark_class: str
    integrity: str | None = None
    signer_trust: str | None = None
    language: str | None = None
    exactness: str | None = None
    height_ratio: float | None = None
    contrast: float | None = None
    first_ms: float | None = None
    shown_ms: float | None = None
    value: str | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    beside: bool = False


@dataclass(frozen=True, slots=True)
class ItemFacts:
    """A row of ``items`` with its marks, as far as policies look at it.

    Attributes:
        outcome: ``examined``, ``failed``, ``not_checked``.
        reason: Why it was not examined, or None.
        media_type: ``image/…``, ``video/…`` or None.
        levels: Of each detector the level at which its roll-up of the frames stands, the first detector first; see
            ``transforms.detect.levels``. Frames have no levels: only of roll-ups is the false-alarm rate measured.
        layers: What layers could not do: (layer, status).
        depicts_person: Whether a face was found; None where not all frames were looked at.
        presented_as_product: Whether the context table says that it is sold or offered as a product, or None.
        publisher: As the context table says, or None.
        published_at: ISO 8601 date or time, of the context table, or None.
        captured_at: Likewise, as the file says, or None.
        marks: Those of the content and of the texts beside it.
    """

    outcome: str
    reason: str | None = None
    media_type: str | None = None
    levels: tuple[str, ...] = ()
    layers: tuple[tuple[str, str], ...] = ()
    depicts_person: bool | None = None
    presented_as_product: bool | None = None
    publisher: str | None = None
    published_at: str | None = None
    captured_at: str | None = None
    marks: tuple[MarkFact, ...] = ()

    @property
    def is_video(self) -> bool:
        """Whether time plays a part."""
        return (self.media_type or "").startswith("video/")

    @property
    def is_examined(self) -> bool:
        """Whether it was examined as a whole."""
        return self.outcome == "examined"
