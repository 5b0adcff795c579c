"""Which rows are forgotten, and what becomes of those that stay, in SQL over the tables as they are stored."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_HERE = "part.uri = {0}.uri AND part.member_path IS NOT DISTINCT FROM {0}.member_path"
_ANY = "SELECT content_sha256 FROM forgotten"

DOOMED = {
    "items": "concat_ws(chr(31), part.segment_id, part.uri, part.member_path) IN (FROM doomed_items)"
    " OR part.segment_id IN (FROM old)",
    "frames": "part.segment_id IN (SELECT segment_id FROM touched) AND NOT EXISTS (FROM staying_items AS item WHERE "
    "item.segment_id = part.segment_id AND item.content_sha256 = part.content_sha256)",
    "marks": "part.segment_id IN (SELECT segment_id FROM touched) AND NOT EXISTS (FROM staying_items AS item WHERE "
    "item.segment_id = part.segment_id AND item.content_sha256 IS NOT DISTINCT FROM part.content_sha256 AND "
    "(part.place_uri IS NULL OR (item.uri = part.place_uri AND "
    "item.member_path IS NOT DISTINCT FROM part.place_member_path)))",
    "verdicts": "part.segment_id IN (SELECT segment_id FROM touched) AND NOT EXISTS (FROM staying_items AS item WHERE "
    f"item.segment_id = part.segment_id AND {_HERE.format('item')})",
    "near_duplicates": f"part.content_sha256 IN ({_ANY})",
    "reviews": "part.content_sha256 IN (FROM asked) OR part.decided_at < (FROM before)",
    "segments": "part.segment_id IN (SELECT segment_id FROM touched WHERE staying IS NULL)",
    "scans": "part.scan_id IN (FROM ended)",
}
"""By table the condition on its rows, called part, that are forgotten; see ``prepare``."""

KEPT_ROWS = """
SELECT part.* REPLACE (touched.staying AS segment_id)
FROM stored_{table} AS part JOIN touched USING (segment_id)
WHERE touched.staying IS NOT NULL AND ({doomed}) IS NOT TRUE
"""
"""What stays of the segments that are touched, under their new ids."""

_UNSEEN = "segment_id NOT IN (SELECT segment_id FROM stored_segments)"
_SEEN = (_UNSEEN, f"FROM part WHERE NOT ({_UNSEEN})")
REPLACED = {
    **dict.fromkeys(("items", "frames", "marks", "verdicts"), _SEEN),
    "near_duplicates": (
        f"content_sha256 IN ({_ANY}) OR duplicate_of IN ({_ANY})",
        # null: what it looked like is gone, so that nothing stands for it any more.
        f"""
        SELECT * REPLACE (CASE WHEN duplicate_of NOT IN ({_ANY}) THEN duplicate_of END AS duplicate_of)
        FROM part WHERE content_sha256 NOT IN ({_ANY})
        """,
    ),
    "reviews": (DOOMED["reviews"], f"FROM part WHERE ({DOOMED['reviews']}) IS NOT TRUE"),
    "segments": (
        "segment_id IN (SELECT segment_id FROM touched)",
        """
        SELECT part.* REPLACE (
            coalesce(touched.staying, part.segment_id) AS segment_id,
            CASE WHEN touched.staying IS NULL THEN part.items ELSE touched.items END AS items,
            CASE WHEN touched.staying IS NULL THEN part.frames
                 ELSE (SELECT count(*) FROM staying_frames WHERE staying_frames.segment_id = part.segment_id)
                      // greatest(1, len(part.detectors)) END AS frames,
            CASE WHEN touched.staying IS NULL THEN part.examined ELSE touched.examined END AS examined,
            CASE WHEN touched.staying IS NULL THEN part.failed ELSE touched.failed END AS failed,
            CASE WHEN touched.staying IS NULL THEN part.not_checked ELSE touched.not_checked END AS not_checked,
            CASE WHEN touched.staying IS NULL THEN part.gone ELSE touched.gone END AS gone,
            CASE WHEN touched.staying IS NULL THEN part.reused ELSE least(part.reused, touched.items) END AS reused
        )
        FROM part LEFT JOIN touched USING (segment_id)
        WHERE touched.segment_id IS NULL OR touched.staying IS NOT NULL
        """,
    ),
    "scans": ("scan_id IN (FROM ended)", "FROM part WHERE scan_id NOT IN (FROM ended)"),
}
"""By table which rows of a part file, called part, are not to stay as they are, and what takes the file's place."""

SOURCES = (
    "list_has_any(sources, getvariable('named'))",
    """
    SELECT * REPLACE (list_filter(sources, lambda one: NOT list_contains(getvariable('named'), one)) AS sources)
    FROM part
    """,
)
"""The same of scans, of the sources that named what is forgotten: as long as items tell which these were."""

