"""``Locks`` for a store on S3: leases, since nothing there notices that a process died.

A claim is an object below ``_claims``. It is taken by a conditional put, renewed by conditional puts as long as its
holder lives, and freed by one; it is never deleted, so that whoever puts it after another one is refused. Its age is
told by the server's own clock: those of hosts are compared nowhere.

* Who wants a claim looks for claims that exclude it, puts its own, and looks again. Of two that exclude each other and
  come at the same moment at least one sees the other, and gives way.
* A claim that was not renewed for its time is free. Who passes over one frees it first by a conditional put, so that
  a holder that only slept cannot renew it any more, and finds out before its next commit (``confirm``).
"""

import json
import logging
import os
import random
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from pipelines.errors import LeaseLostError, UsageError
from pipelines.locks import CLAIMS, Holder, refuse_busy, refuse_overlap, refuse_part
from pipelines.scan_part import ScanPart
from transforms import s3
from transforms.retry import retried, sentence_of

LEASE_VARIABLE = "AIQYN_LEASE_SECONDS"
_DEFAULT_SECONDS, _FEWEST_SECONDS, _MOST_SECONDS = 60.0, 2.0, 3600.0
_RENEWALS = 4
"""In the time of a lease."""
_CLOCK_GRAIN = 1.0
"""Servers tell times in whole seconds."""
_POLL_SECONDS = 0.5
_FREE = b"{}"
_WHOLE = "whole"
_LOG = logging.getLogger("aiqyn.store")


def lease_seconds() -> float:
    """How long a claim holds after its last renewal.

    Raises:
        UsageError: The environment names no such time.
    """
    told = os.environ.get(LEASE_VARIABLE) or str(_DEFAULT_SECONDS)
    try:
        seconds = float(told)
    except ValueError:
        seconds = 0.0
    if not _FEWEST_SECONDS <= seconds <= _MOST_SECONDS:
        raise UsageError(f"{LEASE_VARIABLE} takes seconds from 2 to 3600, and {told!r} is none.")
    return seconds


@dataclass(frozen=True, slots=True)
class _Claim:
    """A claim as it lies there.

    Attributes:
        token: Of the one taking of it.
        left: Seconds until it ends unless it is renewed; 0 or less when it has.
    """

    holder: Holder
    token: str
    etag: str
    left: float

    def __str__(self) -> str:
        until = datetime.now(UTC) + timedelta(seconds=self.left)
        return f"{self.holder}; if it has died, its claim ends at {until:%H:%M:%S} UTC, in {max(1, round(self.left))} s"


