import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from examine_samples import MISBEHAVING, picture_bytes, place_of, saved, settings_of
from PIL import Image

from examples.media import broken, videos
from tests.waiting import wait_until
from transforms.examine import pool as subject
from transforms.examine.examination_messages import examination_from_json
from transforms.examine.pool import CHILD_COMMAND, Child, ChildPool
from transforms.outcomes import Outcome, Reason
from transforms.records import Examination, LayerNote


@contextmanager
def pool_of(size=1, command=MISBEHAVING, frames=16, **limits):
    pool = ChildPool(settings_of(frames, **limits), size, command)
    try:
        yield pool
    finally:
        pool.close()


@pytest.fixture
def script(write):
    """Writes a file that tells the stand-in decoder what to do; returns its place."""
    return lambda command, name="file.mp4": place_of(write(command.encode() + b"\n", name))


def told(examined):
    return examined.examination.outcome, examined.examination.reason


def is_running(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def children():
    found = set()
    for task in Path("/proc/self/task").iterdir():
        with suppress(FileNotFoundError):  # the thread has ended
            found |= {int(pid) for pid in (task / "children").read_text("utf-8").split()}
    return found


def descriptors():
    return len(list(Path("/proc/self/fd").iterdir()))


# Ordinary work


def test_frames_and_facts_come_back(tmp_path):
    times = videos.video(tmp_path / "a.mp4", seconds=1)
    with pool_of(command=CHILD_COMMAND, frames=4) as pool:
        found = pool.submit(place_of(tmp_path / "a.mp4")).result()
    assert told(found) == (Outcome.EXAMINED, None)
    assert [frame.facts.timestamp_ms for frame in found.frames] == [times[number] for number in (0, 8, 16, 24)]
    assert {frame.views[0, None].shape for frame in found.frames} == {(2, 32, 32, 3)}
    assert found.examination.frames_examined == 4
    assert (found.children_lost, found.cpu_seconds > 0) == (0, True)


def test_one_child_serves_file_after_file(script):
    with pool_of() as pool:
        assert len({pool.examine(script("ok 2")).examination.detail for _ in range(5)}) == 1


def test_children_work_side_by_side(script):
    with pool_of(2) as pool:
        warm_up = [pool.submit(script("sleep 0.4", name)) for name in "ab"]
        assert len([future.result() for future in warm_up]) == 2
        started = time.monotonic()
        futures = [pool.submit(script("sleep 0.8", name)) for name in "cd"]
        assert len([future.result() for future in futures]) == 2
        assert time.monotonic() - started < 1.5


# Limits


def test_memory_is_bounded_and_the_child_lives_on(script):
    with pool_of(memory_bytes=1 << 30) as pool:
        before = pool.examine(script("ok")).examination.detail
        assert told(pool.examine(script("eat 8"))) == (Outcome.FAILED, Reason.OUT_OF_MEMORY)
        found = pool.examine(script("eat_slowly 3"))
        assert told(found) == (Outcome.FAILED, Reason.OUT_OF_MEMORY)
        assert (found.frames, found.children_lost) == ([], 0)
        assert pool.examine(script("ok")).examination.detail == before


@pytest.mark.parametrize(
    ("picture_format", "options"),
    [("PNG", {}), ("JPEG", {"quality": 20}), ("TIFF", {"compression": "tiff_lzw"}), ("BMP", {}), ("GIF", {})],
)
def test_a_real_picture_over_the_memory_limit_is_told_as_such(write, picture_format, options):
    content = saved(Image.new("L", (9000, 9000), 77), picture_format, **options)
    with pool_of(command=CHILD_COMMAND, memory_bytes=512 << 20) as pool:
        small = pool.examine(place_of(write(picture_bytes("png"), "small")))
        found = pool.examine(place_of(write(content, "large")))
    assert told(small) == (Outcome.EXAMINED, None)
    assert told(found) == (Outcome.FAILED, Reason.OUT_OF_MEMORY)
    assert found.children_lost == 0


@pytest.mark.parametrize("content", [broken.huge_png(), b""])
def test_a_claim_of_gigabytes_costs_a_small_child_nothing(write, content):
    with pool_of(command=CHILD_COMMAND, memory_bytes=512 << 20) as pool:
        found = pool.examine(place_of(write(content)))
    assert found.examination.reason in {Reason.OVER_PIXEL_LIMIT, Reason.EMPTY_FILE}


def test_processor_time_is_bounded(script):
    with pool_of(cpu_seconds=1) as pool:
        found = pool.examine(script("spin"))
        assert told(found) == (Outcome.FAILED, Reason.TIMED_OUT)
        assert "processor time" in found.examination.detail
        assert told(pool.examine(script("ok"))) == (Outcome.EXAMINED, None)


@pytest.mark.parametrize(
    ("command", "limits"),
    [
        ("sleep 60", {"frame_seconds": 0.4}),
        ("sleep 60 3", {"frame_seconds": 0.4}),
        ("hold_the_lock 60", {"frame_seconds": 0.4}),
        ("drip 0.1", {"file_seconds": 0.6}),
        ("trickle", {"file_seconds": 0.6}),
        ("trickle", {"frame_seconds": 0.6}),
    ],
)
def test_a_decoder_that_sleeps_is_ended_in_time(script, command, limits):
    with pool_of(frames=1000, **limits) as pool:
        pool.examine(script("ok"))
        started = time.monotonic()
        found = pool.examine(script(command))
        assert time.monotonic() - started < 8
        assert told(found) == (Outcome.FAILED, Reason.TIMED_OUT)
        assert (found.frames, found.children_lost) == ([], 2)
        assert told(pool.examine(script("ok"))) == (Outcome.EXAMINED, None)


# Crashes


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("abort", "SIGABRT"),
        ("segfault", "SIGSEGV"),
        ("odd_signal", "signal 40"),
        ("exit 7", "exit status 7"),
        ("exit 0", "exit status 0"),
        ("raise", "exit status 1"),
    ],
)
def test_a_crash_costs_the_file_and_nothing_else(script, command, words):
    with pool_of() as pool:
        first = pool.examine(script("ok")).examination.detail
        found = pool.examine(script(command))
        assert told(found) == (Outcome.FAILED, Reason.DECODER_CRASHED)
        assert words in found.examination.detail
        assert (found.frames, found.children_lost) == ([], 2)
        after = pool.examine(script("ok"))
        assert told(after) == (Outcome.EXAMINED, None)
        assert after.examination.detail != first


