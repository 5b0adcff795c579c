"""The places of a scan in Arrow's memory: of millions, only those that are due become objects again."""

import pickle
from collections.abc import Iterable, Iterator
from itertools import islice

import pyarrow as pa

from transforms.containers.entries import SEPARATOR
from transforms.outcomes import Reason
from transforms.records import Place

SCHEMA = pa.schema(
    [
        ("position", pa.int64()),
        ("source", pa.string()),
        ("uri", pa.string()),
        ("member_path", pa.string()),
        ("size_bytes", pa.int64()),
        ("mtime_ns", pa.int64()),
        ("ordinal", pa.int64()),
        ("beside_digest", pa.string()),
        ("whole", pa.binary()),
    ]
)
_OF_PLACE = ("source", "uri", "member_path", "size_bytes", "mtime_ns", "ordinal", "beside_digest")
_BATCH = 50_000


class HeldPlaces:
    """Places in the order in which they were found; it can be gone through again.

    Args:
        places: Gone through once.

    Attributes:
        table: One row a place, of ``SCHEMA``; ``whole`` is null where the other columns say all.
        unlisted: How the addresses begin of what may be there and could not be listed: below folders and in containers.
    """

    def __init__(self, places: Iterable[Place] = ()) -> None:
        self.unlisted: list[str] = []
        self.table = pa.Table.from_batches(self._batches(iter(places)), SCHEMA)

    def __len__(self) -> int:
        return len(self.table)

    def __iter__(self) -> Iterator[Place]:
        for batch in self.table.select(["source", "uri", "member_path", *_FACTS]).to_batches():
            yield from map(place_of, *(column.to_pylist() for column in batch.columns))

    def keys(self) -> Iterator[tuple[str, str | None]]:
        """``uri`` and ``member_path`` of each."""
        for batch in self.table.select(["uri", "member_path"]).to_batches():
            yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)

    def _batches(self, places: Iterator[Place]) -> Iterator[pa.RecordBatch]:
        position = 0
        while batch := list(islice(places, _BATCH)):
            self.unlisted += [beginning for place in batch for beginning in _unlisted(place)]
            columns = [pa.array(range(position, position + len(batch)))]
            columns += [
                pa.array([getattr(place, name) for place in batch], SCHEMA.field(name).type) for name in _OF_PLACE
            ]
            columns.append(pa.array(map(_whole, batch), pa.binary()))
            yield pa.record_batch(columns, schema=SCHEMA)
            position += len(batch)


_FACTS = ("size_bytes", "mtime_ns", "ordinal", "whole")


def place_of(
    source: str,
    uri: str,
    member_path: str | None,
    size_bytes: int | None,
    mtime_ns: int | None,
    ordinal: int | None,
    whole: bytes | None,
) -> Place:
    """A place from its row."""
    if whole is None:
        return Place(source, uri, uri, size_bytes, mtime_ns, member_path, ordinal=ordinal)
    place: Place = pickle.loads(whole)  # noqa: S301  (of this very process)
    return place


def _whole(place: Place) -> bytes | None:
    """All of a place, where its columns do not say all."""
    facts = place.size_bytes, place.mtime_ns, place.ordinal
    is_plain = place_of(place.source, place.uri, place.member_path, *facts, None) == place
    return None if is_plain else pickle.dumps(place, pickle.HIGHEST_PROTOCOL)


def _unlisted(place: Place) -> Iterator[str]:
    if place.problem:
        yield f"{place.uri}/"
    if place.refused and place.refused[0] is not Reason.CONTAINER:
        yield f"{place.address}{SEPARATOR}"
