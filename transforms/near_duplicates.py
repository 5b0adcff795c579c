"""Near-duplicates: which perceptual hashes are near, and which of them stands for the others.

Every hash is compared only with those that stand for themselves, in order of precedence. So a group is a star: each of
its hashes is near to the one that stands for it, and no chain of small steps joins two pictures that are not alike.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import mmap

Words = NDArray[np.uint64]
Indices = NDArray[np.int64]

VERSION = 1
"""Raise it when other pictures may be taken for near-duplicates: all of a store are then compared anew."""
HASH_BYTES = 43
MOST_BITS, MOST_COLOUR = 4, 16
"""In how many bits of each of the two difference hashes, and in how much of any colour, near-duplicates differ at most.

How they were measured: docs/near-duplicates.md.
"""
FEWEST_ONES, FEWEST_ROWS = 8, 4
_ALIKE = 3
_BLOCKS = MOST_BITS + _ALIKE
"""Of so many blocks of a difference hash, ``_ALIKE`` are equal where at most ``MOST_BITS`` bits differ."""
_FEW_PAIRS = 1 << 20
_KNOWN_BYTES = 8 + 8 + 27 + 32


@dataclass(frozen=True, slots=True, eq=False)
class Hashes:
    """Perceptual hashes, taken apart; see ``transforms.examine.frames.perceptual_hash``.

    Attributes:
        across: The difference hash from left to right, as one number.
        down: That from top to bottom.
        colours: uint8 (hashes, 27).
    """

    across: Words
    down: Words
    colours: NDArray[np.uint8]

    @classmethod
    def read(cls, data: bytes | memoryview) -> Self:
        """From their bytes, one behind the other."""
        rows = np.frombuffer(data, np.uint8).reshape(-1, HASH_BYTES)
        words = np.ascontiguousarray(rows[:, :16]).view(">u8").astype(np.uint64)
        return cls(np.ascontiguousarray(words[:, 0]), np.ascontiguousarray(words[:, 1]), rows[:, 16:])

    def __len__(self) -> int:
        """How many there are."""
        return len(self.across)

    def __getitem__(self, chosen: Indices) -> "Hashes":
        """Some of them."""
        return Hashes(self.across[chosen], self.down[chosen], self.colours[chosen])


def is_telling(hashes: Hashes) -> NDArray[np.bool_]:
    """Whether each hash says enough of its picture to be compared.

    Those of flat pictures, of gradients and of stripes do not: too many others have the same.
    """
    return _tells(hashes.across) & _tells(hashes.down)


def _tells(words: Words) -> NDArray[np.bool_]:
    ones = np.bitwise_count(words)
    rows = np.sort(words.view(np.uint8).reshape(-1, 8), axis=1)
    distinct = 1 + np.count_nonzero(rows[:, 1:] != rows[:, :-1], axis=1)
    return (ones >= FEWEST_ONES) & (ones <= 64 - FEWEST_ONES) & (distinct >= FEWEST_ROWS)


def stand_ins(hashes: Hashes) -> Indices:
    """The index of the hash that stands for each: its own where it stands for itself.

    Taken in order, a hash stands for itself unless it is near to an earlier one that does; else the first such stands
    for it. Memory is bound by the number of hashes, however many are near to each other.

    Args:
        hashes: In order of precedence.
    """
    found = np.arange(len(hashes))
    _settle(hashes, np.arange(len(hashes)), found)
    return found


def _settle(hashes: Hashes, own: Indices, found: Indices) -> None:
    """Finds what stands for each of ``own``, none of which is near to any earlier one that stands for itself."""
    pairs = _few_pairs(hashes if len(own) == len(hashes) else hashes[own])
    if pairs is None:
        # Where very many are alike, most are near to those of the first half that stand for themselves.
        first, second = np.array_split(own, 2)
        _settle(hashes, first, found)
        chosen = first[found[first] == first]
        for one, other in near_pairs(hashes[second], hashes[chosen]):
            np.minimum.at(found, second[one], chosen[other])
        _settle(hashes, second[found[second] == second], found)
        return
    for later, earlier in pairs:
        if found[later := own[later]] == later and found[earlier := own[earlier]] == earlier:
            found[later] = earlier


def _few_pairs(hashes: Hashes) -> Iterator[tuple[int, int]] | None:
    """Every near pair, by the later and then the earlier of the two; None where they are too many to be held."""
    kept, held = [np.empty(0, np.int64)], 0
    for one, other in near_pairs(hashes):
        kept.append(np.maximum(one, other) * len(hashes) + np.minimum(one, other))
        held += len(one)
        if held > _FEW_PAIRS + 2 * len(hashes):
            return None
    return (divmod(int(pair), len(hashes)) for pair in np.sort(np.concatenate(kept)))


def near_pairs(left: Hashes, right: Hashes | None = None) -> Iterator[tuple[Indices, Indices]]:
    """Batches of indices of a hash on either side, or of two of ``left``, that are near; each pair comes once.

    Where few bits differ some blocks are equal: hashes are sorted by each choice of that many blocks.
    """
    masks, other_side = _masks(), left if right is None else right
    for number, mask in enumerate(masks):
        order = np.argsort(left.across & mask)
        keys = left.across[order] & mask
        if right is None:
            other_order, other_keys, place = order, keys, np.arange(1, len(left) + 1)
        else:
            other_order = np.argsort(right.across & mask)
            other_keys = right.across[other_order] & mask
            place = np.searchsorted(other_keys, keys, "left")
        end = np.searchsorted(other_keys, keys, "right")
        del keys, other_keys
        while (going := place < end).any():
            order, place, end = order[going], place[going], end[going]
            other = other_order[place]
            bits = left.across[order] ^ other_side.across[other]
            near = np.bitwise_count(bits) <= MOST_BITS
            for earlier in masks[:number]:
                near[near] = (bits[near] & earlier) != 0  # else it came with that mask
            near[near] = _are_near(left, order[near], other_side, other[near])
            if near.any():
                yield order[near], other[near]
            place = place + 1


def _are_near(left: Hashes, one: Indices, right: Hashes, other: Indices) -> NDArray[np.bool_]:
    """Of hashes whose first part is near, whether the rest is."""
    near = np.bitwise_count(left.down[one] ^ right.down[other]) <= MOST_BITS
    colours = left.colours[one[near]].astype(np.int16) - right.colours[other[near]]
    near[near] = np.abs(colours).max(axis=1, initial=0) <= MOST_COLOUR
    return near


def _masks() -> list[np.uint64]:
    edges = [64 * number // _BLOCKS for number in range(_BLOCKS + 1)]
    blocks = [(1 << stop) - (1 << start) for start, stop in pairwise(edges)]
    return [np.uint64(sum(chosen)) for chosen in combinations(blocks, _ALIKE)]


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """Contents that were examined, and their hashes: one file, which all children of a scan map.

    Attributes:
        hashes: Of the contents.
        contents: uint8 (contents, 32), their SHA-256.
    """

    hashes: Hashes
    contents: NDArray[np.uint8]

    @classmethod
    def read(cls, data: "bytes | mmap.mmap") -> Self:
        """The inverse of ``pieces``, without a copy."""
        count, at, parts = len(data) // _KNOWN_BYTES, 0, []
        for width in (8, 8, 27, 32):
            parts.append(np.frombuffer(data, np.uint8, count * width, at))
            at += count * width
        across, down, colours, contents = parts
        words = across.view(np.uint64), down.view(np.uint64)
        return cls(Hashes(*words, colours.reshape(-1, 27)), contents.reshape(-1, 32))

    def pieces(self) -> Iterator[bytes]:
        """The bytes to write, one behind the other."""
        for part in (self.hashes.across, self.hashes.down, self.hashes.colours, self.contents):
            yield part.tobytes()

    def like(self, perceptual_hash: str) -> str | None:
        """The SHA-256 of the first of them that is near to a hash; None where none is."""
        found = first_near(self.hashes, Hashes.read(bytes.fromhex(perceptual_hash)))
        return None if found is None else self.contents[found].tobytes().hex()


def first_near(known: Hashes, one: Hashes) -> int | None:
    """The index of the first of the known hashes that is near to the one; None where none is."""
    if not is_telling(one)[0]:
        return None
    close = np.flatnonzero(np.bitwise_count(known.across ^ one.across) <= MOST_BITS)
    near = close[_are_near(known, close, one, np.zeros(len(close), np.int64))]
    return int(near[0]) if len(near) else None
