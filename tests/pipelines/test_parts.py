"""Rows that do not fit into memory, part by part."""

from itertools import pairwise

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines import parts
from pipelines.parts import in_parts, in_ranges

KEYED = {
    "item": "SELECT *, uri AS key FROM item",
    "mark": "SELECT *, uri AS key FROM mark",
    "none": "SELECT *, uri AS key FROM item WHERE false",
}


@pytest.mark.parametrize(("size", "expected"), [(1000, 1), (10, 5), (1, 50)])
def test_every_row_is_in_one_part_together_with_those_of_its_key(
    size: int, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "ROWS_A_PART", size)
    with duckdb.connect() as tables:
        tables.execute("CREATE VIEW item AS SELECT nullif(i, 7)::VARCHAR AS uri FROM range(50) AS all_of(i)")
        tables.execute("CREATE VIEW mark AS SELECT (i % 40)::VARCHAR AS uri, i FROM range(45) AS all_of(i)")
        whole = tables.execute("SELECT count(*) FROM item JOIN mark USING (uri)").fetchall()[0][0]
        items, joined, number = [], 0, 0
        for _ in in_parts(tables, KEYED):
            number += 1
            items += tables.execute("SELECT uri FROM item").fetchall()
            joined += tables.execute("SELECT count(*) FROM item JOIN mark USING (uri)").fetchall()[0][0]
            assert tables.execute("SELECT count(*) FROM none").fetchall() == [(0,)]
        assert number == expected
        assert joined == whole
        assert sorted(items, key=str) == sorted(tables.execute("SELECT uri FROM item").fetchall(), key=str)
        assert len(items) == 50  # the views stand for all of their rows again


@given(st.dictionaries(st.integers(0, 10_000), st.integers(1, 400_000), max_size=30))
def test_ranges_hold_every_number_once_and_no_more_rows_than_a_part(counts: dict[int, int]) -> None:
    ordered = sorted(counts.items())
    ranges = list(in_ranges(ordered))
    held = [[number for number, _ in ordered if first <= number <= last] for first, last in ranges]
    assert [number for own in held for number in own] == [number for number, _ in ordered]
    for own in held:
        assert len(own) == 1 or sum(counts[number] for number in own) <= parts.ROWS_A_PART
    for own, following in pairwise(held):
        assert sum(counts[number] for number in own) + counts[following[0]] > parts.ROWS_A_PART
