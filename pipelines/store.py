"""The store: one append-only Delta table per kind of row, and the protocol that commits a segment exactly once.

A segment's part files are invisible until Delta commits name them. Its tables are committed one after another, each
under the segment's id as the application transaction, ``segments`` last: views show rows only of segments that stand
there. A manifest on disk means that a segment's pipeline ended; whoever finds one may finish the commit.
"""

import json
import logging
import re
import uuid
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deltalake import CommitProperties, DeltaTable, Schema, Transaction
from deltalake.exceptions import CommitFailedError, TableNotFoundError
from deltalake.transaction import AddAction, RemoveAction

from pipelines.errors import UsageError
from pipelines.locks import FileLocks, Locks
from pipelines.optimistic import committed
from transforms.outcomes import Outcome

if TYPE_CHECKING:
    import pyarrow as pa

Manifest = dict[str, Any]
_LOG = logging.getLogger("aiqyn.store")
_UNFIT = re.compile(r"\\|%[0-9A-Fa-f]{2}")
"""What delta-rs takes for an encoded character in a path, and then writes to one folder and reads from another."""


class Store:
    """The tables under one folder."""

    def __init__(self, root: str | Path, versions: Mapping[str, int] | None = None) -> None:
        self.root = Path(root).resolve()
        self._versions = dict(versions or {})

    @classmethod
    def create(cls, root: str | Path) -> "Store":
        """Opens the store, making its tables, and columns of tables, where they are missing.

        Raises:
            UsageError: There can be none at ``root``.
        """
        from transforms.schemas import TABLES

        if "://" in str(root):
            raise UsageError(f"The store has to be a local folder, and {root} is none.")
        store = cls(root)
        if _UNFIT.search(str(store.root)):
            raise UsageError(
                f"A store's path may hold no backslash and no % before two hexadecimal digits: {store.root}"
            )
        try:
            store.root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"There can be no store at {root}: {error.strerror}. Name a folder.") from error
        with store.locks.alone("tables"):
            # The one that tells a store last: where it stands, the others do.
            for table in sorted(TABLES, key="segments".__eq__):
                DeltaTable.create(store._uri(table), TABLES[table], mode="ignore", name=table)
                committed(store._uri(table), partial(_add_columns, Schema.from_arrow(TABLES[table])))
            (store.root / "_manifests").mkdir(exist_ok=True)
        return store

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
        return DeltaTable.is_deltatable(self._uri(table))

    def delta(self, table: str) -> DeltaTable:
        """A table, as it is now or was when the store was pinned."""
        return DeltaTable(self._uri(table), version=self._versions.get(table))

    def _uri(self, table: str) -> str:
        return str(self.root / table)

    @property
    def locks(self) -> Locks:
        """Who may write to it at the same time."""
        return FileLocks(self.root)

    def files(self, table: str) -> list[str]:
        """Absolute paths of the table's committed part files."""
        try:
            uris = self.delta(table).file_uris()
        except TableNotFoundError:
            return []
        # Delta percent-encodes the folders above the table; below it lie a segment's folder and the file.
        return sorted("/".join([self._uri(table), *uri.split("/")[-2:]]) for uri in uris)

    def version(self, table: str) -> int:
        """How many commits the table has seen."""
        return self.delta(table).version()

    def columns(self, table: str) -> dict[str, Any]:
        """Columns of a table with their types, as Delta writes them."""
        try:
            fields = self.delta(table).schema().fields
        except TableNotFoundError:  # no store yet, or one of an earlier version
            from transforms.schemas import TABLES

            fields = Schema.from_arrow(TABLES[table]).fields
        return {field.name: json.loads(field.to_json())["type"] for field in fields}

    def commit_segment(self, manifest: Manifest, segment: Mapping[str, Any] | None = None) -> None:
        """Makes a segment's rows visible, all or none; a second call changes nothing.

        Args:
            manifest: As ``transforms.write`` wrote it.
            segment: Columns of the segment's row that only the driver knows, such as ``seconds``.
        """
        segment_id = manifest["segment_id"]
        if self.delta("segments").transaction_version(segment_id) is None:
            for table in ("items", "frames", "marks"):
                parts = [part for part in manifest["parts"] if part["table"] == table]
                self.commit_parts(table, segment_id, parts)
            row = segment_row(manifest) | dict(segment or {})
            self._commit_numbered(segment_id, row)
        self.discard(manifest)

    def _commit_numbered(self, segment_id: str, row: Mapping[str, Any]) -> None:
        """Commits a segment's row; its ``sequence`` is the number of that very commit, so that no two have the same."""
        from transforms.write import write_part

        def attempt(delta: DeltaTable) -> None:
            if delta.transaction_version(segment_id) is not None:
                return
            numbered = dict(row) | {"sequence": delta.version() + 1}
            part = write_part(str(self.root), "segments", segment_id, [numbered])
            try:
                _append(delta, segment_id, [asdict(part)])
            except CommitFailedError:
                own = self.root / "segments" / part.path
                if str(own) not in self.files("segments"):  # it has the number of a commit that is another's
                    own.unlink()
                raise

        committed(self._uri("segments"), attempt)

    def discard(self, manifest: Manifest) -> None:
        """Removes a manifest: its segment is committed, or was interrupted before it wrote a row."""
        from transforms.write import manifest_path

        Path(manifest_path(str(self.root), manifest["segment_id"])).unlink(missing_ok=True)

    def save_part(self, table: str, folder: str, rows: "pa.Table") -> dict[str, Any]:
        """Writes rows as a part file that no log names yet; what ``commit_parts`` takes."""
        import pyarrow.parquet as pq

        path = f"{folder}/part-{uuid.uuid4().hex}.parquet"
        whole = self.root / table / path
        whole.parent.mkdir(exist_ok=True)
        unfinished = whole.with_name(f".{whole.name}")
        pq.write_table(rows, unfinished, compression="zstd")
        unfinished.rename(whole)
        return {"path": path, "size_bytes": whole.stat().st_size, "stats": {"numRecords": len(rows)}}

    def transaction(self, table: str, transaction_id: str) -> int | None:
        """The number under which a table last took a commit of that id; None if it took none."""
        return self.delta(table).transaction_version(transaction_id)

    def commit_parts(self, table: str, transaction_id: str, parts: list[dict[str, Any]], number: int = 1) -> None:
        """Adds part files to a table under a transaction id, of which each number is accepted once."""

        def attempt(delta: DeltaTable) -> None:
            if (delta.transaction_version(transaction_id) or 0) < number:
                _append(delta, transaction_id, parts, number)

        committed(self._uri(table), attempt)

    def recover(self) -> int:
        """Finishes the commit of every segment whose pipeline ended in a scan that did not; how many there were.

        A manifest that a crash of the machine left without its content, or without its part files, is removed: its
        segment is done again. Those of drivers that live are left to them.
        """
        found = [(path, _read_manifest(path)) for path in sorted((self.root / "_manifests").glob("*.json"))]
        live = self.locks.live_scans() if found else set()  # after the manifests: who wrote one holds a claim by then
        recovered = 0
        for path, manifest in found:
            if manifest and manifest.get("scan_id") in live:
                continue
            if manifest and self._is_whole(manifest):
                self.commit_segment(manifest)
                recovered += 1
            elif path.exists():  # else its driver has committed it meanwhile
                _LOG.warning("%s or a file that it names is broken; its items are done again", path)
                path.unlink(missing_ok=True)
        return recovered

    def _is_whole(self, manifest: Manifest) -> bool:
        try:
            sizes = {self.root / part["table"] / part["path"]: part["size_bytes"] for part in manifest["parts"]}
        except (KeyError, TypeError):
            return False
        return all(part.is_file() and part.stat().st_size == size for part, size in sizes.items())

    def record_scan(self, row: Mapping[str, Any]) -> None:
        """Appends the scan's record; the one with the latest ``recorded_at`` holds."""
        from transforms.write import write_part

        part = write_part(str(self.root), "scans", row["scan_id"], [dict(row)])
        self.commit_parts("scans", f"{row['scan_id']}-{row['status']}", [asdict(part)])


def _add_columns(wanted: Schema, delta: DeltaTable) -> None:
    there = {field.name: field for field in delta.schema().fields}
    # A field that a column's structure lacks comes with the whole column, into which Delta merges it.
    if missing := [field for field in wanted.fields if there.get(field.name) != field]:
        delta.alter.add_columns(missing)


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


def _read_manifest(path: Path) -> Manifest | None:
    """What it says, or None where that is no manifest, or it has gone meanwhile."""
    try:
        told = json.loads(path.read_text("utf-8"))
    except (ValueError, FileNotFoundError):
        return None
    return told if isinstance(told, dict) else None


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
