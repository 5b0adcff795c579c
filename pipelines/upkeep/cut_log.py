"""Cuts a table's log: it begins anew with what the table is now, and tells of nothing that was before."""

import re
from functools import partial

from deltalake import CommitProperties, DeltaTable, Transaction

from pipelines.delta_faults import patiently
from pipelines.store import Store

_VERSION = re.compile(r"(\d{20})\..+")


_CUT = "log cut"
"""The transaction of the commit that a cut log begins with: one that says nothing else."""


def cut_log(store: Store, table: str) -> None:
    """Writes a checkpoint and removes all that the log holds of versions before it, with their bounds of columns.

    Done again it does the same again; a kill at any point leaves a log that is whole.

    Args:
        store: Held alone.
        table: Its name.
    """
    wanted = store.version(table) + 1
    store.commit(table, partial(_commit_nothing, wanted))
    delta = store.delta(table)
    patiently(delta.create_checkpoint)
    log = f"{table}/_delta_log"
    for name in sorted(store.disk.sizes(log)):
        found = _VERSION.fullmatch(name)
        if found and int(found[1]) < delta.version():
            store.disk.remove(f"{log}/{name}")


def _commit_nothing(number: int, delta: DeltaTable) -> None:
    if delta.version() < number:
        properties = CommitProperties(app_transactions=[Transaction(_CUT, number)], max_commit_retries=0)
        delta.create_write_transaction([], mode="append", schema=delta.schema(), commit_properties=properties)
