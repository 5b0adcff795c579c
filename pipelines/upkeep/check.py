"""Whether a store is sound: what its logs say, what lies in its folders and what its rows say of each other agree.

Nothing is changed, and no lock is held: a scan may run meanwhile, of whose unfinished work then nothing is said.
"""

from collections.abc import Collection, Iterator

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import Field, Schema
from deltalake.exceptions import DeltaError

from pipelines.store import Store
from pipelines.upkeep.check_rows import check_rows, recorded_segments
from pipelines.upkeep.files import (
    KEPT,
    NamedFile,
    Unnamed,
    UnnamedFile,
    lying_files,
    named_files,
    staged_segments,
    unnamed_files,
)
from pipelines.upkeep.problems import Found, Problem
from transforms.schemas import TABLES
from transforms.store_files import MANIFESTS

_UNREADABLE = (pa.ArrowException, OSError, ValueError)
"""What Arrow raises over a broken file; also over a broken text in it."""
_UNNAMED = {
    Unnamed.ORPHAN: (Problem.ORPHAN, "no version of the table names it"),
    Unnamed.UNFINISHED: (Problem.UNFINISHED, "it was never written to its end"),
    Unnamed.STRAY: (Problem.STRAY, "no file of a store is called so"),
}

_LATER = frozenset({"near_duplicates", "reviews"})
"""Tables that earlier versions did not have; a scan makes them from the others."""


def open_to_check(root: str) -> Store:
    """Opens a store of which tables may be missing.

    Raises:
        UsageError: There is nothing of a store at ``root``.
    """
    store = Store(root)
    return store if any(store.disk.sizes(table) for table in TABLES) else Store.open(root)


def check_store(store: Store, *, is_deep: bool = False, is_ours: bool = False) -> Iterator[Found]:
    """Everything that is wrong with a store.

    Args:
        store: Not pinned.
        is_deep: Whether every part file is read whole.
        is_ours: Whether the caller holds the store's lock.
    """
    lying = {table: lying_files(store, table) for table in (*TABLES, MANIFESTS)}
    unreadable = list(_unreadable(store))
    yield from unreadable
    if unreadable:
        return
    now = store.pinned()
    columns = list(_check_columns(now))
    yield from columns
    damaged = 0
    for table in TABLES:
        for found in _check_files(now, table, lying[table], is_deep=is_deep):
            damaged += 1
            yield found
    if damaged or columns:
        return  # rows and columns that are not there cannot be compared
    comparison = list(check_rows(now))
    yield from comparison
    if Problem.ROWS_UNREADABLE not in {found.problem for found in comparison}:
        yield from _check_unnamed(now, lying, recorded_segments(now), is_ours=is_ours)


def _unreadable(store: Store) -> Iterator[Found]:
    for table in TABLES:
        if table in _LATER and not store.disk.sizes(table):
            yield Found(Problem.COLUMNS_MISSING, table, None, "the table is not there")
            continue
        try:
            store.delta(table).file_uris()
        except DeltaError as error:
            detail = f"the table cannot be opened: {' '.join(str(error).split())[:300]}"
            yield Found(Problem.TABLE_UNREADABLE, table, None, detail)


def _check_columns(store: Store) -> Iterator[Found]:
    for table, schema in TABLES.items():
        there = {field.name: field for field in store.delta(table).schema().fields}
        wanted = Schema.from_arrow(schema).fields
        # Of a structure fields may be missing that came later.
        missing = [one.name for one in wanted if there.get(one.name) != one and _may_grow(one, there)]
        other = [one.name for one in wanted if there.get(one.name) != one and not _may_grow(one, there)]
        if missing:
            yield Found(Problem.COLUMNS_MISSING, table, None, f"missing, or without all fields: {', '.join(missing)}")
        if other:
            yield Found(Problem.COLUMNS_OTHER, table, None, f"columns are of another type: {', '.join(other)}")


