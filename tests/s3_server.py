"""A server of S3's API in a process of its own, and before it a proxy that fails as told and counts what it hands out.

    with s3_server() as s3:
        bucket = s3.new_bucket()
        bucket.put("a.png", data)
        s3.fails("GET", f"{bucket.name}/a.png", SLOW_DOWN, Cut(100))

Clients find it at ``s3.endpoint``, the proxy; ``bucket`` puts and deletes behind it, where nothing fails.
"""

import http.client
import itertools
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.parse
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import boto3

CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "key-of-the-tests",
    "AWS_SECRET_ACCESS_KEY": "secret-of-the-tests",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}
LIST = "LIST"
"""The method by which faults and counts know the listing of a bucket, whose key is then the bucket."""
PAGE = 20
"""Keys on a page of a listing."""
_START_SECONDS = 60.0


@dataclass(frozen=True)
class Refusal:
    """An answer with an error of S3's."""

    status: int
    code: str
    message: str


@dataclass(frozen=True)
class Cut:
    """A body that ends after so many bytes, of which more were announced."""

    after: int


@dataclass(frozen=True)
class Late:
    """An answer that comes after so many seconds."""

    seconds: float


@dataclass(frozen=True)
class Reset:
    """A connection that is closed without an answer."""


@dataclass(frozen=True)
class Lost:
    """A request that is carried out, and a connection that is closed before the answer."""


@dataclass(frozen=True)
class Blind:
    """A server that passes over a header of the request."""

    header: str


@dataclass(frozen=True)
class First:
    """Something that happens between the request and its answer, such as another object put in that place."""

    happens: Callable[[], object]


Fault = Refusal | Cut | Late | Reset | Lost | Blind | First
SLOW_DOWN = Refusal(503, "SlowDown", "Please reduce your request rate.")
TOO_MANY = Refusal(429, "TooManyRequests", "Please reduce your request rate.")
REQUEST_TIMEOUT = Refusal(400, "RequestTimeout", "Your socket connection was not read from within the timeout period.")
FORBIDDEN = Refusal(403, "AccessDenied", "Access Denied")
_PASSING: dict[str, list[Fault]] = {
    "GET": [SLOW_DOWN, Cut(1), TOO_MANY, Reset(), REQUEST_TIMEOUT],
    "HEAD": [SLOW_DOWN, Reset(), TOO_MANY],
    "PUT": [Lost(), SLOW_DOWN, Reset(), TOO_MANY, REQUEST_TIMEOUT],
    "DELETE": [Lost(), SLOW_DOWN, Reset()],
    LIST: [SLOW_DOWN, Cut(1), Reset(), TOO_MANY],
}
_EVERY = 3


