"""Removes what no version of a store needs: what stops left behind, and what merged files replaced long enough ago.

No step can harm: a file is removed only when no log names it, and a commit that names others stands before it. So a
kill at any point leaves a sound store, and the next vacuum goes on.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pipelines.amounts import UNITS
from pipelines.errors import UsageError
from pipelines.reviews import REVIEWS
from pipelines.store import Store
from pipelines.upkeep.check import check_store
from pipelines.upkeep.compact import Merge, find_merges, merge
from pipelines.upkeep.files import Unnamed, UnnamedFile, lying_files, unnamed_files
from pipelines.upkeep.problems import Problem
from transforms.schemas import TABLES
from transforms.store_files import MANIFESTS

_LONGEST = timedelta(days=36_500)


@dataclass(frozen=True, slots=True)
class Vacuumed:
    """What a vacuum did, or would do."""

    removed: Sequence[UnnamedFile]
    merges: Sequence[Merge]

    def lines(self, *, is_dry: bool) -> Iterator[str]:
        """For people: each table's files that were merged, each file that was removed, and the sum."""
        removes, merges = ("Would remove", "Would merge") if is_dry else ("Removed", "Merged")
        for one in self.merges:
            yield f"{merges} {len(one.files):,} files of {one.table} into one ({_megabytes(one.size_bytes)})"
        for file in self.removed:
            yield f"{removes} {file.table}/{file.path} ({file.what}, {file.size_bytes:,} bytes)"
        yield f"{removes} {len(self.removed):,} files, {_megabytes(self._bytes)}."

    def facts(self) -> dict[str, Any]:
        """For machines."""
        merged = [{"table": one.table, "files": len(one.files), "bytes": one.size_bytes} for one in self.merges]
        removed = [
            {"table": file.table, "file": file.path, "bytes": file.size_bytes, "why": file.what.value}
            for file in self.removed
        ]
        return {"removed": removed, "bytes": self._bytes, "merged": merged}

    @property
    def _bytes(self) -> int:
        return sum(file.size_bytes for file in self.removed)


def parse_age(told: str, option: str = "--keep") -> timedelta:
    """An age such as ``7d``: minutes (m), hours (h), days (d) or weeks (w), at most a hundred years.

    Args:
        told: As it was typed.
        option: With which it was.

    Raises:
        UsageError: It is none.
    """
    found = re.fullmatch(r"([0-9]{1,6})([mhdw])", told)
    age = timedelta(**{UNITS[found[2]]: int(found[1])}) if found else None
    if age is None or age > _LONGEST:
        raise UsageError(f"{option} takes an age such as 7d, 12h or 0d, of at most 100 years, and {told!r} is none.")
    return age


def vacuum(store: Store, keep: timedelta, *, is_compacting: bool = False, is_dry: bool = False) -> Vacuumed:
    """Removes files that no version younger than ``keep`` needs.

    Args:
        store: Not pinned.
        keep: How long a version can still be read after others replaced its files.
        is_compacting: Whether many small files are merged first. What they replace is removed when it is old enough.
        is_dry: Whether nothing is done.

    Raises:
        UsageError: A scan, or another command that writes, holds the store, or it is damaged.
    """
    with store.locks.whole("vacuum"):
        refuse_unsound(store)
        merges = [one for table in TABLES for one in find_merges(store, table)] if is_compacting else []
        if not is_dry:
            for one in merges:
                merge(store, one)
        with store.locks.alone(REVIEWS):  # they are recorded while others hold the store
            removed = needless_files(store, datetime.now(UTC) - keep)
            if not is_dry:
                for file in removed:
                    store.locks.confirm()
                    remove_file(store, file)
    return Vacuumed(removed, merges)


def refuse_unsound(store: Store) -> None:
    """Refuses to remove anything from a store that is damaged or of an earlier version.

    Raises:
        UsageError: It is.
    """
    for found in check_store(store, is_ours=True):
        if found.problem is Problem.COLUMNS_MISSING:
            raise UsageError(f"Nothing was removed from {store.root}: {found.detail}. {found.problem.advice}")
        if found.problem.is_damage:
            raise UsageError(
                f"The store {store.root} is damaged, and what nothing names may be what mends it, so nothing was "
                f"removed. See: aiqyn store check. {found.line}"
            )


def needless_files(store: Store, until: datetime) -> list[UnnamedFile]:
    """What no log names that stops left behind, or that others replaced before ``until``."""
    return [
        file
        for table in (*TABLES, MANIFESTS)
        for file in unnamed_files(store, table, lying_files(store, table))
        if file.what in {Unnamed.ORPHAN, Unnamed.UNFINISHED}
        or (file.superseded_at is not None and file.superseded_at <= until)
    ]


def remove_file(store: Store, file: UnnamedFile) -> None:
    """Removes a file, and its folder where that is empty then.

    Raises:
        UsageError: It cannot be removed.
    """
    place = f"{file.table}/{file.path}"
    try:
        store.disk.remove(place)
        if isinstance(store.root, Path):
            table, folder = store.root / file.table, (store.root / place).parent
            if folder != table and not any(folder.iterdir()):
                folder.rmdir()
    except OSError as error:
        raise UsageError(
            f"{store.root}/{place} cannot be removed: {error.strerror}. The store is as sound as before."
        ) from error


def _megabytes(number: int) -> str:
    return f"{number / 1e6:,.1f} MB"
