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


# Each thread frees what it had before the next one comes, and lives on.
_THREADS = """
import threading
import numpy as np
from pathlib import Path
from transforms.allocator import keep_memory
kept = keep_memory()
if kept and not {shared}:
    import ctypes
    ctypes.CDLL(None).mallopt(-8, 8)

def megabytes():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 >> 20

def work():
    np.ones(16 << 20, np.uint8)
    ended.set()
    threading.Event().wait()

before = megabytes()
for _ in range(6):
    ended = threading.Event()
    threading.Thread(target=work, daemon=True).start()
    ended.wait()
print(int(kept), megabytes() - before)
"""


@pytest.mark.parametrize(("shared", "at_least", "at_most"), [(False, 80, 200), (True, 0, 40)])
def test_threads_share_what_is_kept(shared: bool, at_least: int, at_most: int) -> None:
    code = _THREADS.format(shared=shared)
    told = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    kept, grown = map(int, told.stdout.split())
    if not kept:
        pytest.skip("this C library has no mallopt")
    assert at_least <= grown <= at_most
