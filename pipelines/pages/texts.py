"""How pages write numbers, and texts that others chose: names of files, captions, metadata."""

NARROW = "\u202f"  # a narrow space at which no line breaks
_LONGEST = 160


def shown(text: str, most: int = _LONGEST) -> str:
    """A text, shortened; characters that hide or turn text around are shown as escapes.

    Args:
        text: As it was found.
        most: Characters of what is shown.
    """
    # Of a text that is too long no more is looked at than can be shown.
    safe = "".join(c if c.isprintable() else repr(c)[1:-1] for c in text[: most + 1])
    return safe if len(safe) <= most else f"{safe[: most - 1]}…"


def shown_path(path: str, most: int = _LONGEST) -> str:
    """As ``shown``, but it is the middle of a long one that is left out: both ends tell where a file lies."""
    if len(path) <= most:
        return shown(path, 6 * most)
    half = most // 2
    return f"{shown(path[:half], most)}…{shown(path[-half:], most)}"


def percent(share: float) -> str:
    """A share in per cent: two decimals below one per cent, since false alarms are told apart there."""
    if 0 < share < 0.0001:
        return f"< 0.01{NARROW}%"
    decimals = 2 if share < 0.01 else 1
    return f"{100 * share:.{decimals}f}".rstrip("0").rstrip(".") + f"{NARROW}%"


def number(count: float) -> str:
    """A count with thin spaces between thousands; one decimal below ten, where it matters."""
    if 0 < count < 10 and round(count, 1) != round(count):
        return f"{count:.1f}"
    return f"{round(count):,}".replace(",", NARROW)
