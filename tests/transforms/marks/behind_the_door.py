"""Reads manifest stores as an examiner child does: behind the closed door, from bytes that it was handed.

``python -m tests.transforms.marks.behind_the_door`` takes a message of ``pack`` on standard input and prints a JSON
array with one entry per file: ``[status, state, message]``, or null where there is no store.
"""

import io
import json
import struct
import subprocess
import sys
from collections.abc import Iterable
from typing import Any

from transforms.examine import sandbox

MEMORY_BYTES = 3 << 30


def read_behind_the_door(files: Iterable[tuple[str, bytes]], anchors: str) -> dict[str, Any]:
    """Starts such a process for these files (media type, bytes) and waits.

    Returns:
        ``door``: which locks hold; ``stores``: as above; ``opened``: whether the child could open a file of its own.
    """
    message = b"".join(
        struct.pack(">II", len(part), len(data)) + part + data
        for part, data in [(b"anchors", anchors.encode()), *((kind.encode(), data) for kind, data in files)]
    )
    command = [sys.executable, "-m", "tests.transforms.marks.behind_the_door"]
    done = subprocess.run(command, input=message, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    return json.loads(done.stdout)  # type: ignore[no-any-return]


def _main() -> None:
    sandbox.limit_resources(MEMORY_BYTES)
    door = sandbox.close_door()
    from transforms.marks.c2pa_store import read_store
    from transforms.marks.settings import Trust

    (_, anchors), *files = _unpacked(sys.stdin.buffer.read())
    trust = Trust(organisation=anchors.decode(), name="test")
    stores = []
    for kind, data in files:
        store = read_store(io.BytesIO(data), kind, trust)
        stores.append(store and (store.status, store.state, store.message))
    print(json.dumps({"door": door, "opened": _can_open("/etc/passwd"), "stores": stores}))


def _unpacked(message: bytes) -> Iterable[tuple[str, bytes]]:
    at = 0
    while at < len(message):
        first, second = struct.unpack_from(">II", message, at)
        yield message[at + 8 : at + 8 + first].decode(), message[at + 8 + first : at + 8 + first + second]
        at += 8 + first + second


def _can_open(path: str) -> bool:
    try:
        with open(path, "rb"):  # noqa: PTH123
            return True
    except OSError:
        return False


if __name__ == "__main__":
    _main()