class LeaseLocks:
    """See ``Locks``.

    Args:
        root: Address of the store.
    """

    def __init__(self, root: str) -> None:
        self._root = root
        self._held: list[_Lease] = []

    @contextmanager
    def whole(self, doing: str, scan_id: str = "") -> Iterator[None]:
        """See ``Locks``."""

        def refuse(claims: dict[str, _Claim]) -> None:
            if claims:
                refuse_busy(self._root, list(claims.values()))

        with self._claimed(_WHOLE, Holder.here(doing, scan_id), lambda _: True, refuse):
            yield

    @contextmanager
    def part(self, part: ScanPart, scan_id: str) -> Iterator[None]:
        """See ``Locks``."""
        own = f"{part.number}-of-{part.of}"

        def excludes(name: str) -> bool:
            return name in {_WHOLE, own} or not name.endswith(f"-of-{part.of}")

        def refuse(claims: dict[str, _Claim]) -> None:
            if _WHOLE in claims:
                refuse_busy(self._root, [claims[_WHOLE]])
            if own in claims:
                refuse_part(self._root, part, claims[own])
            for name, claim in claims.items():
                refuse_overlap(self._root, part, name.partition("-of-")[2], claim)

        with self._claimed(own, Holder.here(f"segments {part}", scan_id), excludes, refuse):
            yield

    @contextmanager
    def alone(self, work: str) -> Iterator[None]:
        """See ``Locks``."""
        holder = Holder.here(work, "")
        while (lease := self._taken(f".{work}", holder)) is None:
            threading.Event().wait(_POLL_SECONDS * (0.5 + random.random()))  # noqa: S311  (no secret)
        with self._kept(lease):
            yield

    def live_scans(self) -> set[str]:
        """See ``Locks``."""
        return {claim.holder.scan_id for _, claim in self._claims() if claim.left > 0}

    def is_held(self) -> bool:
        """See ``Locks``."""
        return any(claim.left > 0 for _, claim in self._claims())

    def confirm(self) -> None:
        """See ``Locks``."""
        for lease in self._held:
            lease.confirm()

    @contextmanager
    def _claimed(
        self,
        name: str,
        holder: Holder,
        excludes: Callable[[str], bool],
        refuse: Callable[[dict[str, _Claim]], None],
    ) -> Iterator[None]:
        refuse(self._excluding(excludes))
        lease = self._taken(name, holder)
        if lease is None:
            refuse(self._excluding(excludes))
            refuse_busy(self._root, [])
        with self._kept(lease):
            refuse(self._excluding(lambda other: other != name and excludes(other)))
            yield

    def _excluding(self, excludes: Callable[[str], bool]) -> dict[str, _Claim]:
        """Claims that keep one from being taken; those that have ended are freed."""
        found = {}
        for name, claim in self._claims():
            if not excludes(name):
                continue
            if claim.left > 0:
                found[name] = claim
                continue
            try:
                retried(partial(s3.put_object, self._uri(name), _FREE, replaces=claim.etag))
            except s3.NotMetError:  # it was renewed, or another one passed over it
                now = self._read(name)
                if now and now.left > 0:
                    found[name] = now
        return found

    def _claims(self) -> Iterator[tuple[str, _Claim]]:
        """All claims but those by which work is done ``alone``, which keep nobody from writing."""
        prefix = self._uri("")
        for one in s3.list_objects(prefix, is_flat=True):
            name = one.uri.removeprefix(prefix)
            if one.size_bytes > len(_FREE) and not name.startswith(".") and (claim := self._read(name)):
                yield name, claim

    def _read(self, name: str) -> _Claim | None:
        """The claim that lies there; None where there is none or a free one."""
        found = retried(lambda: s3.read_object(self._uri(name)))
        return None if found is None or found.data == _FREE else _claim_of(found)

    def _taken(self, name: str, holder: Holder) -> "_Lease | None":
        """The claim, if it is free or its time is over."""
        lease = _Lease(self._uri(name), holder, lease_seconds())
        try:
            return lease if retried(lease.take) else None
        except s3.faults() as error:
            raise UsageError(f"The store {self._root} cannot be written: {sentence_of(error)}") from error

    @contextmanager
    def _kept(self, lease: "_Lease") -> Iterator[None]:
        self._held.append(lease)
        try:
            with lease.beating():
                yield
        finally:
            self._held.remove(lease)
            lease.free()

    def _uri(self, name: str) -> str:
        return f"{self._root}/{CLAIMS}/{name}"


