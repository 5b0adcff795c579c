"""Whether the rows of a store's tables agree with each other: a query for each rule tells what breaks it."""

from collections.abc import Iterator

import duckdb

from pipelines.store import Store
from pipelines.tables import bounded, connect
from pipelines.upkeep.files import staged_segments
from pipelines.upkeep.problems import Found, Problem
from transforms.schemas import TABLES

SEGMENTED = ("items", "frames", "marks", "verdicts")
"""Tables of which a row counts only while its segment stands."""
_MOST = 100
"""Breaches of one rule that are told: a store with more is not mended one by one."""

_LOG_CUT = """
SELECT format('its log ends with commit {{:,}}, and rows speak of commit {{:,}}', version, number)
FROM (SELECT version FROM version_of WHERE name = '{table}'), ({numbers}) AS spoken(number)
WHERE number > version
"""
_ROWS_MISSING = """
SELECT format(
    'segment {{}} was committed with {{:,}} {table}, and {{:,}} are there', segment_id, recorded, found // each
)
FROM (
    SELECT segment_id, {table} AS recorded, {each} AS each,
           coalesce((SELECT count(*) FROM stored_{table} AS own WHERE own.segment_id = segment.segment_id), 0) AS found
    FROM stored_segments AS segment
)
WHERE recorded <> found // each
"""
_ROWS_UNSEEN = """
SELECT format('{{:,}} rows are of segment {{}}, which was never committed', count(*), segment_id)
FROM stored_{table} ANTI JOIN stored_segments USING (segment_id) ANTI JOIN waiting USING (segment_id)
GROUP BY segment_id
"""
_SEGMENT_TWICE = """
SELECT format('segment {}, of scan {}, has {} rows', segment_id, any_value(scan_id), count(*))
FROM stored_segments GROUP BY segment_id HAVING count(*) > 1
"""
_ITEM_TWICE = """
SELECT DISTINCT format('{} has {} rows in segment {}', address(uri, member_path), rows, segment_id)
FROM items JOIN (
    SELECT place(segment_id, uri, member_path) AS place, count(*) AS rows FROM items GROUP BY ALL HAVING count(*) > 1
) AS twice ON twice.place = place(items.segment_id, items.uri, items.member_path)
"""
_VERDICT_WITHOUT_ITEM = """
SELECT DISTINCT format(
    '{} was judged under {} and has no row in segment {}', address(uri, member_path), policy, segment_id
)
FROM verdicts ANTI JOIN (SELECT place(segment_id, uri, member_path) AS place FROM items) AS item
    ON item.place = place(verdicts.segment_id, verdicts.uri, verdicts.member_path)
"""
_SCAN_MISSING = """
SELECT DISTINCT format('scan {} committed segments and has no row', scan_id)
FROM stored_segments ANTI JOIN stored_scans USING (scan_id)
"""
# As in pipelines/containers.py, which lists a container again unless its members are all there.
_MEMBERS_DIFFER = """
SELECT format('{} was listed with {:,} members, and {:,} have rows', container.uri, members, coalesce(found, 0))
FROM items_latest AS container LEFT JOIN (
    SELECT uri, mtime_ns, etag, count(*) AS found FROM items_latest
    WHERE member_path IS NOT NULL AND outcome <> 'gone' AND reason IS DISTINCT FROM 'changed_during_scan'
    GROUP BY ALL
) AS member ON member.uri = container.uri AND member.mtime_ns IS NOT DISTINCT FROM container.mtime_ns
    AND member.etag IS NOT DISTINCT FROM container.etag
WHERE members <> coalesce(found, 0) AND container.member_path IS NULL AND container.outcome <> 'gone'
"""
_OF_SEGMENTS = 'SELECT max("sequence") FROM stored_segments'
_OF_VERDICTS = 'SELECT max("sequence") FROM stored_verdicts UNION ALL SELECT max(verdicts) FROM stored_scans'
_OF_MARKED = 'SELECT max("sequence") FROM stored_near_duplicates'
_OF_REVIEWS = 'SELECT max("sequence") FROM stored_reviews'

_RULES = (
    (Problem.LOG_CUT, "segments", _LOG_CUT.format(table="segments", numbers=_OF_SEGMENTS)),
    (Problem.LOG_CUT, "verdicts", _LOG_CUT.format(table="verdicts", numbers=_OF_VERDICTS)),
    (Problem.LOG_CUT, "near_duplicates", _LOG_CUT.format(table="near_duplicates", numbers=_OF_MARKED)),
    (Problem.LOG_CUT, "reviews", _LOG_CUT.format(table="reviews", numbers=_OF_REVIEWS)),
    (Problem.ROWS_MISSING, "items", _ROWS_MISSING.format(table="items", each="1")),
    (Problem.ROWS_MISSING, "frames", _ROWS_MISSING.format(table="frames", each="greatest(1, len(detectors))")),
    *((Problem.ROWS_UNSEEN, table, _ROWS_UNSEEN.format(table=table)) for table in SEGMENTED),
    (Problem.SEGMENT_TWICE, "segments", _SEGMENT_TWICE),
    (Problem.ITEM_TWICE, "items", _ITEM_TWICE),
    (Problem.VERDICT_WITHOUT_ITEM, "verdicts", _VERDICT_WITHOUT_ITEM),
    (Problem.SCAN_MISSING, "segments", _SCAN_MISSING),
    (Problem.MEMBERS_DIFFER, "items", _MEMBERS_DIFFER),
)


def recorded_segments(store: Store) -> set[str]:
    """The ids of all segments that were committed."""
    with connect(store) as tables:
        return {segment for (segment,) in tables.execute("SELECT segment_id FROM stored_segments").fetchall()}


def check_rows(store: Store) -> Iterator[Found]:
    """Everything that is wrong between the rows of a store.

    Args:
        store: Pinned, no part file missing or cut.
    """
    try:
        with bounded(store) as tables:
            _prepare(tables, store)
            for problem, table, sql in _RULES:
                for (detail,) in tables.execute(f"SELECT * FROM ({sql}) ORDER BY ALL LIMIT {_MOST}").fetchall():
                    yield Found(problem, table, None, detail)
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error as error:
        detail = f"rows cannot be compared, since a part file is broken within: {' '.join(str(error).split())[:200]}"
        yield Found(Problem.ROWS_UNREADABLE, "items", None, detail)


def _prepare(tables: "duckdb.DuckDBPyConnection", store: Store) -> None:
    tables.execute("CREATE MACRO address(uri, member_path) AS concat_ws('!/', uri, member_path)")
    waiting = {"ids": [*staged_segments(store)]}
    tables.execute("CREATE TEMP TABLE waiting AS SELECT unnest($ids)::VARCHAR AS segment_id", waiting)
    tables.execute("CREATE TEMP TABLE version_of (name VARCHAR, version BIGINT)")
    for table in TABLES:
        tables.execute("INSERT INTO version_of VALUES (?, ?)", [table, store.version(table)])
