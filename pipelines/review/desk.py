"""What a reviewer's page asks of a store and tells it: a queue held in memory, decisions that are appended at once."""

import threading
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self, get_args

from pipelines.case import Case, Row, case_of
from pipelines.errors import UsageError
from pipelines.policy_config import LoadedPolicy
from pipelines.reviews import Decision, Review, check_reviewer, record_reviews
from pipelines.store import Store
from pipelines.tables import bounded
from pipelines.troubles import machine_told

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Shown = Literal["open", "decided", "disputed", "all"]
SHOWN: tuple[Shown, ...] = get_args(Shown)
_IS_SHOWN: Mapping[Shown, str] = {
    "open": "mine IS NULL",
    "decided": "mine IS NOT NULL",
    "disputed": "together = 'disputed'",
    "all": "true",
}
_FOLDER = Path(__file__).parent
_QUEUE, _LISTED = ((_FOLDER / name).read_text("utf-8") for name in ("queue.sql", "listed.sql"))


@dataclass(frozen=True, slots=True)
class Choice:
    """Which part of the queue a person goes through.

    Attributes:
        shown: By what was decided: ``open`` and ``decided`` are about this reviewer.
        outcome: Of the verdict; empty: any.
    """

    shown: Shown = "open"
    outcome: str = ""

    @property
    def condition(self) -> str:
        """The same as SQL over ``listed``; its parameter is ``outcome``."""
        return f"{_IS_SHOWN[self.shown]} AND ($outcome = '' OR outcome = $outcome)"


@dataclass(frozen=True, slots=True)
class Entry:
    """A content of the queue; the place shown is the one that is least disclosed.

    Attributes:
        position: In the whole queue, from 1.
        score: The first detector's, or None.
        mine: What this reviewer decided, or None.
        together: What all who decided say together, or None.
    """

    position: int
    content_sha256: str
    uri: str
    member_path: str | None
    outcome: str
    synthesis: str
    policy_sha256: str
    judgement: str | None
    score: float | None
    media_type: str | None
    places: int
    mine: str | None
    together: str | None
    reviewers: int


@dataclass(frozen=True, slots=True)
class Progress:
    """Of the whole queue: contents, those that this reviewer decided, those in dispute, and how many by outcome."""

    all: int
    decided: int
    disputed: int
    outcomes: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Around:
    """Where an entry stands in the chosen part of the queue.

    Attributes:
        is_in: Whether it is of that part.
        ahead: How many of it come before.
    """

    previous: str | None
    next: str | None
    is_in: bool
    ahead: int
    size: int


@dataclass(frozen=True, slots=True)
class Look:
    """All that a page shows of an entry, but for pictures.

    Attributes:
        rows: Of ``items``, of its places: where a picture may be had.
        marks: Of ``item_marks``, those with a box.
        frames: ``timestamp_ms``, ``detector_digest`` and ``score``, in order of time.
        note: What the reviewer noted last, also with a decision that was taken back.
    """

    entry: Entry
    case: Case
    rows: Sequence[Row]
    marks: Sequence[Row]
    frames: Sequence[Row]
    note: str
    around: Around
    progress: Progress


