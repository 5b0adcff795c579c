"""Opens places: local files, copies of remote ones, members of containers."""

import json
import os
import re
import socket
import stat
import subprocess
import sys
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import suppress
from ctypes.util import find_library
from dataclasses import asdict, replace
from functools import cache
from importlib.util import find_spec
from typing import Any, Self

from transforms.containers.entries import ContainerError, ContainerLimits, Entry, Listed
from transforms.examine import channel as messages
from transforms.examine.parent import child_environment
from transforms.examine.settings import Limits
from transforms.outcomes import Reason
from transforms.records import Examination, Place
from transforms.remote import copy_remote
from transforms.retry import RemoteError
from transforms.scratch import scratch_file
from transforms.work import Work

_MOST_OPEN = 4
_COMMAND = (sys.executable, "-P", "-m", "transforms.containers.child")
_SHA256 = re.compile("[0-9a-f]{64}")
_NONSENSE = "The process that reads the container sent what no such process sends."
_Key = tuple[str, int | None, str | None]


class Opener:
    """Opens places; containers stay open, so that their members are read in one go.

    Args:
        limits: Of files and of children.
        containers: Of containers.
        work: Counts what opening takes, and what is done with what was opened.
    """

    def __init__(self, limits: Limits, containers: ContainerLimits, work: Work | None = None) -> None:
        self._limits, self._containers = limits, containers
        self.work = work or Work()
        self._lock = threading.Lock()
        self._open: OrderedDict[_Key, _Container] = OrderedDict()

    def open(self, place: Place) -> int:
        """A descriptor of the place's bytes, at their start.

        Raises:
            OSError: They cannot be had; a ``ContainerError`` says why.
        """
        if place.member_path is None:
            descriptor = open_place(place)
            if "://" in place.path:
                self.work.add("bytes_copied", os.fstat(descriptor).st_size)
            return descriptor
        try:
            return self._unpacked(place, place.member_path)
        except ContainerError as error:
            if error.reason is not Reason.DECODER_CRASHED:
                raise
        # Once more: what ended the process need not have been the container.
        return self._unpacked(place, place.member_path)

    def _unpacked(self, place: Place, member_path: str) -> int:
        with self._container(place) as container, scratch_file() as copy:
            for piece in container.read(member_path):
                copy.write(piece)
            copy.flush()
            copy.seek(0)
            return os.dup(copy.fileno())

    def members(self, place: Place) -> Listed:
        """The members of a container, as far as they can be listed; a second time where the process for it ended."""
        listed = self._listed(place)
        has_crashed = listed.ended is not None and listed.ended[0] is Reason.DECODER_CRASHED
        return self._listed(place) if has_crashed else listed

    def _listed(self, place: Place) -> Listed:
        listed = Listed()
        try:
            with self._container(place) as container:
                for entry in container.entries():
                    listed.entries.append(entry)
        except (ContainerError, RemoteError) as error:
            listed.ended = error.reason, str(error)
        except OSError as error:
            listed.ended = Reason.UNREADABLE, error.strerror or str(error)
        return listed

    def close(self) -> None:
        """Closes all containers."""
        with self._lock:
            for container in self._open.values():
                container.close()
            self._open.clear()

    def _container(self, place: Place) -> "_Container":
        with self._lock:
            key = place.path, place.mtime_ns, place.etag
            if key not in self._open:
                whole = place if place.member_path is None else replace(place, member_path=None, size_bytes=None)
                self._open[key] = _Container(whole, self._limits, self._containers, self.work)
            self._open.move_to_end(key)
            idle = [other for other, one in list(self._open.items())[:-_MOST_OPEN] if not one.lock.locked()]
            for other in idle:
                self._open.pop(other).close()
            return self._open[key]


