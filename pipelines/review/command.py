"""``aiqyn review``: serves the page on the loopback until it is stopped."""

import getpass
import os
import socket
import webbrowser
from collections.abc import Sequence

import uvicorn
from rich.console import Console

from pipelines.errors import Interrupted, UsageError
from pipelines.policy_config import load_policy
from pipelines.review.desk import Desk
from pipelines.review.gallery import Gallery
from pipelines.review.guard import ADDRESS, Guard
from pipelines.review.phrases import ReviewWords
from pipelines.review.site import Site
from pipelines.stills import Stills
from pipelines.store import Store
from pipelines.words import Language, read_voice

LONGEST = 1280
FRAMES = 16
_GRACE_SECONDS = 1


def run_review(
    store: str,
    policy: str,
    reviewer: str | None,
    language: Language,
    port: int,
    detectors: Sequence[str],
    *,
    is_opened: bool,
) -> None:
    """Serves the page until SIGINT or SIGTERM.

    Args:
        store: Where decisions are appended.
        policy: Name or path of the policy whose verdicts are reviewed.
        reviewer: Who decides; None: the login name.
        language: Of the page.
        port: On the loopback; 0: one that is free.
        detectors: Names or folders of packages in which error rates may stand, beside those that ship.
        is_opened: Whether the system's browser is told to open the page.

    Raises:
        UsageError: There is no such store, policy, reviewer or free port.
    """
    name = (login_name() if reviewer is None else reviewer).strip()
    console = Console(highlight=False, soft_wrap=True)
    with (
        Desk(Store.open(store), load_policy(policy), name, detectors) as desk,
        Gallery(Stills(LONGEST, FRAMES)) as gallery,
        listening(port) as listener,
    ):
        site = Site(desk, gallery, ReviewWords.read(language), read_voice(language))
        guard = Guard(site.application(), listener.getsockname()[1])
        progress = desk.progress()
        console.print(f"{progress.all:,} items wait for a person or were decided, {progress.decided:,} by {name}.")
        console.print(f"Open {guard.url}", markup=False)
        console.print("Whoever has this address can decide as you. Ctrl-C ends it.")
        if is_opened:
            webbrowser.open(guard.url)
        serve(guard, listener)


def serve(guard: Guard, listener: socket.socket) -> None:
    """Answers until a signal ends it; that is how it is meant to end."""
    try:
        server_of(guard).run(sockets=[listener])
    except Interrupted:  # uvicorn raises its signal again once all is answered
        return


def server_of(guard: Guard) -> uvicorn.Server:
    """What answers; it writes no log of requests, in which the token would stand."""
    return uvicorn.Server(
        uvicorn.Config(
            guard,
            log_config=None,
            log_level="warning",
            access_log=False,
            server_header=False,
            ws="none",
            lifespan="off",
            timeout_graceful_shutdown=_GRACE_SECONDS,
        )
    )


def listening(port: int) -> socket.socket:
    """A socket on the loopback that waits for connections.

    Raises:
        UsageError: The port is taken, or may not be had.
    """
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((ADDRESS, port))
        listener.listen()  # so that whoever is quick with the printed address waits, and is not refused
    except OSError as error:
        listener.close()
        raise UsageError(
            f"Port {port} cannot be used: {os.strerror(error.errno or 0)}. Name another: --port"
        ) from error
    return listener


def login_name() -> str:
    """Who is logged in.

    Raises:
        UsageError: The system does not say.
    """
    try:
        return getpass.getuser()
    except (OSError, KeyError) as error:  # a user without a name, as in some containers
        raise UsageError("The system does not say who you are. Name yourself: --reviewer NAME") from error
