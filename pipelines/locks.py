"""Who may write to a store at the same time: one command alone, or drivers of different parts of one scan.

``Locks`` is what commands need; ``FileLocks`` keeps it for a store in a folder, with locks that the kernel takes back
when a process dies, however it dies, and ``leases.LeaseLocks`` for one on S3. Whoever has to wait or is refused is told
who holds the store.
"""

import fcntl
import json
import os
import random
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, NoReturn, Protocol

from pipelines.errors import StoreBusyError, UsageError
from pipelines.scan_part import ScanPart

CLAIMS = "_claims"
_PROBES, _PROBE_SECONDS = 10, 0.02
_MOST_TOLD = 3


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a store, or a part of a scan into it.

    Attributes:
        doing: For people: ``scan``, ``segments 2/8``, ``vacuum``.
        scan_id: Of a scan, else empty.
        since: For people, UTC.
    """

    doing: str
    scan_id: str = ""
    host: str = "an unknown host"
    pid: int = 0
    since: str = "an unknown time"

    @classmethod
    def here(cls, doing: str, scan_id: str) -> "Holder":
        """This process, now."""
        return cls(doing, scan_id, socket.gethostname(), os.getpid(), f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC")

    def __str__(self) -> str:
        return f"{self.doing}, process {self.pid} on {self.host}, since {self.since}"


class Locks(Protocol):
    """What a store's writers agree by. What a process held that died is let go, at once or after a time."""

    def whole(self, doing: str, scan_id: str = "") -> AbstractContextManager[None]:
        """Holds the store alone.

        Raises:
            StoreBusyError: Another process writes to it.
            UsageError: The store cannot be written.
        """

    def part(self, part: ScanPart, scan_id: str) -> AbstractContextManager[None]:
        """Holds one part of a scan; the other parts of the same cut can be held by others.

        Raises:
            StoreBusyError: Another process holds the store, the part, or a part of another cut, which would overlap.
            UsageError: The store cannot be written.
        """

    def alone(self, work: str) -> AbstractContextManager[None]:
        """Waits until no other process does this work, and keeps others waiting; whatever else they hold."""

    def live_scans(self) -> set[str]:
        """The ids of scans whose drivers hold the store, or a part, at this moment."""

    def is_held(self) -> bool:
        """Whether a process writes to the store at this moment. To ask keeps nobody from writing."""

    def confirm(self) -> None:
        """Nothing, if what was taken through this very object is still held; asked before each commit.

        Raises:
            LeaseLostError: It is not.
        """


def refuse_busy(root: object, holders: Sequence[object]) -> NoReturn:
    """Says who writes to a store.

    Raises:
        StoreBusyError: In any case.
    """
    told = "; ".join(map(str, holders[:_MOST_TOLD])) or "one that ended this moment"
    more = f"; and {len(holders) - _MOST_TOLD} more" if len(holders) > _MOST_TOLD else ""
    raise StoreBusyError(f"Another process is writing to {root}: {told}{more}. Wait for it, or use another store.")


def refuse_part(root: object, part: ScanPart, holder: object) -> NoReturn:
    """Says who holds a part.

    Raises:
        StoreBusyError: In any case.
    """
    raise StoreBusyError(
        f"Part {part} of the scan into {root} is held: {holder}. Wait for it; other parts can run beside it."
    )


def refuse_overlap(root: object, part: ScanPart, other: str, holder: object) -> NoReturn:
    """Says who holds a part of another cut.

    Raises:
        StoreBusyError: In any case.
    """
    raise StoreBusyError(
        f"A scan into {root} runs in {other} parts: {holder}. Parts of {part.of} would overlap "
        f"with them. Wait for it, or take one of its parts: --segments i/{other}."
    )


class FileLocks:
    """Locks on files below the store's root.

    Drivers of parts share ``.lock`` and hold a file of ``_claims`` each. The file says who holds it; what it says means
    nothing while nobody does.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    @contextmanager
    def whole(self, doing: str, scan_id: str = "") -> Iterator[None]:
        """See ``Locks``."""
        with self._opened(self._lock) as lock:
            if not _is_taken(lock, fcntl.LOCK_EX):
                self._refuse()
            with suppress(OSError):  # a full disk must not keep a vacuum from making room
                _tell(lock, Holder.here(doing, scan_id))
            yield

    @contextmanager
    def part(self, part: ScanPart, scan_id: str) -> Iterator[None]:
        """See ``Locks``."""
        with ExitStack() as held:
            with self.alone("claims"):
                if not _is_taken(held.enter_context(self._opened(self._lock)), fcntl.LOCK_SH):
                    self._refuse()
                self._refuse_overlap(part)
                claim = held.enter_context(self._opened(self._claim(part)))
                if not _is_taken(claim, fcntl.LOCK_EX):
                    refuse_part(self._root, part, _told(self._claim(part)))
                _tell(claim, Holder.here(f"segments {part}", scan_id))
            yield

    @contextmanager
    def alone(self, work: str) -> Iterator[None]:
        """See ``Locks``."""
        with self._opened(self._root / CLAIMS / f".{work}") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def live_scans(self) -> set[str]:
        """See ``Locks``."""
        with self.alone("claims"):  # so that whoever holds a claim has said so
            return {_told(path).scan_id for path in self._held()}

    def is_held(self) -> bool:
        """See ``Locks``."""
        return any(True for _ in self._held())

    def confirm(self) -> None:
        """See ``Locks``: the kernel takes no lock from a process that lives."""

    @property
    def _lock(self) -> Path:
        return self._root / ".lock"

    def _claim(self, part: ScanPart) -> Path:
        return self._root / CLAIMS / f"{part.number}-of-{part.of}"

    def _held(self) -> Iterator[Path]:
        claims = sorted((self._root / CLAIMS).glob("[0-9]*-of-*"))
        yield from (path for path in (self._lock, *claims) if _is_locked(path))

    def _refuse(self) -> NoReturn:
        refuse_busy(self._root, list(map(_told, self._held())))

    def _refuse_overlap(self, part: ScanPart) -> None:
        for path in self._held():
            other = path.name.partition("-of-")[2]
            if other and other != str(part.of):
                refuse_overlap(self._root, part, other, _told(path))

    def _opened(self, path: Path) -> IO[str]:
        try:
            path.parent.mkdir(exist_ok=True)
            return path.open("a+", encoding="utf-8")
        except OSError as error:
            raise UsageError(f"The store {self._root} cannot be written: {error.strerror}.") from error


def _is_taken(lock: IO[str], kind: int) -> bool:
    """Takes a lock if nobody holds it for longer than a look at it takes."""
    for _ in range(_PROBES):
        try:
            fcntl.flock(lock, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(_PROBE_SECONDS * (0.5 + random.random()))  # noqa: S311  (no secret)
        else:
            return True
    return False


def _is_locked(path: Path) -> bool:
    try:
        lock = path.open()
    except FileNotFoundError:
        return False
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _tell(lock: IO[str], holder: Holder) -> None:
    os.ftruncate(lock.fileno(), 0)
    os.write(lock.fileno(), json.dumps(asdict(holder)).encode())


def _told(path: Path) -> Holder:
    """What its holder wrote; an earlier version, or one that takes it at this moment, may have said nothing."""
    try:
        return Holder(**json.loads(path.read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return Holder("another process")