_PLACES = """
-- What was forgotten goes with rows of its places that tell of no content: that it is gone, or could not be read.
CREATE TEMP TABLE lost_places AS
SELECT uri, member_path FROM stored_items
WHERE uri IN (SELECT uri FROM stored_items WHERE content_sha256 IN (FROM asked))
GROUP BY ALL
HAVING bool_or(content_sha256 IN (FROM asked)) AND coalesce(bool_and(content_sha256 IN (FROM asked)), true)
"""
_DOOMED_ITEMS = """
CREATE TEMP TABLE doomed_items AS
SELECT concat_ws(chr(31), part.segment_id, part.uri, part.member_path) AS place
FROM stored_items AS part
-- What was skipped since it looks like what is forgotten was never examined: the next scan finds it as new.
WHERE part.content_sha256 IN (FROM asked) OR part.duplicate_of IN (FROM asked)
   OR (part.content_sha256 IS NULL AND EXISTS (
        FROM lost_places AS lost
        WHERE part.uri = lost.uri AND part.member_path IS NOT DISTINCT FROM lost.member_path
   ))
"""
_TOUCHED = """
CREATE TEMP TABLE touched_segments AS
SELECT DISTINCT segment_id FROM stored_segments SEMI JOIN (
    FROM old
    UNION ALL SELECT segment_id FROM stored_items
        WHERE concat_ws(chr(31), segment_id, uri, member_path) IN (FROM doomed_items)
    UNION ALL SELECT segment_id FROM stored_frames WHERE content_sha256 IN (FROM asked)
    UNION ALL SELECT segment_id FROM stored_marks WHERE content_sha256 IN (FROM asked)
    UNION ALL SELECT segment_id FROM stored_verdicts WHERE content_sha256 IN (FROM asked)
) AS named USING (segment_id)
"""
_STAYING = """
CREATE TEMP TABLE staying_items AS
SELECT segment_id, uri, member_path, content_sha256, outcome FROM stored_items
WHERE segment_id IN (FROM touched_segments) AND segment_id NOT IN (FROM old)
  AND concat_ws(chr(31), segment_id, uri, member_path) NOT IN (FROM doomed_items);
CREATE TEMP TABLE touched AS
SELECT one.segment_id,
       CASE WHEN count(item.segment_id) > 0 THEN sha256(concat(one.segment_id, uuid())) END AS staying,
       count(item.segment_id) AS items,
       count(*) FILTER (item.outcome = 'examined') AS examined, count(*) FILTER (item.outcome = 'failed') AS failed,
       count(*) FILTER (item.outcome = 'not_checked') AS not_checked, count(*) FILTER (item.outcome = 'gone') AS gone
FROM touched_segments AS one LEFT JOIN staying_items AS item ON item.segment_id = one.segment_id
GROUP BY one.segment_id
"""
_STAYING_FRAMES = """
CREATE TEMP TABLE staying_frames AS
SELECT part.segment_id FROM stored_frames AS part JOIN touched USING (segment_id) WHERE NOT ({doomed})
"""
_FORGOTTEN = """
CREATE TEMP TABLE forgotten AS
FROM asked
UNION
-- With an age: contents of which no row of items is left.
SELECT named.content_sha256 FROM (
    SELECT unnest([content_sha256, duplicate_of]) AS content_sha256 FROM stored_near_duplicates
) AS named
WHERE (FROM before) IS NOT NULL AND named.content_sha256 IS NOT NULL AND named.content_sha256 NOT IN (
    SELECT content_sha256 FROM items WHERE content_sha256 IS NOT NULL AND segment_id NOT IN (FROM old)
)
"""
_ENDED = """
CREATE TEMP TABLE ended AS
SELECT scan_id FROM stored_scans GROUP BY ALL HAVING max(recorded_at) < (FROM before)
EXCEPT SELECT scan_id FROM stored_segments WHERE segment_id NOT IN (FROM old)
"""


def prepare(tables: "DuckDBPyConnection", hashes: Sequence[str], before: datetime | None) -> None:
    """Makes the tables that the rules name.

    They depend only on what is asked for and on the store as it is, so that the rules hold also where a command goes on
    that was killed.

    Args:
        tables: The store as it is now.
        hashes: Contents to forget.
        before: Segments, reviews and scans that are older are forgotten; None: by hashes.
    """
    tables.execute(
        "CREATE TEMP TABLE asked AS SELECT unnest($hashes::VARCHAR[]) AS content_sha256", {"hashes": [*hashes]}
    )
    tables.execute("CREATE TEMP TABLE before AS SELECT $before::TIMESTAMPTZ AS before", {"before": before})
    tables.execute("CREATE TEMP TABLE old AS SELECT segment_id FROM stored_segments WHERE committed_at < (FROM before)")
    tables.execute(_PLACES)
    named = "SELECT coalesce(list(uri), []) FROM lost_places WHERE member_path IS NULL"
    tables.execute(f"SET VARIABLE named = ({named})")
    tables.execute(_DOOMED_ITEMS)
    tables.execute(_TOUCHED)
    tables.execute(_STAYING)
    tables.execute(_STAYING_FRAMES.format(doomed=DOOMED["frames"]))
    tables.execute(_FORGOTTEN)
    tables.execute(_ENDED)
