"""A server of files in memory that fails as told and counts what it hands out; what it speaks is its handler's.

with served(GcsHandler) as server:
    server.put("films/a.png", data)
    server.fails("GET", "films/a.png", SLOW_DOWN)
"""

import itertools
import socket
import threading
import urllib.parse
from abc import abstractmethod
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.s3_server import LIST, Cut, Fault, First, Late, Refusal, Reset


@dataclass(frozen=True)
class Stored:
    """A file; its number is another one for each that is put."""

    data: bytes
    number: int
    modified_ms: int = 1_700_000_000_000


@dataclass
class StorageServer:
    """What tests hold of one.

    Attributes:
        port: On the loopback.
        files: By path.
        requests: How often each method and path was asked for; ``LIST`` is one.
        sent: Bytes of bodies handed out, likewise.
    """

    port: int
    files: dict[str, Stored] = field(default_factory=dict)
    requests: Counter[tuple[str, str]] = field(default_factory=Counter)
    sent: Counter[tuple[str, str]] = field(default_factory=Counter)
    faults: defaultdict[tuple[str, str], list[Fault]] = field(default_factory=lambda: defaultdict(list))
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def put(self, path: str, data: bytes) -> None:
        self.files[path] = Stored(data, next(self.numbers))

    def delete(self, path: str) -> None:
        del self.files[path]

    def fails(self, method: str, path: str, *faults: Fault) -> None:
        """Has the next requests for a path fail, one fault each."""
        self.faults[method, path] += faults

    def reset(self) -> None:
        for state in (self.files, self.requests, self.sent, self.faults):
            state.clear()


@contextmanager
def served(handler: type["StorageHandler"]) -> Iterator[StorageServer]:
    """Starts a server, and ends it."""
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads, server.block_on_close = True, False
        handler.storage = StorageServer(server.server_port)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield handler.storage
        server.shutdown()


class StorageHandler(BaseHTTPRequestHandler):
    """Answers unless the next fault for a request says otherwise."""

    protocol_version, disable_nagle_algorithm = "HTTP/1.1", True
    storage: StorageServer

    @abstractmethod
    def asked(self) -> tuple[str, str]:
        """The method and path that a request is counted under."""

    @abstractmethod
    def answer(self) -> None:
        """Answers by ``send``."""

    @abstractmethod
    def refuse(self, refusal: Refusal) -> None:
        """Answers with an error, likewise."""

    def handle(self) -> None:
        with suppress(ConnectionError):  # a client that went away
            super().handle()

    def _handle(self) -> None:
        split = urllib.parse.urlsplit(self.path)
        self.place, self.query = split.path, dict(urllib.parse.parse_qsl(split.query, keep_blank_values=True))
        self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.key = self.asked()
        self.storage.requests[self.key] += 1
        waiting = self.storage.faults[self.key]
        self.fault = waiting.pop(0) if waiting else None
        self._answer_or_fail()

    do_GET = do_POST = _handle  # noqa: N815

    def _answer_or_fail(self) -> None:
        if isinstance(self.fault, Reset):
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
        elif isinstance(self.fault, Refusal):
            self.refuse(self.fault)
        else:
            if isinstance(self.fault, Late):
                threading.Event().wait(self.fault.seconds)  # tests leave out sleep
            if isinstance(self.fault, First):
                self.fault.happens()
            self.answer()

    def send(self, status: int, body: bytes, **headers: str) -> None:
        """An answer, cut short where the fault says so; ``_`` in the name of a header stands for ``-``."""
        most = self.fault.after if isinstance(self.fault, Cut) else None
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.storage.sent[self.key] += len(body[:most])  # before: whoever has read it may look at once
        self.wfile.write(body[:most])
        if most is not None:
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        pass


__all__ = ["LIST", "Cut", "First", "Late", "Refusal", "Reset", "StorageHandler", "StorageServer", "served"]
