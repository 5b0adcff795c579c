"""What a scan has to record: of millions of places, in Arrow's memory, only some are objects at a time."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import overload

import pyarrow as pa
import pyarrow.compute as pc

from pipelines import held
from pipelines.held import PLACE_COLUMNS, place_of, whole_of
from transforms.records import Place

_PICTURE_SECONDS, _VIDEO_SECONDS, _SECONDS_PER_GIGABYTE, _GONE_SECONDS = 0.08, 1.5, 20.0, 0.001
VIDEO_NAMES = (
    ".mp4",
    ".mov",
    ".mkv",
    ".webm",
    ".avi",
    ".m4v",
    ".mpg",
    ".mpeg",
    ".ts",
    ".wmv",
    ".flv",
    ".3gp",
    ".ogv",
)
_FEW = pa.dictionary(pa.int32(), pa.string())
SCHEMA = pa.schema(
    [
        ("source", _FEW),
        *map(held.SCHEMA.field, PLACE_COLUMNS[1:]),
        ("supersedes", _FEW),
        ("gone", pa.bool_()),
        ("content_sha256", pa.string()),
        ("why", _FEW),
    ]
)
_BATCH = 10_000


@dataclass(frozen=True, slots=True)
class Due:
    """A place to record.

    Attributes:
        place: Where.
        supersedes: The scan of its last row, or empty.
        gone: It was there and is not now.
        content_sha256: What was there, for a place that is gone.
        why: In words, for people who ask what a scan would do.
    """

    place: Place
    supersedes: str = ""
    gone: bool = False
    content_sha256: str | None = None
    why: str = "new"

    @property
    def item_key(self) -> str:
        """Identifies this very piece of work: the place, what lies there, and the row that it replaces."""
        place = self.place
        there = [place.uri, place.member_path, place.size_bytes, place.mtime_ns, place.etag, place.beside_digest]
        parts = [*there, self.supersedes, self.gone]
        return json.dumps(parts)


class DueItems(Sequence[Due]):
    """What is due, in its order; each time that it is gone through, its items become objects anew.

    Args:
        table: Of ``SCHEMA``.
    """

    def __init__(self, table: pa.Table) -> None:
        self._table = table

    @classmethod
    def of(cls, items: Iterable[Due]) -> "DueItems":
        """Of items that are objects already."""
        rows = [
            {name: getattr(one.place, name) for name in PLACE_COLUMNS[:-1]}
            | {"whole": whole_of(one.place), "supersedes": one.supersedes, "gone": one.gone}
            | {"content_sha256": one.content_sha256, "why": one.why}
            for one in items
        ]
        return cls(pa.Table.from_pylist(rows, SCHEMA))

    def __len__(self) -> int:
        return len(self._table)

    def __iter__(self) -> Iterator[Due]:
        for batch in self._table.to_batches(max_chunksize=_BATCH):
            for *facts, supersedes, gone, content, why in zip(
                *(column.to_pylist() for column in batch.columns), strict=True
            ):
                yield Due(place_of(*facts), supersedes, gone, content, why)

    @overload
    def __getitem__(self, index: int) -> Due: ...

    @overload
    def __getitem__(self, index: slice) -> "DueItems": ...

    def __getitem__(self, index: int | slice) -> "Due | DueItems":
        if isinstance(index, slice):
            start, stop, step = index.indices(len(self))
            if step != 1:
                raise ValueError(f"items are taken one after the other, not each {step}th")
            return DueItems(self._table.slice(start, max(0, stop - start)))
        at = range(len(self))[index]
        return next(iter(self[at : at + 1]))

    @property
    def gone(self) -> "DueItems":
        """Those that were there and are not now."""
        return DueItems(self._table.filter(self._table["gone"]))

    @property
    def there(self) -> "DueItems":
        """All others."""
        return DueItems(self._table.filter(pc.invert(self._table["gone"])))

    def because(self, why: str) -> "DueItems":
        """Those that are due for this reason."""
        return DueItems(self._table.filter(pc.field("why").cast(pa.string()) == why))

    def whys(self) -> Counter[str]:
        """How many are due for which reason."""
        counted = pc.value_counts(self._table["why"].cast(pa.string())).to_pylist()
        return Counter({one["values"]: one["counts"] for one in counted})

    def costs(self) -> Iterator[float]:
        """Of each its rough processor time, in seconds."""
        for batch in self._table.select(["uri", "member_path", "size_bytes", "gone"]).to_batches():
            for uri, member, size, gone in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                yield _GONE_SECONDS if gone else _estimate(member or uri, size)


def estimate_seconds(place: Place) -> float:
    """Rough processor time of one item, told from its name and size; only the even cut of segments depends on it."""
    return _estimate(place.member_path or place.uri, place.size_bytes)


def _estimate(path: str, size_bytes: int | None) -> float:
    base = _VIDEO_SECONDS if path.lower().endswith(VIDEO_NAMES) else _PICTURE_SECONDS
    return base + (size_bytes or 0) / 1e9 * _SECONDS_PER_GIGABYTE
