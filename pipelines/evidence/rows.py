"""Everything that a store holds about one content: rows of every table, over all time, in a fixed order."""

import json
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from pipelines.errors import UsageError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Row = dict[str, Any]
_HASH = re.compile(r"[0-9a-f]{8,64}")

_SEGMENTS = "SELECT segment_id FROM items WHERE content_sha256 = $content"
_SCANS = f"SELECT scan_id FROM segments WHERE segment_id IN ({_SEGMENTS})"
_QUERIES = {
    "places": "SELECT * FROM items_latest WHERE content_sha256 = $content ORDER BY outcome = 'gone', uri, member_path",
    "items": """
        SELECT items.* FROM items JOIN stored_segments AS segment USING (segment_id)
        WHERE content_sha256 = $content ORDER BY segment.sequence, uri, member_path
    """,
    "frames": """
        SELECT frames.* FROM frames JOIN stored_segments AS segment USING (segment_id)
        WHERE content_sha256 = $content ORDER BY segment.sequence, detector, frame_index
    """,
    "marks": """
        SELECT marks.* FROM marks JOIN stored_segments AS segment USING (segment_id)
        WHERE content_sha256 = $content ORDER BY segment.sequence, layer, kind, mark_id
    """,
    "verdicts": """
        SELECT * FROM verdicts WHERE content_sha256 = $content
        ORDER BY "sequence", policy, uri, member_path, judged_at
    """,
    "verdicts_latest": """
        SELECT * FROM verdicts_latest WHERE content_sha256 = $content ORDER BY policy, uri, member_path
    """,
    "reviews": 'SELECT * FROM reviews WHERE content_sha256 = $content ORDER BY "sequence"',
    "near_duplicates": """
        SELECT * FROM stored_near_duplicates WHERE $content IN (content_sha256, duplicate_of)
        ORDER BY "sequence", content_sha256
    """,
    "segments": f'SELECT * FROM segments WHERE segment_id IN ({_SEGMENTS}) ORDER BY "sequence"',
    "scans": f"SELECT * FROM scans WHERE scan_id IN ({_SCANS}) ORDER BY started_at, scan_id",
}
"""By the name of the file that they go to."""


@dataclass(frozen=True, slots=True)
class ContentRows:
    """All rows about one content.

    Attributes:
        content_sha256: Hexadecimal.
        tables: Rows by ``TABLES``, values as JSON has them.
    """

    content_sha256: str
    tables: dict[str, list[Row]]

    @property
    def places(self) -> list[Row]:
        """Its places as they are known now, those that are gone last."""
        return self.tables["places"]

    @property
    def latest(self) -> Row:
        """The place that stands for the content."""
        return self.places[0]


TABLES = tuple(_QUERIES)


def rows_about(tables: "DuckDBPyConnection", told: str) -> ContentRows:
    """All rows about a content.

    Args:
        tables: Of the store.
        told: Its hash, or the first eight digits or more.

    Raises:
        UsageError: The store knows no such content, or several.
    """
    if not _HASH.fullmatch(told):
        raise UsageError(
            f"{told} is no hash of a content: 8 to 64 hexadecimal digits. See content_sha256 of items_latest."
        )
    sql = "SELECT DISTINCT content_sha256 FROM items_latest WHERE starts_with(content_sha256, $told) LIMIT 2"
    found = [content for (content,) in tables.execute(sql, {"told": told}).fetchall()]
    if not found:
        raise UsageError(f"The store knows no content whose hash begins with {told}.")
    if len(found) > 1:
        raise UsageError(f"Several contents begin with {told}. Give more digits of the hash.")
    (content,) = found
    return ContentRows(content, {name: _asked(tables, sql, content) for name, sql in _QUERIES.items()})


def _asked(tables: "DuckDBPyConnection", sql: str, content: str) -> list[Row]:
    result = tables.execute(sql, {"content": content})
    names = [column[0] for column in result.description]
    return [{name: as_json(value) for name, value in zip(names, row, strict=True)} for row in result.fetchall()]


def as_json(value: Any) -> Any:
    """A value of a row as JSON has it: times in UTC, in ISO 8601."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return {str(key): as_json(one) for key, one in value.items()}
    if isinstance(value, list):
        return [as_json(one) for one in value]
    return value


def as_text(data: Any) -> bytes:
    """JSON as files of a package hold it."""
    return (json.dumps(data, ensure_ascii=False, indent=1) + "\n").encode()