class _Lease:
    """A claim of ours."""

    def __init__(self, uri: str, holder: Holder, seconds: float) -> None:
        self._uri, self._holder, self._seconds = uri, holder, seconds
        self._token = uuid.uuid4().hex
        self._etag = ""
        self._renewals = 0
        self._good_until = 0.0
        self._is_lost = False
        self._mutex = threading.Lock()

    def take(self) -> bool:
        """Whether it is ours now; may be called again after a fault."""
        begun = _clock()
        found = s3.read_object(self._uri)
        claim = None if found is None or found.data == _FREE else _claim_of(found)
        if claim and claim.token == self._token:  # a try of which the answer was lost
            self._etag = claim.etag
        elif claim and claim.left > 0:
            return False
        else:
            try:
                self._etag = s3.put_object(
                    self._uri, self._body(), is_new=found is None, replaces=found.etag if found else None
                )
            except s3.NotMetError:
                claim = _claim_of(found) if (found := s3.read_object(self._uri)) else None
                if claim is None or claim.token != self._token:
                    return False
                self._etag = claim.etag
        self._good_until = begun + self._seconds
        return True

    def confirm(self) -> None:
        """Renews it, if less than half of its time is left; whether somebody took it meanwhile the storage knows.

        Raises:
            LeaseLostError: It is not ours any more, or that cannot be told.
        """
        if self._is_lost or _clock() > self._good_until - self._seconds / 2:
            try:
                retried(self.renew)
            except s3.faults() as error:
                raise LeaseLostError(
                    f"Whether the store is still held cannot be told: {sentence_of(error)} {_END_STATE}"
                ) from error

    def renew(self) -> None:
        """Puts it anew.

        Raises:
            LeaseLostError: It is not ours any more.
        """
        with self._mutex:
            for _ in range(2):
                if self._is_lost:
                    break
                begun = _clock()
                self._renewals += 1
                try:
                    self._etag = s3.put_object(self._uri, self._body(), replaces=self._etag)
                except s3.NotMetError:
                    found = s3.read_object(self._uri)
                    claim = _claim_of(found) if found else None
                    # Of a renewal the answer may have been lost: then it is ours under another tag.
                    self._is_lost = claim is None or claim.token != self._token
                    self._etag = claim.etag if claim else ""
                else:
                    self._good_until = begun + self._seconds
                    return
        raise LeaseLostError(
            f"The store is not held any more: it was not renewed for {self._seconds:.0f} s, and another process took "
            f"it over. {_END_STATE}"
        )

    @contextmanager
    def beating(self) -> Iterator[None]:
        """Renews it from time to time."""
        ended = threading.Event()
        beat = threading.Thread(target=self._beat, args=(ended,), name="lease", daemon=True)
        beat.start()
        try:
            yield
        finally:
            ended.set()
            beat.join()

    def _beat(self, ended: threading.Event) -> None:
        wait = self._seconds / _RENEWALS
        while not ended.wait(wait):
            try:
                self.renew()
            except LeaseLostError as error:
                _LOG.warning("%s", error)
                return
            except s3.faults() as error:
                wait = min(1.0, self._seconds / _RENEWALS)
                _LOG.warning("The hold on the store could not be renewed: %s It is tried again", sentence_of(error))
            else:
                wait = self._seconds / _RENEWALS

    def free(self) -> None:
        """Lets it go; where that fails it ends by itself."""
        try:
            retried(lambda: s3.put_object(self._uri, _FREE, replaces=self._etag))
        except s3.NotMetError:
            return  # lost, or a try of which the answer was lost
        except s3.faults() as error:
            _LOG.warning(
                "The store could not be let go: %s Its claim ends in %.0f s", sentence_of(error), self._seconds
            )

    def _body(self) -> bytes:
        """Each renewal differs from the one before, and so does its entity tag."""
        told = {"token": self._token, "renewals": self._renewals, "seconds": self._seconds}
        return json.dumps(told | {"holder": asdict(self._holder)}).encode()


_END_STATE = "Nothing more was committed; what was committed stays. Run the same command again to go on."


def _claim_of(found: s3.S3Content) -> _Claim:
    """What a claim says; of one that says nothing that can be read an unknown holder is told, for the usual time."""
    try:
        told: Any = json.loads(found.data)
        holder, token, seconds = Holder(**told["holder"]), str(told["token"]), float(told["seconds"])
    except (ValueError, KeyError, TypeError):
        holder, token, seconds = Holder("another process"), "", _DEFAULT_SECONDS
    return _Claim(holder, token, found.etag, seconds + _CLOCK_GRAIN - found.age_seconds)


def _clock() -> float:
    """Seconds that also pass while the machine sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)
