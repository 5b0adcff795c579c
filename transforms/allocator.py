"""Has the C library keep the memory of one picture for the next, and all threads share what it keeps."""

import ctypes

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
"""As ``malloc.h`` names them."""
_KEPT_BYTES = 256 << 20


def keep_memory() -> bool:
    """Has freed memory kept for this process, up to 256 MiB (mallopt(3)).

    By itself glibc gives each large array back to the kernel when it is freed, and the next one's pages are filled with
    zeros again: a quarter of what examining large pictures takes. It also keeps memory apart for threads, up to eight
    times as many arenas as there are cores, each with what some thread once had; those of threads that had allocated
    before this call stay.

    Returns:
        False where the C library knows of no such thing.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    settings = {_ARENA_MAX: 1, _MMAP_THRESHOLD: _KEPT_BYTES, _TRIM_THRESHOLD: _KEPT_BYTES}
    return all(mallopt(option, value) == 1 for option, value in settings.items())
