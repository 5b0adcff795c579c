"""What a child gets from its parent: its environment, and its end when the parent goes."""

import os
import select
import socket

_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
_INHERITED = (
    "PATH",
    "PYTHONPATH",
    "LD_LIBRARY_PATH",
    "LANG",
    "LC_ALL",
    "TMPDIR",
    "VIRTUAL_ENV",
    "SYSTEMROOT",
)


def child_environment() -> dict[str, str]:
    """The variables that a child needs, and no others."""
    return {name: os.environ[name] for name in _INHERITED if name in os.environ} | _ONE_THREAD


def leave_with_parent(channel: socket.socket) -> None:
    """Ends the process as soon as the parent hangs up, also in the middle of a file."""
    poll = select.poll()
    poll.register(channel, select.POLLRDHUP | select.POLLHUP | select.POLLERR)
    poll.poll()
    os._exit(0)
