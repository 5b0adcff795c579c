"""Flash Video (Video File Format Specification 10.1, annex E): ``onMetaData`` and XMP among the first tags."""

from collections.abc import Iterator
from typing import BinaryIO, Final

from transforms.marks.charsets import decode_text
from transforms.marks.containers.positions import without_position
from transforms.marks.containers.reading import leave_out_cut, read_at, read_value
from transforms.marks.pieces import Budget, Form, Piece

_SCRIPT: Final = 18
_TAG_HEADER_BYTES, _SIZE_BYTES = 11, 4
_MOST_TAGS: Final = 64
"""Metadata stands before the media; later tags are media."""
_MOST_SCRIPTS: Final = 8
_MOST_VALUES: Final = 100_000
"""Of a script tag, which may list every key frame."""
_FIXED: Final = {0: 8, 1: 1, 5: 0, 6: 0, 7: 2, 11: 10}
"""Bytes of an AMF 0 value by its type: number, boolean, null, undefined, reference, date."""
_STRING, _OBJECT, _ECMA_ARRAY, _END, _STRICT_ARRAY, _LONG_STRING = 2, 3, 8, 9, 10, 12


def walk_flv(file: BinaryIO, size: int, budget: Budget) -> Iterator[Piece]:
    """Walks an FLV file; see ``Walker``."""
    position = int.from_bytes(read_at(file, 5, 4)) + _SIZE_BYTES
    scripts = 0
    for _ in range(_MOST_TAGS):
        header = read_at(file, position, _TAG_HEADER_BYTES)
        if len(header) < _TAG_HEADER_BYTES or not budget.visit():
            return
        length = int.from_bytes(header[1:4])
        if position + _TAG_HEADER_BYTES + length > size:
            leave_out_cut("FLV tag", position, budget)
            return
        if header[0] & 31 == _SCRIPT:
            scripts += 1
            if scripts > _MOST_SCRIPTS:
                budget.leave_out(f"script tags after the first {_MOST_SCRIPTS}")
                return
            data = read_value(file, position + _TAG_HEADER_BYTES, length, "script tag", budget)
            yield from _pieces(data or b"", position, budget)
        position += _TAG_HEADER_BYTES + length + _SIZE_BYTES


def _pieces(data: bytes, offset: int, budget: Budget) -> Iterator[Piece]:
    """The texts of a script tag, which is a name and a value in AMF 0."""
    reader = _Amf(data, budget)
    site = next((text for _, text in reader.texts("", 0)), "")
    for name, text in reader.texts("", 0):
        if not budget.visit():
            return
        if name == "liveXML":
            yield Piece(Form.XMP, "xmp", site, name, text.encode(), offset)
        elif text:
            yield Piece(Form.TEXT, "container", site, name, without_position(name, text), offset)


class _Amf:
    """Reads the values of AMF 0 one after the other, up to the first that is none."""

    def __init__(self, data: bytes, budget: Budget) -> None:
        self._data = data
        self._budget = budget
        self._position = 0
        self._values = 0

    def texts(self, name: str, depth: int) -> Iterator[tuple[str, str]]:
        """The strings of the next value with their names; fields of a structure have their own."""
        kind = self._number(1)
        if kind in {_STRING, _LONG_STRING}:
            yield name, decode_text(self._taken(self._number(2 if kind == _STRING else 4)))
        elif kind in {_OBJECT, _ECMA_ARRAY}:
            self._taken(4 if kind == _ECMA_ARRAY else 0)
            yield from self._fields(depth)
        elif kind == _STRICT_ARRAY:
            for _ in range(self._number(4)):
                if self._is_at_end(depth):
                    return
                yield from self.texts(name, depth + 1)
        elif kind in _FIXED:
            self._taken(_FIXED[kind])
        else:
            self._position = len(self._data)

    def _fields(self, depth: int) -> Iterator[tuple[str, str]]:
        while not self._is_at_end(depth):
            name = decode_text(self._taken(self._number(2)))
            if not name and self._data[self._position : self._position + 1] == bytes([_END]):
                self._position += 1
                return
            yield from self.texts(name, depth + 1)

    def _is_at_end(self, depth: int) -> bool:
        self._values += 1
        if depth >= self._budget.limits.depth or self._values > _MOST_VALUES:
            self._budget.leave_out(f"script tag: values after the first {_MOST_VALUES}, or nested too deep")
            self._position = len(self._data)
        return self._position >= len(self._data)

    def _number(self, size_bytes: int) -> int:
        return int.from_bytes(self._taken(size_bytes))

    def _taken(self, size_bytes: int) -> bytes:
        taken = self._data[self._position : self._position + size_bytes]
        self._position += size_bytes
        return taken
