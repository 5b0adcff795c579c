"""The single items of a report: each one's case, score curves, boxes of labels, and what people decided."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from pipelines.case import Case, Row, ask, find_case
from pipelines.pages.curve import FrameScore
from pipelines.policy_config import LoadedPolicy
from pipelines.report.facts import Candidate

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MOST_PLACES = 10
"""Of one content, that are named."""
MOST_BOXES = 20
_MOST_FRAMES = 20_000

# The views stand on these tables: of the chosen contents alone there is little to go through for each of them.
_CHOSEN = {
    "items": """
        SELECT items.* FROM items JOIN (
            SELECT segment_id, uri, member, outcome FROM now SEMI JOIN chosen USING (content_sha256)
            WHERE outcome <> 'gone' AND reason IS DISTINCT FROM 'container'
            QUALIFY row_number() OVER (PARTITION BY content_sha256 ORDER BY uri, member) <= {most_places}
        ) AS place ON place.segment_id = items.segment_id AND place.uri = items.uri
            AND place.member = coalesce(items.member_path, '')
    """,
    "marks": "SELECT marks.* FROM marks SEMI JOIN chosen USING (content_sha256)",
    "verdicts": "SELECT verdicts.* FROM verdicts SEMI JOIN chosen USING (content_sha256)",
    "frames": "SELECT frames.* FROM frames SEMI JOIN chosen USING (content_sha256)",
    "reviews": "SELECT reviews.* FROM reviews SEMI JOIN chosen USING (content_sha256)",
    "stored_segments": """
        SELECT stored_segments.* FROM stored_segments
        WHERE segment_id IN (SELECT segment_id FROM chosen_items UNION ALL SELECT segment_id FROM chosen_marks
            UNION ALL SELECT segment_id FROM chosen_frames)
    """,
}
_ASKED = ("items_latest", "item_marks", "marks_latest", "verdicts_latest", "frames_latest", "reviews_latest")
"""Views that are asked for each of them: what they tell of the chosen contents is made once."""


@dataclass(frozen=True, slots=True)
class Box:
    """Where a label stands in the frame, in its pixels; ``number`` is that of the mark in the case, from 1."""

    number: int
    x: int
    y: int
    width: int
    height: int
    first_ms: float | None
    last_ms: float | None


@dataclass(frozen=True, slots=True)
class Decision:
    """What one person says now."""

    reviewer: str
    decision: str
    note: str | None
    decided_at: datetime


@dataclass(frozen=True, slots=True)
class Entry:
    """One content.

    Attributes:
        rows: Of ``items``: places at which it may still lie.
        curves: Scores of frames by detector, of what has several frames.
    """

    candidate: Candidate
    case: Case
    rows: tuple[Row, ...]
    curves: tuple[tuple[str, tuple[FrameScore, ...]], ...]
    boxes: tuple[Box, ...]
    decisions: tuple[Decision, ...]


def read_entries(
    tables: "DuckDBPyConnection",
    candidates: Sequence[Candidate],
    policy: LoadedPolicy,
    detectors: Sequence[str] = (),
) -> list[Entry]:
    """Entries of candidates, in their order; afterwards the tables tell of these contents alone.

    Args:
        tables: As ``read_facts`` left them.
        candidates: Of the facts.
        policy: Whose verdicts.
        detectors: As for ``read_facts``.
    """
    if not candidates:
        return []
    _narrow(tables, [candidate.content_sha256 for candidate in candidates])
    return [_entry(tables, candidate, policy, detectors) for candidate in candidates]


def _narrow(tables: "DuckDBPyConnection", contents: Sequence[str]) -> None:
    tables.execute("CREATE TEMP TABLE chosen AS SELECT unnest($contents) AS content_sha256", {"contents": contents})
    for name, sql in _CHOSEN.items():
        tables.execute(f"CREATE TEMP TABLE chosen_{name} AS {sql.format(most_places=MOST_PLACES)}")
    for name in _CHOSEN:
        tables.execute(f"CREATE OR REPLACE TEMP VIEW {name} AS SELECT * FROM chosen_{name}")
    for view in _ASKED:
        tables.execute(f"CREATE TEMP TABLE {view} AS SELECT * FROM memory.main.{view}")


def _entry(tables: "DuckDBPyConnection", candidate: Candidate, policy: LoadedPolicy, detectors: Sequence[str]) -> Entry:
    content = {"content": candidate.content_sha256}
    case = find_case(tables, candidate.content_sha256, [policy], detectors)
    numbers = {mark.fact.mark_id: number for number, mark in enumerate(case.marks, 1)}
    decided = ask(
        tables,
        "SELECT reviewer, decision, note, decided_at FROM reviews_latest WHERE content_sha256 = $content "
        "AND policy = $policy ORDER BY decided_at, reviewer LIMIT 20",
        content | {"policy": policy.policy.id},
    )
    return Entry(
        candidate,
        case,
        tuple(ask(tables, "SELECT * FROM items WHERE content_sha256 = $content ORDER BY uri, member_path", content)),
        tuple(_curves(tables, content)),
        tuple(_boxes(tables, content, numbers)),
        tuple(Decision(**row) for row in decided),
    )


def _curves(tables: "DuckDBPyConnection", content: Row) -> Iterator[tuple[str, tuple[FrameScore, ...]]]:
    sql = (
        "SELECT detector, timestamp_ms, score FROM frames_latest WHERE content_sha256 = $content "
        f"AND timestamp_ms IS NOT NULL ORDER BY frame_index, detector LIMIT {_MOST_FRAMES}"
    )
    curves: dict[str, list[FrameScore]] = {}
    for row in ask(tables, sql, content):
        curves.setdefault(row["detector"], []).append(FrameScore(row["timestamp_ms"], row["score"]))
    return ((detector, tuple(frames)) for detector, frames in curves.items() if len(frames) > 1)


def _boxes(tables: "DuckDBPyConnection", content: Row, numbers: dict[str, int]) -> Iterator[Box]:
    sql = (
        "SELECT DISTINCT mark_id, box_x, box_y, box_width, box_height, first_ms, last_ms FROM marks_latest "
        "WHERE content_sha256 = $content AND box_width > 0 AND box_height > 0 ORDER BY ALL"
    )
    for row in ask(tables, sql, content)[:MOST_BOXES]:
        if row["mark_id"] in numbers:
            x, y, width, height = (row[f"box_{name}"] for name in ("x", "y", "width", "height"))
            yield Box(numbers[row["mark_id"]], x, y, width, height, row["first_ms"], row["last_ms"])
