"""Commits that lose against another process's are tried again: Delta takes one commit a version.

delta-rs can do that itself, but gives up after fifteen losses, and then gives a commit another number than the one that
it was made for. Here each try sees the table as it is, so that what it commits may depend on that.
"""

import random
import time
from collections.abc import Callable

from deltalake import DeltaTable
from deltalake.exceptions import CommitFailedError

from pipelines.delta_faults import TRIES, may_pass
from transforms.retry import delay_seconds

_TRIES = 200
_MOST_SECONDS = 0.5


def committed(open_table: Callable[[], DeltaTable], attempt: Callable[[DeltaTable], None]) -> None:
    """Commits to a table, however many others do the same.

    Args:
        open_table: Gives the table as it is now.
        attempt: Makes one commit that follows the version it is given, without retries of delta-rs; or finds that
            there is nothing to do. It may be called many times.

    Raises:
        CommitFailedError: For another reason than a commit that came first, or after very many of those.
        Exception: Storage refused, or failed again and again.
    """
    faults = 0
    for attempts in range(1, _TRIES + 1):
        table = open_table()
        version = table.version()
        try:
            attempt(table)
        except Exception as error:
            if may_pass(error) and faults < TRIES:  # it may have been committed: then the next attempt finds it
                faults += 1
                time.sleep(delay_seconds(faults))
                continue
            if not isinstance(error, CommitFailedError):
                raise
            if attempts == _TRIES or open_table().version() == version:
                raise
        else:
            return
        time.sleep(min(_MOST_SECONDS, 0.005 * attempts) * random.random())  # noqa: S311  (no secret)
