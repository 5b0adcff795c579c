"""Neighbouring phrases that may all stand in one label, and whether an AI and a making element among them are one."""

import bisect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from transforms.labels.parse import AI_ELEMENT, JOINS, SIGN, STRANGE, Item, Parsed, is_beginning, is_end
from transforms.labels.records import MASK
from transforms.labels.words import LINE_BREAK
from transforms.marks.mark import Says

PASSED = MASK["fillers"] | MASK["links"] | MASK["links_weak"]
"""Lists whose words may stand between a negation and what it denies."""
_AI, _BY, _MISREAD = MASK["ai"], MASK["ai_by"], MASK["misread"]
_MADE = MASK["made"] | MASK["made_weak"]
_MAKES = _MADE | MASK["edited"]
_DENIED, _NOT_MADE, _USED, _MAKING = MASK["denied"], MASK["not_made"], MASK["used"], MASK["making"]
_MEDIA, _PART = MASK["media"], MASK["part"]
_MAKERS = _MAKES | _DENIED | _NOT_MADE | _USED
_INSIDE = AI_ELEMENT | _MAKERS | _MAKING | PASSED | _MEDIA | _PART | SIGN
_INSIDE |= MASK["negation"] | MASK["negation_after"] | MASK["product"]
_MOST_BETWEEN, _MOST_NEAR, _MOST_PAIRS = 12, 4, 4
_SHORT = 3


@dataclass(frozen=True, slots=True)
class Pair:
    """An AI and a making element that are a label: what it says, its words, and the first of its AI element."""

    says: Says
    start: int
    end: int
    ai: int


def runs(items: Sequence[Item]) -> Iterator[tuple[int, int]]:
    """Where runs of items that may all stand in one label begin and end."""
    first = None
    for at, item in enumerate(items):
        if item.roles & _INSIDE:
            first = at if first is None else first
        elif first is not None:
            yield first, at
            first = None
    if first is not None:
        yield first, len(items)


def _roles(items: Sequence[Item]) -> int:
    roles = 0
    for item in items:
        roles |= item.roles
    return roles


