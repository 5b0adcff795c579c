"""Texts in ISO base media and QuickTime files: item lists (iTunes, metadata keys) and user data."""

import struct
from collections.abc import Iterator
from typing import BinaryIO, Final

from transforms.marks.containers.box_camera import CAMERA_BOXES, camera_texts
from transforms.marks.containers.boxes import Box, boxes, code, content
from transforms.marks.containers.positions import without_position
from transforms.marks.containers.reading import MOST_NAME_CHARACTERS, read_at
from transforms.marks.pieces import Budget, Form, Piece

_DATA_HEADER_BYTES: Final = 8  # type, locale
_UTF_8, _UTF_16, _SHIFT_JIS, _UNTYPED = {1, 4}, {2, 5}, 3, 0
_SIGNED: Final = {21, 65, 66, 67, 74}
_UNSIGNED: Final = {22, 75, 76, 77, 78}
_REALS: Final = {(23, 4): ">f", (24, 8): ">d"}
_PICTURES: Final = {12, 13, 14, 27}
_3GPP_TEXTS: Final = {b"titl", b"dscp", b"cprt", b"perf", b"auth", b"gnre", b"albm", b"tnam"}
_LABELS: Final = {b"aigc", b"AIGC"}


def read_keys(file: BinaryIO, box: Box, site: str, budget: Budget) -> dict[int, str]:
    """The names in a ``keys`` box by the number, from 1, under which ``ilst`` holds their values.

    Source: QuickTime File Format, Metadata Item Keys Atom.
    """
    data = content(file, box, f"{site}/keys", budget) or b""
    names: dict[int, str] = {}
    position = 8  # version and flags, number of entries
    while position + 8 <= len(data) and budget.visit():
        length = int.from_bytes(data[position : position + 4])
        if length < 8:
            budget.leave_out(f"{site}/keys: what follows a key of impossible size")
            break
        names[len(names) + 1] = _name(data[position + 8 : position + length])
        position += length
    return names


def item_list(file: BinaryIO, ilst: Box, keys: dict[int, str], site: str, budget: Budget) -> Iterator[Piece]:
    """The values of an ``ilst`` as texts.

    A name is that of the key (``com.apple.quicktime.software``) or the four-character code (``©too``); of a free-form
    item it is its own, with ``----`` and its domain in the site. Numbers are told in decimal; cover pictures are passed
    over.

    Source: QuickTime File Format, Metadata Item List Atom and Well-known types.
    """
    for item in boxes(file, ilst.start, ilst.end, site, budget):
        name, inside = keys.get(int.from_bytes(item.name)) or code(item.name), site
        for part in boxes(file, item.start, item.end, f"{site}/{name}", budget):
            if item.name == b"----" and part.name == b"mean":
                inside = f"{site}/----:{_name(content(file, part, site, budget, skip=4) or b'')}"
            elif item.name == b"----" and part.name == b"name":
                name = _name(content(file, part, site, budget, skip=4) or b"")
            elif part.name == b"data":
                yield from _data(file, part, inside, name, budget)


def _data(file: BinaryIO, box: Box, site: str, name: str, budget: Budget) -> Iterator[Piece]:
    header = read_at(file, box.start, min(_DATA_HEADER_BYTES, box.size))
    kind = int.from_bytes(header[1:4])
    if len(header) < _DATA_HEADER_BYTES or kind in _PICTURES:
        return
    raw = content(file, box, f"{site}/{name}", budget, skip=_DATA_HEADER_BYTES)
    if raw is None:
        return
    text = _decoded(kind, raw)
    if text is None:
        budget.leave_out(f"{site}/{name}: a value of type {kind}, which is no text")
    elif text:
        yield _text(site, name, text, box.offset)


