"""Texts that others chose are shown as they are, and can hide nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.pages.html import STYLE, self_contained
from pipelines.pages.texts import shown, shown_path


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Айқын 2026.jpg", "Айқын 2026.jpg"),
        ("photo\u202egpj.exe", "photo\\u202egpj.exe"),
        ("a\nb\x00c\u200b", "a\\nb\\x00c\\u200b"),
        ("half \udcff", "half \\udcff"),
        ("x" * 200, "x" * 159 + "…"),
    ],
)
def test_a_text_is_one_printable_line(text, told) -> None:
    assert shown(text) == told


def test_a_long_path_keeps_both_ends() -> None:
    path = "/archive/" + "deep/" * 100 + "last.jpg"
    told = shown_path(path, 60)
    assert told.startswith("/archive/deep/")
    assert told.endswith("deep/last.jpg")
    assert len(told) == 61


@given(st.text(max_size=400))
def test_whatever_is_shown_can_be_printed(text) -> None:
    assert (shown(text) + shown_path(text)).isprintable()
    assert len(shown(text)) <= 160


def test_only_texts_that_the_page_carries_hold() -> None:
    policy = self_contained(["a{}"], [])
    assert policy.startswith("default-src 'none'; img-src data:; style-src 'sha256-")
    assert "script-src" not in policy
    assert "unsafe" not in policy


def test_the_shared_style_loads_nothing() -> None:
    text = STYLE.read_text("utf-8")
    assert "url(" not in text
    assert "@import" not in text
    assert "</" not in text
