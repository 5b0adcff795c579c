"""How two rows of text stand together: as one sentence, or as two that only lie one above the other."""

from dataclasses import dataclass

from transforms.labels import readings
from transforms.labels.correct import MAKES, corrector_of
from transforms.labels.parse import AI_ELEMENT
from transforms.labels.records import MASK, STATED, Lexicon
from transforms.labels.words import is_unspaced

_LEAST_SMALL, _LEAST_TELLING = 3, 4
_DASHES = " -–—_"
_LINKS = MASK["links"] | MASK["links_weak"]
_LEADS = MASK["media"] | MASK["part"]
_MAY_FOLLOW = AI_ELEMENT | MASK["media"] | MASK["part"] | MASK["product"]


@dataclass(frozen=True, slots=True)
class _Word:
    text: str
    roles: int

    @property
    def is_strange(self) -> bool:
        return not self.roles


def continues(line: str) -> bool:
    """Whether a line goes on with the sentence of the line above: its first letter is small."""
    first = next((character for character in line if character.isalpha()), "")
    return first.islower()


def joint(line: str, following: str, lexicon: Lexicon) -> str:
    """What stands between two lines: a space, or a full stop where the second is a sentence of its own.

    "Ask AI / Generated at 14:05" and «Отредактировано автором / ИИ создаст миллион рабочих мест» are two.
    """
    above, below = _words(line, lexicon), _words(following, lexicon)
    if not (above and below) or line.rstrip(_DASHES)[-1:] in {"", ":"} or above[-1].roles & _LINKS:
        return " "
    return ". " if _begins_anew(above, below) or _made_otherwise(above, below) or _is_of_ai(above, below) else " "


def _begins_anew(above: list[_Word], below: list[_Word]) -> bool:
    """Whether a making word begins with a capital below what is written in small letters: "our AI / Generated"."""
    goes_on_small = any(word.text.islower() and len(word.text) >= _LEAST_SMALL for word in above)
    goes_on_small |= all(word.text.islower() for word in above)
    return below[0].text.istitle() and goes_on_small and bool(below[0].roles & MAKES)


def _made_otherwise(above: list[_Word], below: list[_Word]) -> bool:
    """Whether the second line tells what was made where, when or by whom, and only the first one is about AI."""
    if below[0].text.islower() or not below[0].roles & MAKES or _has(below, AI_ELEMENT):
        return False
    if not _has(above, AI_ELEMENT) or any(word.roles & _LEADS and not word.roles & _LINKS for word in above):
        return False
    links = _has(below[1:], _LINKS) and not _has(below[1:], MASK["product"])
    return links or any(not word.roles & (_MAY_FOLLOW | _LINKS) for word in below[1:])


def _is_of_ai(above: list[_Word], below: list[_Word]) -> bool:
    """Whether the second line is a sentence about AI: «ИИ заменит водителей» below «Создано»."""
    if not below[0].roles & AI_ELEMENT or not _has(above, MAKES) or _has(above, AI_ELEMENT):
        return False
    behind = next((word for word in below if not word.roles & AI_ELEMENT), None)
    if behind is None:
        return False
    may_be_name = behind.text.istitle()
    return bool(behind.roles & MASK["before_ai"]) or (
        behind.is_strange and len(behind.text) >= _LEAST_TELLING and not may_be_name
    )


def _has(words: list[_Word], roles: int) -> bool:
    return any(word.roles & roles for word in words)


def _words(line: str, lexicon: Lexicon) -> list[_Word]:
    """The words of a line with the lists of the lexicon that each may stand in; nothing of unspaced scripts."""
    words, corrector = lexicon.read.cutter.cut(line), corrector_of(lexicon.read)
    found: list[_Word] = []
    for at, key in enumerate(words.keys):
        if is_unspaced(key):
            return []
        if key.isalnum():
            cyrillic = readings.is_cyrillic(words, at)
            near = corrector.nearest(key, cyrillic=cyrillic, extra=not found)
            roles = corrector.known[near[0]] & ~STATED if near else 0
            found.append(_Word(words.text[slice(*words.spans[at])], roles))
    return found
