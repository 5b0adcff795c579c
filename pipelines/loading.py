"""Loads large libraries faster."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """While it holds, no garbage is collected, and what came into being is never looked through again.

    Beam and torch make half a million objects that stay: looking through them again and again took a fifth of the time
    that loading them takes.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_enabled:
            gc.enable()
