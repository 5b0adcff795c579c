"""Runs a vacuum that kills itself with SIGKILL at a chosen step: ``vacuum_driver.py STEP NTH STORE``."""

import os
import signal
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from pipelines.store import Store
from pipelines.upkeep import compact, vacuum
from transforms import store_files


def die_at(owner: Any, name: str, nth: int, *, after: bool = False) -> None:
    """The process dies the NTH time that it comes to a function, or has been through it."""
    original: Callable[..., Any] = getattr(owner, name)
    left = nth

    def wrapped(*arguments: Any, **named: Any) -> Any:
        nonlocal left
        left -= 1
        if left == 0 and not after:
            os.kill(os.getpid(), signal.SIGKILL)
        answer = original(*arguments, **named)
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer

    setattr(owner, name, wrapped)


STEPS: dict[str, tuple[Any, str, bool]] = {
    "merged file not renamed": (store_files, "_settle", False),
    "merged file not committed": (compact, "_commit", False),
    "merged file committed": (compact, "_commit", True),
    "nothing removed": (vacuum, "remove_file", False),
    "some removed": (vacuum, "remove_file", True),
}


def main(step: str, nth: str, root: str) -> None:
    owner, name, after = STEPS[step]
    die_at(owner, name, int(nth), after=after)
    compact.FEWEST = 2
    vacuum.vacuum(Store.open(root), timedelta(0), is_compacting=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
