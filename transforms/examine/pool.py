"""The parent's side of examiner children: starts them, hands them files, watches deadlines, replaces the dead."""

import json
import os
import queue
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from transforms.containers.opener import Opener, unopened
from transforms.cores import TURNS
from transforms.examine import channel as messages
from transforms.examine.examination_messages import examination_from_json, marks_from_json
from transforms.examine.frame_messages import from_message
from transforms.examine.parent import child_environment
from transforms.examine.settings import ExamineSettings
from transforms.examine.views import FrameViews
from transforms.labels.look_messages import LookRead, look_from_message
from transforms.marks.found import MarksFound
from transforms.outcomes import Reason
from transforms.records import Examination, LayerNote, Place
from transforms.scratch import scratch_file
from transforms.work import Work, work_from_json

CHILD_COMMAND = (sys.executable, "-P", "-m", "transforms.examine.child")
_START_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Examined:
    """One file's examination with its sampled frames; ``looks`` and ``manifests`` only where settings ask for them.

    ``manifests`` is the file's C2PA manifest store as JSON, None where there is none.
    """

    examination: Examination
    frames: list[FrameViews]
    children_lost: int = 0
    cpu_seconds: float = 0.0
    looks: tuple[LookRead, ...] = ()
    manifests: str | None = None


class ChildDiedError(Exception):
    """A child ended, or was ended, in the middle of a file."""

    def __init__(self, reason: Reason, detail: str, marks: MarksFound | None = None) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail
        self.marks = marks


class ChildStartError(RuntimeError):
    """An examiner child did not start."""


