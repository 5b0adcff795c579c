"""Members as the parent gets them: from a child behind the closed door."""

import io
import json
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from tests.transforms.containers.archives import PACKED, packed_warc, record, tarred, zipped
from transforms.containers import opener as module
from transforms.containers.entries import ContainerError, ContainerLimits
from transforms.containers.opener import Opener, unopened
from transforms.examine.settings import Limits
from transforms.outcomes import Reason
from transforms.records import Place
from transforms.scratch import ScratchError

FILES = [(f"{number:03}.jpg", os.urandom(3000)) for number in range(40)]
LIMITS = Limits(memory_bytes=1 << 30)


@pytest.fixture
def opener() -> Iterator[Opener]:
    with closing(Opener(LIMITS, ContainerLimits())) as one:
        yield one


def place(path: Path, member: str | None = None) -> Place:
    status = path.stat()
    return Place("/", str(path), str(path), status.st_size, status.st_mtime_ns, member)


def packed(suffix: str) -> bytes:
    if suffix == "zip":
        return zipped(FILES)
    if suffix == "warc.gz":
        return packed_warc(b"".join(record("resource", uri, data) for uri, data in FILES))
    return PACKED[suffix](tarred(FILES))


def content(opener: Opener, one: Place) -> bytes:
    with os.fdopen(opener.open(one), "rb") as file:
        return file.read()


