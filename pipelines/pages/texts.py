"""How pages write texts that others chose: names of files, captions, metadata."""

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