@pytest.mark.parametrize("command", ["once abort", "once sleep 60", "once raw noise", "once exit 3"])
def test_a_file_that_kills_only_one_child_is_examined(script, command):
    with pool_of(frame_seconds=2) as pool:
        place = script(command)
        found = pool.examine(place)
    assert told(found) == (Outcome.EXAMINED, None)
    assert (len(found.frames), found.children_lost) == (1, 1)


# Marks


@pytest.mark.parametrize(
    ("command", "lost", "reason"),
    [("mark ok", 0, None), ("mark abort", 2, Reason.DECODER_CRASHED), ("mark sleep 60", 2, Reason.TIMED_OUT)],
)
def test_marks_that_were_read_stand_whatever_comes_after(script, command, lost, reason):
    with pool_of(marks=True, frame_seconds=2) as pool:
        found = pool.examine(script(command))
    assert (found.examination.reason, found.children_lost) == (reason, lost)
    if reason is not None:  # else the examination itself tells them, which this stand-in leaves out
        assert [mark.kind for mark in found.examination.marks] == ["generator.test"]
        assert found.examination.layers == ()


def test_a_file_whose_marks_kill_is_examined_without_them(script):
    with pool_of(marks=True) as pool:
        found = pool.examine(script("ok_without_marks"))
    assert told(found) == (Outcome.EXAMINED, None)
    assert found.children_lost == 2
    assert [(note.layer, note.status) for note in found.examination.layers] == [("marks", "failed")]


