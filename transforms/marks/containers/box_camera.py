"""Makes and models that cameras write into boxes of their own in a film's user data.

The makers do not publish their layouts; they are read as ExifTool's ``QuickTime.pm`` and ``Panasonic.pm`` read them.
"""

import re
from collections.abc import Iterator
from typing import BinaryIO, Final

from transforms.marks.charsets import decode_text, is_text
from transforms.marks.containers.boxes import Box, code
from transforms.marks.containers.reading import read_at
from transforms.marks.pieces import Form, Piece

_MAKE, _MODEL, _FIRMWARE = "Camera Manufacturer", "Camera Model Name", "GoPro Firmware"
_TEXTS: Final = {b"CNMN": _MODEL, b"FIRM": _FIRMWARE, b"TAGS": _MAKE, b"manu": _MAKE, b"modl": _MODEL}
"""Canon's model; GoPro's firmware, which names its models; makers before data of their own; make and model."""
_PANASONIC: Final = frozenset({b"PANA", b"LEIC"})
_MAKE_FIRST: Final = re.compile(rb"LEICA|Panasonic")
_MODEL_AT: Final = re.compile(rb"(?:.{4}|.{12})([!-~]{3}[ -~]{3,13})", re.DOTALL)
_MOST_BYTES: Final = 80

CAMERA_BOXES: Final = _TEXTS.keys() | _PANASONIC


def camera_texts(file: BinaryIO, box: Box, site: str) -> Iterator[Piece]:
    """Make and model out of one of ``CAMERA_BOXES``; nothing where it holds other data."""
    raw = read_at(file, box.start, min(_MOST_BYTES, box.size))
    for name, value in _panasonic(raw) if box.name in _PANASONIC else [(_TEXTS[box.name], _after_language(raw))]:
        text = decode_text(value.partition(b"\0")[0])
        if is_text(text):
            yield Piece(Form.TEXT, "container", f"{site}/{code(box.name)}", name, text, box.offset)


def _after_language(raw: bytes) -> bytes:
    """The text, without a version and a language before it."""
    return raw[6:] if raw[:4] == bytes(4) else raw


def _panasonic(raw: bytes) -> list[tuple[str, bytes]]:
    if _MAKE_FIRST.match(raw):
        return [(_MAKE, raw[:22]), (_MODEL, raw[22:52])]
    found = _MODEL_AT.match(raw)
    return [(_MODEL, found[1])] if found else []
