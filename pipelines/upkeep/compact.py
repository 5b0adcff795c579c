"""Merges many small part files of a table into few: the same rows, in one commit that takes one set for the other."""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import duckdb
from deltalake import DeltaTable

from pipelines.errors import UsageError
from pipelines.store import Store
from pipelines.tables import bounded, quoted, rows_of
from pipelines.upkeep.exchange import NewFile, exchange
from pipelines.upkeep.files import NamedFile, named_files

SMALL_BYTES = 16 * 2**20
MERGED_BYTES = 64 * 2**20
FEWEST = 8
"""With fewer small files than this a table is left as it is."""


@dataclass(frozen=True, slots=True)
class Merge:
    """Part files of a table that one may stand for."""

    table: str
    files: Sequence[NamedFile]

    @property
    def size_bytes(self) -> int:
        """Of all of them."""
        return sum(file.size_bytes for file in self.files)


def find_merges(store: Store, table: str) -> Iterator[Merge]:
    """What is worth merging: runs of small files, each run of about ``MERGED_BYTES``."""
    small = [file for file in named_files(store, table) if file.size_bytes < SMALL_BYTES]
    if len(small) < FEWEST:
        return
    runs: list[list[NamedFile]] = [[]]
    for file in small:
        if sum(one.size_bytes for one in runs[-1]) + file.size_bytes > MERGED_BYTES:
            runs.append([])
        runs[-1].append(file)
    yield from (Merge(table, run) for run in runs if len(run) > 1)


def merge(store: Store, planned: Merge) -> None:
    """Writes one file with the rows of several, reads it back, and commits it in their place.

    Raises:
        UsageError: The written rows are not the same, so that nothing was committed.
    """
    path = f"merged/part-{uuid.uuid4().hex}.parquet"
    columns = store.columns(planned.table)
    rows = rows_of(columns, store.disk.copies(f"{planned.table}/{file.path}" for file in planned.files))
    # It is in its place, and safe there, before the commit: what it replaces is going to be removed.
    with store.disk.written(f"{planned.table}/{path}") as unfinished:
        try:
            with bounded(store) as tables:
                tables.execute(f"COPY ({rows}) TO {quoted(str(unfinished))} (FORMAT parquet, COMPRESSION zstd)")
                written = rows_of(columns, [str(unfinished)])
                told = [tables.execute(_DIGEST.format(one)).fetchone() for one in (rows, written)]
        except duckdb.Error as error:
            raise UsageError(f"Files of {planned.table} cannot be merged; nothing was changed. {error}") from error
        if told[0] != told[1]:
            raise UsageError(
                f"Merging files of {planned.table} gave other rows; nothing was changed. Report this, please."
            )
        size = unfinished.stat().st_size
    store.commit(planned.table, partial(_commit, planned, path, size))


_DIGEST = "SELECT count(*), sum(hash(row)::HUGEINT), bit_xor(hash(row)) FROM ({}) AS row"


def _commit(planned: Merge, path: str, size: int, delta: DeltaTable) -> None:
    merged = NewFile(path, size, _statistics(planned.files))
    exchange(delta, path, planned.files, [merged], changes_rows=False)


def _statistics(files: Sequence[NamedFile]) -> dict[str, Any]:
    """Delta's statistics of all rows; bounds of a column only where each file has them."""
    shared = set.intersection(*(set(file.bounds) for file in files))
    kinds = {"min": min, "max": max}
    bounds = {
        f"{kind}Values": {
            name.partition(".")[2]: choose(file.bounds[name] for file in files)
            for name in sorted(shared)
            if name.startswith(f"{kind}.")
        }
        for kind, choose in kinds.items()
    }
    return {"numRecords": sum(file.rows or 0 for file in files), **bounds}