def test_a_file_that_always_kills_says_that_its_marks_are_unknown(script):
    with pool_of(marks=True) as pool:
        found = pool.examine(script("abort"))
    assert told(found) == (Outcome.FAILED, Reason.DECODER_CRASHED)
    assert found.children_lost == 3
    assert [(note.layer, note.status) for note in found.examination.layers] == [("marks", "failed")]


def test_a_child_killed_from_outside_is_replaced(script):
    with pool_of() as pool:
        future = pool.submit(script("sleep 0.7 2"))
        wait_until(lambda: pool._busy)
        (child,) = pool._busy
        time.sleep(0.3)
        os.kill(child._process.pid, signal.SIGKILL)
        found = future.result(20)
    assert told(found) == (Outcome.EXAMINED, None)
    assert (len(found.frames), found.children_lost) == (2, 1)


def test_an_idle_child_that_was_killed_is_replaced(script):
    with pool_of() as pool:
        pid = int(pool.examine(script("ok")).examination.detail)
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not is_running(pid))
        assert told(pool.examine(script("ok"))) == (Outcome.EXAMINED, None)


GARBAGE = [
    "noise",
    "text",
    "list",
    "nested",
    "empty",
    "nothing",
    "outcome",
    "fields",
    "kinds",
    "layers",
    "surrogate",
    "shape",
    "no shape",
    "time",
    "face",
    "no views",
    "unasked views",
    "mark",
    "many marks",
    "huge",
]


@pytest.mark.parametrize("command", [*(f"raw {kind}" for kind in GARBAGE), "misshape", "hang_up", "ok 17"])
def test_a_child_that_sends_garbage_counts_as_crashed(script, command):
    with pool_of(frame_seconds=5) as pool:
        found = pool.examine(script(command))
        assert told(found) == (Outcome.FAILED, Reason.DECODER_CRASHED)
        assert found.frames == []
        assert told(pool.examine(script("ok 16"))) == (Outcome.EXAMINED, None)


def test_a_child_that_is_killed_while_it_starts_does_not_end_the_scan(script, monkeypatch):
    start, killed = Child.__init__, []

    def killed_once(self, settings, command, *more):
        if not killed:
            killed.append(command)
            command = (sys.executable, "-c", "import os; os.kill(os.getpid(), 9)")
        start(self, settings, command, *more)

    monkeypatch.setattr(Child, "__init__", killed_once)
    with pool_of() as pool:
        assert told(pool.examine(script("ok 16"))) == (Outcome.EXAMINED, None)
    assert len(killed) == 1


def test_a_child_that_cannot_start_says_what_to_run():
    before = descriptors()
    for command in ((sys.executable, "-c", "pass"), (sys.executable, "-c", "print()", "x")):
        with pytest.raises(RuntimeError, match="did not start"):
            Child(settings_of(), command)
    with pytest.raises(OSError, match="no-such-program"):
        Child(settings_of(), ("no-such-program",))
    assert descriptors() == before


# Files that are not what was listed


def test_a_file_that_changes_meanwhile_is_not_believed(script):
    with pool_of() as pool:
        place = script("sleep 0.6 1")
        future = pool.submit(place)
        wait_until(lambda: pool._busy)
        with Path(place.path).open("a", encoding="utf-8") as file:
            file.write("more")
        found = future.result(20)
    assert told(found) == (Outcome.FAILED, Reason.CHANGED_DURING_SCAN)
    assert found.frames == []


@pytest.mark.parametrize("change", [{"size_bytes": 1}, {"mtime_ns": 1}])
def test_a_file_that_changed_since_it_was_listed_is_not_believed(script, change):
    with pool_of() as pool:
        found = pool.examine(replace(script("ok"), **change))
    assert told(found) == (Outcome.FAILED, Reason.CHANGED_DURING_SCAN)


