import json
import os
import resource
import signal
import socket
import subprocess
import tempfile
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from examine_samples import MISBEHAVING, picture_bytes, settings_of

from transforms.detect.preprocess import InputSpec
from transforms.detect.scope import ScopeRules
from transforms.examine import channel as messages
from transforms.examine.pool import CHILD_COMMAND, Child, ChildDiedError
from transforms.examine.settings import DetectorNeeds, ExamineSettings
from transforms.outcomes import Outcome, Reason


@pytest.fixture
def child():
    child = Child(settings_of())
    yield child
    child.close()


@pytest.fixture
def bare():
    """A child and its channel, without our side of them."""
    ours, theirs = socket.socketpair()
    with theirs, tempfile.TemporaryFile() as told:
        told.write(json.dumps(settings_of(marks=True).to_json()).encode())
        told.seek(0)
        descriptors = [theirs.fileno(), told.fileno()]
        command = [*CHILD_COMMAND, *map(str, descriptors)]
        process = subprocess.Popen(command, pass_fds=descriptors, stderr=subprocess.DEVNULL)
    ours.settimeout(30)
    yield ours, process
    ours.close()
    process.kill()
    process.wait()


def examined(child, path):
    with path.open("rb") as file:
        return child.examine(file.fileno(), path.name)


def test_a_child_says_that_it_is_ready_and_what_its_door_is(bare):
    channel, _ = bare
    message, arrays = messages.receive(channel)
    assert message["ready"] is True
    assert set(message["door"]) == {"files", "network"}
    assert arrays == []


def test_a_child_ends_when_the_channel_closes(bare):
    channel, process = bare
    messages.receive(channel)
    channel.close()
    assert process.wait(5) == 0


def test_an_answer_is_marks_then_frames_and_then_the_examination(bare, write):
    channel, _ = bare
    messages.receive(channel)
    path = write(picture_bytes("pages"))
    with path.open("rb") as file:
        socket.send_fds(channel, [b'{"name": "a.tif", "marks": true}'], [file.fileno()])
        marks, *answers = [messages.receive(channel) for _ in range(4)]
    assert marks == ({"marks": [], "layers": []}, [])
    assert [answer[0].get("timestamp_ms", "end") for answer in answers] == [None, None, "end"]
    assert [[array.shape for array in arrays] for _, arrays in answers] == [[(2, 32, 32, 3)]] * 2 + [[]]
    assert answers[2][0]["examination"]["frames_examined"] == 2
    assert answers[2][0]["cpu_seconds"] >= 0


def test_a_child_has_one_thread_for_each_library_and_no_core_dumps(child):
    status = Path(f"/proc/{child._process.pid}/status").read_text("utf-8")
    environment = Path(f"/proc/{child._process.pid}/environ").read_text("utf-8")
    assert "NoNewPrivs:\t1" in status
    assert "OMP_NUM_THREADS=1" in environment
    assert resource.prlimit(child._process.pid, resource.RLIMIT_CORE) == (0, 0)
    assert resource.prlimit(child._process.pid, resource.RLIMIT_FSIZE) == (0, 0)


def test_secrets_of_the_environment_stay_outside(monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hidden")
    child = Child(settings_of())
    try:
        assert "hidden" not in Path(f"/proc/{child._process.pid}/environ").read_text("utf-8")
    finally:
        child.close()


def test_processor_time_is_granted_for_each_file_anew(write):
    child = Child(settings_of(cpu_seconds=2), MISBEHAVING)
    path = write(b"ok 1\n")
    try:
        bounds = []
        for _ in range(2):
            examined(child, path)
            bounds.append(resource.prlimit(child._process.pid, resource.RLIMIT_CPU)[0])
        assert bounds[0] >= 3
        assert bounds == sorted(bounds)
    finally:
        child.close()


def test_an_interrupt_at_the_terminal_is_the_parent_s_business(child, write):
    assert os.getsid(child._process.pid) != os.getsid(0)
    assert examined(child, write(picture_bytes("png"))).examination.outcome is Outcome.EXAMINED


def test_the_file_is_served_from_its_descriptor_alone(child, write):
    path = write(picture_bytes("moving gif"), "no-such-name")
    with path.open("rb") as file:
        path.unlink()
        found = child.examine(file.fileno(), "elsewhere/renamed.txt").examination
    assert (found.outcome, found.media_type) == (Outcome.EXAMINED, "image/gif")


def test_a_killed_child_tells_its_cause_of_death(write):
    child = Child(settings_of(), MISBEHAVING)
    path = write(b"sleep 30\n")
    threading.Timer(0.3, lambda: os.kill(child._process.pid, signal.SIGKILL)).start()
    with pytest.raises(ChildDiedError, match="SIGKILL") as caught:
        examined(child, path)
    assert caught.value.reason is Reason.DECODER_CRASHED
    assert child._process.returncode == -signal.SIGKILL
    child.close()


def test_closing_a_busy_child_takes_no_time(write):
    child = Child(settings_of(), MISBEHAVING)
    path = write(b"hold_the_lock 60\n")
    started = time.monotonic()
    threading.Timer(0.3, child.kill).start()
    with pytest.raises(ChildDiedError):
        examined(child, path)
    child.close()
    assert time.monotonic() - started < 3


@pytest.mark.parametrize("scope", [None, ScopeRules(min_short_side=7)])
def test_settings_survive_the_journey(scope):
    settings = settings_of(7, pixels=12, frame_seconds=0.5)
    settings = replace(settings, detectors=(*settings.detectors, DetectorNeeds(InputSpec(64, 3, 64), scope)))
    assert ExamineSettings.from_json(json.loads(json.dumps(settings.to_json()))) == settings
