"""Runs a scan that kills itself with SIGKILL at a chosen step: ``kill_driver.py STEP NTH SOURCE STORE PROFILE``.

Nothing is simulated: the process dies at the NTH time it comes to the step, in the middle of the real code.
"""

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from rich.console import Console

from pipelines.scan import Scan
from pipelines.scan_options import ScanOptions
from pipelines.store import Store
from transforms import examination, retry, s3, store_files


class Countdown:
    def __init__(self, nth: int) -> None:
        self.left = nth

    def __call__(self) -> None:
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def before(owner: Any, name: str, die: Callable[[], None], when: Callable[..., bool] = lambda *_: True) -> None:
    original = getattr(owner, name)

    def wrapped(*arguments: Any, **named: Any) -> Any:
        if when(*arguments):
            die()
        return original(*arguments, **named)

    setattr(owner, name, wrapped)


def main(step: str, nth: str, source: str, store: str, profile: str) -> None:
    retry.delay_seconds = lambda _: 0.01
    die = Countdown(int(nth))
    if step == "examination":
        before(examination._ExamineFn, "_conclude", die)
    elif step == "part written, not renamed":
        if store.startswith(s3.SCHEME):  # where a part is put in one request, and a manifest later
            before(s3, "put_object", die, lambda uri, *_: uri.endswith(".parquet") and "/scans/" not in uri)
        else:
            before(store_files, "_settle", die)
    elif step == "parts, no manifest":
        files = type(store_files.files_of(store))
        before(files, "put", die, lambda _, path, __: path.startswith("_manifests/"))
    elif step == "manifest, no commit":
        before(Store, "commit_segment", die)
    elif step == "segments not committed":
        before(Store, "_commit_numbered", die)
    elif step.endswith(" not committed"):
        table = step.split(maxsplit=1)[0]
        before(Store, "commit_parts", die, lambda _, name, *__: name == table)
    elif step == "committed, manifest left":
        before(Store, "discard", die)
    else:
        raise SystemExit(f"unknown step {step}")
    Scan(ScanOptions([source], store, profile=profile, segment_items=3), Console(stderr=True)).run()


if __name__ == "__main__":
    main(*sys.argv[1:])
