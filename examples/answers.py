"""Asks the questions of the documentation of the sample archive, and writes the answers below them.

    python examples/answers.py

Every ``sql`` block of ``docs/questions.md`` is answered by the ``text`` block below it. Those under ``SECOND_SCAN`` are
asked after a second scan of the archive, to which was done what the page says to type, in a folder made for it.
"""

import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # run as a script, its own folder is first, and the project is not there

from rich.console import Console  # noqa: E402

from examples.build_archive import build_archive  # noqa: E402
from pipelines.query import run_query  # noqa: E402
from pipelines.scan import Scan  # noqa: E402
from pipelines.scan_options import ScanOptions  # noqa: E402

PAGE: Final = ROOT / "docs" / "questions.md"
CONTEXT: Final = ROOT / "examples" / "published.csv"
SECOND_SCAN: Final = "<!-- second scan -->"
_SQL: Final = re.compile(r"```sql\n(.*?)```\n(?:\n```text\n.*?```\n)?", re.DOTALL)
_CONSOLE: Final = re.compile(r"```console\n(.*?)```", re.DOTALL)
_CHANGING: Final = ("rm", "cp", "mv")

Ask = Callable[[str], str]


def answered(page: str, folder: Path) -> str:
    """The page with its answers.

    Args:
        page: With or without answers.
        folder: Where ``examples/archive`` lies, or is to be built, and is scanned.
    """
    before, marker, after = page.partition(SECOND_SCAN)
    before = _answered(before, ask_store(scan(folder)))
    for command in commands(after):
        if command[0] in _CHANGING:
            subprocess.run(command, cwd=folder, check=True)
    return before + marker + _answered(after, ask_store(scan(folder)))


def _answered(text: str, ask: Ask) -> str:
    return _SQL.sub(lambda block: f"```sql\n{block[1]}```\n\n```text\n{ask(block[1])}```\n", text)


def queries(page: str) -> Iterator[str]:
    """The SQL of a page: of its blocks, and of ``aiqyn query`` in what is to be typed."""
    yield from (block[1] for block in _SQL.finditer(page))
    for command in commands(page):
        if command[:2] == ["aiqyn", "query"]:
            yield command[-1]


def commands(page: str) -> Iterator[list[str]]:
    """What a page says to type, word by word, without the folder of the program."""
    return (words for words, _ in dialogues(page))


def dialogues(page: str) -> Iterator[tuple[list[str], str]]:
    """What a page says to type, word by word, without the folder of the program, and the answer that it shows."""
    for block in _CONSOLE.finditer(page):
        for part in re.split(r"^\$ ", block[1], flags=re.MULTILINE)[1:]:
            lines = part.splitlines(keepends=True)
            words, size = next(filter(None, (_words(lines, size) for size in range(1, len(lines) + 1))))
            yield [words[0].rpartition("/")[2], *words[1:]], "".join(lines[size:])


def _words(lines: list[str], size: int) -> tuple[list[str], int] | None:
    """The words of the first lines, and how many these are; None where they end within quotation marks."""
    try:
        return shlex.split("".join(lines[:size]), comments=True), size
    except ValueError:
        return None


def ask_store(store: Path) -> Ask:
    """What ``aiqyn query`` prints."""

    def ask(sql: str) -> str:
        with TemporaryDirectory() as folder:
            run_query(str(store), sql, "table", Path(folder) / "answer")
            return (Path(folder) / "answer").read_text("utf-8")

    return ask


def scan(folder: Path) -> Path:
    """Scans ``examples/archive`` in a folder as ``make scan`` does, built before where it is not there; the store."""
    archive, store = folder / "examples" / "archive", folder / "examples" / "store"
    if not archive.exists():
        build_archive(archive)
    Scan(ScanOptions([str(archive)], str(store), context=CONTEXT), Console(stderr=True)).run()
    return store


def main() -> None:
    """Writes ``docs/questions.md`` anew."""
    with TemporaryDirectory(prefix="aiqyn-") as folder:
        page = answered(PAGE.read_text("utf-8"), Path(folder))
    PAGE.write_text(page, "utf-8")


if __name__ == "__main__":
    main()
