"""The page's application: what it shows under which address, and the three things that can be told to it."""

import asyncio
import logging
import re
import secrets
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final, get_args
from urllib.parse import parse_qsl, urlencode

from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from pipelines.case import place_name
from pipelines.errors import MachineError, UsageError
from pipelines.pages.html import STYLE, environment
from pipelines.review import scene
from pipelines.review.desk import SHOWN, Choice, Desk, Entry, Shown
from pipelines.review.gallery import Gallery, Pictures
from pipelines.review.phrases import ReviewWords
from pipelines.reviews import Decision
from pipelines.stills import StillMissingError
from pipelines.words import Voice
from transforms.marks.meaning.rule_files import read_rules
from transforms.policy.codes import VerdictOutcome

_LOG = logging.getLogger("aiqyn.review")
_FOLDER = Path(__file__).parent
_HASH = re.compile(r"[0-9a-f]{64}")
_DECISIONS: Final = ("disclosed", "not_disclosed", "not_ai", "unsure")
_KEYS: Final = {"disclosed": "d", "not_disclosed": "n", "not_ai": "a", "unsure": "u"}
_FILES: Final = {
    "style.css": (STYLE, "text/css"),
    "review.css": (_FOLDER / "review.css", "text/css"),
    "review.js": (_FOLDER / "review.js", "text/javascript"),
    "icon.svg": (_FOLDER / "icon.svg", "image/svg+xml"),
}
_ROWS = 50
_MOST_BYTES = 64 * 1024
_MOST_SECONDS = 60.0
_AHEAD = 2
"""Items whose pictures are decoded before a person comes to them."""


