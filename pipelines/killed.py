"""Scans that began and never ended, told by the next one."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from pipelines.store import Store
from pipelines.tables import connect

_RUNNING = """
SELECT scans.* REPLACE (
    coalesce(done.examined, 0) AS examined, coalesce(done.failed, 0) AS failed,
    coalesce(done.not_checked, 0) AS not_checked, coalesce(done.gone, 0) AS gone,
    coalesce(done.reused, 0) AS reused, coalesce(done.segments, 0) AS segments
)
FROM scans LEFT JOIN (
    SELECT scan_id, sum(examined) AS examined, sum(failed) AS failed, sum(not_checked) AS not_checked,
           sum(gone) AS gone, sum(reused) AS reused, count(*) AS segments
    FROM segments GROUP BY scan_id
) AS done USING (scan_id)
WHERE status = 'running'
"""


def close_killed_scans(store: Store) -> None:
    """Records as ``killed`` every scan that began and never ended; the caller keeps others from doing the same.

    A driver holds its part before it records that it runs, and records its end before it lets go. So one that was
    seen to run, then to hold nothing, and is still recorded as running, is gone.
    """
    dead = {row["scan_id"] for row in _running(store)}
    dead -= store.locks.live_scans() if dead else set()
    for row in _running(store) if dead else ():
        if row["scan_id"] in dead:
            store.record_scan(row | {"status": "killed", "recorded_at": datetime.now(UTC)})


def _running(store: Store) -> Iterator[dict[str, Any]]:
    with connect(store, asked=_RUNNING) as tables:
        result = tables.execute(_RUNNING)
        names = [column[0] for column in result.description]
        rows = result.fetchall()
    yield from (dict(zip(names, row, strict=True)) for row in rows)
