"""Stealth PNG info: the settings of a generator, hidden in the lowest bits of a picture's pixels.

NovelAI and extensions of the Stable Diffusion web UIs write it. One bit of alpha a pixel, or one of R, G and B each,
column by column from the upper left corner: a signature of 15 bytes, the length of the text in bits (32 bits,
big-endian), and the text in UTF-8, as it is or under gzip. Sources: https://github.com/NovelAI/novelai-image-metadata,
https://github.com/ashen-sensored/sd_webui_stealth_pnginfo.

A signature of 120 bits does not come about by chance, so no threshold is needed; unlike other marks in pixels it bears
facts, but any change of the lowest bits erases it.
"""

import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from transforms.marks.mark import Mark, MarkClass, Says
from transforms.marks.meaning.loose_json import parse_json
from transforms.marks.meaning.marking import mark_of
from transforms.marks.meaning.meaning import read_meaning
from transforms.marks.meaning.prompts import a_text
from transforms.marks.meaning.rules import Rules
from transforms.marks.pieces import Property

LAYER, KIND = "watermark", "generator.stealth_pnginfo"
Columns = Callable[[int], NDArray[np.uint8]]
"""Gives the first columns of a picture, uint8 (height, columns, 3 or 4); fewer where it is not as wide."""

_SIGNATURES: Final = {
    "alpha": {b"stealth_pnginfo": False, b"stealth_pngcomp": True},
    "RGB": {b"stealth_rgbinfo": False, b"stealth_rgbcomp": True},
}
"""By channel; whether the text is under gzip."""
_SIGNATURE_BYTES: Final = 15
_HEAD_BYTES: Final = _SIGNATURE_BYTES + 4
_MOST_TEXT_BYTES: Final = 4 << 20
_GZIP: Final = 31
_MOST_FIELDS: Final = 32


@dataclass(frozen=True, slots=True)
class HiddenText:
    """A text behind a signature.

    Attributes:
        channel: ``alpha`` or ``RGB``.
        text: Decoded; empty where the picture ends within it, or where it is damaged or longer than 4 MiB.
    """

    channel: str
    text: str


def find_hidden_text(columns: Columns) -> HiddenText | None:
    """The text behind a signature, or None; without a signature one or a few columns are all that is looked at."""
    for channel, signatures in _SIGNATURES.items():
        head = _hidden_bytes(columns, channel, _HEAD_BYTES)
        is_compressed = signatures.get(head[:_SIGNATURE_BYTES])
        if is_compressed is None or len(head) < _HEAD_BYTES:
            continue
        length = int.from_bytes(head[_SIGNATURE_BYTES:]) // 8
        if length > _MOST_TEXT_BYTES:
            return HiddenText(channel, "")
        data = _hidden_bytes(columns, channel, _HEAD_BYTES + length)[_HEAD_BYTES:]
        if len(data) < length:
            return HiddenText(channel, "")
        return HiddenText(channel, (_inflated(data) if is_compressed else data).decode("utf-8", "replace"))
    return None


def read_stealth_marks(columns: Columns, rules: Rules, *, keep_prompts: bool) -> list[Mark]:
    """What a hidden text says, by the rules for texts that are not hidden.

    Args:
        columns: Of the stored picture, before any conversion.
        rules: ``rule_files.read_rules``.
        keep_prompts: Whether values and facts may hold prompts.

    Returns:
        Marks of the generator that a rule tells; where none does, one mark of ``KIND``. None without a signature.
    """
    hidden = find_hidden_text(columns)
    if hidden is None:
        return []
    whole = _property(hidden, "parameters", hidden.text)
    for properties in (_fields(hidden), [whole]):
        marks = read_meaning(properties, rules, keep_prompts=keep_prompts)
        if any(mark.kind.startswith("generator.") for mark in marks):
            return [_found_in_pixels(mark) for mark in marks]
    facts = {"characters": str(len(hidden.text))} if hidden.text else {"readable": "no"}
    shown = None if keep_prompts else a_text(hidden.text)
    return [_found_in_pixels(mark_of(whole, KIND, Says.AI, MarkClass.IMPLICIT, facts, shown=shown))]


def _hidden_bytes(columns: Columns, channel: str, size_bytes: int) -> bytes:
    """The first hidden bytes of a channel; none where there is no alpha, fewer where the picture is too small."""
    first = columns(1)
    height, _, channels = first.shape
    if channel == "alpha" and channels < 4:
        return b""
    picked = slice(3, 4) if channel == "alpha" else slice(0, 3)
    bits_a_column = height * (picked.stop - picked.start)
    needed = -(-8 * size_bytes // bits_a_column)
    pixels = first if needed == 1 else columns(needed)
    bits = np.swapaxes(pixels[..., picked], 0, 1).reshape(-1)[: 8 * size_bytes] & 1
    return np.packbits(bits[: len(bits) // 8 * 8]).tobytes()


def _inflated(data: bytes) -> bytes:
    try:
        text = zlib.decompressobj(_GZIP).decompress(data, _MOST_TEXT_BYTES + 1)
    except zlib.error:
        return b""
    return text if len(text) <= _MOST_TEXT_BYTES else b""


def _fields(hidden: HiddenText) -> list[Property]:
    """The texts of an object such as NovelAI's, which holds what its PNG texts hold, under their keys."""
    data = parse_json(hidden.text)
    if not isinstance(data, dict):
        return []
    texts = [(name, value) for name, value in data.items() if isinstance(value, str)]
    return [_property(hidden, name, value) for name, value in texts[:_MOST_FIELDS]]


def _property(hidden: HiddenText, name: str, value: str) -> Property:
    return Property("png_text", "", name, value, f"{hidden.channel} LSB/{name}", 0)


def _found_in_pixels(mark: Mark) -> Mark:
    return replace(mark, layer=LAYER if mark.layer == "png_text" else mark.layer, offset=None)