class Desk:
    """The queue of one reviewer under one policy. Safe to use from several threads.

    Args:
        store: Not pinned.
        policy: Whose verdicts are reviewed.
        reviewer: Who decides.
        detectors: Names or folders of packages in which error rates may stand, beside those that ship.

    Raises:
        UsageError: The name is none, or nothing was judged under the policy.
    """

    def __init__(self, store: Store, policy: LoadedPolicy, reviewer: str, detectors: Sequence[str] = ()) -> None:
        check_reviewer(reviewer)
        self.policy, self.reviewer = policy, reviewer
        self._store, self._detectors = store, detectors
        self._lock = threading.RLock()
        self._held, self._tables = self._read()
        for entry in self.entries(Choice("all"), 1):
            self.look(
                entry.content_sha256, Choice()
            )  # reads the detectors' packages, for which nobody shall wait later

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._held.close()

    def _read(self) -> "tuple[ExitStack, DuckDBPyConnection]":
        with ExitStack() as held, machine_told(self._store.root):
            tables = held.enter_context(bounded(self._store.pinned()))
            tables.execute("SET VARIABLE policy = $policy", {"policy": self.policy.policy.id})
            tables.execute("SET VARIABLE reviewer = $reviewer", {"reviewer": self.reviewer})
            if not _asked(tables, "SELECT 1 FROM verdicts WHERE policy = getvariable('policy') LIMIT 1"):
                name, root = self.policy.policy.id, self._store.root
                raise UsageError(
                    f"Nothing in {root} was judged under {name}. Do it: aiqyn judge --store {root} --policy {name}"
                )
            tables.execute(_QUEUE + _LISTED)
            kept = held.pop_all()
        return kept, tables

    def reload(self) -> None:
        """Reads the store anew: what scans and other reviewers committed meanwhile."""
        held, tables = self._read()
        with self._lock:
            previous, self._held, self._tables = self._held, held, tables
            previous.close()

    def progress(self) -> Progress:
        """How far this reviewer is."""
        with self._lock:
            sql = """
                SELECT outcome, count(*), count(mine), count(*) FILTER (together = 'disputed') FROM listed
                GROUP BY ALL ORDER BY ALL
            """
            rows = self._tables.execute(sql).fetchall()
        return Progress(
            all=sum(row[1] for row in rows),
            decided=sum(row[2] for row in rows),
            disputed=sum(row[3] for row in rows),
            outcomes={row[0]: row[1] for row in rows},
        )

    def size(self, choice: Choice) -> int:
        """How many entries are chosen."""
        with self._lock:
            sql = f"SELECT count(*) AS size FROM listed WHERE {choice.condition}"
            return int(_asked(self._tables, sql, outcome=choice.outcome)[0]["size"])

    def entries(self, choice: Choice, most: int, start: int = 0) -> list[Entry]:
        """A stretch of the chosen part of the queue, best first."""
        sql = f'SELECT * FROM listed WHERE {choice.condition} ORDER BY "position" LIMIT {most:d} OFFSET {start:d}'
        with self._lock:
            return [Entry(**row) for row in _asked(self._tables, sql, outcome=choice.outcome)]

    def entry(self, content_sha256: str) -> Entry | None:
        """The entry of a content, if it is in the queue."""
        with self._lock:
            sql = "SELECT * FROM listed WHERE content_sha256 = $content"
            rows = _asked(self._tables, sql, content=content_sha256)
        return Entry(**rows[0]) if rows else None

    def rows(self, content_sha256: str) -> list[Row]:
        """Of ``items``: every place of a content, the one that is least disclosed first."""
        sql = """
            SELECT item.* FROM items_latest AS item JOIN queue USING (content_sha256)
            WHERE content_sha256 = $content AND item.outcome <> 'gone'
            ORDER BY (item.uri = queue.uri AND item.member_path IS NOT DISTINCT FROM queue.member_path) DESC,
                     item.uri, item.member_path NULLS FIRST
        """
        with self._lock:
            return _asked(self._tables, sql, content=content_sha256)

    def boxes(self, content_sha256: str) -> list[Row]:
        """Of ``item_marks``: labels of a content, with where they stand in its frames."""
        sql = """
            SELECT DISTINCT mark_id, kind, value, box_x, box_y, box_width, box_height, first_ms, last_ms
            FROM item_marks WHERE content_sha256 = $content AND box_x IS NOT NULL ORDER BY ALL
        """
        with self._lock:
            return _asked(self._tables, sql, content=content_sha256)

    def look(self, content_sha256: str, choice: Choice) -> Look | None:
        """All of an entry; None where a content is not in the queue."""
        with self._lock:
            entry = self.entry(content_sha256)
            if entry is None:
                return None
            rows = self.rows(content_sha256)
            frames = """
                SELECT timestamp_ms, detector_digest, score FROM frames_latest
                WHERE content_sha256 = $content AND timestamp_ms IS NOT NULL ORDER BY timestamp_ms
            """
            return Look(
                entry,
                case_of(self._tables, rows, [self.policy], self._detectors),
                rows,
                self.boxes(content_sha256),
                _asked(self._tables, frames, content=content_sha256),
                self.note(content_sha256),
                self.around(entry, choice),
                self.progress(),
            )

    def around(self, entry: Entry, choice: Choice) -> Around:
        """What stands before and after an entry in a part of the queue, of which it need not be one itself."""
        sql = f"""
            SELECT arg_max(content_sha256, "position") FILTER ("position" < $at) AS previous,
                   arg_min(content_sha256, "position") FILTER ("position" > $at) AS next,
                   count(*) FILTER ("position" = $at) > 0 AS is_in,
                   count(*) FILTER ("position" < $at) AS ahead, count(*) AS size
            FROM listed WHERE {choice.condition}
        """
        with self._lock:
            return Around(**_asked(self._tables, sql, at=entry.position, outcome=choice.outcome)[0])

    def following(self, entry: Entry, choice: Choice, most: int) -> list[str]:
        """Contents that come after an entry in a part of the queue."""
        sql = f"""
            SELECT content_sha256 FROM listed WHERE {choice.condition} AND "position" > $at
            ORDER BY "position" LIMIT {most:d}
        """
        with self._lock:
            rows = _asked(self._tables, sql, at=entry.position, outcome=choice.outcome)
        return [str(row["content_sha256"]) for row in rows]

    def last_decided(self) -> str | None:
        """The content that this reviewer decided last, of what holds: what undo takes back."""
        sql = """
            SELECT content_sha256 FROM reviews_latest SEMI JOIN queue USING (content_sha256)
            WHERE reviewer = getvariable('reviewer') ORDER BY "sequence" DESC, decided_at DESC LIMIT 1
        """
        with self._lock:
            rows = _asked(self._tables, sql)
        return str(rows[0]["content_sha256"]) if rows else None

    def note(self, content_sha256: str) -> str:
        """What this reviewer noted last on a content, also with a decision that was taken back since."""
        sql = """
            SELECT coalesce(note, '') AS note FROM reviews
            WHERE content_sha256 = $content AND reviewer = getvariable('reviewer') AND decision <> 'withdrawn'
            ORDER BY "sequence" DESC LIMIT 1
        """
        with self._lock:
            rows = _asked(self._tables, sql, content=content_sha256)
        return str(rows[0]["note"]) if rows else ""

    def decide(self, entry: Entry, decision: Decision, note: str | None = None) -> None:
        """Appends a decision of this reviewer; ``WITHDRAWN`` takes back the one that holds.

        Raises:
            UsageError: The note is too long or no text.
            MachineError: The store cannot be written.
        """
        seen = Review(
            content_sha256=entry.content_sha256,
            policy=self.policy.policy.id,
            decision=decision,
            reviewer=self.reviewer,
            note=note or None,
            uri=entry.uri,
            member_path=entry.member_path,
            policy_sha256=entry.policy_sha256,
            judgement=entry.judgement,
            verdict_outcome=entry.outcome,
        )
        with self._lock:
            with machine_told(self._store.root):
                record_reviews(self._store, [seen])
            # What was just appended, so that the store need not be read again.
            sql = """
                INSERT INTO stored_reviews BY NAME
                SELECT $content AS content_sha256, $policy AS policy, $decision AS decision, $reviewer AS reviewer,
                       $note AS note, $now AS decided_at, (SELECT coalesce(max("sequence"), 0) + 1 FROM stored_reviews)
                       AS "sequence"
            """
            values = {"policy": seen.policy, "decision": str(decision), "reviewer": self.reviewer, "note": seen.note}
            self._tables.execute(sql, values | {"content": entry.content_sha256, "now": datetime.now(UTC)})
            self._tables.execute(_LISTED)


def _asked(tables: "DuckDBPyConnection", sql: str, **parameters: Any) -> list[Row]:
    result = tables.execute(sql, parameters) if parameters else tables.execute(sql)
    names = [column[0] for column in result.description]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]
