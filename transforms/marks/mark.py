"""A mark: one thing found in a file that says something about its making, as it becomes a row of ``marks``."""

import hashlib
from dataclasses import dataclass, field
from enum import StrEnum

MOST_VALUE_CHARACTERS = 500
"""How much of a raw value a row holds; its SHA-256 is that of the whole."""


class Says(StrEnum):
    """What a mark says of the item.

    ``AI``: all of it is AI-made; ``AI_PART``: a part, or an edit; ``NOT_AI``: it says that it is not; ``CAPTURE``: a
    camera took it; ``UNKNOWN``: something else, or nothing that can be told.
    """

    AI = "ai"
    AI_PART = "ai_part"
    NOT_AI = "not_ai"
    CAPTURE = "capture"
    UNKNOWN = "unknown"


class MarkClass(StrEnum):
    """On what a mark rests (``evidence class``).

    ``CRYPTOGRAPHIC``: a signature; ``DECLARED``: a field meant as a statement; ``IMPLICIT``: a trace that a program
    leaves for its own ends; ``HEURISTIC``: a measurement that may be wrong by chance.
    """

    CRYPTOGRAPHIC = "cryptographic"
    DECLARED = "declared"
    IMPLICIT = "implicit"
    HEURISTIC = "heuristic"


@dataclass(frozen=True, slots=True)
class Shown:
    """How a label for people is shown: measured facts, which policies judge.

    Attributes:
        language: ``kk``, ``ru``, ``en``, ``zh``; None where a mark has none.
        exactness: ``exact``: read as the lexicon has it; ``fuzzy``: a few letters off; ``probable``: two elements of a
            label were made out and no more.
        box_x: Left edge of the label's box in pixels of the frame; all four None where a text lies beside the pixels.
        box_y: Top edge.
        box_width: Of the box.
        box_height: Of the box.
        height_ratio: Height of a line of its text over the frame's short side.
        contrast: Between its letters and what surrounds them, in levels of grey, 0 to 255.
        first_ms: When it is first seen, presentation time; None in a picture.
        last_ms: When it is last seen.
        shown_ms: For how long in all, as far as the frames looked at tell.
    """

    language: str | None = None
    exactness: str | None = None
    box_x: int | None = None
    box_y: int | None = None
    box_width: int | None = None
    box_height: int | None = None
    height_ratio: float | None = None
    contrast: float | None = None
    first_ms: float | None = None
    last_ms: float | None = None
    shown_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Mark:
    """One mark, label or trace.

    Attributes:
        layer: Where it was found: ``c2pa``, ``xmp``, ``exif``, ``iptc``, ``png_text``, ``container``, ``tc260``,
            ``watermark``, ``visible_label``, ``caption``.
        kind: What it is, a stable code with dots: ``iptc.digital_source_type``, ``tc260.aigc``,
            ``generator.automatic1111``, ``c2pa.manifest``, ``c2pa.action``, ``watermark.sdxl``, ``camera.maker_notes``.
        says: See ``Says``.
        mark_class: See ``MarkClass``; the column is named ``class``.
        locator: Path in the file, box or time code.
        value: The raw value, cut to ``MOST_VALUE_CHARACTERS``, without prompts unless these were asked for; or None.
        value_sha256: Of the whole raw value as UTF-8, hexadecimal; or None.
        integrity: ``trusted``, ``valid``, ``invalid``, ``remote_not_fetched``, ``unreadable`` of what is signed; None
            of all that is not.
        signer_trust: ``trusted`` or ``untrusted``; None where nothing is signed or the signature is not readable.
        tool: Name and version of what read it: ``aiqyn-marks/1``, ``c2pa-python/0.38.1``.
        offset: Of the container element in the file, in bytes; or None.
        facts: Further facts under stable names, sorted by name: ``model``, ``seed``, ``prompt_sha256``, ``signer``,
            ``generator``, ``time_stamp``, ``codes``, ``term``.
        shown: How a label for people is shown; None for what only machines read.
    """

    layer: str
    kind: str
    says: Says
    mark_class: MarkClass
    locator: str
    value: str | None
    value_sha256: str | None
    tool: str
    integrity: str | None = None
    signer_trust: str | None = None
    offset: int | None = None
    facts: dict[str, str] = field(default_factory=dict)
    shown: Shown | None = None


def mark_id(content_sha256: str | None, mark: Mark, place_uri: str | None = None, member: str | None = None) -> str:
    """Names a row of ``marks``: the same mark of the same content, and place, has the same name in every scan.

    ``configs/views/1_latest.sql`` makes the same of rows that were written without it.
    """
    offset = None if mark.offset is None else str(mark.offset)
    parts = (content_sha256, mark.layer, mark.kind, mark.locator, offset, mark.value_sha256, place_uri, member)
    text = "\x1f".join(part for part in parts if part is not None)
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]


def cut(value: str) -> str:
    """A value as a row holds it: at most ``MOST_VALUE_CHARACTERS``, an ellipsis where it was longer."""
    return value if len(value) <= MOST_VALUE_CHARACTERS else value[: MOST_VALUE_CHARACTERS - 1] + "…"


def sha256_text(value: str) -> str:
    """SHA-256 of a text as UTF-8, hexadecimal; half a surrogate pair, which UTF-8 cannot hold, counts as ``?``."""
    return hashlib.sha256(value.encode("utf-8", "replace")).hexdigest()
