"""Goes through more rows than fit into memory: one part of them after another, each with all rows of its keys."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

ROWS_A_PART = 250_000


def in_parts(tables: "DuckDBPyConnection", keyed: Mapping[str, str]) -> Iterator[None]:
    """Makes tables stand for one part of their rows after another, and for all of them again in the end.

    Rows with equal keys are in the same part, also those of different tables; few rows are one part. What is split
    lies in DuckDB's folder for what does not fit into memory.

    Args:
        tables: Where they are.
        keyed: By the name of a table or view, a query of its rows with one more column, ``key``.
    """
    counts = [tables.execute(f"SELECT count(*) FROM ({query})").fetchall()[0][0] for query in keyed.values()]
    parts = -(-max(counts) // ROWS_A_PART) or 1
    # A table that is sorted by part is read back only where the part lies.
    order = "ORDER BY part" if parts > 1 else ""
    for name, query in keyed.items():
        split = f"SELECT * EXCLUDE (key), hash(key) % {parts} AS part FROM ({query})"
        tables.execute(f"CREATE TEMP TABLE all_{name} AS {split} {order}")
    for part in range(parts):
        for name in keyed:
            tables.execute(
                f"CREATE OR REPLACE TEMP VIEW {name} AS SELECT * EXCLUDE (part) FROM all_{name} WHERE part = {part}"
            )
        yield
    for name in keyed:
        tables.execute(f"DROP VIEW temp.{name}; DROP TABLE all_{name}")


def in_ranges(counts: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """First and last number of ranges of about a part's rows, from the numbers in order and how many rows each has."""
    held: list[int] = []
    rows = 0
    for number, own in counts:
        if held and rows + own > ROWS_A_PART:
            yield held[0], held[-1]
            held, rows = [], 0
        held.append(number)
        rows += own
    if held:
        yield held[0], held[-1]