@pytest.mark.parametrize("name", ["a.zip", "a.tar", "a.tar.gz", "a.tar.zst", "a.warc.gz"])
def test_members_are_listed_and_opened_by_many_threads_at_once(tmp_path: Path, opener: Opener, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(packed(name[2:]))
    listed = opener.members(place(path))
    assert (len(listed.entries), listed.ended) == (40, None)
    with ThreadPoolExecutor(8) as threads:
        found = threads.map(lambda file: content(opener, place(path, file[0])), [*FILES, *FILES[::-1]])
        assert list(found) == [data for _, data in [*FILES, *FILES[::-1]]]


def test_the_child_is_behind_the_closed_door(tmp_path: Path, opener: Opener) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(zipped(FILES))
    content(opener, place(path, "000.jpg"))
    (child,) = children()
    status = Path(f"/proc/{child}/status").read_text()
    assert "Seccomp:\t2" in status
    assert "NoNewPrivs:\t1" in status


def children() -> list[int]:
    """Process numbers of the children of this process that read containers."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == os.getpid() and b"containers.child" in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
    return found


def test_a_child_that_dies_is_replaced(tmp_path: Path, opener: Opener) -> None:
    path = tmp_path / "a.tar.gz"
    path.write_bytes(PACKED["tar.gz"](tarred(FILES)))
    assert content(opener, place(path, "000.jpg")) == FILES[0][1]
    for child in children():
        os.kill(child, signal.SIGKILL)
    assert content(opener, place(path, "001.jpg")) == FILES[1][1], "what ended it was not the member"
    for child in children():
        os.kill(child, signal.SIGKILL)
    listed = opener.members(place(path))
    assert ([entry.path for entry in listed.entries], listed.ended) == ([name for name, _ in FILES], None)


DIES = """
import sys
from pathlib import Path
with Path(sys.argv[1]).open("a") as starts:
    starts.write("x")
"""


@pytest.mark.parametrize("does", ["list", "read"])
def test_a_container_whose_child_dies_twice_is_to_blame(
    does: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, starts = tmp_path / "a.zip", tmp_path / "starts"
    path.write_bytes(zipped(FILES))
    monkeypatch.setattr(module, "_COMMAND", (sys.executable, "-c", DIES, str(starts)))
    with closing(Opener(LIMITS, ContainerLimits())) as opener:
        if does == "list":
            listed = opener.members(place(path))
            assert listed.ended is not None
            assert listed.ended[0] is Reason.DECODER_CRASHED
        else:
            with pytest.raises(ContainerError) as caught:
                opener.open(place(path, "001.jpg"))
            assert caught.value.reason is Reason.DECODER_CRASHED
    assert starts.read_text() == "xx"


def test_few_containers_stay_open_and_none_outlives_its_opener(tmp_path: Path) -> None:
    with closing(Opener(LIMITS, ContainerLimits())) as opener:
        for number in range(7):
            path = tmp_path / f"{number}.zip"
            path.write_bytes(zipped(FILES[:2]))
            content(opener, place(path, "001.jpg"))
        assert len(children()) == 4
    assert children() == []


def test_a_container_that_takes_too_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(zipped(FILES))
    monkeypatch.setattr(module, "_COMMAND", (sys.executable, "-c", "import time; time.sleep(60)"))
    with closing(Opener(replace(LIMITS, frame_seconds=0.5), ContainerLimits())) as opener:
        assert opener.members(place(path)).ended == (
            Reason.TIMED_OUT,
            "Reading the container took longer than the limit.",
        )


LIARS = {
    "no entry": {"entries": [{"path": "a.jpg"}]},
    "no reason": {"entries": [{"path": "a", "size_bytes": 1, "content_sha256": None, "refused": ["clean", ""]}]},
    "no hash": {"entries": [{"path": "a", "size_bytes": 1, "content_sha256": "../x", "refused": None}]},
    "no list": {"entries": 7},
    "no end": {"ended": 3},
    "too many": {"entries": [{"path": "a", "size_bytes": 1, "content_sha256": None, "refused": None}] * 9},
}
LIAR = """
import json, socket, sys
from transforms.examine import channel
door = socket.socket(fileno=int(sys.argv[2]))
channel.send(door, {"ready": True})
door.recv(1000)
channel.send(door, json.loads(sys.argv[1]))
door.recv(1000)
"""


@pytest.mark.parametrize("lie", LIARS)
def test_a_child_is_not_believed_what_no_child_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lie: str) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(zipped(FILES))
    monkeypatch.setattr(module, "_COMMAND", (sys.executable, "-c", LIAR, json.dumps(LIARS[lie])))
    with closing(Opener(LIMITS, ContainerLimits(members=8))) as opener:
        listed = opener.members(place(path))
    assert listed.entries == []
    assert listed.ended is not None
    assert listed.ended[0] is Reason.DECODER_CRASHED


def test_a_container_that_needs_too_much_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.tar.xz"
    inner = zipped([("a.jpg", os.urandom(250 << 20))], 0)
    path.write_bytes(PACKED["tar"](tarred([("inner.zip", inner)])))
    with closing(Opener(replace(LIMITS, memory_bytes=600 << 20), ContainerLimits())) as opener:
        listed = opener.members(place(path))
    assert listed.ended == (Reason.OUT_OF_MEMORY, Reason.OUT_OF_MEMORY.sentence)


def test_what_is_not_there(tmp_path: Path, opener: Opener) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(zipped(FILES))
    there = place(path, "none.jpg")
    path.unlink()
    with pytest.raises(FileNotFoundError) as caught:
        opener.open(there)
    assert unopened(caught.value).reason is Reason.VANISHED
    listed = opener.members(replace(there, member_path=None))
    assert (listed.entries, listed.ended) == ([], (Reason.UNREADABLE, "No such file or directory"))


def test_a_reader_that_stops_midway_leaves_no_stale_answer(tmp_path: Path, opener: Opener) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(zipped([("big.jpg", os.urandom(5 << 20)), ("small.jpg", b"small")]))
    before = threading.active_count()
    with opener._container(place(path)) as container:
        pieces = container.read("big.jpg")
        next(pieces)
        pieces.close()
    assert content(opener, place(path, "small.jpg")) == b"small"
    assert threading.active_count() <= before


class FullDisk(io.BytesIO):
    """A file on a disk without room."""

    def write(self, _data: object) -> int:
        raise OSError(28, "No space left on device")


def test_a_failure_midway_leaves_no_stale_answer(
    tmp_path: Path, opener: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(zipped([("big.jpg", os.urandom(5 << 20)), ("small.jpg", b"small")]))
    with monkeypatch.context() as patched:
        patched.setattr(tempfile, "TemporaryFile", FullDisk)
        with pytest.raises(ScratchError, match="No space left") as caught:
            opener.open(place(path, "big.jpg"))
    assert caught.value.__cause__.errno == 28, "which keeps the reader that was left midway alive"
    assert content(opener, place(path, "small.jpg")) == b"small"
