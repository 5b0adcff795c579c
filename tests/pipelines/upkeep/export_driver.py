"""Runs an export that kills itself with SIGKILL at a chosen step: ``export_driver.py STEP STORE OUTPUT``."""

import sys
from pathlib import Path
from typing import Any

from pipelines.store import Store
from pipelines.upkeep import export
from tests.pipelines.upkeep.vacuum_driver import die_at

STEPS: dict[str, tuple[Any, str, int, bool]] = {
    "some tables written": (export, "_write_view", 2, True),
    "not put in place": (export, "_put_in_place", 1, False),
    "the earlier one moved away": (Path, "rename", 1, True),
    "put in place": (export, "_put_in_place", 1, True),
}


def main(step: str, root: str, output: str) -> None:
    owner, name, nth, after = STEPS[step]
    die_at(owner, name, nth, after=after)
    export.export_store(Store.open(root), Path(output), ("items", "scans"), is_overwriting=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
