"""Forgets: takes contents, or all that is old, out of every table, and out of every file of the store.

A row counts only while its segment stands in ``segments``. So what stays of a segment is first written beside it under
another id, which no view shows; then one commit to ``segments`` takes the one for the other, and with it all that is
forgotten is gone from every view at once. Only then are rows that no view shows taken out of the other tables, files
that held them removed, and logs cut. A kill at any point leaves a sound store, and the same command goes on.
"""

import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import duckdb
from deltalake import Transaction

from pipelines.errors import UsageError
from pipelines.reviews import REVIEWS
from pipelines.store import FORGOTTEN, Store
from pipelines.tables import bounded, quoted, rows_of
from pipelines.upkeep.check_rows import SEGMENTED
from pipelines.upkeep.cut_log import cut_log
from pipelines.upkeep.exchange import NewFile, exchange
from pipelines.upkeep.files import KEPT, NamedFile, UnnamedFile, named_files
from pipelines.upkeep.forget_rules import DOOMED, KEPT_ROWS, REPLACED, SOURCES, prepare
from pipelines.upkeep.vacuum import needless_files, refuse_unsound, remove_file
from transforms.schemas import TABLES

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was forgotten, or would be.

    Attributes:
        rows: By table.
        removed: Files, all of those that no log names any more.
        is_dry: Whether nothing was done.
    """

    rows: Mapping[str, int]
    removed: Sequence[UnnamedFile]
    is_dry: bool

    def lines(self) -> Iterator[str]:
        """For people."""
        word = "Would forget" if self.is_dry else "Forgot"
        for table, count in self.rows.items():
            if count:
                yield f"{word} {count:,} rows of {table}"
        if not any(self.rows.values()):
            yield f"{word} nothing: no row is about it."
        if not self.is_dry:
            yield f"Removed {len(self.removed):,} files; earlier versions of the tables can no longer be read."

    def facts(self) -> dict[str, Any]:
        """For machines."""
        files = [f"{one.table}/{one.path}" for one in self.removed]
        return {"rows": dict(self.rows), "removed": files, "dry_run": self.is_dry}


def parse_hash(told: str) -> str:
    """A content's SHA-256, all of it: a beginning that two have would forget more than was meant.

    Raises:
        UsageError: It is none.
    """
    if not re.fullmatch(r"[0-9a-fA-F]{64}", told):
        raise UsageError(f"--hash takes a whole SHA-256, 64 hexadecimal digits, and {told!r} is none.")
    return told.lower()


def forget(
    store: Store, hashes: Sequence[str] = (), older_than: timedelta | None = None, *, is_dry: bool = False
) -> Forgotten:
    """Forgets contents or, with ``older_than``, all segments that were committed before, and what hangs on them.

    Args:
        store: Not pinned.
        hashes: SHA-256 of contents, hexadecimal.
        older_than: An age; then no hashes.
        is_dry: Whether nothing is done.

    Raises:
        UsageError: Another command writes to the store, it is damaged, or rows or files cannot be written.
    """
    before = None if older_than is None else datetime.now(UTC) - older_than
    with store.locks.whole("forget"), store.locks.alone(REVIEWS):
        if not is_dry:
            store.recover()  # segments that wait for their commit may be about it
        refuse_unsound(store)
        try:
            with _asked(store, hashes, before) as tables:
                counts = _counted(tables)
                if not is_dry:
                    _rewrite(store, tables, "scans", SOURCES)
                    _hide(store, tables)
            if is_dry:
                return Forgotten(counts, (), is_dry=True)
            with _asked(store, hashes, before) as tables:
                for table in (*SEGMENTED, "near_duplicates", REVIEWS, "scans"):
                    _rewrite(store, tables, table, REPLACED[table])
        except duckdb.Error as error:
            raise UsageError(
                f"Rows of {store.root} cannot be rewritten: {error} Run the same command again."
            ) from error
        removed = needless_files(store, datetime.now(UTC))
        for file in removed:
            store.locks.confirm()
            remove_file(store, file)
        for table in TABLES:
            store.locks.confirm()
            cut_log(store, table)
    return Forgotten(counts, removed, is_dry=False)


@contextmanager
def _asked(store: Store, hashes: Sequence[str], before: datetime | None) -> "Iterator[DuckDBPyConnection]":
    """The store as it is now, with what the rules need to know; see ``forget_rules``."""
    with bounded(store) as tables:
        prepare(tables, hashes, before)
        yield tables


def _counted(tables: "DuckDBPyConnection") -> dict[str, int]:
    counts = {}
    for table, doomed in DOOMED.items():
        ((counts[table],),) = tables.execute(f"SELECT count(*) FROM stored_{table} AS part WHERE {doomed}").fetchall()
    return counts


def _hide(store: Store, tables: "DuckDBPyConnection") -> None:
    """Takes segments for what stays of them, in one commit, before which no view and after which every view has it."""
    ((touched, staying),) = tables.execute("SELECT count(*), count(staying) FROM touched").fetchall()
    if not touched:
        return
    if staying:
        for table in SEGMENTED:
            file = _written(store, tables, table, KEPT_ROWS.format(table=table, doomed=DOOMED[table]))
            if file is not None:
                _commit(store, table, [], [file])
    _rewrite(store, tables, "segments", REPLACED["segments"])


def _rewrite(store: Store, tables: "DuckDBPyConnection", table: str, rule: tuple[str, str]) -> None:
    """Writes part files anew that hold what is not to stay, and takes them for the old ones in one commit."""
    columns = store.columns(table)
    files = named_files(store, table)
    copies = store.disk.copies(f"{table}/{file.path}" for file in files)
    changed, stays = rule
    taken: list[NamedFile] = []
    given: list[NewFile] = []
    for file, copy in zip(files, copies, strict=True):
        tables.execute(f"CREATE OR REPLACE TEMP VIEW part AS {rows_of(columns, [copy])}")
        if not tables.execute(f"SELECT 1 FROM part WHERE {changed} LIMIT 1").fetchall():
            continue
        taken.append(file)
        if (written := _written(store, tables, table, stays)) is not None:
            given.append(written)
    if taken:
        _commit(store, table, taken, given)


def _written(store: Store, tables: "DuckDBPyConnection", table: str, rows: str) -> NewFile | None:
    """A part file of these rows that no log names yet; None where there are none."""
    if not tables.execute(f"SELECT 1 FROM ({rows}) LIMIT 1").fetchall():
        return None
    path = f"{KEPT}/part-{uuid.uuid4().hex}.parquet"
    with store.disk.written(f"{table}/{path}") as file:
        copy = f"COPY ({rows}) TO {quoted(str(file))} (FORMAT parquet, COMPRESSION zstd)"
        ((count,),) = tables.execute(copy).fetchall()
        size = file.stat().st_size
    return NewFile(path, size, {"numRecords": count})


def _commit(store: Store, table: str, taken: Sequence[NamedFile], given: Sequence[NewFile]) -> None:
    number = store.version(table) + 1
    more = [Transaction(FORGOTTEN, number)] if table == "segments" else []
    once = f"forget {uuid.uuid4().hex}"
    store.commit(table, partial(exchange, transaction_id=once, taken=taken, given=given, changes_rows=True, more=more))
