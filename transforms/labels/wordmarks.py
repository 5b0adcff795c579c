"""Tells the corner marks of generators (``Sora``, ``KLING``, ``可灵``): a whole short line that names a product."""

import functools
import re
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein

from transforms.labels.building import squashed
from transforms.labels.fold import normal
from transforms.labels.records import Lexicon

_MOST_CHARACTERS, _MOST_BESIDE = 48, 4
_LEAST_FUZZY = 7
_HANDLE = re.compile(r"@[\w.]{1,40}")
_LETTERS = re.compile(r"[^\W_]+(?:[.·-][^\W_]+)*|[^\W_]+")


@dataclass(frozen=True, slots=True)
class Wordmark:
    """The mark of a generator in a corner: a trace, no warning.

    Attributes:
        product: The generator.
        text: The line as it was read, white space made single.
    """

    product: str
    text: str


def match_wordmark(line: str, lexicon: Lexicon) -> Wordmark | None:
    """The generator that a whole line names, and nothing else; None for any other line.

    An ``@handle`` may stand beside the name, and the words of ``beside`` (``made with``, ``AI``). Names of seven
    letters and more may have one letter amiss. Raises for no text.
    """
    text = " ".join(normal(line[: 4 * _MOST_CHARACTERS]).split())
    if not text or len(text) > _MOST_CHARACTERS:
        return None
    words = [squashed(word) for word in _LETTERS.findall(_HANDLE.sub(" ", text))]
    for first in range(min(len(words), _MOST_BESIDE) + 1):
        if first and words[first - 1] not in lexicon.beside_wordmarks:
            return None
        for last in range(len(words), first, -1):
            if last < len(words) and words[last] not in lexicon.beside_wordmarks:
                break
            product = _product("".join(words[first:last]), lexicon)
            if product is not None:
                return Wordmark(product, text)
    return None


def _product(name: str, lexicon: Lexicon) -> str | None:
    exact = lexicon.wordmarks.get(name)
    if exact is not None or len(name) < _LEAST_FUZZY:
        return exact
    near = (known for known in _long_names(lexicon) if Levenshtein.distance(name, known, score_cutoff=1) <= 1)
    return next((lexicon.wordmarks[known] for known in near), None)


@functools.lru_cache(maxsize=4)
def _long_names(lexicon: Lexicon) -> tuple[str, ...]:
    return tuple(sorted(name for name in lexicon.wordmarks if len(name) >= _LEAST_FUZZY))