def test_a_file_that_is_gone_has_vanished(tmp_path):
    with pool_of() as pool:
        assert told(pool.examine(place_of(tmp_path / "gone.jpg"))) == (Outcome.GONE, Reason.VANISHED)
        assert pool._idle.get() is None  # no child is started for it
        pool._idle.put(None)


def _folder(path):
    path.mkdir()


def _socket(path):
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))


def _loop(path):
    path.symlink_to(path)


@pytest.mark.parametrize("make", [_folder, os.mkfifo, _socket, _loop])
def test_what_is_no_regular_file_is_unreadable_and_hangs_nothing(tmp_path, monkeypatch, make):
    monkeypatch.chdir(tmp_path)
    make(Path("it"))
    with pool_of() as pool:
        started = time.monotonic()
        found = pool.examine(replace(place_of(tmp_path), path="it"))
        assert time.monotonic() - started < 2
    assert told(found) == (Outcome.FAILED, Reason.UNREADABLE)
    assert found.examination.detail


def test_a_file_without_permission_is_unreadable(script, monkeypatch):
    place = script("ok")

    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    if os.geteuid() == 0:  # whom no mode keeps out
        monkeypatch.setattr(subject.os, "open", refuse)
    else:
        Path(place.path).chmod(0)
    with pool_of() as pool:
        found = pool.examine(place)
    assert told(found) == (Outcome.FAILED, Reason.UNREADABLE)
    assert found.examination.detail == "Permission denied"


@pytest.mark.parametrize("name", ["a\0b.jpg", "a" * 5000, "\ud800.jpg"])
def test_a_name_that_no_file_system_takes_is_unreadable(tmp_path, name):
    with pool_of() as pool:
        found = pool.examine(replace(place_of(tmp_path), path=str(tmp_path / name)))
    assert told(found) == (Outcome.FAILED, Reason.UNREADABLE)


def test_a_name_in_any_bytes_is_served(tmp_path):
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xfe\n.png"))
    path.write_bytes(picture_bytes("png"))
    with pool_of(command=CHILD_COMMAND) as pool:
        assert told(pool.examine(place_of(path))) == (Outcome.EXAMINED, None)


# Leaving nothing behind


def test_fifty_files_leave_no_descriptor_and_no_child(script, tmp_path):
    commands = ["ok 2", "abort", "ok", "exit 1", "once abort", "raw noise", "ok", "eat 64", "ok", "raise"]
    before, family = descriptors(), children()
    with pool_of(2) as pool:
        places = [script(commands[number % 10], f"file-{number}") for number in range(50)]
        found = [future.result() for future in [pool.submit(place) for place in places]]
        pool.examine(place_of(tmp_path / "gone"))
        pool.examine(place_of(tmp_path))
        assert descriptors() <= before + 2
        assert len(children() - family) <= 2
    assert sum(one.examination.outcome is Outcome.EXAMINED for one in found) == 25
    wait_until(lambda: children() == family)
    assert descriptors() == before


def test_closing_ends_children_in_the_middle_of_their_files(script):
    before, family = descriptors(), children()
    with pool_of(2) as pool:
        futures = [pool.submit(script(command, command)) for command in ("sleep 60 1", "hold_the_lock 60", "ok")]
        wait_until(lambda: len(pool._busy) == 2)
        time.sleep(0.3)
        started = time.monotonic()
    assert time.monotonic() - started < 2
    for future in futures[:2]:
        with pytest.raises(RuntimeError, match="closed"):
            future.result(10)
    with pytest.raises((CancelledError, RuntimeError)):
        futures[2].result(10)
    wait_until(lambda: children() == family and descriptors() == before)


def test_closing_while_children_start_leaves_none(script):
    before, family = descriptors(), children()
    for pause in (0.0, 0.05, 0.15):
        with pool_of(2) as pool:
            futures = [pool.submit(script("ok", str(number))) for number in range(2)]
            time.sleep(pause)
        for future in futures:
            wait_until(future.done)
    wait_until(lambda: children() == family and descriptors() == before)


