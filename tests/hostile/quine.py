"""A zip whose only member is the zip itself, as in Russ Cox's "Zip Files All The Way Down" (2010).

Its compressed data is a program of units of five bytes: a literal prints what stands behind it, a repeat prints the
last bytes anew. The checksum stands within what it is of; since CRC-32 is affine over GF(2), 32 equations give it.
"""

import struct
import zlib
from collections.abc import Callable

NAME = "again.zip"
_NAME, _UNIT = NAME.encode(), 5
# Of such a head and tail a repeat is exactly 40 bits long; padding in the extra field and the comment fills them.
_HEAD, _TAIL = 65 - _UNIT, 258 - _UNIT
_REPEATS = {  # fixed Huffman codes (RFC 1951, 3.2.6), in order of the bits: matches at that distance, end, empty blocks
    20: "010" + 2 * ("0001000" + "01000" + "110") + "0000000",
    65: "010" + "0010100" + "011" + "01100" + "00000" + "0000000" + "010" + "0000000",
    258: "010" + "11000101" + "10000" + "1000000" + "0000000" + "010" + "0000000",
}


def quine() -> bytes:
    """The zip; whoever unpacks its member has the same zip again."""
    return _zip(_own_checksum(_zip))


def _zip(checksum: int) -> bytes:
    size = len(_program(0, 0, 0))
    return _program(checksum, size - _HEAD - (_TAIL - _UNIT), size)


def _program(checksum: int, packed: int, size: int) -> bytes:
    sizes = struct.pack("<III", checksum, packed, size)
    extra = struct.pack("<HH", 0xFFFF, _HEAD - 34 - len(_NAME)).ljust(_HEAD - 30 - len(_NAME), b"\0")
    head = (
        struct.pack("<4s5H", b"PK\3\4", 20, 0, 8, 0, 0x21)
        + sizes
        + struct.pack("<HH", len(_NAME), len(extra))
        + _NAME
        + extra
    )
    entry = (
        struct.pack("<4s6H", b"PK\1\2", 20, 20, 0, 8, 0, 0x21)
        + sizes
        + struct.pack("<5H2I", len(_NAME), *[0] * 6)
        + _NAME
    )
    comment = bytes(_TAIL - _UNIT - len(entry) - 22)
    end = struct.pack("<4s4HIIH", b"PK\5\6", 0, 0, 1, 1, len(entry), _HEAD + packed, len(comment)) + comment
    tail = b"\1\0\0\xff\xff" + entry + end  # the last, empty block of the packed data ends it
    nothing, one, four = (_literal(units * _UNIT) for units in (0, 1, 4))
    of_head, of_tail = _literal(_HEAD + _UNIT), _literal(_TAIL + _UNIT)
    head_again, four_again, tail_again = (_repeat(size) for size in (_HEAD + _UNIT, 4 * _UNIT, _TAIL + _UNIT))
    return b"".join(
        (
            head,
            *(of_head, head, of_head),
            head_again,
            *(one, head_again),
            *(one, one),
            *(four, head_again, one, one, four),
            four_again,
            *(four, four_again, four, four_again, four),
            four_again,
            *(four, four_again, nothing, nothing, of_tail),
            four_again,
            *(nothing, nothing, of_tail, tail_again, tail),
            tail_again,
            tail,
        )
    )


def _literal(size: int) -> bytes:
    return struct.pack("<BHH", 0, size, size ^ 0xFFFF)


def _repeat(size: int) -> bytes:
    bits = _REPEATS[size]
    return bytes(int(bits[at : at + 8][::-1], 2) for at in range(0, 8 * _UNIT, 8))


def _own_checksum(file_of: Callable[[int], bytes]) -> int:
    """The x of which the CRC-32 of ``file_of(x)`` is x, by elimination."""
    constant = zlib.crc32(file_of(0))
    rows: dict[int, tuple[int, int]] = {}
    for bit in (1 << at for at in range(32)):
        column, of = _reduced(zlib.crc32(file_of(bit)) ^ constant ^ bit, bit, rows)
        if column:
            rows[column.bit_length()] = column, of
    rest, solution = _reduced(constant, 0, rows)
    if rest:
        raise ArithmeticError("no checksum is its own; another name may have one")
    return solution


def _reduced(column: int, of: int, rows: dict[int, tuple[int, int]]) -> tuple[int, int]:
    while column and (row := rows.get(column.bit_length())):
        column, of = column ^ row[0], of ^ row[1]
    return column, of
