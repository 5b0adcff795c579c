"""PNG (ISO/IEC 15948, third edition): text, XMP, EXIF and C2PA chunks, before and after the picture."""

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

from transforms.marks.charsets import decode_text
from transforms.marks.containers.reading import leave_out_cut, read_at, read_value
from transforms.marks.containers.resources import walk_resources
from transforms.marks.pieces import Budget, Form, Piece

_SIGNATURE_BYTES: Final = 8
_MOST_KEY_BYTES: Final = 256
_MOST_INFLATION: Final = 1032  # times that deflate makes a value smaller (https://zlib.net/zlib_tech.html)
_TEXTS: Final = frozenset({"tEXt", "zTXt", "iTXt"})
_XMP_KEY: Final = "XML:com.adobe.xmp"
_RAW_PROFILE: Final = re.compile(r"Raw profile type (exif|app1|xmp|iptc|8bim)", re.IGNORECASE)
_PROFILE_TEXT: Final = re.compile(r"\S[^\n]*\n\s*\d+\n([0-9A-Fa-f\s]*)")
_BARE_IIM: Final = re.compile(r"(?:1c02[0-9a-f]{2})(?:[0-9a-f]{2})+")
_PROFILE_XMP: Final = b"http://ns.adobe.com/xap/1.0/\0"
_EXIF_PREFIX: Final = b"Exif\0\0"


@dataclass(slots=True)
class _Inflater:
    """Inflates within bounds, also on the work that values which turn out too large cost."""

    budget: Budget
    spent_bytes: int = 0

    def inflate(self, data: bytes, what: str) -> bytes | None:
        """The inflated value; None, and a line in ``left_out``, where it is too large or damaged."""
        limits = self.budget.limits
        if self.spent_bytes > limits.total_bytes:
            self.budget.leave_out(f"compressed texts after {limits.total_bytes} inflated bytes")
            return None
        try:
            value = zlib.decompressobj().decompress(data, limits.value_bytes + 1)
        except zlib.error:
            self.spent_bytes += min(len(data) * _MOST_INFLATION, limits.value_bytes)  # it may have got that far
            self.budget.leave_out(f"{what} cannot be inflated")
            return None
        self.spent_bytes += len(value)
        return value if self.budget.take(what, len(value)) else None


def walk_png(file: BinaryIO, size: int, budget: Budget) -> Iterator[Piece]:
    """Walks a PNG file; see ``Walker``. Check sums are not compared: other readers show such chunks too."""
    inflater = _Inflater(budget)
    position = _SIGNATURE_BYTES
    while position < size and budget.visit():
        header = read_at(file, position, 8)
        length, kind = int.from_bytes(header[:4]), header[4:].decode("latin-1")
        if len(header) < 8 or not (kind.isascii() and kind.isalpha()):
            budget.leave_out(f"no PNG chunk at 0x{position:x}")
            return
        if position + 8 + length > size:
            leave_out_cut(f"PNG chunk {kind}", position, budget)
            return
        if kind == "IEND":
            return
        if kind == "caBX":
            yield Piece(Form.C2PA, "c2pa", kind, "", b"", position)
        elif kind == "eXIf":
            exif = read_value(file, position + 8, length, kind, budget)
            if exif:
                yield Piece(Form.EXIF, "exif", kind, "", exif.removeprefix(_EXIF_PREFIX), position)
        elif kind in _TEXTS:
            yield from _read_text(file, kind, position, length, inflater)
        position += 12 + length


def _read_text(file: BinaryIO, kind: str, offset: int, length: int, inflater: _Inflater) -> Iterator[Piece]:
    budget = inflater.budget
    start = offset + 8
    key, found, _ = read_at(file, start, min(length, _MOST_KEY_BYTES)).partition(b"\0")
    if not found:
        budget.leave_out(f"PNG chunk {kind} at 0x{offset:x} has no keyword")
        return
    name = decode_text(key)
    what = f"{kind} '{name}'"
    body = length - len(key) - 1
    if body > budget.limits.value_bytes:  # larger inflated, too; `take` says so
        budget.take(what, body)
        return
    data = read_at(file, start + len(key) + 1, body)
    value = _text_value(kind, data, what, inflater)
    if value:
        yield from _pieces_of_text(kind, name, value, offset, budget)


def _text_value(kind: str, data: bytes, what: str, inflater: _Inflater) -> bytes | None:
    """Text of a chunk from after its keyword: after the method (zTXt), or flag, method, language and translation."""
    is_compressed = kind == "zTXt"
    data_start = 1 if is_compressed else 0
    if kind == "iTXt":
        is_compressed = data[:1] == b"\1"
        data_start = data.find(b"\0", data.find(b"\0", 2) + 1) + 1
        if data_start < 4:
            inflater.budget.leave_out(f"{what} has no text")
            return None
    data = data[data_start:]
    if is_compressed:
        return inflater.inflate(data, what)
    return data if inflater.budget.take(what, len(data)) else None


def _pieces_of_text(kind: str, name: str, value: bytes, offset: int, budget: Budget) -> Iterator[Piece]:
    if name == _XMP_KEY:
        yield Piece(Form.XMP, "xmp", kind, "", value, offset)
        return
    text = decode_text(value)
    if profile := _RAW_PROFILE.fullmatch(name):
        yield from _read_profile(kind, profile[1].lower(), text, offset, budget)
    elif name == "IPTC" and _BARE_IIM.fullmatch(text):  # mflux writes it so
        yield Piece(Form.IPTC, "iptc", kind, "", bytes.fromhex(text), offset)
    elif text:
        yield Piece(Form.TEXT, "png_text", kind, name, text, offset)


def _read_profile(kind: str, profile: str, text: str, offset: int, budget: Budget) -> Iterator[Piece]:
    """ImageMagick's raw profile: name, length and the bytes as hexadecimal digits; what they are shows in them."""
    found = _PROFILE_TEXT.match(text)
    try:
        data = bytes.fromhex(found[1]) if found else b""
    except ValueError:
        data = b""
    if not data:
        budget.leave_out(f"raw profile '{profile}' of {kind} at 0x{offset:x} is not hexadecimal")
    elif data.startswith(b"8BIM"):
        yield from walk_resources(data, kind, offset, budget)
    elif data.startswith(_PROFILE_XMP) or profile == "xmp":
        yield Piece(Form.XMP, "xmp", kind, "", data.removeprefix(_PROFILE_XMP), offset)
    elif data.startswith((_EXIF_PREFIX, b"II", b"MM")):
        yield Piece(Form.EXIF, "exif", kind, "", data.removeprefix(_EXIF_PREFIX), offset)
    elif data.startswith(b"\x1c"):
        yield Piece(Form.IPTC, "iptc", kind, "", data, offset)
    else:
        budget.leave_out(f"raw profile '{profile}' of {kind} at 0x{offset:x} is of no known form")