def test_closing_twice_is_closing_once(script):
    with pool_of() as pool:
        pool.examine(script("ok"))
        pool.close()
        with pytest.raises(RuntimeError):
            pool.submit(script("ok"))
        with pytest.raises(RuntimeError, match="closed"):
            pool.examine(script("ok"))


def test_a_stopped_child_is_closed_at_once():
    child = Child(settings_of(), MISBEHAVING)
    os.kill(child._process.pid, signal.SIGSTOP)
    started = time.monotonic()
    child.close()
    child.close()
    assert time.monotonic() - started < 2
    assert not is_running(child._process.pid)


PARENT = """
import sys, threading
sys.path[:0] = {path!r}
from examine_samples import place_of, settings_of
from transforms.examine.pool import ChildPool
from pathlib import Path
pool = ChildPool(settings_of(file_seconds={file_seconds}), 1, {command!r})
pid = pool.examine(place_of(Path({ok!r}))).examination.detail
print(pid, flush=True)
pool.examine(place_of(Path({work!r}))) if {work!r} else threading.Event().wait()
"""


@pytest.mark.parametrize(
    ("work", "within"), [("", 3), ("sleep 60", 3), ("spin", 3), ("drip 0.05", 3), ("hold_the_lock 60", 12)]
)
def test_children_end_with_their_parent(script, tmp_path, work, within):
    source = PARENT.format(
        path=[str(Path(__file__).parent), str(Path(__file__).parents[3])],
        command=MISBEHAVING,
        file_seconds=1.0 if "lock" in work else 60.0,
        ok=script("ok", "ok").path,
        work=script(work, "work").path if work else "",
    )
    with subprocess.Popen([sys.executable, "-c", source], stdout=subprocess.PIPE, text=True) as parent:
        pid = int(parent.stdout.readline())
        assert is_running(pid)
        time.sleep(0.4)
        parent.kill()
    wait_until(lambda: not is_running(pid), within)


# What a child says


def test_an_examination_survives_the_journey():
    examination = Examination(
        Outcome.FAILED,
        Reason.TRUNCATED,
        "cut",
        "video/mp4",
        320,
        240,
        1000.5,
        "00ff00ff00ff00ff",
        "2024-03-21T12:00:00+05:00",
        3,
        layers=(LayerNote("frames", "ended_early", "1 s"), LayerNote("frames", "x")),
    )
    assert examination_from_json(json.loads(json.dumps(asdict(examination)))) == examination


def test_many_threads_share_one_pool(script):
    with pool_of(2) as pool:
        places = [script(f"ok {number % 4}", f"f{number}") for number in range(24)]
        found = {}
        threads = [
            threading.Thread(target=lambda place=place: found.update({place.path: pool.examine(place)}))
            for place in places
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert [len(found[place.path].frames) for place in places] == [number % 4 for number in range(24)]


@pytest.mark.parametrize(("name", "codec"), [("a.mp4", "libx264"), ("a.webm", "libvpx-vp9"), ("b.mp4", "libsvtav1")])
def test_damaged_videos_have_an_ending_and_lose_no_child(tmp_path, write, name, codec):
    videos.video(tmp_path / name, codec=codec, seconds=1, size=(256, 192))
    whole, chance = (tmp_path / name).read_bytes(), random.Random(5)
    with pool_of(command=CHILD_COMMAND, frames=4, cpu_seconds=20) as pool:
        for _ in range(25):
            damaged = bytearray(whole)
            for _ in range(chance.randint(1, 6)):
                at = chance.choice((chance.randrange(len(whole)), chance.randrange(min(900, len(whole)))))
                damaged[at] = chance.randrange(256)
            found = pool.examine(place_of(write(bytes(damaged), "damaged")))
            assert found.children_lost == 0, found.examination.detail
            assert (found.examination.reason is None) == (found.examination.outcome is Outcome.EXAMINED)
            assert len(found.frames) == found.examination.frames_examined