class Sprinkling:
    """Has the first request for every third address fail, in turn in every way that may pass.

    Attributes:
        happened: How often each did, by method and fault.
    """

    def __init__(self) -> None:
        self.happened: Counter[tuple[str, Fault]] = Counter()
        self._asked: set[tuple[str, str]] = set()
        self._numbers: defaultdict[str, Iterator[int]] = defaultdict(itertools.count)
        self._mutex = threading.Lock()

    def next(self, method: str, address: str) -> Fault | None:
        """What is to happen to a request; nothing, mostly."""
        with self._mutex:
            if (method, address) in self._asked:
                return None
            self._asked.add((method, address))
            number = next(self._numbers[method])
            if number % _EVERY:
                return None
            faults = _PASSING[method]
            fault = faults[number // _EVERY % len(faults)]
            self.happened[method, fault] += 1
            return fault


class Bucket:
    """A bucket, as its owner sees it."""

    def __init__(self, client: Any, name: str) -> None:
        self._client, self.name = client, name

    def uri(self, key: str = "") -> str:
        return f"s3://{self.name}/{key}".rstrip("/")

    def put(self, key: str, data: bytes) -> None:
        self._client.put_object(Bucket=self.name, Key=key, Body=data)

    def get(self, key: str) -> bytes:
        return self._client.get_object(Bucket=self.name, Key=key)["Body"].read()

    def delete(self, key: str) -> None:
        self._client.delete_object(Bucket=self.name, Key=key)

    def keys(self) -> list[str]:
        return [one["Key"] for one in self._client.list_objects_v2(Bucket=self.name).get("Contents", ())]


@dataclass
class S3Server:
    """What tests hold of both.

    Attributes:
        endpoint: Of the proxy.
        requests: How often each method and ``bucket/key`` was asked for.
        sent: Bytes of bodies handed out, likewise.
        sprinkling: Of faults that no test asked for; none where that is None.
    """

    endpoint: str
    client: Any
    requests: Counter[tuple[str, str]] = field(default_factory=Counter)
    sent: Counter[tuple[str, str]] = field(default_factory=Counter)
    faults: defaultdict[tuple[str, str], list[Fault]] = field(default_factory=lambda: defaultdict(list))
    numbers: Iterator[int] = field(default_factory=itertools.count)
    sprinkling: Sprinkling | None = None

    def new_bucket(self) -> Bucket:
        name = f"films-{next(self.numbers)}"
        self.client.create_bucket(Bucket=name)
        return Bucket(self.client, name)

    def fails(self, method: str, address: str, *faults: Fault) -> None:
        """Has the next requests for ``bucket/key`` fail, one fault each; ``LIST`` and the bucket for its listing."""
        self.faults[method, address] += faults

    def reset(self) -> None:
        for state in (self.requests, self.sent, self.faults):
            state.clear()


@contextmanager
def s3_server() -> Iterator[S3Server]:
    """Starts both, and ends them."""
    port = _free_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    env = dict(os.environ) | CREDENTIALS | {"MOTO_S3_DEFAULT_MAX_KEYS": str(PAGE)}
    process = subprocess.Popen(command, env=env, **quiet)  # type: ignore[call-overload]
    try:
        _wait_for(port, process)
        client = boto3.client(
            "s3",
            endpoint_url=f"http://127.0.0.1:{port}",
            region_name=CREDENTIALS["AWS_DEFAULT_REGION"],
            aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        )
        with ThreadingHTTPServer(("127.0.0.1", 0), _Proxy) as proxy:
            proxy.daemon_threads, proxy.block_on_close = True, False
            _Proxy.behind = port
            _Proxy.server_state = S3Server(f"http://127.0.0.1:{proxy.server_port}", client)
            threading.Thread(target=proxy.serve_forever, daemon=True).start()
            yield _Proxy.server_state
            proxy.shutdown()
    finally:
        process.kill()
        process.wait()


class _Proxy(BaseHTTPRequestHandler):
    """Hands requests on to the server behind it, unless the next fault for them says otherwise."""

    protocol_version, disable_nagle_algorithm = "HTTP/1.1", True
    behind = 0
    server_state: S3Server

    def _handle(self) -> None:
        data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        address = urllib.parse.unquote(self.path.partition("?")[0].strip("/"))
        method = LIST if "list-type=" in self.path else self.command
        state = self.server_state
        state.requests[method, address] += 1
        waiting = state.faults[method, address]
        fault = waiting.pop(0) if waiting else state.sprinkling and state.sprinkling.next(method, address)
        with suppress(ConnectionError):  # a client that went away
            self._answer((method, address), data, fault)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _handle  # noqa: N815

    def _answer(self, asked: tuple[str, str], data: bytes, fault: Fault | None) -> None:
        if isinstance(fault, Reset):
            self._hang_up()
        elif isinstance(fault, Refusal):
            text = f"<Error><Code>{fault.code}</Code><Message>{fault.message}</Message></Error>"
            self._send(asked, fault.status, {"Content-Type": "application/xml"}, text.encode(), None)
        else:
            if isinstance(fault, Late):
                threading.Event().wait(fault.seconds)  # tests leave out sleep
            if isinstance(fault, First):
                fault.happens()
            connection = http.client.HTTPConnection("127.0.0.1", self.behind)
            if isinstance(fault, Blind):
                del self.headers[fault.header]
            connection.request(self.command, self.path, data, dict(self.headers))
            answer = connection.getresponse()
            if isinstance(fault, Lost):
                self._hang_up()
                return
            kept = {name: value for name, value in answer.getheaders() if name.lower() not in _OF_THE_CONNECTION}
            self._send(asked, answer.status, kept, answer.read(), fault.after if isinstance(fault, Cut) else None)

    def _hang_up(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def _send(
        self, asked: tuple[str, str], status: int, headers: dict[str, str], body: bytes, most: int | None
    ) -> None:
        self.send_response_only(status)
        length = {name.lower(): value for name, value in headers.items()}.get("content-length", str(len(body)))
        for name, value in headers.items():
            if name.lower() != "content-length":
                self.send_header(name, value)
        self.send_header("Content-Length", length if self.command == "HEAD" else str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.server_state.sent[asked] += len(body[:most])  # before: whoever has read it may look at once
            self.wfile.write(body[:most])
        if most is not None:
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        pass


_OF_THE_CONNECTION = frozenset({"connection", "transfer-encoding", "keep-alive", "server"})


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.1)
    raise RuntimeError(f"the S3 server did not start (exit status {process.poll()})")
