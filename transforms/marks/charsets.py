"""Text of unstated encoding, as cameras, editors and picture generators write it into EXIF and IPTC fields."""

import re
import unicodedata

_CYRILLIC_RUN = re.compile(rb"[\xa8\xb8\xc0-\xff]{3}")
"""Three letters of the upper half in a row: a Cyrillic word. Western languages have two at most (``Fläß``)."""

_ENDS = "".join(map(chr, [*range(0x21), 0x7F, 0x85, 0xA0, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x3000, 0xFEFF]))
_CONTROL = re.compile(r"[\0-\x08\x0e-\x1f\x7f]")
_SAMPLE_BYTES = 4096
"""How much of a text is looked at to tell its encoding."""


def clean(text: str) -> str:
    """A value as a ``Property`` holds it: without white space, NULs, controls and byte-order marks at its ends."""
    return text.strip(_ENDS)


def decode_text(data: bytes) -> str:
    """Decodes bytes that are called ASCII and often are something else.

    UTF-8 where it is valid; UTF-16 where every other byte is NUL; else Windows-1251 where Cyrillic words show, else
    Latin-1. NULs inside, which part two strings of one EXIF tag, become spaces.

    Args:
        data: The bytes of the value, with any NULs after it.

    Returns:
        The text, cleaned; never an error.
    """
    if looks_utf16(data):
        return decode_utf16(data, big_endian_first=False)
    stripped = data.strip(b"\0")
    try:
        text = stripped.decode("utf-8")
    except UnicodeDecodeError:
        encoding = "cp1251" if _CYRILLIC_RUN.search(stripped) else "latin-1"
        text = stripped.decode(encoding, "replace")
    return clean(text.replace("\0", " "))


def looks_utf16(data: bytes) -> bool:
    """Whether bytes have a UTF-16 byte-order mark, or NULs in a third of their pairs and always in the same place."""
    sample = data.rstrip(b"\0")[:_SAMPLE_BYTES]
    if sample[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return True
    fewer, more = sorted((sample[::2].count(0), sample[1::2].count(0)))
    return fewer == 0 and more >= 2 and more * 6 >= len(sample)


def decode_utf16(data: bytes, *, big_endian_first: bool) -> str:
    """Decodes UTF-16 in whichever byte order gives the more plausible text.

    Writers of the EXIF code ``UNICODE`` take the byte order of the TIFF structure, of their processor, or always the
    big one (AUTOMATIC1111), and some put UTF-8 there; so the text itself has to tell.

    Args:
        data: The bytes, with or without a byte-order mark.
        big_endian_first: Which order wins where both are as good.

    Returns:
        The text, cleaned; never an error.
    """
    for mark, encoding in ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        if data.startswith(mark):
            return _utf16(data[2:], encoding)
    orders = ["utf-16-be", "utf-16-le"] if big_endian_first else ["utf-16-le", "utf-16-be"]
    sample = data[:_SAMPLE_BYTES]
    best = max([*orders, "utf-8"], key=lambda encoding: _plausibility(sample, encoding))
    return clean(data.decode("utf-8", "replace")) if best == "utf-8" else _utf16(data, best)


def _utf16(data: bytes, encoding: str) -> str:
    """Whole pairs of bytes as text; the one left over is padding or the NUL of a writer that thinks in bytes."""
    return clean(data[: len(data) // 2 * 2].decode(encoding, "replace"))


def is_text(text: str) -> bool:
    """Whether a decoded value reads as text: not empty, and without control characters but tabs and line ends."""
    return bool(text) and _CONTROL.search(text) is None and "\ufffd" not in text


def _plausibility(sample: bytes, encoding: str) -> float:
    """How much a decoding of bytes looks like text somebody wrote, for each byte; the larger, the more."""
    text = sample.decode(encoding, "replace").rstrip("\0")
    return sum(map(_worth, text)) / max(1, len(sample))


def _worth(character: str) -> int:
    """2 for what most texts are full of, 1 for letters of the scripts in use, less than 0 for what nobody writes.

    In the wrong byte order ASCII becomes rare Han characters and symbols, Cyrillic becomes control pictures and Indic
    letters; spaces and digits settle most texts.
    """
    code = ord(character)
    if 0x20 <= code < 0x7F or character in "\n\r\t":
        return 2
    if 0xA0 <= code < 0x530 or 0x3000 <= code < 0x3100 or 0x4E00 <= code < 0xA000 or 0xAC00 <= code < 0xD7A4:
        return 1
    if 0x2010 <= code < 0x2070 or 0xFF01 <= code < 0xFF5F or code >= 0x1F000:
        return 1
    return -2 if unicodedata.category(character) in {"Cc", "Cn", "Co", "Cs"} or character == "\ufffd" else -1
