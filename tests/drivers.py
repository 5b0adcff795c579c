"""Python programs of tests that start at once: each is forked from one that has loaded Beam and torch already.

``run`` and ``Driver`` are to be called as ``subprocess.run`` and ``subprocess.Popen``. What they start is a process
of its own, with its own arguments, folder, environment, pipes and end; only loading, which takes each scan 5 s of a
processor, is done once. Tests of what happens while a command loads start a fresh one instead.
"""

import atexit
import functools
import json
import os
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
_ASKING = threading.Lock()


class Driver(subprocess.Popen[Any]):
    """A Python program that runs; see the module.

    Args:
        args: ``sys.executable``, then ``-m MODULE``, ``-c CODE`` or a script, and its arguments.
        limits: Soft and hard limits by ``resource.RLIMIT_…``.
        options: As of ``subprocess.Popen``: ``cwd``, ``env``, the standard streams and their encoding.
    """

    def __init__(
        self, args: Sequence[object], *, limits: Mapping[int, tuple[int, int]] | None = None, **options: Any
    ) -> None:
        assert args[0] == sys.executable
        assert options.keys() <= {"cwd", "env", "stdin", "stdout", "stderr", "text", "encoding", "errors"}
        self._limits = list((limits or {}).items())
        super().__init__([str(one) for one in args], **options)

    # The three places in which Popen of Python 3.11 comes to the system.

    def _execute_child(self, args: list[str], *asked: Any) -> None:
        cwd, env, streams = asked[4], asked[5], asked[9:15]
        request = {
            "command": args[1:],
            "cwd": os.fspath(cwd or Path.cwd()),
            "env": {key: os.fspath(value) for key, value in (os.environ if env is None else env).items()},
            "limits": self._limits,
        }
        stdin, _, _, stdout, _, stderr = streams
        self._end, theirs = socket.socketpair()
        with theirs:
            given = [usual if one == -1 else one for one, usual in ((stdin, 0), (stdout, 1), (stderr, 2))]
            message = json.dumps(request).encode()
            with _ASKING, suppress(BrokenPipeError):
                socket.send_fds(_stem(), [struct.pack("!I", len(message))], [*given, theirs.fileno()])
                _stem().sendall(message)
        self._close_pipe_fds(*streams)
        if not (told := self._end.recv(4)):
            raise RuntimeError("The process that drivers are forked from has ended; run: python -m tests.driver_stem 0")
        (self.pid,) = struct.unpack("!i", told)
        self._child_created = True

    def _internal_poll(self, _deadstate: int | None = None) -> int | None:
        if self.returncode is None and self._waitpid_lock.acquire(blocking=False):
            try:
                if self.returncode is None and (status := self._try_wait(os.WNOHANG)[1]) is not None:
                    self._handle_exitstatus(status)
            finally:
                self._waitpid_lock.release()
        return self.returncode

    def _try_wait(self, wait_flags: int) -> tuple[int, int | None]:
        """The process and how it ended, as its parent tells it; nobody else can."""
        try:
            told = self._end.recv(4, socket.MSG_DONTWAIT if wait_flags & os.WNOHANG else 0)
        except BlockingIOError:
            return 0, None
        self._end.close()
        return self.pid, struct.unpack("!i", told)[0]


def run(
    args: Sequence[object], *, capture_output: bool = False, check: bool = False, **options: Any
) -> subprocess.CompletedProcess[Any]:
    """As ``subprocess.run``, of a ``Driver``."""
    if capture_output:
        options |= {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with Driver(args, **options) as driver:
        try:
            out, err = driver.communicate()
        except BaseException:
            driver.kill()
            raise
    done = subprocess.CompletedProcess(driver.args, driver.returncode, out, err)
    if check:
        done.check_returncode()
    return done


@functools.cache
def _stem() -> socket.socket:
    """The channel to the process from which this one's drivers are forked; it ends when the channel closes."""
    ours, theirs = socket.socketpair()
    with theirs:
        command = [sys.executable, "-m", "tests.driver_stem", str(theirs.fileno())]
        stem = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, pass_fds=[theirs.fileno()])

    def end() -> None:
        ours.close()
        stem.wait()

    atexit.register(end)
    return ours
