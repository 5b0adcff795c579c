"""A store's tables as plain Parquet, partitioned in folders: for tools that know no Delta log.

What is exported is one version of each table. It is written beside its place and renamed into it, and its file
``_SUCCESS`` says what it holds: where that file is missing there is no export.
"""

import fcntl
import json
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from pipelines.errors import UsageError
from pipelines.store import Store
from pipelines.tables import bounded, quoted
from transforms.schemas import TABLES

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

SUCCESS = "_SUCCESS"
_ADDRESS = re.compile(r"[a-z][a-z0-9]+:/")
_FORMAT = "aiqyn export 1"
_ROWS_HELD = 20_000
"""Of each partition, before they are written: DuckDB's default of half a million would not fit into our memory."""

PARTITIONED = {
    "items": "outcome",
    "items_latest": "outcome",
    "near_duplicates": "outcome",
    "levels": None,
    "frames": "detector",
    "frames_latest": "detector",
    "marks": "layer",
    "marks_latest": "layer",
    "item_marks": "layer",
    "verdicts": "policy",
    "verdicts_latest": "policy",
    "reviews": None,
    "reviews_latest": None,
    "contents_latest": "outcome",
    "items_judged": "policy",
    "segments": None,
    "scans": None,
}
"""What can be exported, and by which column: one that has few values however large the store grows, and that most
questions name. A folder for each night or scan would end in thousands of small files."""
DEFAULT = ("items_latest", "frames_latest", "item_marks", "verdicts_latest", "reviews", "scans")


def export_store(
    store: Store,
    output: Path,
    chosen: Sequence[str] = (),
    *,
    is_overwriting: bool = False,
    is_private: bool = False,
) -> dict[str, Any]:
    """Writes views as folders of Parquet files; what ``_SUCCESS`` in them says.

    Args:
        store: Not pinned.
        output: A folder that is not there, is empty or, with ``is_overwriting``, holds an earlier export.
        chosen: Names of views; empty: those that analysts start from.
        is_overwriting: Whether an earlier export is replaced.
        is_private: Whether it holds neither paths nor texts.

    Raises:
        UsageError: There is no such view, the folder is not free or cannot be written, or a part file is broken.
    """
    names = list(dict.fromkeys(chosen)) or DEFAULT
    if unknown := [name for name in names if name not in PARTITIONED]:
        raise UsageError(f"There is no table {unknown[0]} to export. Name one of these: {', '.join(PARTITIONED)}.")
    if _ADDRESS.match(str(output)):
        raise UsageError(f"An export is written to a local folder, and {output} is none. Copy it there afterwards.")
    output = output.resolve()
    if store.root in {output, *output.parents}:
        raise UsageError(f"{output} lies within the store. Name a folder outside of it.")
    try:
        with _beside(output) as unfinished:
            _refuse_taken(output, is_overwriting=is_overwriting)
            facts = _write(store.pinned(), unfinished, names, is_private=is_private)
            _put_in_place(unfinished, output)
    except OSError as error:
        raise UsageError(f"{output} cannot be written: {error.strerror}.") from error
    except duckdb.Error as error:
        raise UsageError(f"The export was not written: {error} See: aiqyn store check --store {store.root}") from error
    return facts


def _write(now: Store, folder: Path, names: Sequence[str], *, is_private: bool) -> dict[str, Any]:
    with bounded(now, asked=" ".join(names), is_private=is_private) as tables:
        tables.execute(f"SET partitioned_write_flush_threshold = {_ROWS_HELD}")
        written = {name: _write_view(tables, name, folder / name) for name in names}
    facts = {
        "format": _FORMAT,
        "store": None if is_private else str(now.root),
        "private": is_private,
        "exported_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": {table: now.version(table) for table in TABLES},
        "tables": written,
    }
    for path in folder.rglob("*"):
        _flush(path)
    (folder / SUCCESS).write_text(json.dumps(facts, indent=1, ensure_ascii=False) + "\n", "utf-8")
    _flush(folder / SUCCESS)
    return facts


def _write_view(tables: "DuckDBPyConnection", name: str, folder: Path) -> dict[str, Any]:
    column = PARTITIONED[name]
    folder.mkdir()
    rows = 0
    if column is not None:
        copy = (
            f"COPY (FROM {name}) TO {quoted(str(folder))} (FORMAT parquet, COMPRESSION zstd, PARTITION_BY ({column}))"
        )
        ((rows,),) = tables.execute(copy).fetchall()
    if rows == 0:
        # Of no rows DuckDB writes no file, and readers learn the columns from one, also that the folder's is text.
        lone = folder if column is None else folder / f"{column}=none"
        lone.mkdir(exist_ok=True)
        query = f"FROM {name}" if column is None else f"SELECT * EXCLUDE ({column}) FROM {name}"
        copy = f"COPY ({query}) TO {quoted(str(lone / 'data_0.parquet'))} (FORMAT parquet, COMPRESSION zstd)"
        ((rows,),) = tables.execute(copy).fetchall()
    files = list(folder.rglob("*.parquet"))
    size = sum(file.stat().st_size for file in files)
    return {"rows": rows, "files": len(files), "bytes": size, "partitioned_by": column}


def _refuse_taken(output: Path, *, is_overwriting: bool) -> None:
    if not output.exists():
        return
    if not output.is_dir():
        raise UsageError(f"{output} is a file. Name a folder.")
    if not any(output.iterdir()):
        return
    if not _is_export(output):
        raise UsageError(f"{output} is not empty and holds no export of ours. Name an empty or a new folder.")
    if not is_overwriting:
        raise UsageError(f"{output} holds an earlier export. Replace it with --overwrite, or name another folder.")


def _is_export(folder: Path) -> bool:
    try:
        facts = json.loads((folder / SUCCESS).read_text("utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(facts, dict) and facts.get("format") == _FORMAT


@contextmanager
def _beside(output: Path) -> Iterator[Path]:
    """A new folder beside ``output`` to write into; what a killed export left there goes.

    Raises:
        UsageError: Another export is writing there.
    """
    output.parent.mkdir(parents=True, exist_ok=True)
    work = output.with_name(f".{output.name}.exporting")
    work.mkdir(exist_ok=True)
    descriptor = os.open(work, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UsageError(f"Another export is writing to {output}. Wait for it.") from error
        try:
            _mend(work, output)
            (work / "new").mkdir()
            yield work / "new"
        finally:
            _mend(work, output)
            work.rmdir()
    finally:
        os.close(descriptor)


def _mend(work: Path, output: Path) -> None:
    """Removes what was not put in place; an earlier export that was moved away for one that never came goes back."""
    if (work / "old").exists() and not output.exists():
        (work / "old").rename(output)
    for left in work.iterdir():
        shutil.rmtree(left)


def _put_in_place(new: Path, output: Path) -> None:
    """Renames the export into its place; between the two renames of an overwriting there is none there."""
    if output.exists() and any(output.iterdir()):
        output.rename(new.with_name("old"))
    new.rename(output)
    _flush(output.parent)


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
