"""EXIF read into properties: the TIFF structure of JEITA CP-3451 (Exif 2.32), TIFF 6.0 and BigTIFF, by seeks.

The reader is our own because Pillow's loads whole values whatever their size, knows neither UTF-8 nor UTF-16 text and
cannot be told where to stop; its tag names are used. What makes a person or a device identifiable is told as present
and not read: GPS positions, serial numbers, the camera owner's name, maker notes but for their first word.
"""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

from PIL.ExifTags import TAGS

from transforms.marks.charsets import clean, decode_text, decode_utf16, is_text, looks_utf16
from transforms.marks.pieces import Budget, Property

_BYTE, _ASCII, _SHORT, _LONG, _RATIONAL, _UNDEFINED, _SRATIONAL, _UTF8 = 1, 2, 3, 4, 5, 7, 10, 129
_SIZE_BYTES: Final = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 129: 1}
_BIG_SIZE_BYTES: Final = {**_SIZE_BYTES, 16: 8, 17: 8, 18: 8}
_INTEGER: Final = {1: "B", 3: "H", 4: "I", 7: "B", 13: "I", 16: "Q", 18: "Q"}

_CLASSIC_MAGIC = {42, 0x55, 0x4F52, 0x5352}  # TIFF; the raw formats of Panasonic and Olympus, which are TIFF inside.
_BIG_MAGIC = 43

_MAKER_NOTE, _USER_COMMENT, _GPS, _COPYRIGHT = 0x927C, 0x9286, 0x8825, 0x8298
_INNER: Final = {0x8769: "Exif", 0xA005: "Interop"}
_PRESENCE_ONLY = {0xA430, 0xA431, 0xA435, 0xC62F}  # Owner, body, lens and DNG camera serial numbers.
_WINDOWS_TEXT = range(0x9C9B, 0x9CA0)  # XPTitle to XPSubject.
_TEXT_TAGS = {0x010E, 0x010F, 0x0110, 0x0131, 0x013B, 0x8298, 0xA433, 0xA434}
_NUMBERS = {0x829A, 0x829D, 0x8827, 0x920A, 0xA300, 0xA301, 0xA432, 0xA460}
"""Exposure time, f-number, ISO, focal length, file source, scene type, lens, composite: what tells of a camera."""

_NAMES: Final = TAGS | {
    0x0002: "InteropVersion",
    0xA436: "ImageTitle",
    0xA437: "Photographer",
    0xA438: "ImageEditor",
    0xA439: "CameraFirmware",
    0xA43A: "RAWDevelopingSoftware",
    0xA43B: "ImageEditingSoftware",
    0xA43C: "MetadataEditingSoftware",
}
_MOST_NUMBERS = 16
_MOST_IFDS = 64
_MOST_ENTRIES = 1000
"""Of an IFD; together with the former the bound of what overlapping IFDs can make a reader read."""

_MAKER = re.compile(rb"[A-Za-z][\x20-\x7e]{2,15}")
_CODE_BYTES = 8


@dataclass(frozen=True, slots=True)
class _Tiff:
    """How numbers of a TIFF structure are written.

    Attributes:
        order: ``<`` or ``>``.
        big: Whether it is BigTIFF, with counts and offsets of 64 bits.
    """

    order: str
    big: bool

    @property
    def counts(self) -> struct.Struct:
        """How the number of entries of an IFD is written."""
        return struct.Struct(self.order + ("Q" if self.big else "H"))

    @property
    def entries(self) -> struct.Struct:
        """How an entry is written: tag, type, count, value or its offset."""
        return struct.Struct(self.order + ("HHQ8s" if self.big else "HHI4s"))

    @property
    def offsets(self) -> struct.Struct:
        """How an offset is written."""
        return struct.Struct(self.order + ("Q" if self.big else "I"))


@dataclass(frozen=True, slots=True)
class _Entry:
    """One entry of an IFD; ``field`` is its last four or eight bytes, the value itself where it fits."""

    tag: int
    type: int
    count: int
    field: bytes
    size_bytes: int


def read_exif(
    file: BinaryIO, start: int, budget: Budget, *, layer: str = "exif", where: str = "EXIF", offset: int = 0
) -> Iterator[Property]:
    """Reads the properties of a TIFF structure.

    Args:
        file: Seekable; only the IFDs and the values that are wanted are read of it.
        start: Where the structure begins in ``file``, in bytes; a leading ``Exif`` and two NULs are passed over.
        budget: Every entry and every value spends it.
        layer: Of the properties.
        where: Where the structure lies, the start of the locators: ``APP1 EXIF``.
        offset: Of the properties.

    Yields:
        Texts under any tag, the numbers that tell of a camera (rationals as ``1/125``), and the presence of what is not
        to be read (``present``; of a maker note ``present, 8456 bytes, SONY DSC``); the namespace is ``IFD0``,
        ``Exif``, ``Interop``, ``GPS``, ``IFD1``. Never raises on any bytes.
    """
    reader = _Reader(file, start, budget, where)
    for space, name, value in reader.values():
        locator = f"{where}/{space}:{name}"
        yield Property(layer, space, name, value, locator, offset)