@dataclass(frozen=True, slots=True)
class Run:
    """A run of a sentence.

    Attributes:
        sentence: The whole.
        first: The index of its first item there.
        items: Its items.
    """

    sentence: Parsed
    first: int
    items: Sequence[Item]

    def pair(self, denied: Callable[[int, int], bool]) -> Pair | None:
        """The first label of the run; ``denied`` tells whether its words are denied where they stand."""
        ais = [at for at, item in enumerate(self.items) if item.roles & AI_ELEMENT]
        makers = [at for at, item in enumerate(self.items) if item.roles & _MAKERS] if ais else []
        for maker in makers:
            low = bisect.bisect_left(ais, maker - _MOST_BETWEEN)
            high = bisect.bisect_right(ais, maker + _MOST_BETWEEN)
            near = sorted((at for at in ais[low:high] if at != maker), key=lambda at: abs(at - maker))
            for ai in near[:_MOST_PAIRS]:
                found = self._pair(ai, maker, denied)
                if found is not None:
                    return found
        return None

    def _pair(self, ai: int, maker: int, denied: Callable[[int, int], bool]) -> Pair | None:
        low, high = min(ai, maker), max(ai, maker)
        start, end = self.items[low].start, self.items[high].end
        between, roles = self.items[low + 1 : high], self.items[maker].roles
        near = _roles(self.items[max(0, low - _MOST_NEAR) : high + 1 + _MOST_NEAR])
        denial = Pair(Says.NOT_AI, start, end, self.items[ai].start)
        if roles & _NOT_MADE or (not roles & _DENIED and _roles(between) & _DENIED):
            return denial
        if roles & _DENIED:
            return denial if near & (_MAKES | _MAKING) else None
        if roles & _USED and not roles & _MAKES:
            return denial if denied(start, end) else self._use(ai)
        if not self._agrees(ai, maker, between):
            return None
        says = Says.AI if near & _MADE and not near & _PART else Says.AI_PART
        return denial if denied(start, end) else Pair(says, start, end, self.items[ai].start)

    def _use(self, ai: int) -> Pair | None:
        """`AI was used`: of the making of this, or as the whole line; in other sentences it is news."""
        roles = _roles(self.items)
        if not (roles & (_MAKING | _MADE) and roles & _MEDIA) and not self._is_line():
            return None
        telling = [item for item in self.items if item.roles != SIGN]
        return Pair(Says.AI, telling[0].start, telling[-1].end, self.items[ai].start)

    def _is_line(self) -> bool:
        telling = [item for item in self.items if item.roles != SIGN]
        return is_beginning(self.sentence.words, telling[0].start) and is_end(self.sentence.words, telling[-1].end)

    def _agrees(self, ai: int, maker: int, between: Sequence[Item]) -> bool:
        roles, keys = self.items[ai].roles, [self.sentence.words.keys[item.start] for item in between]
        links = _roles(between) | (self._before(ai) if ai < maker else 0)
        strong = bool(links & MASK["links"]) or (maker < ai and ":" in keys)
        weak = not strong and bool(links & MASK["links_weak"])
        if self._is_compound(ai) or not (ai < maker or self._is_no_name(ai)):
            return False
        if not strong and not weak and not self._needs_no_link(ai, maker, keys, roles):
            return False
        made_weak = self.items[maker].roles & _MAKES == MASK["made_weak"]
        weak = weak or (made_weak and not strong and self._is_short(ai))
        return not weak or self._has_medium(min(ai, maker)) or self._is_line()

    def _needs_no_link(self, ai: int, maker: int, keys: Sequence[str], roles: int) -> bool:
        if LINE_BREAK in keys and not roles & _BY:
            return False
        if maker < ai:
            return bool(roles & (_BY | _MISREAD))
        if not roles & (_AI | _BY | _MISREAD) or ":" in keys:
            return False
        if roles & _BY and "-" not in keys and self._is_governed(ai):
            return False
        return not self.sentence.tongue.adjectives_only or self._is_adjective(ai, maker, keys)

    def _has_medium(self, low: int) -> bool:
        return bool(_roles(self.items[max(0, low - _MOST_NEAR) : low]) & _MEDIA)

    def _is_short(self, ai: int) -> bool:
        item = self.items[ai]
        return item.end - item.start == 1 and len(self.sentence.words.keys[item.start]) <= _SHORT

    def _is_governed(self, ai: int) -> bool:
        """Whether a strange word stands before the AI element and may govern it: «Министерство ИИ создано»."""
        index = self.first + ai - 1
        if index < 0 or self.sentence.items[index].roles != STRANGE:
            return False
        return self.sentence.words.keys[self.sentence.items[index].start].isalpha()

    def _is_compound(self, ai: int) -> bool:
        """Whether the AI element is the first half of a strange word: «ИИ-агентство»."""
        index, spans = self.first + ai + 1, self.sentence.words.spans
        if index + 1 >= len(self.sentence.items):
            return False
        joint, other = self.sentence.items[index], self.sentence.items[index + 1]
        touches = spans[joint.start][0] == spans[joint.start - 1][1] and spans[other.start][0] == spans[joint.start][1]
        return self.sentence.words.keys[joint.start] == "-" and touches and other.roles == STRANGE

    def _is_no_name(self, ai: int) -> bool:
        """Whether a short AI word behind the making element is none written as a name is (``Ai``, ``Al``).

        In a title it may be (``Made With Ai``), and ``Al`` for ``AI`` if no name goes on behind it (``by Al Gore``).
        """
        item, words = self.items[ai], self.sentence.words
        text = self.sentence.text_of(item.start)
        if not (self._is_short(ai) and text.isascii() and text.istitle()):
            return True
        if text[-1] == "i":
            return self.sentence.text_of(self.items[ai - 1].start).istitle() and is_end(words, item.end)
        return item.end == len(words.keys) or not self.sentence.text_of(item.end)[0].isupper()

    def _is_adjective(self, ai: int, maker: int, keys: Sequence[str]) -> bool:
        """Whether `AI made` stands before a noun or at an end, and tells no story: "AI made headlines"."""
        if any(key in JOINS for key in keys) or self._before(ai) & (MASK["before_ai"] | _MEDIA):
            return True
        end, words = self.items[maker].end, self.sentence.words
        if end >= len(words.keys) or not words.keys[end].isalnum():
            return True
        after = MASK["after_made"] | (_MEDIA if self.sentence.tongue.media_follow else 0)
        index = self.first + maker + 1
        return index < len(self.sentence.items) and bool(self.sentence.items[index].roles & after)

    def _before(self, at: int) -> int:
        """The lists of the phrase before an item, signs passed over."""
        index = self.first + at - 1
        while index >= 0 and self.sentence.items[index].roles == SIGN:
            index -= 1
        return self.sentence.items[index].roles if index >= 0 else STRANGE
