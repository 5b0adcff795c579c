"""Who may talk to the page: whoever opened the printed address, in this browser, from the page itself.

Other programs and other people of the machine reach a loopback port, and so do the scripts of every site that the
browser has open. A token keeps out the first, the Host header a site that points its own name here (DNS rebinding), a
cookie of SameSite=Strict, the Origin header and a token in each form what other sites send.
"""

import secrets
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

ADDRESS = "127.0.0.1"
_METHODS = ("GET", "HEAD", "POST")
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    # Not no-referrer: under that browsers send "Origin: null" with our own forms. No other site is told anything.
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


class Guard:
    """Wraps the page's application.

    Args:
        app: What answers to those who may ask.
        port: On which it is served.

    Attributes:
        token: What the printed address carries.
    """

    def __init__(self, app: ASGIApp, port: int) -> None:
        self.token = secrets.token_urlsafe(32)
        self._app, self._port = app, port
        self._session = secrets.token_urlsafe(32)
        self._cookie = f"aiqyn-review-{port}"  # browsers part cookies by host, not by port

    @property
    def url(self) -> str:
        """Where a person starts."""
        return f"http://{ADDRESS}:{self._port}/?token={self.token}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request; as ASGI asks."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        await (self._answer(scope) or self._app)(scope, receive, guarded)

    def _answer(self, scope: Scope) -> Response | None:
        """What is said without asking the application: a refusal, or the way in; None: it may be asked."""
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if host not in {f"{ADDRESS}:{self._port}", f"localhost:{self._port}"}:
            return _refused("This page is served under the address that aiqyn review printed, and under no other name.")
        if scope["method"] not in _METHODS:
            return PlainTextResponse("No such method.", HTTPStatus.METHOD_NOT_ALLOWED)
        if scope["method"] == "POST" and headers.get("origin") != f"http://{host}":
            return _refused("Decisions are taken from this page only.")
        if scope["path"] == "/" and (given := parse_qs(scope["query_string"].decode("latin-1")).get("token")):
            return self._let_in(given[0])
        if not self._is_known(headers.get("cookie", "")):
            return _refused("Open the address that aiqyn review printed, with its token.")
        return None

    def _let_in(self, token: str) -> Response:
        if not _same(token, self.token):
            return _refused("This token is not the one that aiqyn review printed. Open its address anew.")
        response = RedirectResponse("/", HTTPStatus.SEE_OTHER)
        response.set_cookie(self._cookie, self._session, httponly=True, samesite="strict", path="/")
        return response

    def _is_known(self, cookies: str) -> bool:
        try:
            found = SimpleCookie(cookies).get(self._cookie)
        except CookieError:
            return False
        return found is not None and _same(found.value, self._session)


def _same(given: str, wanted: str) -> bool:
    return secrets.compare_digest(given.encode(), wanted.encode())


def _refused(why: str) -> Response:
    return PlainTextResponse(why, HTTPStatus.FORBIDDEN)
