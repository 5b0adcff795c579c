"""What a detector's card says of where it was computed."""

from collections.abc import Iterable

from transforms.detect.device import CPU


def told(names: Iterable[str]) -> str:
    """A sentence for a card; empty where only a processor computed, which is what a card is silent about."""
    others = [name for name in dict.fromkeys(names) if name != CPU.type]
    if not others:
        return ""
    return f" Computed on {', '.join(others)}: elsewhere the same seed does not give quite the same weights."
