"""Drivers that are forked are processes like others: each has its own of everything, and ends as it ends."""

import json
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.drivers import ROOT, Driver, run

TELL = """
import json, os, resource, sys
told = sys.argv, os.getcwd(), dict(os.environ), sys.path[0], __name__, resource.getrlimit(resource.RLIMIT_FSIZE)
print(json.dumps(told)); print(sys.stdin.read(), file=sys.stderr)
"""


@pytest.mark.parametrize("kind", ["-c", "script"])
def test_it_has_what_it_was_given(kind: str, tmp_path: Path) -> None:
    script = tmp_path / "folder" / "tell.py"
    script.parent.mkdir()
    script.write_text(TELL)
    command = [sys.executable, *(["-c", TELL] if kind == "-c" else [script]), "one", "жеті"]
    given = {"cwd": tmp_path, "env": {"ONLY": "this"}, "text": True}
    with Driver(
        command, stdin=-1, stdout=-1, stderr=-1, limits={resource.RLIMIT_FSIZE: (5000, 6000)}, **given
    ) as driver:
        out, err = driver.communicate("said")
    arguments, folder, environment, path, name, limits = json.loads(out)
    own = (["-c", "one", "жеті"], "") if kind == "-c" else ([str(script), "one", "жеті"], str(script.parent))
    assert (arguments, folder, limits) == (own[0], str(tmp_path), [5000, 6000])
    assert (environment["ONLY"], "HOME" in environment, name) == ("this", False, "__main__")
    assert path == (own[1] or str(tmp_path))
    assert err == "said\n"
    fresh = subprocess.run(command, check=True, capture_output=True, input="said", **given)
    assert json.loads(fresh.stdout)[0] == arguments


@pytest.mark.parametrize(
    ("code", "status", "said"),
    [
        ("pass", 0, ""),
        ("raise SystemExit(7)", 7, ""),
        ("raise SystemExit('no')", 1, "no"),
        ("1 / 0", 1, "ZeroDivisionError"),
        ("import os; os.kill(os.getpid(), 9)", -signal.SIGKILL, ""),
        ("import atexit; atexit.register(os.write, 2, b'left') if (os := __import__('os')) else 0", 0, "left"),
        ("import threading, time; threading.Thread(target=lambda: time.sleep(.2) or print('late')).start()", 0, "late"),
        (
            "import torch; torch.set_num_threads(4); print((torch.ones(999, 999) @ torch.ones(999, 999)).sum())",
            0,
            "9.97",
        ),
    ],
)
def test_it_ends_as_it_would(code: str, status: int, said: str) -> None:
    done = run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == status, done.stderr
    assert said in done.stdout + done.stderr


def test_it_can_be_watched_and_ended(tmp_path: Path) -> None:
    code = "import time\nprint('here', flush=True)\ntry: time.sleep(60)\nexcept KeyboardInterrupt: print('told')"
    with Driver([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as driver:
        assert driver.stdout is not None
        assert driver.stdout.readline() == "here\n"
        assert Path(f"/proc/{driver.pid}").exists()
        assert driver.poll() is None
        with pytest.raises(subprocess.TimeoutExpired):
            driver.wait(0.1)
        driver.send_signal(signal.SIGINT)
        assert driver.stdout.read() == "told\n"
        assert driver.wait(10) == driver.poll() == 0
    with Driver([sys.executable, "-c", "import time; time.sleep(60)"]) as other:
        os.kill(other.pid, signal.SIGTERM)
        assert other.wait() == -signal.SIGTERM
    assert not Path(f"/proc/{other.pid}").exists()


def test_each_is_a_fork_of_what_has_loaded_beam_and_of_none_of_the_others() -> None:
    code = "import sys; print('torch' in sys.modules, hasattr(sys, 'left')); sys.left = 1"
    assert [run([sys.executable, "-c", code], capture_output=True, text=True).stdout for _ in "12"] == [
        "True False\n"
    ] * 2


def test_a_command_that_is_to_succeed_and_does_not_raises() -> None:
    with pytest.raises(subprocess.CalledProcessError):
        run([sys.executable, "-c", "1 / 0"], capture_output=True, check=True, cwd=ROOT)


def test_many_leave_no_descriptor_behind() -> None:
    run([sys.executable, "-c", ""])
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(20):
        run([sys.executable, "-c", ""], capture_output=True)
    assert len(list(Path("/proc/self/fd").iterdir())) == before
