"""The store: one append-only Delta table per kind of row, and the protocol that commits a segment exactly once.

A segment's part files are invisible until Delta commits name them. Its tables are committed one after another, each
under the segment's id as the application transaction, ``segments`` last: views show rows only of segments that stand
there. A manifest on disk means that a segment's pipeline ended; whoever finds one may finish the commit.
"""

import json
import logging
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deltalake import CommitProperties, DeltaTable, Field, Schema, Transaction
from deltalake.exceptions import DeltaError, TableNotFoundError
from deltalake.transaction import AddAction, RemoveAction

from pipelines.delta_faults import patiently
from pipelines.errors import UsageError
from pipelines.leases import LeaseLocks
from pipelines.locks import FileLocks, Locks
from pipelines.optimistic import committed
from pipelines.store_place import check_conditions, root_of, storage_options
from transforms.outcomes import Outcome
from transforms.store_files import MANIFESTS, StoreFiles, files_of
from transforms.work import Work

if TYPE_CHECKING:
    import pyarrow as pa

Manifest = dict[str, Any]
_LOG = logging.getLogger("aiqyn.store")
_ON_S3: Mapping[str, str | None] = {"delta.checkpointInterval": "20"}
"""Each commit since the last checkpoint is an object to fetch; delta-rs would make one in a hundred commits."""
FORGOTTEN = "forgotten"
"""The transaction whose number is that of the last commit that took segments out of their table."""
_LOG_SECONDS = 24 * 3600.0
"""Delta removes old commits of a log after thirty days; for this long a commit that comes next is surely there."""


@dataclass(slots=True)
class _Opened:
    """A table on S3, with what it was opened with, and when its log was last read."""

    delta: DeltaTable
    options: dict[str, str]
    read_at: float = field(default_factory=time.monotonic)


