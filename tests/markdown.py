"""What the documentation's Markdown holds: headings, links, blocks of code and code within lines."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))

_BLOCK = re.compile(r"^(?P<margin> *)```(?P<language>\w*)[^\n]*\n(?P<text>.*?)^ *```$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`([^`]+)`")
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


@dataclass(frozen=True)
class Block:
    """A block of code with its language, and its text without the margin that it has in a list."""

    language: str
    text: str


def blocks(page: str) -> list[Block]:
    found = _BLOCK.finditer(page)
    return [Block(one["language"], re.sub(f"(?m)^{one['margin']}", "", one["text"])) for one in found]


def prose(page: str) -> str:
    """The page without its blocks of code."""
    return _BLOCK.sub("", page)


def code_in_lines(page: str) -> Iterator[str]:
    """Code within paragraphs, as one line each; backslashes that keep a table's bars are gone."""
    for one in _CODE.findall(prose(page)):
        yield " ".join(one.split()).replace("\\|", "|")


def links(page: str) -> list[str]:
    return _LINK.findall(_CODE.sub("", prose(page)))


def anchors(page: str) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    seen: Counter[str] = Counter()
    found = set()
    for heading in re.findall(r"^#+ (.*)$", prose(page), re.MULTILINE):
        text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
        anchor = re.sub(r"[^\w\- ]", "", text).replace(" ", "-")
        found.add(f"{anchor}-{seen[anchor]}" if seen[anchor] else anchor)
        seen[anchor] += 1
    return found


def shows(shown: str, answer: str) -> bool:
    """Whether an answer is as shown, where … stands for anything within a line, and on a line of its own for lines."""
    parts = (
        ".*\n".join(["(?:", ")*"]) if line == "…\n" else _pattern(line) for line in shown.splitlines(keepends=True)
    )
    return re.fullmatch("".join(parts), re.sub(r"[ \t]+$", "", answer, flags=re.MULTILINE)) is not None


def _pattern(line: str) -> str:
    return ".*".join(map(re.escape, line.split("…")))