def _decoded(kind: int, raw: bytes) -> str | None:
    if kind in _UTF_8:
        return _utf_8(raw)
    if kind in _UTF_16:
        return _utf_16(raw)
    if kind == _SHIFT_JIS:
        return raw.decode("shift_jis", "replace").rstrip("\0")
    if kind in _SIGNED | _UNSIGNED and len(raw) <= 8:
        return str(int.from_bytes(raw, signed=kind in _SIGNED))
    if (kind, len(raw)) in _REALS:
        return f"{struct.unpack(_REALS[kind, len(raw)], raw)[0]:.9g}"
    if kind == _UNTYPED:  # track numbers and such in binary; some writers put texts there
        text = _utf_8(raw)
        return text if text.isprintable() and "\ufffd" not in text else ""
    return None


def user_data(file: BinaryIO, box: Box, site: str, budget: Budget) -> Iterator[Piece]:
    """The text or texts of one box of user data; none where the box is of another kind.

    Source: QuickTime File Format, User Data Atoms; 3GPP TS 26.244, 8; the TC260 label as ``aigc``.
    """
    if box.name in CAMERA_BOXES:
        yield from camera_texts(file, box, site)
        return
    if box.name[:1] != b"\xa9" and box.name not in _3GPP_TEXTS | _LABELS | {b"name"}:
        return
    name = code(box.name)
    if read_at(file, box.start, min(8, box.size))[4:] == b"data":  # an iTunes item that lies here without its list
        for part in boxes(file, box.start, box.end, f"{site}/{name}", budget):
            if part.name == b"data":
                yield from _data(file, part, site, name, budget)
        return
    raw = content(file, box, f"{site}/{name}", budget) or b""
    yield from (_text(site, name, text, box.offset) for text in _user_texts(box.name, raw, budget) if text)


def _user_texts(name: bytes, raw: bytes, budget: Budget) -> list[str]:
    if name in _3GPP_TEXTS:
        return [_3gpp(raw)]
    if name in _LABELS:  # some writers put a version or a length and language first
        return [_utf_8(raw[max(0, raw.find(b"{", 0, 16)) :]).lstrip("\0")]
    if name == b"name":
        return [_utf_8(raw.lstrip(b"\0"))]
    return _international(raw, budget)


def _international(raw: bytes, budget: Budget) -> list[str]:
    """Texts, each after its length and language; a text that outlasts its box is cut."""
    texts: list[str] = []
    position = 0
    while position + 4 <= len(raw) and budget.visit():
        length = int.from_bytes(raw[position : position + 2])
        if length == 0 and texts:
            break
        texts.append(_either(raw[position + 4 : position + 4 + length]))
        position += 4 + length
    return texts


def _3gpp(raw: bytes) -> str:
    """After version, flags and language: UTF-8, or UTF-16 with its byte order mark, up to a NUL."""
    text = raw[6:]
    return _utf_16(text) if text[:2] in {b"\xfe\xff", b"\xff\xfe"} else _utf_8(text.partition(b"\0")[0])


def _either(raw: bytes) -> str:
    """UTF-16 by its mark, UTF-8, else Mac Roman, the encoding of language codes below 1024."""
    if raw[:2] in {b"\xfe\xff", b"\xff\xfe"}:
        return _utf_16(raw)
    try:
        return raw.decode().rstrip("\0")
    except UnicodeDecodeError:
        return raw.decode("mac_roman").rstrip("\0")


def _name(raw: bytes) -> str:
    return _utf_8(raw)[:MOST_NAME_CHARACTERS]


def _utf_8(raw: bytes) -> str:
    return raw.decode("utf-8", "replace").rstrip("\0")


def _utf_16(raw: bytes) -> str:
    encoding = "utf-16-le" if raw[:2] == b"\xff\xfe" else "utf-16-be"
    return raw.decode(encoding, "replace").lstrip("\ufeff").partition("\0")[0]


def _text(site: str, name: str, text: str, offset: int) -> Piece:
    return Piece(Form.TEXT, "container", site, name, without_position(name, text), offset)
