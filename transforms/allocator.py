"""Has the C library keep the memory of one picture for the next."""

import ctypes

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
"""As ``malloc.h`` names them."""
_KEPT_BYTES = 256 << 20


def keep_memory() -> bool:
    """Has freed memory kept for this process, up to 256 MiB (mallopt(3)).

    By itself glibc gives each large array back to the kernel when it is freed, and the next one's pages are filled with
    zeros again: a quarter of what examining large pictures takes.

    Returns:
        False where the C library knows of no such thing.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and all(
        mallopt(option, _KEPT_BYTES) == 1 for option in (_MMAP_THRESHOLD, _TRIM_THRESHOLD)
    )
