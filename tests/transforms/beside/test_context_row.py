"""Cells of a context table: times of publication become ISO 8601, and wrong ones are told."""

import pytest

from transforms.beside.context import Context, published_at


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("2026-01-18", "2026-01-18"),
        ("20260118", "2026-01-18"),
        ("18.01.2026", "2026-01-18"),
        ("2026/01/18", "2026-01-18"),
        ("18.01.2026 09:30", "2026-01-18T09:30:00"),
        ("2026-01-18 09:30:15", "2026-01-18T09:30:15"),
        ("2026-01-18T09:30:15Z", "2026-01-18T09:30:15Z"),
        ("2026-01-18T09:30:15+05:00", "2026-01-18T04:30:15Z"),
        ("1768728615", "2026-01-18T09:30:15Z"),
        ("soon", None),
        ("31.02.2026", None),
        ("99999999999999999999", None),
        ("0001-01-01T00:00:00+05:00", None),
    ],
)
def test_times_of_publication(told, expected):
    assert published_at(told) == expected


def test_empty_cells_are_none_and_wrong_dates_are_told():
    row = Context.of({"title": "  ", "caption": " x ", "url": None, "published_at": "soon"})
    assert row == Context(caption="x", notes=row.notes)
    assert row.notes == ("bad_published_at: context:published_at: 'soon' is no date or time.",)
    assert row.digest != Context(caption="x").digest
