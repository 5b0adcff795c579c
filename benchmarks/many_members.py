"""What listing a zip of very many members takes: seconds, and peak memory of the child that reads it.

    python benchmarks/many_members.py [--members 1000001]

The default is one more than the limit, so that listing ends there and says so.
"""

import argparse
import resource
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.hostile.archives import many_entries  # noqa: E402
from transforms.containers.entries import ContainerLimits  # noqa: E402
from transforms.containers.opener import Opener  # noqa: E402
from transforms.examine.settings import Limits  # noqa: E402
from transforms.records import Place  # noqa: E402


def main() -> None:
    """Makes the zip, lists it, and prints one line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--members", type=int, default=1_000_001)
    count = parser.parse_args().members
    with tempfile.NamedTemporaryFile(suffix=".zip") as file:
        file.write(many_entries(count))
        file.flush()
        started = time.monotonic()
        with closing(Opener(Limits(), ContainerLimits())) as opener:
            listed = opener.members(Place("", file.name, file.name, None, None))
        seconds = time.monotonic() - started
    child = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >> 10
    ended = listed.ended[1] if listed.ended else "to the end"
    print(f"{count:,} members: {len(listed.entries):,} listed in {seconds:.1f} s ({ended})")
    print(f"peak memory of the child: {child:,} MiB")


if __name__ == "__main__":
    main()
