"""The process from which ``tests.drivers`` are forked: ``python -m tests.driver_stem CHANNEL``.

It loads what a scan needs, and calls none of it: a fork has only the thread that forked, so nothing here may have
started others. Those of OpenBLAS and of jemalloc, which start with their libraries, are made anew in a fork by the
libraries themselves; torch starts its own when it is first put to work.
"""

import atexit
import gc
import importlib
import json
import logging
import os
import resource
import runpy
import signal
import socket
import struct
import sys
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

LOADED = (
    "apache_beam.runners.portability.fn_api_runner.fn_runner",
    "apache_beam.runners.worker.sdk_worker",
    "boto3",
    "pipelines.explain",
    "pipelines.judge_command",
    "pipelines.query",
    "pipelines.scan",
    "pipelines.scan_config",
    "pipelines.scan_files",
    "pipelines.scan_metrics",
    "pipelines.segment",
    "pydantic.type_adapter",
    "transforms.detect.scoring",
)
"""Not ``pipelines.cli``: a driver runs that as its main module."""


def load() -> None:
    """Loads what drivers need, and leaves what loading changed as a fresh process has it."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as pipelines.cli does before torch is loaded
    for module in LOADED:
        importlib.import_module(module)
    logging.getLogger().handlers.clear()  # Beam warned at its import, which adds one
    tempfile.tempdir = None  # a driver may be given another
    assert threading.active_count() == 1, "a fork would lack these threads"
    gc.freeze()


def asked_driver(channel: socket.socket) -> list[str] | None:
    """The command of a driver, in the driver; the stem forks one for each request, and ends with None.

    Between the two is a process that waits for that driver alone, and tells its number and how it ended.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C at the terminal is for the tests and for the drivers
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # none is waited for
    while True:
        size, descriptors, _, _ = socket.recv_fds(channel, 4, 4)
        if not size:
            return None
        request = json.loads(channel.recv(struct.unpack("!I", size)[0], socket.MSG_WAITALL))
        if os.fork() == 0:
            channel.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            driver = os.fork()
            if driver == 0:
                return _as_asked(request, descriptors)
            _tell_end(driver, descriptors)
        for descriptor in descriptors:
            os.close(descriptor)


def _tell_end(driver: int, descriptors: list[int]) -> NoReturn:
    *streams, end = descriptors
    for stream in (0, 1, 2, *streams):
        os.close(stream)
    os.write(end, struct.pack("!i", driver))
    status = os.waitpid(driver, 0)[1]
    with suppress(BrokenPipeError):  # nobody asks any more
        os.write(end, struct.pack("!i", status))
    os._exit(0)


def _as_asked(request: dict[str, Any], descriptors: list[int]) -> list[str]:
    """Makes this process one that was started as the request says."""
    *streams, end = descriptors
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.close(end)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    for limit, values in request["limits"]:
        resource.setrlimit(limit, values)
    return request["command"]


def run_program(kind: str, *told: str) -> None:
    """Runs ``-m MODULE``, ``-c CODE`` or a script as the interpreter would."""
    if kind == "-m":
        sys.argv, sys.path[0] = list(told), str(Path.cwd())
        runpy.run_module(told[0], run_name="__main__", alter_sys=True)
    elif kind == "-c":
        sys.argv, sys.path[0] = ["-c", *told[1:]], str(Path.cwd())
        main = sys.modules["__main__"] = ModuleType("__main__")
        exec(compile(told[0], "<string>", "exec"), vars(main))  # noqa: S102  (as python -c does)
    else:
        sys.argv, sys.path[0] = [kind, *told], str(Path(kind).parent)
        runpy.run_path(kind, run_name="__main__")


def end_at_once(status: int) -> NoReturn:
    """Does what is left to do at exit, but frees nothing: of all that the stem loaded that would take 0.5 s."""
    threading._shutdown()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


if __name__ == "__main__":
    load()
    with socket.socket(fileno=int(sys.argv[1])) as opened:
        asked = asked_driver(opened)
    if asked is not None:
        try:
            run_program(*asked)
        except SystemExit as ended:  # what else is raised ends this process as any other
            if not isinstance(ended.code, int):
                raise
            end_at_once(ended.code)
        end_at_once(0)
