"""IPTC-IIM datasets read into properties: Information Interchange Model 4.2, record 2, as JPEG and TIFF hold it."""

from collections.abc import Iterator
from typing import Final

from transforms.marks.charsets import clean, decode_text
from transforms.marks.pieces import Budget, Property

_TAG_MARKER = 0x1C
_EXTENDED = 0x8000
_UTF8_SET = b"\x1b%G"  # ISO 2022: the escape to UTF-8.
_APPLICATION_RECORD = 2

NAMES: Final = {
    5: "ObjectName",
    25: "Keywords",
    40: "SpecialInstructions",
    55: "DateCreated",
    60: "TimeCreated",
    62: "DigitalCreationDate",
    63: "DigitalCreationTime",
    65: "OriginatingProgram",
    70: "ProgramVersion",
    80: "By-line",
    85: "By-lineTitle",
    103: "OriginalTransmissionReference",
    105: "Headline",
    110: "Credit",
    115: "Source",
    116: "CopyrightNotice",
    118: "Contact",
    120: "Caption-Abstract",
    122: "Writer-Editor",
}
"""Datasets of record 2 that hold text about the making of an item; the others are not read."""


def read_iim(
    data: bytes, budget: Budget, *, layer: str = "iptc", where: str = "IPTC", offset: int = 0
) -> Iterator[Property]:
    """Reads the properties of IIM datasets.

    Args:
        data: Datasets one after the other, from the first marker 0x1C.
        budget: Every dataset and every value spends it.
        layer: Of the properties.
        where: Where the datasets lie, the start of the locators: ``APP13 IPTC``.
        offset: Of the properties.

    Yields:
        The datasets of ``NAMES``, as often as they occur, with the namespace ``2``. Text is UTF-8 where dataset 1:90
        says so; else where it is valid UTF-8, since many writers omit 1:90, and else Windows-1251 or Latin-1. Never
        raises on any bytes.
    """
    utf8 = False
    for record, number, value in _datasets(data, budget, where):
        if (record, number) == (1, 90):
            utf8 = value.startswith(_UTF8_SET)
        name = NAMES.get(number) if record == _APPLICATION_RECORD else None
        if name is None or not budget.take(f"{where}/{name}", len(value)):
            continue
        text = clean(value.decode("utf-8", "replace")) if utf8 else decode_text(value)
        if text:
            yield Property(layer, str(record), name, text, f"{where}/{name}", offset)


def _datasets(data: bytes, budget: Budget, where: str) -> Iterator[tuple[int, int, bytes]]:
    """Record, number and value of each dataset, up to the first thing that is none."""
    position = 0
    while position + 5 <= len(data) and data[position] == _TAG_MARKER and budget.visit():
        record, number = data[position + 1], data[position + 2]
        size = int.from_bytes(data[position + 3 : position + 5], "big")
        position += 5
        if size & _EXTENDED:
            width = size & ~_EXTENDED
            size = int.from_bytes(data[position : position + min(width, 8)], "big") if width <= 8 else len(data)
            position += width
        value = data[position : position + size]
        if len(value) < size:
            budget.leave_out(f"{where}: dataset {record}:{number:02d} is longer than what is there")
            return
        yield record, number, value
        position += size
    rest = data[position : position + 5]
    is_dataset = len(rest) == 5 and rest[0] == _TAG_MARKER  # Then the budget ended the walk, and has noted it.
    if not is_dataset and data[position:].strip(b"\0"):
        budget.leave_out(f"{where}: bytes after {position} are no dataset")
