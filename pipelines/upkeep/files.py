"""The files of a table: which its log names, which lie in its folder, and what those are that it does not name."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipelines.store import Store
from transforms.store_files import MANIFESTS

KEPT = "kept"
"""The folder of part files in which is left what was not forgotten."""
_PART = re.compile(r"[^/]+/part-[0-9a-f]{32}\.parquet")
_UNFINISHED = re.compile(r"[^/]+/\.part-[0-9a-f]{32}\.parquet(\.[0-9a-f]{32})?|\..+\.json\.[0-9a-f]{32}")
_COMMIT = re.compile(r"[0-9]{20}\.json")


class Unnamed(StrEnum):
    """What a file is that its table's log does not name."""

    STAGED = "staged"
    ORPHAN = "orphan"
    UNFINISHED = "unfinished"
    SUPERSEDED = "superseded"
    STRAY = "stray"


@dataclass(frozen=True, slots=True)
class NamedFile:
    """A part file as its table's log names it; ``rows`` and ``bounds`` are Delta's statistics, if it has any."""

    path: str
    size_bytes: int
    rows: int | None
    bounds: dict[str, Any]


@dataclass(frozen=True, slots=True)
class UnnamedFile:
    """A file in a table's folder that the log does not name.

    Attributes:
        path: Relative to the table.
        superseded_at: When a commit took it out of the table, or None if none did.
    """

    table: str
    path: str
    size_bytes: int
    what: Unnamed
    superseded_at: datetime | None = None


def named_files(store: Store, table: str) -> list[NamedFile]:
    """The part files of a table that make up its rows, sorted by path."""
    actions = pa.table(store.delta(table).get_add_actions(flatten=True)).to_pylist()
    files = [
        NamedFile(
            action["path"],
            action["size_bytes"],
            action.get("num_records"),
            {key: value for key, value in action.items() if key.startswith(("min.", "max.")) and value is not None},
        )
        for action in actions
    ]
    return sorted(files, key=lambda file: file.path)


def lying_files(store: Store, table: str) -> dict[str, int]:
    """Sizes of all files in a table's folder, but for its log's, by path relative to it."""
    found = store.disk.sizes(table)
    return {path: size for path, size in found.items() if not path.startswith("_delta_log/")}


def staged_segments(store: Store) -> dict[str, set[tuple[str, str]]]:
    """By each segment that waits for its commit, table and path of its part files; a broken manifest names none."""
    staged = {}
    for path, manifest in store.manifests().items():
        segment = path.rpartition("/")[2].removesuffix(".json")
        try:
            staged[segment] = {(part["table"], part["path"]) for part in (manifest or {})["parts"]}
        except (KeyError, TypeError):
            staged[segment] = set()
    return staged


def unnamed_files(store: Store, table: str, lying: dict[str, int]) -> Iterator[UnnamedFile]:
    """What lies in a table's folder beside its rows.

    Args:
        store: Read after ``lying``, so that what was committed in between is named.
        table: A table, or ``MANIFESTS``.
        lying: From ``lying_files``.
    """
    is_table = table != MANIFESTS
    named = {file.path for file in named_files(store, table)} if is_table else set()
    unnamed = {path: size for path, size in lying.items() if path not in named}
    if not unnamed:
        return
    superseded = _superseded(store, table) if is_table else {}
    staged = set().union(*staged_segments(store).values())
    for path, size in sorted(unnamed.items()):
        if (table, path) in staged or (not is_table and "/" not in path and path.endswith(".json")):
            what = Unnamed.STAGED
        elif path in superseded:
            what = Unnamed.SUPERSEDED
        elif _UNFINISHED.fullmatch(path):
            what = Unnamed.UNFINISHED
        else:
            what = Unnamed.ORPHAN if is_table and _PART.fullmatch(path) else Unnamed.STRAY
        yield UnnamedFile(table, path, size, what, superseded.get(path))


def _superseded(store: Store, table: str) -> dict[str, datetime]:
    """When commits took files out of the table, as far back as its log reaches."""
    taken = {}
    log = f"{table}/_delta_log"
    commits = (f"{log}/{name}" for name in sorted(store.disk.sizes(log)) if _COMMIT.fullmatch(name))
    for commit in store.disk.copies(commits):
        for line in Path(commit).read_text("utf-8").splitlines():
            if line.startswith('{"remove"'):
                removed = json.loads(line)["remove"]
                taken[removed["path"]] = datetime.fromtimestamp(removed["deletionTimestamp"] / 1000, UTC)
    return taken
