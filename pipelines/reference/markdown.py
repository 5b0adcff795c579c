"""The little Markdown that the pages are made of."""

import textwrap
from collections.abc import Iterable, Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; line breaks and bars in cells do not break it."""
    lines = [_row(head), "|" + "---|" * len(head), *(_row([_cell(one) for one in row]) for row in rows)]
    return "\n".join(lines)


def page(title: str, source: str, *parts: str) -> str:
    """A whole page.

    Args:
        title: Its heading.
        source: What it is made from, for those who want to change it.
        parts: Paragraphs, tables and headings, each to stand by itself.
    """
    notice = f"<!-- Made by `make docs` from {source}; do not edit. -->"
    return "\n\n".join([f"# {title}", notice, *map(_filled, parts)]) + "\n"


def codes(values: Iterable[object]) -> str:
    """Values as code, parted by commas."""
    return ", ".join(f"`{value}`" for value in values)


def _filled(part: str) -> str:
    """Paragraphs as wide as those that people write; all else as it is."""
    is_paragraph = not part.startswith(("|", "#", "`" * 3))
    return textwrap.fill(part, 120, break_long_words=False, break_on_hyphens=False) if is_paragraph else part


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
