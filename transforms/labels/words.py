"""Cuts a text into sentences, and a sentence into words with their keys."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

LINE_BREAK = "\n"
"""The key of a line break inside a sentence."""
_CJK, _HANGUL = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff", "\u1100-\u11ff\uac00-\ud7af"
_LETTERS = rf"(?:[^\W\d_{_CJK}{_HANGUL}]|[\u0300-\u036f])+"
_LETTERS_AND_DIGITS = rf"(?:[^\W_{_CJK}{_HANGUL}]|[\u0300-\u036f])+"
_END = re.compile(r"(?<![.!?…])[.!?…]+(?=[\s\"'»”)]|$)|[。！？!?;；|•\x00-\x08\x0b-\x1f]|\n[ \t]*(?:\n\s*)+")
_READ_END = re.compile(r"[.!?](?= +[^\W\d_a-zа-яәғқңөұүһі])|[。！？?;；•]")
_DIRT = re.compile(r"(?<=[^\W\d_])[.·]+(?= +[^\W\d_])")
_BETWEEN_CJK = re.compile(f"(?<=[{_CJK}]) (?=[{_CJK}])")
_DOTTED_AI = re.compile(r"(?<!\w)A\. ?I\.(?! [A-ZА-Я][a-zа-я])(?!\w)")
_HAS_CJK = re.compile(f"[{_CJK}]")


def is_unspaced(word: str) -> bool:
    """Whether a word is of a script that puts no spaces between words."""
    return _HAS_CJK.search(word) is not None


@dataclass(frozen=True, slots=True)
class Words:
    """The words and signs of one sentence.

    Attributes:
        text: The sentence.
        keys: Of each word its key; a sign is its own key, a line break ``LINE_BREAK``.
        spans: Where each begins and ends in ``text``.
    """

    text: str
    keys: list[str]
    spans: list[tuple[int, int]]

    def shown(self, start: int, end: int) -> str:
        """The text of the words from ``start`` up to and without ``end``, white space made single."""
        return " ".join(self.text[self.spans[start][0] : self.spans[end - 1][1]].split())


@dataclass(frozen=True, slots=True)
class Cutter:
    """Cuts sentences into words.

    Attributes:
        key: From a word to its key.
        pattern: Finds the next word, line break or sign.
        unspaced: Finds the next word where words have no spaces between them; None where the lexicon has none such.
    """

    key: Callable[[str], str]
    pattern: re.Pattern[str]
    unspaced: re.Pattern[str] | None

    @classmethod
    def of(cls, key: Callable[[str], str], words: Iterable[str], *, read: bool = False) -> "Cutter":
        """A cutter that knows the unspaced words among ``words``.

        One for ``read`` text keeps digits and apostrophes inside words, since either may be a letter misread.
        """
        unspaced = sorted({key(w) for w in words if _HAS_CJK.search(w)}, key=lambda w: (-len(w), w))
        letters = rf"{_LETTERS_AND_DIGITS}(?:['’‘ʻ`´]{_LETTERS})*" if read else rf"{_LETTERS}|\d+"
        pattern = re.compile(rf"(?P<u>[{_CJK}]+)|{letters}|[{_HANGUL}]+|\n|[^\s\w]|_")
        return cls(key, pattern, re.compile("|".join(map(re.escape, unspaced)) + "|.") if unspaced else None)

    def cut(self, sentence: str) -> Words:
        """The words of a sentence."""
        keys: list[str] = []
        spans: list[tuple[int, int]] = []
        for found in self.pattern.finditer(sentence):
            if found.lastgroup and self.unspaced:
                start = found.start()
                for part in self.unspaced.finditer(self.key(found[0])):
                    keys.append(part[0])
                    spans.append((start + part.start(), start + part.end()))
            else:
                word = found[0]
                keys.append(self.key(word) if len(word) > 1 or word.isalnum() else word)
                spans.append(found.span())
        return Words(sentence, keys, spans)


def sentences(text: str) -> Iterator[str]:
    """The sentences of a typed text without the signs that end them; questions, which state nothing, are left out.

    A line break ends no sentence, since texts are wrapped; an empty line does.
    """
    yield from _split(text, _END)


def read_sentences(text: str) -> Iterator[str]:
    """The sentences of a line read from pixels; a dot, which is often dirt, ends one only before a capital."""
    yield from _split(text, _READ_END)


def without_dirt(sentence: str) -> str:
    """A sentence read from pixels without the dots behind its words."""
    return _DIRT.sub("", sentence)


def unspaced(text: str) -> str:
    """The text without the spaces between Chinese characters, which wrapping or a finder of text puts there."""
    return _BETWEEN_CJK.sub("", text)


def plain(text: str) -> str:
    """The text with one kind of line break, and ``AI`` for ``A.I.``."""
    return _DOTTED_AI.sub("AI", text.replace("\r\n", "\n").replace("\r", "\n"))


def _split(text: str, end: re.Pattern[str]) -> Iterator[str]:
    start = 0
    for found in end.finditer(text):
        if "?" not in found[0] and "？" not in found[0]:
            yield text[start : found.start()]
        start = found.end()
    yield text[start:]