class Child:
    """One examiner child and the channel to it; ``work`` counts what it does."""

    def __init__(
        self,
        settings: ExamineSettings,
        command: Sequence[str] = CHILD_COMMAND,
        known: str | None = None,
        work: Work | None = None,
    ) -> None:
        self._work = work or Work()
        self._work.add("examiner_children")
        self._settings = settings
        self._limits = settings.limits
        self._marks: MarksFound | None = None
        self._channel, theirs = messages.open_channel()
        with ExitStack() as open_for_it:
            open_for_it.enter_context(theirs)
            told = open_for_it.enter_context(tempfile.TemporaryFile())
            given = [theirs.fileno(), told.fileno()]
            if known is not None:
                given.append(open_for_it.enter_context(Path(known).open("rb")).fileno())
            told.write(json.dumps(settings.to_json()).encode())
            told.seek(0)
            self._process = subprocess.Popen(  # fork + exec: never a bare fork of a process that has threads
                [*command, *map(str, given)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=given,
                env=child_environment(),
                start_new_session=True,  # a Ctrl-C at the terminal is the parent's to handle
            )
        self._channel.settimeout(_START_SECONDS)
        try:
            ready, _ = messages.receive(self._channel)
            self.door: dict[str, bool] = dict(ready["door"])
        except (messages.ChannelClosedError, OSError, KeyError, TypeError, ValueError) as error:
            self.close()
            raise ChildStartError(
                f"an examiner child did not start ({error}); run: {' '.join(command)} --help, and see what it says"
            ) from error

    def examine(self, descriptor: int, name: str, *, marks: bool = True) -> Examined:
        """Has the child examine an open file.

        Args:
            descriptor: Of the file, at its start.
            name: The file's name.
            marks: Whether its marks are read, declared or shown.

        Raises:
            ChildDiedError: With the reason, and the marks that it had read; the child is gone and must be replaced.
        """
        deadline = time.monotonic() + self._limits.file_seconds
        frames: list[FrameViews] = []
        looks: list[LookRead] = []
        manifests: str | None = None
        self._marks = None
        try:
            self._channel.settimeout(self._limits.frame_seconds)
            request = json.dumps({"name": name, "marks": marks}).encode()
            socket.send_fds(self._channel, [request], [descriptor])
            self._work.add("files_examined")
            while True:
                self._channel.settimeout(max(0.001, min(self._limits.frame_seconds, deadline - time.monotonic())))
                message, arrays = messages.receive(self._channel)
                self._work.add("messages")
                self._work.add("pixel_bytes", sum(array.nbytes for array in arrays))
                if "examination" in message:
                    found = examination_from_json(message["examination"])
                    seconds = float(message["cpu_seconds"])
                    self._work.add_all(work_from_json(message["work"]))
                    return Examined(found, frames[: found.frames_examined], 0, seconds, tuple(looks), manifests)
                if "marks" in message:
                    self._marks = marks_from_json(message)
                    continue
                if "look" in message and self._settings.show_readings:
                    looks.append(look_from_message(message, arrays))
                    continue
                if "manifests" in message and self._settings.show_manifests:
                    manifests = bytes(arrays[0]).decode()
                    json.loads(manifests)
                    continue
                if len(frames) == self._settings.sampling.frames:
                    raise ValueError(f"more than {len(frames)} frames")  # noqa: TRY301  (as from_message raises)
                frames.append(from_message(message, arrays, self._settings))
        except TimeoutError as error:
            self.close()
            detail = f"No frame came in time after {len(frames)} frames."
            raise ChildDiedError(Reason.TIMED_OUT, detail, self._marks) from error
        except (messages.ChannelClosedError, OSError) as error:
            raise self._cause_of_death() from error
        # Not even a well-formed message can be trusted.
        except (LookupError, TypeError, ValueError, RecursionError) as error:
            self.close()
            detail = f"The decoder sent what no examiner sends ({type(error).__name__}: {error})."
            raise ChildDiedError(Reason.DECODER_CRASHED, detail[:300], self._marks) from error

    def read_beside(self, texts: Sequence[tuple[str, bytes]]) -> MarksFound:
        """Has the child read the texts that lie beside a file.

        Raises:
            ChildDiedError: The child is gone and must be replaced.
        """
        self._marks = None
        with scratch_file() as file:
            file.write(b"".join(data for _, data in texts))
            file.seek(0)
            request = json.dumps({"beside": [(name, len(data)) for name, data in texts]}).encode()
            try:
                self._channel.settimeout(self._limits.frame_seconds)
                socket.send_fds(self._channel, [request], [file.fileno()])
                return marks_from_json(messages.receive(self._channel)[0])
            except TimeoutError as error:
                self.close()
                raise ChildDiedError(Reason.TIMED_OUT, "No answer came in time.") from error
            except (messages.ChannelClosedError, OSError) as error:
                raise self._cause_of_death() from error
            except (KeyError, TypeError, ValueError) as error:
                self.close()
                detail = f"The reader sent what no reader sends ({type(error).__name__}: {error})."
                raise ChildDiedError(Reason.DECODER_CRASHED, detail[:300]) from error

    def _cause_of_death(self) -> ChildDiedError:
        self._channel.close()
        try:
            status = self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self.close()
            return self._death(Reason.DECODER_CRASHED, "The child closed its channel and did not end.")
        if status == -signal.SIGXCPU:
            return self._death(Reason.TIMED_OUT, f"More than {self._limits.cpu_seconds} s of processor time.")
        known = {number.value: number.name for number in signal.Signals}
        ending = known.get(-status, f"signal {-status}") if status < 0 else f"exit status {status}"
        return self._death(Reason.DECODER_CRASHED, f"The decoder ended with {ending}.")

    def _death(self, reason: Reason, detail: str) -> ChildDiedError:
        return ChildDiedError(reason, detail, self._marks)

    def close(self) -> None:
        """Ends the child at once, whatever it does."""
        self._channel.close()
        self.kill()
        with suppress(subprocess.TimeoutExpired):  # a process that waits for a dead disk ends when the disk answers
            self._process.wait(timeout=5)

    def kill(self) -> None:
        """Ends the process and leaves the rest to the thread that waits for it."""
        with suppress(ProcessLookupError):
            self._process.kill()


class ChildPool:
    """Examines files in ``size`` children at the same time; each has a thread here that waits for it.

    Attributes:
        size: How many children there are.
        work: Counts what they do, and what opening files takes.

    Args:
        settings: What children have to know.
        size: How many children there are.
        command: How one is started.
        known: File of the contents whose near-duplicates are not examined, or None.
        cores: On which they and the scoring in this process compute, if more than ``size``.
    """

    def __init__(
        self,
        settings: ExamineSettings,
        size: int,
        command: Sequence[str] = CHILD_COMMAND,
        known: str | None = None,
        cores: int = 1,
    ) -> None:
        self.size = size
        self._settings = settings
        self._command = command
        self._known = known
        self.work = Work()
        self.opener = Opener(settings.limits, settings.containers, self.work)
        self._threads = ThreadPoolExecutor(size, thread_name_prefix="examiner")
        self._idle: queue.SimpleQueue[Child | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._busy: set[Child] = set()
        self._is_closed = False
        self._cores = max(size, cores)
        TURNS.add(self._cores)
        for _ in range(size):
            self._idle.put(None)

    def submit(self, place: Place) -> "Future[Examined]":
        """Starts the examination of a file as soon as a child is free."""
        return self._threads.submit(self.examine, place)

    def examine(self, place: Place) -> Examined:
        """Examines a file; a child that dies of it is replaced and the file tried once more.

        What was read of the marks before a death stands. Where two children died before they had read them, a third
        one leaves them alone, and the examination says so.
        """
        try:
            descriptor = self.opener.open(place)
        except (OSError, ValueError) as error:  # ValueError: a name that no file system takes
            return Examined(unopened(error), [])
        try:
            with TURNS.when_free(lambda: self._is_closed):
                examined = self._examine_again(descriptor, place)
            return _checked(examined, descriptor, place)
        finally:
            os.close(descriptor)

    def read_beside(self, texts: Sequence[tuple[str, bytes]]) -> MarksFound:
        """What the texts beside a file say, read in a child; where two children died of it, a note that says so.

        Args:
            texts: Name and whole content of each.
        """
        child = self._idle.get()
        try:
            for _ in range(2):
                child = self._engage(child)
                try:
                    return child.read_beside(texts)
                except ChildDiedError as death:
                    self._dismiss(child)
                    child, last = None, death
            return MarksFound((), (LayerNote("caption", "failed", f"Reading them ended the examiner. {last.detail}"),))
        finally:
            self._idle.put(self._dismiss(child))

    def _examine_again(self, descriptor: int, place: Place) -> Examined:
        child = self._idle.get()
        deaths: list[ChildDiedError] = []
        try:
            for marks in (True, True, False) if self._reads_marks else (False, False):
                child = self._engage(child)
                os.lseek(descriptor, 0, os.SEEK_SET)
                try:
                    examined = child.examine(descriptor, place.path, marks=marks)
                except ChildDiedError as death:
                    self._dismiss(child)
                    child = None
                    deaths.append(death)
                    if len(deaths) == 2 and death.marks is not None:
                        break
                else:
                    examined = replace(examined, children_lost=len(deaths))
                    return _without_marks(examined, deaths[-1]) if len(deaths) == 2 else examined
            return self._lost(deaths)
        finally:
            self._idle.put(self._dismiss(child))

    def _lost(self, deaths: list[ChildDiedError]) -> Examined:
        """A file that no child survived, with the marks that one of them read."""
        last = deaths[-1]
        lost = Examined(Examination.refused(last.reason, last.detail), [], len(deaths))
        marks = next((death.marks for death in deaths if death.marks is not None), None)
        if marks is not None:
            examination = replace(lost.examination, marks=marks.marks, layers=marks.layers)
            return replace(lost, examination=examination)
        return _without_marks(lost, last) if self._reads_marks else lost

    @property
    def _reads_marks(self) -> bool:
        """Whether anything is read that can be left out: what files declare, or what they show to be read."""
        return self._settings.marks.enabled or self._settings.labels.enabled

    def _engage(self, child: Child | None) -> Child:
        """A child, a fresh one where there is none, among the busy, whom ``close`` ends; a closed pool engages none."""
        if not self._is_closed:
            child = child or self._start()
            with self._lock:
                if not self._is_closed:
                    self._busy.add(child)
                    return child
            child.close()
        raise RuntimeError("the pool of examiner children was closed; examinations under way are abandoned")

    def _start(self) -> Child:
        """A fresh child, tried twice: a machine that is short of memory may have killed the first one."""
        try:
            return Child(self._settings, self._command, self._known, self.work)
        except ChildStartError:
            return Child(self._settings, self._command, self._known, self.work)

    def _dismiss(self, child: Child | None) -> Child | None:
        """The child, no longer busy; None in its stead where the pool was closed meanwhile."""
        if child is None:
            return None
        with self._lock:
            self._busy.discard(child)
            if not self._is_closed:
                return child
        child.close()
        return None

    def close(self) -> None:
        """Ends all children; examinations under way are abandoned, their futures raise."""
        with self._lock:
            if self._is_closed:
                return
            self._is_closed = True
            for busy in self._busy:
                busy.kill()
        TURNS.add(-self._cores)
        self._threads.shutdown(wait=False, cancel_futures=True)
        self.opener.close()
        idle = []
        with suppress(queue.Empty):
            while True:
                idle.append(self._idle.get_nowait())
        for child in filter(None, idle):
            child.close()
        for _ in idle:  # who waits for a child must learn that there is none
            self._idle.put(None)


def _checked(examined: Examined, descriptor: int, place: Place) -> Examined:
    """Refuses what was learnt of a local file, or container, that is no longer the one that was listed and hashed."""
    if "://" in place.path:
        return examined
    if place.member_path is None:
        now = os.fstat(descriptor)
        is_same = (now.st_size, now.st_mtime_ns) == (place.size_bytes, place.mtime_ns)
    else:  # the descriptor is of a copy
        try:
            is_same = Path(place.path).stat().st_mtime_ns == place.mtime_ns
        except OSError:
            is_same = False
    if is_same:
        return examined
    return Examined(Examination.refused(Reason.CHANGED_DURING_SCAN), [], examined.children_lost)


def _without_marks(examined: Examined, death: ChildDiedError) -> Examined:
    """The examination of a file whose marks could not be read, with a note that says so."""
    note = LayerNote("marks", "failed", f"Reading the marks ended the examiner, twice. {death.detail}")
    examination = examined.examination
    return replace(examined, examination=replace(examination, layers=(*examination.layers, note)))
