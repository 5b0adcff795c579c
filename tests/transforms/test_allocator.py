"""Freed memory stays with the process: the next array of that size has its pages already."""

import subprocess
import sys

import pytest

# Each array is larger than glibc keeps by itself at most (32 MiB), and is freed before the next one is made.
_FAULTS = """
import resource
import numpy as np
from transforms.allocator import keep_memory
kept = {keep} and keep_memory()
np.ones(48 << 20, np.uint8)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(4):
    np.ones(48 << 20, np.uint8)
print(int(kept), resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.parametrize(("keep", "at_least", "at_most"), [(False, 80, 1 << 60), (True, 0, 79)])
def test_pages_are_asked_for_once(keep: bool, at_least: int, at_most: int) -> None:
    told = subprocess.run([sys.executable, "-c", _FAULTS.format(keep=keep)], check=True, capture_output=True, text=True)
    kept, faults = map(int, told.stdout.split())
    if keep and not kept:
        pytest.skip("this C library has no mallopt")
    assert at_least <= faults <= at_most
