"""How many processor cores this process may use."""

import os


def share_of_cores(workers: int) -> int:
    """Cores for one of ``workers`` that share this machine, at least 1."""
    return max(1, len(os.sched_getaffinity(0)) // workers)