@dataclass
class Site:
    """Answers requests that the guard let through.

    Args:
        desk: The queue.
        gallery: Its pictures.
        words: Of the page.
        voice: Of the story.
    """

    desk: Desk
    gallery: Gallery
    words: ReviewWords
    voice: Voice
    _csrf: str = field(default_factory=lambda: secrets.token_urlsafe(32))

    def __post_init__(self) -> None:
        self._templates = environment(_FOLDER)
        self._templates.globals |= {
            "words": self.words,
            "p": self.words.phrase,
            "csrf": self._csrf,
            "desk": self.desk,
            "keys": _KEYS,
            "decisions": _DECISIONS,
            "shown_choices": SHOWN,
            "place_of": _place,
            "link": _link,
            "replace": replace,
        }
        self._rules = read_rules()
        self._files = {name: (path.read_bytes(), kind) for name, (path, kind) in _FILES.items()}

    def application(self) -> Starlette:
        """The routes; GET changes nothing."""
        return Starlette(
            routes=[
                Route("/", self._queue),
                Route("/item/{content}", self._item),
                Route("/item/{content}/scene", self._scene),
                Route("/item/{content}/frame/{number:int}", self._frame),
                Route("/item/{content}/decision", self._decided, methods=["POST"]),
                Route("/item/{content}/withdrawal", self._withdrawn, methods=["POST"]),
                Route("/reload", self._reloaded, methods=["POST"]),
                Route("/static/{name}", self._file),
            ],
            exception_handlers={
                HTTPException: self._refused,
                UsageError: self._refused,
                MachineError: self._refused,
                Exception: self._refused,
            },
        )

    def _queue(self, request: Request) -> Response:
        choice = _choice(request)
        size, start = self.desk.size(choice), _number(request, "from")
        return self._page(
            "queue.html.j2",
            request,
            choice=choice,
            entries=self.desk.entries(choice, _ROWS, start),
            size=size,
            start=start,
            stretch=_ROWS,
            progress=self.desk.progress(),
        )

    def _item(self, request: Request) -> Response:
        choice, content = _choice(request), _content(request)
        look = self.desk.look(content, choice)
        if look is None:
            raise HTTPException(HTTPStatus.NOT_FOUND, self.words.phrase("gone"))
        are_shown = _are_faces_shown(request)
        wanted = self.gallery.want(look.rows, are_faces_shown=are_shown) if look.rows else None
        first, more = scene.sections(look.case, self.voice, self._rules)
        page = self._page(
            "item.html.j2",
            request,
            choice=choice,
            look=look,
            opinions=look.case.policies[0].opinions if look.case.policies else (),
            curves=scene.curves(look, self.words),
            first=first,
            more=more,
            progress=look.progress,
            **self._scene_facts(request, content, look.marks, wanted),
        )
        page.background = BackgroundTask(self._look_ahead, look.entry, choice)
        return page

    def _look_ahead(self, entry: Entry, choice: Choice) -> None:
        """Has the pictures of the next items decoded, once this one's page was sent."""
        for content in self.desk.following(entry, choice, _AHEAD):
            if rows := self.desk.rows(content):
                self.gallery.want(rows, is_ahead=True)

    def _scene_facts(
        self, request: Request, content: str, marks: Any, wanted: "Future[Pictures] | None"
    ) -> dict[str, Any]:
        """What the picture's part of the page needs; ``frames`` is None as long as it is being decoded."""
        facts = {
            "content": content,
            "are_faces_shown": _are_faces_shown(request),
            "chosen": _number(request, "frame"),
            "problem": "",
            "frames": None,
        }
        if wanted is None:
            return facts | {"problem": "–"}
        if not wanted.done() or wanted.cancelled():
            return facts
        pictures = _pictures(wanted)
        if isinstance(pictures, str):
            return facts | {"problem": pictures or self.words.phrase("broke")}
        chosen = min(_number(request, "frame"), len(pictures) - 1)
        return facts | {"frames": scene.scene_frames(pictures, marks), "chosen": chosen}

    async def _scene(self, request: Request) -> Response:
        """The picture's part alone, as soon as it is decoded."""
        content = _content(request)
        rows = await run_in_threadpool(self.desk.rows, content)
        if not rows:
            raise HTTPException(HTTPStatus.NOT_FOUND, self.words.phrase("gone"))
        wanted = await self._waited(request, rows)
        marks = await run_in_threadpool(self.desk.boxes, content)
        facts = self._scene_facts(request, content, marks, wanted)
        return self._page("scene.html.j2", request, choice=_choice(request), **facts)

    async def _frame(self, request: Request) -> Response:
        rows = await run_in_threadpool(self.desk.rows, _content(request))
        wanted = await self._waited(request, rows) if rows else None
        pictures = _pictures(wanted) if wanted is not None and wanted.done() and not wanted.cancelled() else ""
        number = request.path_params["number"]
        if isinstance(pictures, str) or number >= len(pictures):
            raise HTTPException(HTTPStatus.NOT_FOUND, pictures if isinstance(pictures, str) else "")
        return Response(pictures[number].jpeg, media_type="image/jpeg")

    async def _waited(self, request: Request, rows: Any) -> "Future[Pictures]":
        wanted = self.gallery.want(rows, are_faces_shown=_are_faces_shown(request))
        await asyncio.wait({asyncio.wrap_future(wanted)}, timeout=_MOST_SECONDS)
        return wanted

    async def _decided(self, request: Request) -> Response:
        told = await self._form(request)
        if told.get("decision") not in _DECISIONS:
            raise HTTPException(HTTPStatus.BAD_REQUEST, self.words.phrase("odd"))
        note = told.get("note", "").replace("\r\n", "\n").strip()
        entry, choice = await self._told_entry(request), _choice(request)
        await run_in_threadpool(self.desk.decide, entry, Decision(told["decision"]), note)
        target = await run_in_threadpool(self._onward, entry, choice)
        done = {"done": entry.content_sha256}
        return _see(_link(target, choice, **done) if target else _link(None, choice, **done))

    def _onward(self, entry: Entry, choice: Choice) -> str | None:
        """The next item of the choice, from its beginning again after the last one; None where none is left."""
        if after := self.desk.following(entry, choice, 1):
            return after[0]
        left = [one.content_sha256 for one in self.desk.entries(choice, 1)]
        return left[0] if left and left[0] != entry.content_sha256 else None

    async def _withdrawn(self, request: Request) -> Response:
        await self._form(request)
        entry, choice = await self._told_entry(request), _choice(request)
        if entry.mine is not None:
            await run_in_threadpool(self.desk.decide, entry, Decision.WITHDRAWN)
        return _see(_link(entry.content_sha256, choice, done=entry.content_sha256))

    async def _reloaded(self, request: Request) -> Response:
        told = await self._form(request)
        await run_in_threadpool(self.desk.reload)
        content, choice = told.get("content", ""), _choice(request)
        entry = await run_in_threadpool(self.desk.entry, content)
        return _see(_link(entry.content_sha256 if entry else None, choice, reloaded="1"))

    def _file(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name not in self._files:
            raise HTTPException(HTTPStatus.NOT_FOUND, "")
        data, kind = self._files[name]
        return Response(data, media_type=kind)

    async def _told_entry(self, request: Request) -> Entry:
        entry = await run_in_threadpool(self.desk.entry, _content(request))
        if entry is None:
            raise HTTPException(HTTPStatus.NOT_FOUND, self.words.phrase("gone"))
        return entry

    async def _form(self, request: Request) -> dict[str, str]:
        """The fields of a form of ours."""
        body = b""
        async for piece in request.stream():
            body += piece
            if len(body) > _MOST_BYTES:
                raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, self.words.phrase("odd"))
        try:
            told = dict(parse_qsl(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=10))
        except ValueError as error:
            raise HTTPException(HTTPStatus.BAD_REQUEST, self.words.phrase("odd")) from error
        if not secrets.compare_digest(told.get("csrf", "").encode(), self._csrf.encode()):
            raise HTTPException(HTTPStatus.FORBIDDEN, self.words.phrase("stale"))
        return told

    def _page(self, template: str, request: Request, **facts: Any) -> HTMLResponse:
        done = request.query_params.get("done", "")
        shared = {
            "done": self.desk.entry(done) if _HASH.fullmatch(done) else None,
            "is_reloaded": "reloaded" in request.query_params,
            "last_decided": self.desk.last_decided(),
        }
        return HTMLResponse(self._templates.get_template(template).render(shared | facts))

    def _refused(self, request: Request, error: Exception) -> Response:
        """A page that says what could not be done, and why."""
        status, why = HTTPStatus.INTERNAL_SERVER_ERROR, self.words.phrase("broke")  # the server logs it
        if isinstance(error, HTTPException):
            status, why = HTTPStatus(error.status_code), error.detail
        elif isinstance(error, UsageError | MachineError):
            status, why = HTTPStatus.CONFLICT, str(error)
        facts = {"why": why, "choice": _choice(request), "progress": None}
        return HTMLResponse(self._templates.get_template("problem.html.j2").render(facts), status)


