"""Decodes texts of unstated encoding strictly: what is no text is refused, and never read as gibberish without a label.

UTF-8, and UTF-16 and UTF-32 by their byte-order mark, or UTF-16 by its NULs; else Windows-1251 (or KZ-1048, its Kazakh
sister) where the words look Cyrillic. Any bytes at all decode as Windows-1251, so there the words have to show it.
"""

import re
from typing import Final

_MARKS: Final = (
    (b"\xff\xfe\0\0", "utf-32-le"),
    (b"\0\0\xfe\xff", "utf-32-be"),
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
_CONTROL: Final = re.compile(r"[\0-\x08\x0e-\x1f\x7f]")
_CHARACTERS_FOR_A_CONTROL: Final = 100
"""Texts hold stray controls, an escape or the end-of-file sign of DOS; binary data hold them everywhere."""

_SAMPLE_CHARACTERS: Final = 200_000
"""How much of a text is looked at to tell its encoding."""

_SPACE: Final = re.compile(r"\s+")
_ROUND_A_WORD: Final = "«»“”„‘’…—–-.,:;!?()[]{}\"'/\\|*_#№•·©®™°§%&+=<>@~`^0123456789\xa0"
_CYRILLIC_PART: Final = re.compile(r"[Ѐ-ӿ](?:[а-яё-џґәғқңөұүһі]*|[А-ЯЁ-ЏҐӘҒҚҢӨҰҮҺІ]*)")
"""All small, all capital, or small after a capital; what KOI8-R and Chinese become in Windows-1251 often is none."""

_PARTS: Final = re.compile(r"[!-@\[-`{-~«»“”„‘’…–—№•·©®™°§]+")
_LATIN_PART: Final = re.compile("[!-~]*")
_FOREIGN: Final = re.compile("[^\0-\x7f]")
_SANE_WORDS: Final = 0.8
_CYRILLIC: Final = re.compile("[Ѐ-ӿ]")
_CYRILLIC_WORD: Final = re.compile("[Ѐ-ӿ]{2}")
_VOWELS: Final = re.compile("[аеёиоуыэюяәөұүіїє]", re.IGNORECASE)
_LEAST_VOWELS: Final = 0.32
_LETTERS_FOR_VOWELS: Final = 16
"""In KOI8-R read as Windows-1251 a quarter of the letters are vowels, in Russian and in Kazakh four in ten."""

_KAZAKH_BYTES: Final = rb"[\x8d\x9d\xa3\xa5\xb4\xbc\xbd\xbe]"
_KAZAKH: Final = re.compile(rb"[\xb3\xc0-\xff]" + _KAZAKH_BYTES + rb"|" + _KAZAKH_BYTES + rb"[\xb3\xc0-\xff]")
"""Bytes of Қ, Ә, Ө and Ң beside a Cyrillic letter, which Windows-1251 has for letters that are rare in any language."""

_UTF16_SHARE: Final = 0.9
_PLAIN: Final = re.compile(r"[\t\n\r -~«»–—“”„…№À-ɏЀ-ӿ]")


class TextError(Exception):
    """A text cannot be read.

    Attributes:
        code: ``undecodable``, ``broken_json``, ``over_size_limit`` …: stable.
        sentence: Why, for people.
    """

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence


def decode(data: bytes) -> str:
    """The text, without a byte-order mark.

    Raises:
        TextError: ``undecodable``: binary data, an encoding that is none of those above, or a text cut within a
            character.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _text(_strict(data[len(mark) :], encoding))
    if b"\0" in data:
        return _utf16_by_nuls(data)
    try:
        return _text(data.decode("utf-8"))
    except UnicodeDecodeError:
        return _text(_cyrillic(data))


def _strict(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        sentence = f"It begins as {encoding.removesuffix('-le').removesuffix('-be')} and does not go on as such"
        raise TextError("undecodable", f"{sentence} at byte {error.start}.") from error


def _utf16_by_nuls(data: bytes) -> str:
    """UTF-16 without a byte-order mark, as some tools write it."""
    fewer, more = sorted((data[::2].count(0), data[1::2].count(0)))
    if fewer == 0 and len(data) % 2 == 0:
        text = _strict(data, "utf-16-le" if data[1::2].count(0) == more else "utf-16-be")
        if len(_PLAIN.findall(text)) >= _UTF16_SHARE * len(text):
            return text
    raise TextError("undecodable", "It holds NUL bytes, as binary data do.")


def _text(text: str) -> str:
    if "\0" in text:
        raise TextError("undecodable", "It holds NUL characters, as binary data do.")
    if len(_CONTROL.findall(text)) * _CHARACTERS_FOR_A_CONTROL > len(text) + _CHARACTERS_FOR_A_CONTROL:
        raise TextError("undecodable", "It holds control characters, as binary data do.")
    return text


def _cyrillic(data: bytes) -> str:
    try:
        text = data.decode("kz1048" if _KAZAKH.search(data) else "cp1251")
    except UnicodeDecodeError:
        text = ""
    sample = text[:_SAMPLE_CHARACTERS]
    words = [word for word in _SPACE.split(sample) if _FOREIGN.search(word.strip(_ROUND_A_WORD))]
    sane = sum(map(_is_word, words))
    if not _CYRILLIC_WORD.search(sample) or sane < _SANE_WORDS * len(words) or not _sounds(sample):
        raise TextError("undecodable", "It is neither UTF-8, nor UTF-16, nor Windows-1251 with Cyrillic words.")
    return text


def _is_word(word: str) -> bool:
    """Whether each part of a word is Latin, or Cyrillic with its capitals where they belong."""
    parts = _PARTS.split(word.strip(_ROUND_A_WORD))
    return all(_LATIN_PART.fullmatch(part) or _CYRILLIC_PART.fullmatch(part) for part in parts)


def _sounds(text: str) -> bool:
    letters = len(_CYRILLIC.findall(text))
    return letters < _LETTERS_FOR_VOWELS or len(_VOWELS.findall(text)) >= _LEAST_VOWELS * letters