class Store:
    """The tables under one folder, or one prefix of a bucket.

    Args:
        root: The folder, or an ``s3://`` address.
        versions: Of tables: to read what they held then.
        work: Counts commits.

    Attributes:
        root: The folder without links, or the address.
        disk: Its files.
        locks: Who may write to it at the same time.

    Raises:
        UsageError: No store can lie there.
    """

    def __init__(self, root: str | Path, versions: Mapping[str, int] | None = None, work: Work | None = None) -> None:
        self.root: Path | str = root_of(root)
        self.disk: StoreFiles = files_of(str(self.root))
        self.locks: Locks = FileLocks(self.root) if isinstance(self.root, Path) else LeaseLocks(self.root)
        self._work = work or Work()
        self._versions = dict(versions or {})
        self._opened: dict[str, _Opened] = {}

    @classmethod
    def create(cls, root: str | Path) -> "Store":
        """Opens the store, making its tables, and columns of tables, where they are missing.

        Raises:
            UsageError: There can be none at ``root``, or its server is unfit.
        """
        store = cls(root)
        store.make()
        return store

    def make(self) -> None:
        """Makes tables, and columns of tables, where they are missing.

        Raises:
            UsageError: See ``create``.
        """
        from transforms.schemas import TABLES

        if isinstance(self.root, Path):
            try:
                (self.root / MANIFESTS).mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise UsageError(f"There can be no store at {self.root}: {error.strerror}. Name a folder.") from error
        else:
            check_conditions(self.root)
        with self.locks.alone("tables"):
            # The one that tells a store last: where it stands, the others do.
            for table in sorted(TABLES, key="segments".__eq__):
                self._make(table, TABLES[table])

    def ensure(self, table: str) -> None:
        """Makes a table where an earlier version of this program made none."""
        from transforms.schemas import TABLES

        with self.locks.alone("tables"):
            self._make(table, TABLES[table])

    def _make(self, table: str, schema: "pa.Schema") -> None:
        try:
            there = self.delta(table)
        except TableNotFoundError:
            there = self._made(table, schema)
        wanted = Schema.from_arrow(schema)
        if _lacking(wanted, there):
            self.commit(table, partial(_add_columns, wanted))

    def _made(self, table: str, schema: "pa.Schema") -> DeltaTable:
        options, configuration = self._options, None if isinstance(self.root, Path) else _ON_S3
        try:
            made = patiently(
                lambda: DeltaTable.create(
                    self._uri(table),
                    schema,
                    mode="ignore",
                    name=table,
                    configuration=configuration,
                    storage_options=options,
                )
            )
        except DeltaError:
            return self.delta(table)  # of a put that was done the answer may have been lost
        if options is not None:
            self._opened[table] = _Opened(made, options)
        return made

    @classmethod
    def open(cls, root: str | Path) -> "Store":
        """Opens a store that exists.

        Raises:
            UsageError: There is none at ``root``.
        """
        store = cls(root)
        if not store.exists():
            raise UsageError(f"There is no store at {root}. Make one: aiqyn scan SOURCE --store {root}")
        return store

    def exists(self) -> bool:
        """Whether there is a store here."""
        return self.has("segments")

    def pinned(self) -> "Store":
        """The store as it stands now, to read from: what is committed later is not in it.

        Segments are read first: what is committed of one that is not among them is in no view.
        """
        from transforms.schemas import TABLES

        tables = [table for table in sorted(TABLES, key="segments".__ne__) if self.has(table)]
        return Store(self.root, {table: self.version(table) for table in tables})

    def has(self, table: str) -> bool:
        """Whether the table is there: earlier versions had fewer."""
        if isinstance(self.root, Path):
            return DeltaTable.is_deltatable(self._uri(table))
        return bool(self.disk.sizes(f"{table}/_delta_log"))

    def delta(self, table: str) -> DeltaTable:
        """A table, as it is now or was when the store was pinned.

        Raises:
            TableNotFoundError: There is none.
            UsageError: The version that was pinned is gone.
        """
        version = self._versions.get(table)
        try:
            return self._delta(table, version)
        except TableNotFoundError as error:
            if version is None:
                raise
            raise UsageError(
                f"Version {version} of {table} in {self.root} is gone: rows were forgotten meanwhile. Ask again."
            ) from error

    def _delta(self, table: str, version: int | None) -> DeltaTable:
        options = self._options
        if options is None:
            return DeltaTable(self._uri(table), version=version)
        opened = self._opened.get(table)
        if opened is None or opened.options != options:  # credentials of roles run out
            delta = patiently(lambda: DeltaTable(self._uri(table), version=version, storage_options=options))
            self._opened[table] = opened = _Opened(delta, options)
        elif version is None and self._has_grown(table, opened):
            patiently(opened.delta.update_incremental)  # a log is many objects: only what is new of it is read
            opened.read_at = time.monotonic()
        return opened.delta

    def _has_grown(self, table: str, opened: "_Opened") -> bool:
        """Whether there is a commit after the last one that was read: one request, where delta-rs makes two or more."""
        if time.monotonic() - opened.read_at > _LOG_SECONDS:
            return True
        return self.disk.size(f"{table}/_delta_log/{opened.delta.version() + 1:020}.json") is not None

    def commit(self, table: str, attempt: Callable[[DeltaTable], None]) -> None:
        """Commits to a table as ``optimistic.committed`` does, as long as what this store holds is still held.

        Raises:
            LeaseLostError: It is not.
        """

        def held(delta: DeltaTable) -> None:
            self.locks.confirm()
            attempt(delta)

        committed(partial(self.delta, table), held)
        self._work.add("delta_commits")

    def _uri(self, table: str) -> str:
        return f"{self.root}/{table}"

    @property
    def _options(self) -> dict[str, str] | None:
        return None if isinstance(self.root, Path) else storage_options(self.root)

    def files(self, table: str) -> list[str]:
        """Paths here at which the table's committed part files can be read.

        Raises:
            UsageError: On S3: one of them is missing.
        """
        return self._copies(table, self.part_paths(table))

    def _copies(self, table: str, paths: list[str]) -> list[str]:
        try:
            return self.disk.copies(f"{table}/{path}" for path in paths)
        except FileNotFoundError as error:
            raise UsageError(f"A part file is missing: {error}. See: aiqyn store check --store {self.root}") from error

    def part_paths(self, table: str) -> list[str]:
        """The table's committed part files, relative to its folder."""
        try:
            return _paths(self.delta(table))
        except TableNotFoundError:
            return []

    def read(self, table: str) -> tuple[dict[str, Any], list[str]]:
        """Columns and files of one and the same version of a table, as ``columns`` and ``files`` give them.

        Raises:
            UsageError: See ``files``.
        """
        try:
            delta = self.delta(table)
        except TableNotFoundError:
            return columns_of(table), []
        return _typed(delta.schema()), self._copies(table, _paths(delta))

    def version(self, table: str) -> int:
        """How many commits the table has seen."""
        return self.delta(table).version()

    def columns(self, table: str) -> dict[str, Any]:
        """Columns of a table with their types, as Delta writes them."""
        try:
            return _typed(self.delta(table).schema())
        except TableNotFoundError:
            return columns_of(table)

    def commit_segment(self, manifest: Manifest, segment: Mapping[str, Any] | None = None) -> None:
        """Makes a segment's rows visible, all or none; a second call changes nothing.

        Args:
            manifest: As ``transforms.part_files`` wrote it.
            segment: Columns of the segment's row that only the driver knows, such as ``seconds``.
        """
        segment_id = manifest["segment_id"]
        if self.delta("segments").transaction_version(segment_id) is None:
            for table in ("items", "frames", "marks"):
                if parts := [part for part in manifest["parts"] if part["table"] == table]:
                    self.commit_parts(table, segment_id, parts)
            row = segment_row(manifest) | dict(segment or {})
            self._commit_numbered(segment_id, row)
        self.discard(manifest)

    def _commit_numbered(self, segment_id: str, row: Mapping[str, Any]) -> None:
        """Commits a segment's row; its ``sequence`` is the number of that very commit, so that no two have the same."""
        from transforms.part_files import write_part

        def attempt(delta: DeltaTable) -> None:
            if delta.transaction_version(segment_id) is not None:
                return
            numbered = dict(row) | {"sequence": delta.version() + 1}
            part = write_part(str(self.root), "segments", segment_id, [numbered])
            try:
                _append(delta, segment_id, [asdict(part)])
            except (DeltaError, OSError):
                if part.path not in self.part_paths("segments"):  # a later try writes another, with its own number
                    self.disk.remove(f"segments/{part.path}")
                raise

        self.commit("segments", attempt)

    def discard(self, manifest: Manifest) -> None:
        """Removes a manifest: its segment is committed, or was interrupted before it wrote a row."""
        from transforms.part_files import manifest_path

        self.disk.remove(manifest_path(manifest["segment_id"]))

    def save_part(self, table: str, folder: str, rows: "pa.Table") -> dict[str, Any]:
        """Writes rows as a part file that no log names yet; what ``commit_parts`` takes."""
        import pyarrow.parquet as pq

        path = f"{folder}/part-{uuid.uuid4().hex}.parquet"
        with self.disk.written(f"{table}/{path}") as file:
            pq.write_table(rows, file, compression="zstd")
            size = file.stat().st_size
        return {"path": path, "size_bytes": size, "stats": {"numRecords": len(rows)}}

    def transaction(self, table: str, transaction_id: str) -> int | None:
        """The number under which a table last took a commit of that id; None if it took none."""
        return self.delta(table).transaction_version(transaction_id)

    def forgotten(self) -> int:
        """The number of the last commit that took segments out of the store; 0 where none ever did."""
        return self.transaction("segments", FORGOTTEN) or 0

    def commit_parts(self, table: str, transaction_id: str, parts: list[dict[str, Any]], number: int = 1) -> None:
        """Adds part files to a table under a transaction id, of which each number is accepted once."""

        def attempt(delta: DeltaTable) -> None:
            if (delta.transaction_version(transaction_id) or 0) < number:
                _append(delta, transaction_id, parts, number)

        self.commit(table, attempt)

    def manifests(self) -> dict[str, Manifest | None]:
        """Those of segments that wait for their commit, by path; None where one says nothing, or has gone meanwhile."""
        paths = sorted(f"{MANIFESTS}/{name}" for name in self.disk.sizes(MANIFESTS) if _is_manifest(name))
        return {path: self._manifest(path) for path in paths}

    def _manifest(self, path: str) -> Manifest | None:
        try:
            told = json.loads(self.disk.read(path))
        except (ValueError, FileNotFoundError):
            return None
        return told if isinstance(told, dict) else None

    def recover(self) -> int:
        """Finishes the commit of every segment whose pipeline ended in a scan that did not; how many there were.

        A manifest that a crash of the machine left without its content, or without its part files, is removed: its
        segment is done again. Those of drivers that live are left to them.
        """
        found = self.manifests()
        live = self.locks.live_scans() if found else set()  # after the manifests: who wrote one holds a claim by then
        recovered = 0
        for path, manifest in found.items():
            if manifest and manifest.get("scan_id") in live:
                continue
            if manifest and self._is_whole(manifest):
                self.commit_segment(manifest)
                recovered += 1
            elif self.disk.size(path) is not None:  # else its driver has committed it meanwhile
                _LOG.warning("%s/%s or a file that it names is broken; its items are done again", self.root, path)
                self.disk.remove(path)
        return recovered

    def _is_whole(self, manifest: Manifest) -> bool:
        try:
            sizes = {f"{part['table']}/{part['path']}": part["size_bytes"] for part in manifest["parts"]}
        except (KeyError, TypeError):
            return False
        return all(self.disk.size(part) == size for part, size in sizes.items())

    def record_scan(self, row: Mapping[str, Any]) -> None:
        """Appends the scan's record; the one with the latest ``recorded_at`` holds."""
        from transforms.part_files import write_part

        part = write_part(str(self.root), "scans", row["scan_id"], [dict(row)])
        self.commit_parts("scans", f"{row['scan_id']}-{row['status']}", [asdict(part)])