class _Reader:
    """Walks the IFDs of one structure."""

    def __init__(self, file: BinaryIO, start: int, budget: Budget, where: str) -> None:
        self.where = where
        self._file = file
        self._budget = budget
        self._end = file.seek(0, 2)
        self._start = start + 6 if self._bytes(start, 6) == b"Exif\0\0" else start
        self._seen: set[int] = set()

    def values(self) -> Iterator[tuple[str, str, str]]:
        """IFD, name and value of every property, IFD by IFD."""
        head = self._at(0, 16)
        order = {b"II": "<", b"MM": ">"}.get(head[:2])
        magic = struct.unpack_from(order + "H", head, 2)[0] if order and len(head) >= 8 else 0
        if order is None or (magic not in _CLASSIC_MAGIC and not (magic == _BIG_MAGIC and len(head) == 16)):
            self._budget.leave_out(f"{self.where}: not a TIFF structure")
            return
        tiff = _Tiff(order, big=magic == _BIG_MAGIC)
        position = tiff.offsets.unpack_from(head, 8 if tiff.big else 4)[0]
        number = 0
        while position:
            entries, position = self._ifd(tiff, position)
            yield from self._ifd_values(tiff, f"IFD{number}", entries)
            number += 1

    def _ifd_values(self, tiff: _Tiff, space: str, entries: list[_Entry]) -> Iterator[tuple[str, str, str]]:
        """The properties of an IFD and of those that its entries point to."""
        for entry in entries:
            if entry.tag in _INNER:
                inner, _ = self._ifd(tiff, self._pointer(tiff, entry))
                yield from self._ifd_values(tiff, _INNER[entry.tag], inner)
            elif entry.tag == _GPS:
                inner, _ = self._ifd(tiff, self._pointer(tiff, entry))
                if inner:
                    yield "GPS", "GPSInfo", "present"
            else:
                name = _NAMES.get(entry.tag, f"0x{entry.tag:04X}")
                value = self._value(tiff, entry, f"{self.where}/{space}:{name}")
                if value:
                    yield space, name, value

    def _ifd(self, tiff: _Tiff, position: int) -> tuple[list[_Entry], int]:
        """The entries of the IFD at a position, and where the next one is; nothing where it was read before."""
        if position in self._seen or not self._budget.visit():
            return [], 0
        if len(self._seen) >= _MOST_IFDS:
            self._budget.leave_out(f"{self.where}: IFDs after the first {_MOST_IFDS}")
            return [], 0
        self._seen.add(position)
        head = self._at(position, tiff.counts.size)
        if len(head) < tiff.counts.size:
            self._budget.leave_out(f"{self.where}: an IFD lies outside of the file")
            return [], 0
        count = tiff.counts.unpack(head)[0]
        if count > _MOST_ENTRIES:
            self._budget.leave_out(f"{self.where}: entries of an IFD after the first {_MOST_ENTRIES}")
        first = position + tiff.counts.size
        block = self._at(first, min(count, _MOST_ENTRIES) * tiff.entries.size)
        sizes = _BIG_SIZE_BYTES if tiff.big else _SIZE_BYTES
        entries = [
            _Entry(tag, kind, number, field, sizes[kind] * number)
            for tag, kind, number, field in tiff.entries.iter_unpack(
                block[: len(block) // tiff.entries.size * tiff.entries.size]
            )
            # Spent here and not when they are told: an IFD may be read for nothing but where the next one is.
            if self._budget.visit() and kind in sizes and number
        ]
        following = self._at(first + count * tiff.entries.size, tiff.offsets.size)
        return entries, tiff.offsets.unpack(following)[0] if len(following) == tiff.offsets.size else 0

    def _pointer(self, tiff: _Tiff, entry: _Entry) -> int:
        """The offset that an entry holds; 0, where no IFD can be, if its type holds none."""
        form = _INTEGER.get(entry.type, "")
        return struct.unpack_from(tiff.order + form, entry.field)[0] if form else 0

    def _value(self, tiff: _Tiff, entry: _Entry, locator: str) -> str:
        """The value of an entry as text; empty where it is of no interest here."""
        if entry.tag in _PRESENCE_ONLY:
            return "present"
        if entry.tag == _MAKER_NOTE:
            maker = _MAKER.match(self._raw(tiff, entry, 64))
            return f"present, {entry.size_bytes} bytes" + (f", {maker[0].decode().strip()}" if maker else "")
        if entry.tag in _NUMBERS and entry.type not in {_ASCII, _UTF8}:
            return _numbers(tiff, entry, self._raw(tiff, entry, _MOST_NUMBERS * 8))
        if not self._may_be_text(tiff, entry):
            return ""
        within = min(entry.size_bytes, self._room(tiff, entry))
        if within < entry.size_bytes:
            self._budget.leave_out(f"{locator}: it ends outside of the file")
        return _text(tiff, entry, self._raw(tiff, entry, within)) if self._budget.take(locator, within) else ""

    def _may_be_text(self, tiff: _Tiff, entry: _Entry) -> bool:
        """Whether a value is called text or, under a tag that may hold one, starts like text."""
        if entry.type in {_ASCII, _UTF8} or entry.tag == _USER_COMMENT or entry.tag in _WINDOWS_TEXT:
            return True
        if entry.type not in {_BYTE, _UNDEFINED} or (entry.tag in _NAMES and entry.tag not in _TEXT_TAGS):
            return False
        start = self._raw(tiff, entry, 64).rstrip(b"\0")
        return len(start) >= 4 and (is_text(start.decode("utf-8", "ignore")) or looks_utf16(start))

    def _room(self, tiff: _Tiff, entry: _Entry) -> int:
        """How many bytes the file has from the start of an entry's value on."""
        if entry.size_bytes <= len(entry.field):
            return len(entry.field)
        return max(0, self._end - self._start - int(tiff.offsets.unpack(entry.field)[0]))

    def _raw(self, tiff: _Tiff, entry: _Entry, most_bytes: int) -> bytes:
        """The first bytes of an entry's value."""
        size = min(entry.size_bytes, most_bytes)
        if entry.size_bytes <= len(entry.field):
            return entry.field[:size]
        return self._at(tiff.offsets.unpack(entry.field)[0], size)

    def _at(self, position: int, size: int) -> bytes:
        """Bytes of the structure, fewer or none where it ends."""
        return self._bytes(self._start + position, size)

    def _bytes(self, position: int, size: int) -> bytes:
        if not 0 <= position < self._end:
            return b""
        self._file.seek(position)
        return self._file.read(min(size, self._end - position))


def _numbers(tiff: _Tiff, entry: _Entry, data: bytes) -> str:
    """Numbers as text: integers, and rationals as they are written, ``1/125``, with spaces between them."""
    count = min(entry.count, _MOST_NUMBERS)
    if entry.type in {_RATIONAL, _SRATIONAL}:
        form = "ii" if entry.type == _SRATIONAL else "II"
        whole = data[: min(count, len(data) // 8) * 8]
        return " ".join(f"{above}/{below}" for above, below in struct.iter_unpack(tiff.order + form, whole))
    if entry.type not in _INTEGER:
        return ""
    unit = struct.Struct(tiff.order + _INTEGER[entry.type])
    whole = data[: min(count, len(data) // unit.size) * unit.size]
    return " ".join(str(number) for (number,) in unit.iter_unpack(whole))


def _text(tiff: _Tiff, entry: _Entry, data: bytes) -> str:
    """Decodes a value; empty where the bytes of an undefined type are not text after all."""
    if entry.tag in _WINDOWS_TEXT:
        return clean(data[: len(data) // 2 * 2].decode("utf-16-le", "replace"))
    if entry.tag == _USER_COMMENT:
        return _comment(data, big_endian=tiff.order == ">")
    if entry.type in {_ASCII, _UTF8}:
        if entry.tag != _COPYRIGHT and not looks_utf16(
            data
        ):  # Photographer, NUL, editor; elsewhere a leftover follows.
            data = data.lstrip(b"\0").split(b"\0", 1)[0]
        return decode_text(data)
    text = decode_utf16(data, big_endian_first=tiff.order == ">") if looks_utf16(data) else _utf8(data)
    return text if is_text(text) else ""


def _comment(data: bytes, *, big_endian: bool) -> str:
    """Decodes a ``UserComment``: eight bytes that name the encoding, then the text; writers often omit the former."""
    code, rest = data[:_CODE_BYTES], data[_CODE_BYTES:]
    match code.rstrip(b"\0 ").upper():
        case b"ASCII":
            return decode_text(rest)
        case b"UNICODE":
            return decode_utf16(rest, big_endian_first=big_endian)
        case b"JIS":
            try:
                return clean(rest.rstrip(b"\0").decode("iso2022_jp"))
            except UnicodeDecodeError:
                return decode_text(rest)
        case b"":
            text = decode_utf16(rest, big_endian_first=big_endian) if looks_utf16(rest) else _utf8(rest)
        case _:
            text = decode_text(data)
    return text if is_text(text) else ""


def _utf8(data: bytes) -> str:
    """UTF-8 if it is valid, else nothing: bytes of a stated-as-unknown encoding may be no text at all."""
    try:
        return clean(data.decode("utf-8"))
    except UnicodeDecodeError:
        return ""
