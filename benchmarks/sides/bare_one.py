"""The bare loop on one core."""

from functools import partial

from benchmarks.sides.bare import bare
from benchmarks.sides.contestant import run

if __name__ == "__main__":
    run(partial(bare, cores=1))