class _Container:
    """One container and the child that reads it, which is started anew where it died; for one caller at a time."""

    def __init__(self, place: Place, limits: Limits, containers: ContainerLimits, work: Work) -> None:
        self._place, self._limits, self._work = place, limits, work
        self._told = {
            "memory_bytes": limits.memory_bytes,
            "cpu_seconds": limits.cpu_seconds,
            "file_bytes": limits.file_bytes,
            "container": asdict(containers),
        }
        self._most_members = containers.members
        self.lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._channel: socket.socket | None = None
        self._is_answering = False

    def __enter__(self) -> Self:
        self.lock.acquire()
        return self

    def __exit__(self, *_: object) -> None:
        if self._is_answering:
            self.close()  # the rest of its answer would be taken for the next one
        self.lock.release()

    def entries(self) -> Iterator[Entry]:
        """Every member.

        Raises:
            ContainerError: There is an end before the end.
        """
        number = 0
        for message, _ in self._ask({"list": True}):
            try:
                entries = [_entry(told) for told in message.get("entries", ())]
            except (KeyError, TypeError, ValueError, IndexError) as error:  # not even its own child can be trusted
                raise ContainerError(Reason.DECODER_CRASHED, _NONSENSE) from error
            number += len(entries)
            self._work.add("bytes_unpacked", sum(entry.size_bytes for entry in entries if entry.content_sha256))
            if number > self._most_members:
                raise ContainerError(Reason.DECODER_CRASHED, _NONSENSE)
            yield from entries

    def read(self, path: str) -> Iterator[Any]:
        """The bytes of a member.

        Raises:
            ContainerError: They cannot be had.
        """
        length = 0
        for _, pieces in self._ask({"read": path}):
            size = sum(piece.nbytes for piece in pieces)
            self._work.add("bytes_unpacked", size)
            length += size
            if length > self._limits.file_bytes:
                raise ContainerError(Reason.DECODER_CRASHED, _NONSENSE)
            yield from pieces

    def _ask(self, request: dict[str, Any]) -> Iterator[tuple[dict[str, Any], list[Any]]]:
        """The answers to a request, up to the one that says how it ended."""
        try:
            channel = self._started()
            self._is_answering = True
            channel.sendall(json.dumps(request).encode())
            while True:
                message, arrays = messages.receive(channel)
                if "ended" in message:
                    break
                yield message, arrays
            self._is_answering = False
            if message["ended"] is None:
                return
            reason, sentence = Reason(message["ended"][0]), str(message["ended"][1])
        except TimeoutError as error:
            self.close()
            raise ContainerError(Reason.TIMED_OUT, "Reading the container took longer than the limit.") from error
        except (messages.ChannelClosedError, OSError, KeyError, TypeError, ValueError) as error:
            if isinstance(error, OSError) and self._process is None:
                raise  # the container cannot be opened
            self.close()
            raise ContainerError(Reason.DECODER_CRASHED, "Reading the container ended the process for it.") from error
        raise ContainerError(reason, sentence)

    def _started(self) -> socket.socket:
        if self._channel is not None:
            return self._channel
        descriptor = open_place(self._place)
        try:
            ours, theirs = messages.open_channel()
            with theirs:
                self._process = subprocess.Popen(
                    [*_COMMAND, str(theirs.fileno()), str(descriptor), json.dumps(self._told)],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    pass_fds=[theirs.fileno(), descriptor],
                    env=child_environment() | _libraries(),
                    start_new_session=True,  # a Ctrl-C at the terminal is the parent's to handle
                )
        finally:
            os.close(descriptor)
        self._work.add("container_children")
        self._channel = ours
        ours.settimeout(self._limits.frame_seconds)
        messages.receive(ours)
        return ours

    def close(self) -> None:
        """Ends the child."""
        self._is_answering = False
        if self._channel is not None:
            self._channel.close()
            self._channel = None
        if self._process is not None:
            self._process.kill()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=5)
            self._process = None


@cache
def _libraries() -> dict[str, str]:
    """Where libarchive lies, if its wrapper is here: looking for it starts programs, which a child may not."""
    if find_spec("libarchive") is None:
        return {}
    name = os.environ.get("LIBARCHIVE") or find_library("archive")
    return {"LIBARCHIVE": name} if name else {}


def _entry(told: dict[str, Any]) -> Entry:
    content, refused = told["content_sha256"], told["refused"]
    if content is not None and not _SHA256.fullmatch(content):
        raise ValueError("no hash")
    why = (Reason(refused[0]), str(refused[1])) if refused else None
    return Entry(str(told["path"]), int(told["size_bytes"]), content, why)


def unopened(error: Exception) -> Examination:
    """What is recorded of a place that ``Opener.open`` raised for."""
    if isinstance(error, FileNotFoundError):
        return Examination.refused(Reason.VANISHED, "The file vanished during the scan.")
    reason = error.reason if isinstance(error, ContainerError | RemoteError) else Reason.UNREADABLE
    return Examination.refused(reason, getattr(error, "strerror", None) or str(error))


def open_place(place: Place) -> int:
    """A descriptor of the place's bytes: of the local file, or of an unnamed local copy of a remote one.

    Raises:
        OSError: The bytes cannot be had, or the place is no regular file.
    """
    if "://" not in place.path:
        descriptor = os.open(
            place.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK
        )  # non-blocking: a FIFO must not hang
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise OSError(0, "This is no regular file.")
        return descriptor
    return copy_remote(place)