def _pictures(wanted: "Future[Pictures]") -> Pictures | str:
    """Of what is done: the pictures, or why there are none; nothing where that is an error of ours."""
    error = wanted.exception()
    if error is None:
        return wanted.result()
    if isinstance(error, StillMissingError):
        return str(error)
    _LOG.error("A picture could not be made", exc_info=error)
    return ""


def _choice(request: Request) -> Choice:
    """What a person chose; anything else is as if nothing was chosen."""
    shown, outcome = request.query_params.get("show"), request.query_params.get("outcome", "")
    chosen: Shown = next((one for one in get_args(Shown) if one == shown), "open")
    return Choice(chosen, outcome if outcome in set(VerdictOutcome) else "")


def _content(request: Request) -> str:
    content = str(request.path_params["content"])
    if not _HASH.fullmatch(content):
        raise HTTPException(HTTPStatus.NOT_FOUND, "")
    return content


def _number(request: Request, name: str) -> int:
    given = request.query_params.get(name, "")
    return int(given) if re.fullmatch(r"[0-9]{1,9}", given) else 0


def _are_faces_shown(request: Request) -> bool:
    return request.query_params.get("faces") == "shown"


def _link(content: str | None, choice: Choice, part: str = "", **more: str | int) -> str:
    """An address of ours: of an item or a part of it, or of the queue, in the choice that was made."""
    told = {"show": choice.shown} | ({"outcome": choice.outcome} if choice.outcome else {}) | more
    return f"{f'/item/{content}{part}' if content else part or '/'}?{urlencode(told)}"


def _place(entry: Entry) -> str:
    return place_name({"uri": entry.uri, "member_path": entry.member_path})


def _see(address: str) -> Response:
    return RedirectResponse(address, HTTPStatus.SEE_OTHER)
