"""Globs over paths below a source, as ``--include`` and ``--exclude`` read them."""

import re
import unicodedata
from functools import cached_property

from pipelines.errors import UsageError
from transforms.containers.entries import SEPARATOR

SPECIAL = re.compile(r"[*?\[]")
"""What makes a name a pattern, for Beam as well."""
_TOKEN = re.compile(
    r"(?P<folders>(?<![^/])\*\*/)|(?P<any>\*\*+)|(?P<some>\*)|(?P<one>\?)|\[(?P<of>[!^]?(?:\]?[^\]]+|\]))\]|(?P<own>.)",
    re.DOTALL,
)
_FOLDERS, _ANY = "(?:.*/)?", ".*"


class Glob:
    """One glob.

    ``*`` and ``?`` stand for what is no ``/``; ``**`` for anything, ``**/`` at the start of a name for any number of
    folders, also none; ``[a-z]`` and ``[!a-z]`` for one character. A ``/`` at the end stands for all below. Letters
    count with their case; «й» is one letter however it is written.

    Args:
        text: As a person wrote it.

    Raises:
        UsageError: It could match nothing.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        if not text or text.startswith("/"):
            raise UsageError(f"'{text}' matches nothing: a glob is of a path below the source, without a / before it.")
        whole = composed(f"{text}**" if text.endswith("/") else text)
        self._tokens = [_translated(found, text) for found in _TOKEN.finditer(whole)]
        self._whole = re.compile("".join(self._tokens), re.DOTALL)
        self._ends_open = whole.endswith("**")

    def matches(self, path: str) -> bool:
        """Whether it matches a path or the container in which that lies: what holds for it holds for its members."""
        if self._whole.fullmatch(path):
            return True
        end = path.find(SEPARATOR)
        while end >= 0:
            if self._whole.fullmatch(path, 0, end):
                return True
            end = path.find(SEPARATOR, end + 1)
        return False

    def matches_all_below(self, folder: str) -> bool:
        """Whether it matches whatever may lie in a folder."""
        return self._ends_open and self._whole.fullmatch(f"{folder}/") is not None

    def may_match_below(self, beginning: str) -> bool:
        """Whether it matches a path that begins so, whatever follows."""
        return self._beginnings.fullmatch(beginning) is not None

    @cached_property
    def _beginnings(self) -> re.Pattern[str]:
        """What a path is matched by that ends anywhere within the glob: its first tokens, however many."""
        begun: list[str] = [""]
        for number, token in enumerate(self._tokens):
            begun.append("".join([*self._tokens[:number], _ANY if token == _FOLDERS else token]))
        return re.compile("|".join(begun), re.DOTALL)


def composed(text: str) -> str:
    """One form for letters such as «й», which file systems and people write in two."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def _translated(found: re.Match[str], glob: str) -> str:
    """A token of a glob as a regular expression."""
    if found["folders"]:
        return _FOLDERS
    if found["any"]:
        return _ANY
    if found["some"]:
        return "[^/]*"
    if found["one"]:
        return "[^/]"
    if found["own"]:
        return re.escape(found["own"])
    inside = found["of"]
    is_negated = len(inside) > 1 and inside[0] in "!^"
    escaped = re.sub(r"([\\\[\]&~|^])", r"\\\1", inside[is_negated:])
    try:
        re.compile(f"[{escaped}]")
    except re.error as error:
        raise UsageError(f"'{glob}' is no glob that can be read: [{found['of']}] is {error.msg}.") from error
    return f"(?:(?!/)[{'^' if is_negated else ''}{escaped}])"
