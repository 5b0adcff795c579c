"""Broken files made from whole ones: what a careless writer, a bad disk or an attacker does to a container."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

_LARGEST_BYTES: Final = 1 << 20
"""Of a mutant that repeats a part of its file; what grows with the square of a file's length shows by then."""
_HEADER_BYTES: Final = 64
_MOST_CHANGES: Final = 3
_TRIES: Final = 64


@dataclass(frozen=True, slots=True)
class Mutant:
    """A broken file.

    Attributes:
        how: Names of the changes in their order: ``length+cut``.
        data: Its bytes.
    """

    how: str
    data: bytes


def mutant(files: Sequence[bytes], seed: str) -> Mutant:
    """One of the files after one to three changes by chance.

    Args:
        files: Whole files of one format.
        seed: The same seed and files give the same mutant, on every machine.
    """
    chance = random.Random(seed)
    data, names = chance.choice(files), []
    for _ in range(chance.randint(1, _MOST_CHANGES)):
        name = chance.choice(tuple(CHANGES))
        data = CHANGES[name](data, chance.choice(files), chance)
        names.append(name)
    return Mutant("+".join(names), data)


def _cut(data: bytes, _: bytes, chance: random.Random) -> bytes:
    """The end is missing."""
    return data[: chance.randint(0, len(data))]


def _change_bytes(data: bytes, _: bytes, chance: random.Random) -> bytes:
    """A few bytes anywhere are others."""
    return _with_changes(data, len(data), chance)


def _change_header(data: bytes, _: bytes, chance: random.Random) -> bytes:
    """A few of the first bytes are others."""
    return _with_changes(data, _HEADER_BYTES, chance)


def _with_changes(data: bytes, end: int, chance: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 4, 16)) if data else 0):
        at = chance.randrange(min(end, len(data)))
        changed[at] = chance.choice((changed[at] ^ 1 << chance.randrange(8), 0, 0x7F, 0xFF, chance.randrange(256)))
    return bytes(changed)


def _change_length(data: bytes, _: bytes, chance: random.Random) -> bytes:
    """A number that may be a length or an offset is another; a number that fits into the file is preferred."""
    for _ in range(_TRIES):
        width, order = chance.choice((2, 4, 4, 8)), chance.choice(("little", "big"))
        at = chance.randint(0, max(len(data) - width, 0))
        number = int.from_bytes(data[at : at + width], order)
        if 0 < number <= len(data):
            break
    largest = (1 << 8 * width) - 1
    rest = len(data) - at
    wanted = (0, 1, largest, largest >> 1, len(data), rest - 1, rest + 1, number - 1, number + 1, 2 * number, at)
    return data[:at] + min(max(chance.choice(wanted), 0), largest).to_bytes(width, order) + data[at + width :]


def _repeat(data: bytes, _: bytes, chance: random.Random) -> bytes:
    """A block stands there twice, or thousands of times."""
    start, end = _block(data, chance)
    most = (_LARGEST_BYTES - len(data)) // max(end - start, 1)
    times = min(chance.choice((1, 1, 1, 30, 1000, 100_000)), max(most, 0))
    return data[:start] + data[start:end] * times + data[start:]


def _remove(data: bytes, _: bytes, chance: random.Random) -> bytes:
    """A block is missing."""
    start, end = _block(data, chance)
    return data[:start] + data[end:]


def _block(data: bytes, chance: random.Random) -> tuple[int, int]:
    start = chance.randint(0, len(data))
    return start, min(start + chance.choice((1, 4, 16, 64, 256, 1024)), len(data))


def _splice(data: bytes, other: bytes, chance: random.Random) -> bytes:
    """The start of one file and the end of another."""
    return data[: chance.randint(0, len(data))] + other[chance.randint(0, len(other)) :]


CHANGES: Final[dict[str, Callable[[bytes, bytes, random.Random], bytes]]] = {
    "cut": _cut,
    "bytes": _change_bytes,
    "header": _change_header,
    "length": _change_length,
    "repeat": _repeat,
    "remove": _remove,
    "splice": _splice,
}
