"""Takes words apart that are written as one: ``#AIgenerated``, ``madewithAI``."""

from collections.abc import Iterator, Sequence

from transforms.labels.records import MASK, Kind, role_mask
from transforms.labels.words import Words

_LEAST, _MOST = 6, 60
_MOST_WORD, _SHORT = 20, 3
_MAKES = MASK["made"] | MASK["made_weak"] | MASK["edited"] | MASK["denied"] | MASK["not_made"]
_AI = role_mask("ai")


def unglued(words: Words, kind: Kind) -> Words:
    """The words, with those taken apart that are wholly words of the lexicon, an AI and a making element among them."""
    split = {at: parts for at in range(len(words.keys)) if (parts := _parts(words, at, kind))}
    if not split:
        return words
    keys: list[str] = []
    spans: list[tuple[int, int]] = []
    for at, key in enumerate(words.keys):
        start = words.spans[at][0]
        for part in split.get(at, (key,)):
            keys.append(part)
            spans.append((start, start + len(part)) if at in split else words.spans[at])
            start += len(part)
    return Words(words.text, keys, spans)


def _parts(words: Words, at: int, kind: Kind) -> tuple[str, ...] | None:
    key, text = words.keys[at], words.text[slice(*words.spans[at])]
    if not _LEAST <= len(key) <= _MOST or key in kind.words or key in kind.decoys:
        return None
    if not any(core in key for core in kind.cores):
        return None
    best: list[tuple[str, ...] | None] = [()] + [None] * len(key)
    for end in range(1, len(key) + 1):
        for start in range(max(0, end - _MOST_WORD), end):
            before = best[start]
            if before is not None and key[start:end] in kind.words:
                candidate = (*before, key[start:end])
                held = best[end]
                if held is None or len(candidate) < len(held):
                    best[end] = candidate
    parts = best[-1]
    if parts is None or len(parts) < 2:
        return None
    if not all(_stands_out(part, start, text, kind) for part, start in zip(parts, _starts(parts), strict=True)):
        return None
    roles = [kind.words[part] for part in parts]
    if any(role & _AI for role in roles) and any(role & _MAKES for role in roles):
        return parts
    return None


def _starts(parts: Sequence[str]) -> Iterator[int]:
    start = 0
    for part in parts:
        yield start
        start += len(part)


def _stands_out(part: str, start: int, text: str, kind: Kind) -> bool:
    """A short Cyrillic AI word counts in capitals among small letters only: «изменении» is no «изменен ИИ»."""
    if part.isascii() or len(part) > _SHORT or part not in kind.cores:
        return True
    return text[start : start + len(part)].isupper() and any(c.islower() for c in text)
