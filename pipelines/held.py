"""The places of a scan in Arrow's memory: of millions, only those that are due become objects again."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from itertools import islice
from typing import Any

import pyarrow as pa

from transforms.beside.context import Context
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
        ("etag", pa.string()),
        ("beside_digest", pa.string()),
        ("whole", pa.string()),
    ]
)
_OF_PLACE = ("source", "uri", "member_path", "size_bytes", "mtime_ns", "ordinal", "etag", "beside_digest")
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
        for batch in self.table.select(PLACE_COLUMNS).to_batches():
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
            columns.append(pa.array(map(whole_of, batch), pa.string()))
            yield pa.record_batch(columns, schema=SCHEMA)
            position += len(batch)


PLACE_COLUMNS = ("source", "uri", "member_path", "size_bytes", "mtime_ns", "ordinal", "etag", "whole")
"""What ``place_of`` takes, in its order."""


def place_of(
    source: str,
    uri: str,
    member_path: str | None,
    size_bytes: int | None,
    mtime_ns: int | None,
    ordinal: int | None,
    etag: str | None,
    whole: str | None,
) -> Place:
    """A place from its row."""
    if whole is None:
        return Place(source, uri, uri, size_bytes, mtime_ns, member_path, ordinal=ordinal, etag=etag)
    return _unpacked(json.loads(whole))


def _unpacked(told: dict[str, Any]) -> Place:
    refused, context = told["refused"], told["context"]
    return Place(
        **told
        | {
            "beside": tuple(map(_unpacked, told["beside"])),
            "refused": (Reason(refused[0]), refused[1]) if refused else None,
            "context": Context(**context | {"notes": tuple(context["notes"])}) if context else None,
        }
    )


def whole_of(place: Place) -> str | None:
    """All of a place as JSON, where its columns do not say all; ASCII, since paths may hold bytes that are no text."""
    facts = place.size_bytes, place.mtime_ns, place.ordinal, place.etag
    is_plain = place_of(place.source, place.uri, place.member_path, *facts, None) == place
    return None if is_plain else json.dumps(asdict(place))


def _unlisted(place: Place) -> Iterator[str]:
    if place.problem:
        yield f"{place.uri}/"
    if place.refused and place.refused[0] is not Reason.CONTAINER:
        yield f"{place.address}{SEPARATOR}"
