"""Scans that began and never ended, told by the next one."""

from datetime import UTC, datetime

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
    """Records as ``killed`` every scan that began and never ended: with the store locked, none can be running."""
    with connect(store) as tables:
        result = tables.execute(_RUNNING)
        names = [column[0] for column in result.description]
        left = [dict(zip(names, row, strict=True)) for row in result.fetchall()]
    for row in left:
        store.record_scan(row | {"status": "killed", "recorded_at": datetime.now(UTC)})
