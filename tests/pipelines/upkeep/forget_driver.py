"""Forgets and kills itself with SIGKILL at a chosen step: ``forget_driver.py STEP NTH STORE HASH``."""

import sys
from typing import Any

from pipelines.store import Store
from pipelines.upkeep import forget
from tests.pipelines.upkeep.vacuum_driver import die_at

STEPS: dict[tuple[str, int], tuple[Any, str, bool]] = {
    ("sources not written", 1): (forget, "_rewrite", False),
    ("sources gone, all else there", 1): (forget, "_commit", True),
    ("kept rows written, not committed", 2): (forget, "_commit", False),
    ("kept rows committed in part", 3): (forget, "_commit", True),
    ("kept rows committed, segments as before", 6): (forget, "_commit", False),
    ("hidden", 6): (forget, "_commit", True),
    ("items gone, others not", 7): (forget, "_commit", True),
    ("near-duplicates not gone", 11): (forget, "_commit", False),
    ("nothing removed", 1): (forget, "remove_file", False),
    ("some removed", 3): (forget, "remove_file", True),
    ("no log cut", 1): (forget, "cut_log", False),
    ("some logs cut", 4): (forget, "cut_log", True),
}


def main(step: str, nth: str, root: str, content: str) -> None:
    owner, name, after = STEPS[step, int(nth)]
    die_at(owner, name, int(nth), after=after)
    forget.forget(Store.open(root), [content])


if __name__ == "__main__":
    main(*sys.argv[1:])
