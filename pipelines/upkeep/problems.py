"""What can be wrong with a store, in words that do not change, and what to do about it."""

from dataclasses import dataclass
from enum import StrEnum

_RESTORE = "Put it back from a backup; without one its rows are lost: scan into a new store."


class Problem(StrEnum):
    """What is wrong. Damage is what loses rows or makes them wrong; the rest is what a stop may leave behind."""

    TABLE_UNREADABLE = "table_unreadable"
    LOG_CUT = "log_cut"
    COLUMNS_OTHER = "columns_other"
    FILE_MISSING = "file_missing"
    FILE_SIZE = "file_size"
    FILE_ROWS = "file_rows"
    FILE_COLUMNS = "file_columns"
    FILE_UNREADABLE = "file_unreadable"
    ROWS_MISSING = "rows_missing"
    ROWS_UNREADABLE = "rows_unreadable"
    SEGMENT_TWICE = "segment_twice"
    ITEM_TWICE = "item_twice"
    VERDICT_WITHOUT_ITEM = "verdict_without_item"
    SCAN_MISSING = "scan_missing"

    COLUMNS_MISSING = "columns_missing"
    ROWS_UNSEEN = "rows_unseen"
    SEGMENT_WAITS = "segment_waits"
    MEMBERS_DIFFER = "members_differ"
    ORPHAN = "orphan"
    UNFINISHED = "unfinished"
    STRAY = "stray"

    @property
    def is_damage(self) -> bool:
        """Whether rows are lost or wrong."""
        return self not in _LEFT_BEHIND

    @property
    def advice(self) -> str:
        """What to do."""
        return _ADVICE[self]


_ADVICE = {
    Problem.TABLE_UNREADABLE: "Put its folder _delta_log back from a backup.",
    Problem.LOG_CUT: "Put the table's folder _delta_log back from a backup.",
    Problem.COLUMNS_OTHER: "Another version of aiqyn wrote it: use that one.",
    Problem.FILE_MISSING: _RESTORE,
    Problem.FILE_SIZE: _RESTORE,
    Problem.FILE_ROWS: _RESTORE,
    Problem.FILE_COLUMNS: _RESTORE,
    Problem.FILE_UNREADABLE: _RESTORE,
    Problem.ROWS_MISSING: "Put the table back from a backup; without one scan into a new store.",
    Problem.ROWS_UNREADABLE: "Which file: aiqyn store check --deep.",
    Problem.SEGMENT_TWICE: "Put the table's folder _delta_log back from a backup.",
    Problem.ITEM_TWICE: "Put the table's folder _delta_log back from a backup.",
    Problem.VERDICT_WITHOUT_ITEM: "Put the tables items and segments back from a backup.",
    Problem.SCAN_MISSING: "Put the table scans back from a backup.",
    Problem.COLUMNS_MISSING: "An earlier version of aiqyn wrote it. Scan into it once: that adds what is missing.",
    Problem.ROWS_UNSEEN: "No view shows them. Scan the same sources again: that examines them anew.",
    Problem.SEGMENT_WAITS: "The next scan finishes its commit.",
    Problem.MEMBERS_DIFFER: "A scan was stopped among its members. The next scan lists it anew.",
    Problem.ORPHAN: "A stop left it. Remove it: aiqyn store vacuum.",
    Problem.UNFINISHED: "A stop left it. Remove it: aiqyn store vacuum.",
    Problem.STRAY: "It is none of ours. Remove it yourself, if it is none of yours.",
}
_LEFT_BEHIND = frozenset(
    {
        Problem.COLUMNS_MISSING,
        Problem.ROWS_UNSEEN,
        Problem.SEGMENT_WAITS,
        Problem.MEMBERS_DIFFER,
        Problem.ORPHAN,
        Problem.UNFINISHED,
        Problem.STRAY,
    }
)


@dataclass(frozen=True, slots=True)
class Found:
    """One problem.

    Attributes:
        problem: Which.
        table: Where.
        file: Relative to the table's folder, or None where it is no file's.
        detail: What is so, without an end mark.
    """

    problem: Problem
    table: str
    file: str | None
    detail: str

    @property
    def line(self) -> str:
        """For people, on one line: control characters of hostile names are escaped."""
        place = self.table if self.file is None else f"{self.table}/{self.file}"
        word = "damaged" if self.problem.is_damage else "left over"
        told = f"{word}: {place}: {self.detail}. {self.problem.advice}"
        return "".join(character if character.isprintable() else repr(character)[1:-1] for character in told)

    def facts(self) -> dict[str, str | bool | None]:
        """For machines."""
        return {
            "problem": self.problem.value,
            "is_damage": self.problem.is_damage,
            "table": self.table,
            "file": self.file,
            "detail": self.detail,
            "advice": self.problem.advice,
        }