def columns_of(table: str) -> dict[str, Any]:
    """Columns of a table as this version writes it, with their types, as Delta writes them."""
    from transforms.schemas import TABLES

    return _typed(Schema.from_arrow(TABLES[table]))


def _typed(schema: Schema) -> dict[str, Any]:
    return {field.name: json.loads(field.to_json())["type"] for field in schema.fields}


def _paths(delta: DeltaTable) -> list[str]:
    # Delta percent-encodes the folders above the table; below it lie a segment's folder and the file.
    return sorted("/".join(uri.split("/")[-2:]) for uri in delta.file_uris())


def _lacking(wanted: Schema, delta: DeltaTable) -> list[Field]:
    """A field that a column's structure lacks comes with the whole column, into which Delta merges it."""
    there = {field.name: field for field in delta.schema().fields}
    return [field for field in wanted.fields if there.get(field.name) != field]


def _add_columns(wanted: Schema, delta: DeltaTable) -> None:
    if lacking := _lacking(wanted, delta):
        delta.alter.add_columns(lacking)


def _append(delta: DeltaTable, transaction_id: str, parts: list[dict[str, Any]], number: int = 1) -> None:
    """One commit that follows the very version of ``delta``."""
    modified_ms = int(datetime.now(UTC).timestamp() * 1000)
    actions: list[AddAction | RemoveAction] = [
        AddAction(
            path=part["path"],
            size=part["size_bytes"],
            partition_values={},
            modification_time=modified_ms,
            data_change=True,
            stats=json.dumps(part["stats"]),
        )
        for part in parts
    ]
    properties = CommitProperties(app_transactions=[Transaction(transaction_id, number)], max_commit_retries=0)
    delta.create_write_transaction(actions, mode="append", schema=delta.schema(), commit_properties=properties)


def _is_manifest(name: str) -> bool:
    return name.endswith(".json") and "/" not in name and not name.startswith(".")


def segment_row(manifest: Manifest) -> dict[str, Any]:
    """The segment's row as far as the manifest tells it."""
    items = [part for part in manifest["parts"] if part["table"] == "items"]
    outcomes = {
        outcome.value: sum(
            number for part in items for name, number in part["counts"].items() if name.partition(":")[0] == outcome
        )
        for outcome in Outcome
    }
    return {
        **manifest["segment"],
        "items": sum(part["stats"]["numRecords"] for part in items),
        "frames": count_frames(manifest),
        **outcomes,
        "scan_id": manifest["scan_id"],
        "segment_id": manifest["segment_id"],
        "examination": manifest["examination"],
        "started_at": datetime.fromisoformat(manifest["started_at"]),
        "committed_at": datetime.now(UTC),
    }


def count_frames(manifest: Manifest) -> int:
    """Frames that a segment examined: each has one row for every detector."""
    rows = sum(part["stats"]["numRecords"] for part in manifest["parts"] if part["table"] == "frames")
    return rows // max(1, len(manifest["segment"]["detectors"]))
