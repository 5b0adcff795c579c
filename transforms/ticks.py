"""Ticks of workers for a driver on the same machine, which a progress bar shows."""

import socket

CHILD_LOST = "child_lost"
"""The tick of an examiner child that died, or was ended; no outcome of an item."""
_PATIENCE_SECONDS = 1.0


class Ticker:
    """Tells a progress bar on this machine that an item is done.

    Beam's local runners report no metrics before the end of a run, so ticks go over a Unix datagram socket. They are
    for the eye only: a lost tick loses nothing, and without a listener (a remote worker) there are none.
    """

    def __init__(self, address: str | None) -> None:
        self._address = address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) if address else None
        if self._socket:
            self._socket.settimeout(_PATIENCE_SECONDS)

    def tick(self, outcome: str) -> None:
        """One more item ended with ``outcome``; or ``CHILD_LOST``."""
        if not (self._socket and self._address):
            return
        try:
            self._socket.sendto(outcome.encode(), self._address)
        except TimeoutError:
            self._address = None  # a listener that does not listen must not cost each item this long
        except OSError:
            pass  # none is there: a worker on another machine

    def close(self) -> None:
        """Releases the socket."""
        if self._socket:
            self._socket.close()
