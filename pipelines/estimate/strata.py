"""Which places of a plan are examined to tell what all would cost: some of each kind and size, drawn by a seed.

Within a stratum the places with the smallest hashes of seed and address are taken. That is a simple random sample
without replacement; it does not depend on the order of the listing, and a larger one holds the smaller one.
"""

import hashlib
import heapq
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from pipelines.due import VIDEO_NAMES, estimate_seconds
from transforms.containers.beginnings import is_named_as_container
from transforms.examine.sniff import is_named_as_media
from transforms.records import Place

FEWEST = 3
"""Places of each stratum that are taken whatever the sample's size: two tell no spread that one can rely on."""
_BOUNDS = (
    (64 * 2**10, "to 64 KiB"),
    (2**20, "to 1 MiB"),
    (16 * 2**20, "to 16 MiB"),
    (256 * 2**20, "to 256 MiB"),
    (4 * 2**30, "to 4 GiB"),
)
_LARGER = "over 4 GiB"


class Kind(StrEnum):
    """What a place holds, told from its name alone."""

    PICTURE = "picture"
    VIDEO = "video"
    CONTAINER = "container"
    OTHER = "other"


class Stratum(NamedTuple):
    """Places that are much alike: what the cost of one says of the others."""

    kind: Kind
    size_class: int

    @property
    def size(self) -> str:
        """The size class in words."""
        return _BOUNDS[self.size_class][1] if self.size_class < len(_BOUNDS) else _LARGER


def kind_of(place: Place) -> Kind:
    """What the place's name says that it holds; of containers whose name says nothing, that they were listed."""
    name = place.name.lower()
    if place.members is not None or is_named_as_container(name):
        return Kind.CONTAINER
    if name.endswith(VIDEO_NAMES):
        return Kind.VIDEO
    return Kind.PICTURE if is_named_as_media(name) else Kind.OTHER


def stratum_of(place: Place) -> Stratum:
    """Kind and size class; each class ends at 16 times the bytes of the one before."""
    size = place.size_bytes or 0
    return Stratum(kind_of(place), sum(size > bound for bound, _ in _BOUNDS))


@dataclass(slots=True)
class Population:
    """All places of a stratum.

    Attributes:
        places: How many.
        bytes: Of all of them.
        weight: What they are thought to take, in rough seconds; only the shares of the sample depend on it.
    """

    places: int = 0
    bytes: int = 0
    weight: float = 0.0


def stratify(places: Iterable[Place]) -> dict[Stratum, Population]:
    """Counts places and bytes by stratum, in the order of the strata."""
    found: defaultdict[Stratum, Population] = defaultdict(Population)
    for place in places:
        one = found[stratum_of(place)]
        one.places += 1
        one.bytes += place.size_bytes or 0
        one.weight += estimate_seconds(place)
    return dict(sorted(found.items()))


def allocate(populations: Mapping[Stratum, Population], sample: int) -> dict[Stratum, int]:
    """How many places of each stratum are taken: ``FEWEST`` at least, the rest where the cost is thought to be.

    With costs in proportion to their spread that is Neyman's allocation (Cochran, Sampling Techniques, 3rd ed., 5.5).

    Args:
        populations: From ``stratify``.
        sample: Of all strata together; more are taken where the least of each stratum is more.
    """
    taken = {stratum: min(FEWEST, one.places) for stratum, one in populations.items()}
    while (left := sample - sum(taken.values())) > 0:
        open_ = {stratum: one for stratum, one in populations.items() if taken[stratum] < one.places}
        total = sum(one.weight for one in open_.values())
        if not open_:
            break
        for stratum, one in sorted(open_.items(), key=lambda pair: -pair[1].weight):
            share = max(1, int(left * one.weight / total))
            more = min(share, one.places - taken[stratum], sample - sum(taken.values()))
            taken[stratum] += more
    return taken


def draw(places: Iterable[Place], taken: Mapping[Stratum, int], seed: int) -> set[tuple[str, str | None]]:
    """Addresses and paths inside containers of the places that are taken; the same ones for the same seed."""
    smallest: dict[Stratum, list[tuple[int, str, str | None]]] = {stratum: [] for stratum in taken}
    for place in places:
        stratum = stratum_of(place)
        heap = smallest[stratum]
        entry = (-_lot(place, seed), place.uri, place.member_path)
        if len(heap) < taken[stratum]:
            heapq.heappush(heap, entry)
        elif heap and entry[0] > heap[0][0]:
            heapq.heapreplace(heap, entry)
    return {(uri, member) for heap in smallest.values() for _, uri, member in heap}


def _lot(place: Place, seed: int) -> int:
    """128 bits, so that no two places draw the same."""
    return int.from_bytes(hashlib.blake2b(f"{seed}\0{place.address}".encode(), digest_size=16).digest())
