"""What the documentation says to type: commands word by word, the answers that it shows, and a terminal for them."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests import drivers
from tests.markdown import blocks, code_in_lines, prose

_PROMPT = re.compile(r"^[$#] ", re.MULTILINE)
_REMARK = re.compile(r"(?m) +# .*$")
_INDENTED = re.compile(r"(?m)^    ((?:aiqyn|make|pip|pytest|python) .*)$")
_PROGRAM = re.compile(r"(?:aiqyn|make|pip|pytest|python) ")
_ENDS = "|&;()<>\n"
_ELLIPSIS = {"…", "...", "[…]"}  # says that more may follow
_PREFIX = re.compile(r"do|\w+=.*")
_OF_THE_SHELL = {"done", "export", "for", "wait"}


@dataclass(frozen=True)
class Command:
    """One command that a page says to type.

    Attributes:
        words: The program, without its folder, and its arguments; not where its output goes.
        shown: The answer that the page shows below it, or nothing.
    """

    words: tuple[str, ...]
    shown: str = ""

    def __str__(self) -> str:
        return " ".join(self.words)


def typed(page: str) -> Iterator[Command]:
    """What is to be typed, in its order: in blocks for a shell, and in indented lines."""
    for block in blocks(page):
        if block.language == "console":
            for part in _PROMPT.split(block.text)[1:]:
                line, shown = _line_and_rest(part)
                yield from (Command(words, shown) for words in simple_commands(line))
        elif block.language == "sh":
            rest = block.text
            while rest:
                line, rest = _line_and_rest(rest)
                yield from map(Command, simple_commands(line))
    for line in _INDENTED.findall(prose(page)):
        yield from map(Command, simple_commands(line))


def mentioned(page: str) -> Iterator[Command]:
    """What is named within sentences; that may leave out what is needed."""
    for code in code_in_lines(page):
        if _PROGRAM.match(code):
            yield from map(Command, simple_commands(code))


def _line_and_rest(text: str) -> tuple[str, str]:
    """The first line, or the first lines where it goes on within quotation marks or after a backslash."""
    lines = text.splitlines(keepends=True)
    for size in range(1, len(lines) + 1):
        line = _REMARK.sub("", "".join(lines[:size]))
        try:
            shlex.split(line)
        except ValueError:
            continue
        if not line.endswith("\\\n"):
            return line, "".join(lines[size:])
    raise ValueError(f"Quotation marks are not closed: {text}")


def simple_commands(line: str) -> Iterator[tuple[str, ...]]:
    """The commands of a line, word by word, without what the shell keeps to itself: variables, loops, files."""
    text = re.sub(r" \d(?=>)", " ", line.replace("\\\n", " ").strip())
    lexer = shlex.shlex(text, posix=True, punctuation_chars=_ENDS)
    lexer.whitespace, lexer.whitespace_split, lexer.commenters = " \t", True, ""
    words: list[str] = []
    goes_to_file = False
    for word in [*lexer, ";"]:
        if set(word) <= set(_ENDS):
            goes_to_file = bool(set(word) & set("<>"))
            if not goes_to_file:
                if words and words[0] not in _OF_THE_SHELL:
                    yield words[0].rpartition("/")[2], *words[1:]
                words = []
        elif not goes_to_file and word not in _ELLIPSIS and (words or not _PREFIX.fullmatch(word)):
            words.append(word)


def type_in(words: tuple[str, ...] | list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Types a command into a terminal of 100 columns: its answer, with what goes to the standard error."""
    start = drivers.run if words[0] == "aiqyn" else subprocess.run
    told: Any = terminal(folder) | {"stderr": subprocess.STDOUT, "check": False}
    return start(program(words), **told)


def program(words: tuple[str, ...] | list[str]) -> list[str]:
    """What runs a command; ours is that of this folder, not one that is installed."""
    return [sys.executable, "-m", "pipelines.cli", *words[1:]] if words[0] == "aiqyn" else list(words)


def terminal(folder: Path) -> dict[str, Any]:
    """The surroundings of a command, as ``subprocess.Popen`` takes them."""
    streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE}
    return streams | {"cwd": folder, "env": os.environ | {"COLUMNS": "100"}, "encoding": "utf-8"}
