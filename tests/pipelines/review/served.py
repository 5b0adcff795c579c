"""The page as it is served: a real server on the loopback, in a thread, with pictures that are drawn."""

import http.client
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import uvicorn

from pipelines.review.command import listening, server_of
from pipelines.review.desk import Desk
from pipelines.review.gallery import Gallery
from pipelines.review.guard import Guard
from pipelines.review.phrases import ReviewWords
from pipelines.review.site import Site
from pipelines.store import Store
from pipelines.words import Language, read_voice
from tests.pipelines.review.shelf import KZ, DrawnStills


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    text: str


@dataclass
class Served:
    """A page that is being served, and a visitor who may have been let in."""

    desk: Desk
    guard: Guard
    port: int
    stills: DrawnStills
    cookie: str = ""
    csrf: str = ""

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def enter(self) -> None:
        """As a browser that opens the printed address."""
        answer = self.ask("GET", f"/?token={self.guard.token}", cookie="")
        assert answer.status == 303
        self.cookie = answer.headers["set-cookie"].partition(";")[0]
        (self.csrf,) = set(re.findall(r'name="csrf" value="([^"]+)"', self.ask("GET", "/").text))

    def ask(self, method: str, path: str, form: dict[str, Any] | None = None, **headers: str | None) -> Answer:
        """One request; ``headers`` replace what a browser would send, None leaves one out."""
        sent: dict[str, str | None] = {"Host": f"127.0.0.1:{self.port}", "Cookie": self.cookie}
        body = None
        if form is not None:
            body = urlencode(form).encode()
            sent |= {"Origin": self.origin, "Content-Type": "application/x-www-form-urlencoded"}
        sent |= {name.title(): value for name, value in headers.items()}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.putrequest(method, path, skip_host=True)
        for name, value in (sent | {"Content-Length": str(len(body or b""))}).items():
            if value is not None:
                connection.putheader(name, value)
        connection.endheaders(body)
        response = connection.getresponse()
        text = response.read().decode("utf-8", "replace")
        connection.close()
        return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, text)

    def decide(self, content: str, decision: str, note: str = "", query: str = "") -> Answer:
        form = {"csrf": self.csrf, "decision": decision, "note": note}
        return self.ask("POST", f"/item/{content}/decision{query}", form)


@contextmanager
def served(store: Store, reviewer: str = "ann", language: Language = "en") -> Iterator[Served]:
    stills = DrawnStills()
    with Desk(store, KZ, reviewer) as desk, Gallery(stills) as gallery, listening(0) as listener:
        site = Site(desk, gallery, ReviewWords.read(language), read_voice(language))
        port = listener.getsockname()[1]
        guard = Guard(site.application(), port)
        server: uvicorn.Server = server_of(guard)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield Served(desk, guard, port, stills)
        finally:
            server.should_exit = True
            thread.join(10)
        assert not thread.is_alive()