def _may_grow(wanted: Field, there: dict[str, Field]) -> bool:
    return wanted.name not in there or "struct" in str(wanted.type).lower()


def _check_files(store: Store, table: str, lying: dict[str, int], *, is_deep: bool) -> Iterator[Found]:
    whole = []
    for file in named_files(store, table):
        # It may have come since the folder was read.
        size = lying[file.path] if file.path in lying else store.disk.size(f"{table}/{file.path}")
        if size is None:
            yield Found(Problem.FILE_MISSING, table, file.path, "it is missing")
        elif size != file.size_bytes:
            detail = f"it has {size:,} bytes, and the log says {file.size_bytes:,}"
            yield Found(Problem.FILE_SIZE, table, file.path, detail)
        else:
            whole.append(file)
    copies = store.disk.copies(f"{table}/{file.path}" for file in whole)
    for file, copy in zip(whole, copies, strict=True):
        yield from _check_content(table, file, copy, is_deep=is_deep)


def _check_content(table: str, file: NamedFile, path: str, *, is_deep: bool) -> Iterator[Found]:
    try:
        with pq.ParquetFile(path) as parquet:
            columns, rows = parquet.schema_arrow, parquet.metadata.num_rows
            if is_deep:
                rows = sum(len(batch) for batch in parquet.iter_batches())
    except _UNREADABLE as error:
        detail = f"it cannot be read: {' '.join(str(error).split())[:200]}"
        yield Found(Problem.FILE_UNREADABLE, table, file.path, detail)
        return
    if file.rows is not None and rows != file.rows:
        yield Found(Problem.FILE_ROWS, table, file.path, f"it has {rows:,} rows, and the log says {file.rows:,}")
    # Of structures a file may lack fields that came later.
    wanted = {field.name: field.type for field in TABLES[table]}
    other = [
        field.name
        for field in columns
        if field.name in wanted and not pa.types.is_nested(field.type) and field.type != wanted[field.name]
    ]
    if other:
        yield Found(Problem.FILE_COLUMNS, table, file.path, f"columns are of another type: {', '.join(other)}")


def _check_unnamed(
    store: Store, lying: dict[str, dict[str, int]], recorded: set[str], *, is_ours: bool
) -> Iterator[Found]:
    unnamed = [file for table in lying for file in unnamed_files(store, table, lying[table])]
    if not unnamed or (not is_ours and store.locks.is_held()):
        return
    waiting = staged_segments(store)
    for segment in waiting:
        yield Found(Problem.SEGMENT_WAITS, MANIFESTS, f"{segment}.json", "a segment was examined and not committed")
    for file in unnamed:
        if file.what is Unnamed.ORPHAN and _was_named(store, file, recorded, waiting):
            yield Found(Problem.LOG_CUT, file.table, file.path, "it was committed, and the log names it no more")
        elif file.what in _UNNAMED:
            problem, detail = _UNNAMED[file.what]
            yield Found(problem, file.table, file.path, f"{detail} ({file.size_bytes:,} bytes)")


def _was_named(store: Store, file: UnnamedFile, recorded: set[str], waiting: Collection[str]) -> bool:
    """Whether a file can only have got there by a commit that its table's log has lost.

    A segment's manifest goes when its row stands, and its row is committed after its other tables.
    """
    if file.table == "segments":
        if file.path.startswith(f"{KEPT}/"):
            return False  # what it was to replace goes only when a commit names it
        try:
            (copy,) = store.disk.copies([f"{file.table}/{file.path}"])
            column = pq.read_table(copy, columns=["segment_id"])["segment_id"]
        except _UNREADABLE:
            return False
        return not {*column.to_pylist()} <= recorded | {*waiting}
    if file.table not in {"items", "frames", "marks"}:
        return False
    folder, delta = file.path.partition("/")[0], store.delta(file.table)
    return any(delta.transaction_version(one) is None for one in recorded if one.startswith(folder))
