"""Items of a ``meta`` box (ISO/IEC 14496-12, 8.11): where HEIF and AVIF keep EXIF and XMP."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

from transforms.marks.containers.boxes import Box, boxes, content
from transforms.marks.containers.reading import read_at
from transforms.marks.pieces import Budget, Form, Piece

_MOST_ENTRY_BYTES: Final = 1024  # of an item's entry: names and a media type
_XMP_TYPE: Final = b"application/rdf+xml"
_FILE, _ITEM_DATA = 0, 1  # construction methods
_TIFF_OFFSET_BYTES: Final = 4


@dataclass(frozen=True, slots=True)
class _Item:
    form: Form
    name: str
    offset: int


@dataclass(frozen=True, slots=True)
class _Location:
    method: int
    is_external: bool
    extents: tuple[tuple[int, int | None], ...]  # offset and length, None: up to the end


def read_items(file: BinaryIO, size: int, parts: list[Box], site: str, budget: Budget) -> Iterator[Piece]:
    """The EXIF and XMP items of a ``meta`` box.

    Args:
        file: Open and seekable.
        size: Of the file, in bytes.
        parts: The boxes in the ``meta`` box.
        site: Its place.
        budget: Spent by the values that are read.
    """
    entries = [box for box in parts if box.name == b"iinf"]
    wanted = {number: item for box in entries for number, item in _entries(file, box, site, budget)}
    locations: dict[int, _Location] = {}
    for box in (box for box in parts if wanted and box.name == b"iloc"):
        locations |= _locations(content(file, box, f"{site}/iloc", budget) or b"", wanted, f"{site}/iloc", budget)
    item_data = next((box for box in parts if box.name == b"idat"), None)
    for number, item in wanted.items():
        what = f"{site} item '{item.name}'"
        location = locations.get(number)
        if location is None:
            budget.leave_out(f"{what} has no location")
            continue
        data = _read(file, size, location, item_data, what, budget)
        if data is not None:
            yield Piece(item.form, item.form.value, f"{site} item", item.name, _unwrapped(item, data), item.offset)


def _entries(file: BinaryIO, iinf: Box, site: str, budget: Budget) -> Iterator[tuple[int, _Item]]:
    version = read_at(file, iinf.start, min(1, iinf.size))
    first = iinf.start + (6 if version == b"\0" else 8)
    for box in boxes(file, first, iinf.end, f"{site}/iinf", budget):
        if box.name != b"infe":
            continue
        raw = read_at(file, box.start, min(box.size, _MOST_ENTRY_BYTES))
        if len(raw) < 8:
            continue
        number_end = 8 if raw[0] == 3 else 6
        number, protection = int.from_bytes(raw[4:number_end]), int.from_bytes(raw[number_end : number_end + 2])
        position = number_end + 2
        kind = b"mime"  # the only kind before version 2
        if raw[0] >= 2:
            kind, position = raw[position : position + 4], position + 4
        fields = raw[position:].split(b"\0")  # name, media type, encoding of the content
        media_type = fields[1] if kind == b"mime" and len(fields) > 1 else b""
        if kind == b"Exif":
            item = _Item(Form.EXIF, "Exif", box.offset)
        elif media_type.lower() == _XMP_TYPE:
            item = _Item(Form.XMP, _XMP_TYPE.decode(), box.offset)
        else:
            continue
        if protection:
            budget.leave_out(f"{site} item '{item.name}' is protected")
        elif media_type and len(fields) > 2 and fields[2]:
            budget.leave_out(f"{site} item '{item.name}' is compressed")
        else:
            yield number, item


def _locations(data: bytes, wanted: dict[int, _Item], what: str, budget: Budget) -> dict[int, _Location]:
    """The locations of the wanted items (8.11.3, versions 0 to 2)."""
    found: dict[int, _Location] = {}
    if len(data) < 8 or data[0] > 2:
        budget.leave_out(f"{what}: a form that is not known")
        return found
    version = data[0]
    offset_bytes, length_bytes, base_bytes = data[4] >> 4, data[4] & 15, data[5] >> 4
    index_bytes = data[5] & 15 if version else 0
    number_bytes = 4 if version == 2 else 2
    extent_bytes = index_bytes + offset_bytes + length_bytes
    position = 6 + number_bytes
    for _ in range(int.from_bytes(data[6:position])):
        if not budget.visit():
            break
        number, position = _number(data, position, number_bytes)
        method, position = _number(data, position, 2 if version else 0)
        reference, position = _number(data, position, 2)
        base, position = _number(data, position, base_bytes)
        extents, position = _number(data, position, 2)
        end = position + extents * extent_bytes
        if end > len(data):
            budget.leave_out(f"{what} is cut short")
            break
        if number in wanted:
            # Extents without a field of their own are all the same one, however many the count says.
            starts = range(position, end, extent_bytes) if extent_bytes else range(position, position + 1)
            spans = tuple(
                _extent(data, start + index_bytes, offset_bytes, length_bytes, base)
                for start in starts
                if extents and budget.visit()
            )
            found[number] = _Location(method & 15, reference != 0, spans)
        position = end
    return found


def _extent(data: bytes, position: int, offset_bytes: int, length_bytes: int, base: int) -> tuple[int, int | None]:
    offset, position = _number(data, position, offset_bytes)
    length, _ = _number(data, position, length_bytes)
    return base + offset, length or None  # a length of 0 is that of all there is


def _number(data: bytes, position: int, size: int) -> tuple[int, int]:
    return int.from_bytes(data[position : position + size]), position + size


def _read(
    file: BinaryIO, size: int, location: _Location, item_data: Box | None, what: str, budget: Budget
) -> bytes | None:
    if location.is_external or location.method not in {_FILE, _ITEM_DATA}:
        budget.leave_out(f"{what} lies in another item or file")
        return None
    start, end = 0, size
    if location.method == _ITEM_DATA:
        start, end = (item_data.start, item_data.end) if item_data else (0, 0)
    spans = [
        (start + offset, start + offset + length if length else max(end, start + offset))
        for offset, length in location.extents
    ]
    if not spans or any(stop > end for _, stop in spans):
        budget.leave_out(f"{what} lies outside the file")
        return None
    if not budget.take(what, sum(stop - first for first, stop in spans)):
        return None
    return b"".join(read_at(file, first, stop - first) for first, stop in spans)


def _unwrapped(item: _Item, data: bytes) -> bytes:
    """EXIF without what stands before its TIFF header (ISO/IEC 23008-12, A.2.1); XMP as it is."""
    return tiff(data) if item.form is Form.EXIF else data


def tiff(data: bytes) -> bytes:
    r"""The TIFF structure of an Exif item or box: after an offset of four bytes, and ``Exif\0\0`` if that is there."""
    offset = int.from_bytes(data[:_TIFF_OFFSET_BYTES])
    return data[_TIFF_OFFSET_BYTES + offset :].removeprefix(b"Exif\0\0")
