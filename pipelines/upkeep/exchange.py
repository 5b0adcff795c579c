"""One commit that takes part files of a table for others."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from deltalake import CommitProperties, DeltaTable, Transaction
from deltalake.transaction import AddAction, RemoveAction

from pipelines.upkeep.files import NamedFile


@dataclass(frozen=True, slots=True)
class NewFile:
    """A part file that no log names yet; ``stats`` are Delta's."""

    path: str
    size_bytes: int
    stats: Mapping[str, Any]


def exchange(
    delta: DeltaTable,
    transaction_id: str,
    taken: Sequence[NamedFile],
    given: Sequence[NewFile],
    *,
    changes_rows: bool,
    more: Sequence[Transaction] = (),
) -> None:
    """Commits once, however often it is called, after the very version of ``delta``.

    Args:
        delta: The table as it is now.
        transaction_id: Of this commit alone.
        taken: Files that leave the table.
        given: Those that come into it.
        changes_rows: Whether the rows are others than before. Then what was taken is of no use to anybody: its
            removal is dated so long ago that no checkpoint keeps its name.
        more: Further transactions that the commit carries.
    """
    if delta.transaction_version(transaction_id) is not None:
        return
    now = int(datetime.now(UTC).timestamp() * 1000)
    removed_at = 0 if changes_rows else now
    actions: list[AddAction | RemoveAction] = [
        RemoveAction(
            one.path,
            data_change=changes_rows,
            deletion_timestamp=removed_at,
            size=one.size_bytes,
            partition_values={},
        )
        for one in taken
    ]
    actions += [
        AddAction(one.path, one.size_bytes, {}, now, data_change=changes_rows, stats=json.dumps(one.stats))
        for one in given
    ]
    properties = CommitProperties(app_transactions=[Transaction(transaction_id, 1), *more], max_commit_retries=0)
    delta.create_write_transaction(actions, mode="append", schema=delta.schema(), commit_properties=properties)
