"""An examiner child: serves one file after another until its parent goes.

Started as ``python -m transforms.examine.child FD SETTINGS``. Everything that parses untrusted bytes runs here, behind
the closed door of ``sandbox``.
"""

import faulthandler
import json
import os
import select
import socket
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from typing import Any, BinaryIO

from transforms.examine import sandbox
from transforms.examine.face_model import read_face_model

Examine = Callable[..., Any]
_LAST_SECONDS = 5.0
"""How long after a file's deadline a child that its parent did not end ends itself."""


def serve(channel: socket.socket, settings_json: str, examine: Examine | None = None) -> None:
    """Answers requests until the channel closes.

    A request is a JSON object with the file's ``name`` and the open file's descriptor; the answer is one message per
    sampled frame and one with the examination.

    Args:
        channel: Connected Unix socket.
        settings_json: ``ExamineSettings`` as JSON.
        examine: Stands in for ``examine_content``; tests of misbehaving decoders use it.
    """
    data = json.loads(settings_json)
    face_model = read_face_model() if data["faces"]["enabled"] else None  # behind the door no file can be opened
    sandbox.limit_resources(data["limits"]["memory_bytes"])
    door = sandbox.close_door()

    # Decoders are loaded only now: the threads that libraries start must be born behind the door.
    import cv2  # noqa: PLC0415

    from transforms.examine import channel as messages  # noqa: PLC0415
    from transforms.examine.content import examine_content  # noqa: PLC0415
    from transforms.examine.faces import FaceFinder  # noqa: PLC0415
    from transforms.examine.settings import ExamineSettings  # noqa: PLC0415

    cv2.setNumThreads(1)
    settings = ExamineSettings.from_json(data)
    examine = examine or partial(examine_content, finder=FaceFinder(face_model) if face_model else None)
    messages.send(channel, {"ready": True, "door": door})
    threading.Thread(target=_leave_with_parent, args=(channel,), daemon=True).start()
    while True:
        request, descriptors, _, _ = socket.recv_fds(channel, 1 << 16, 1)
        if not request:
            return
        with os.fdopen(descriptors[0], "rb") as file:
            sandbox.grant_cpu_seconds(settings.limits.cpu_seconds)
            # A parent that dies is noticed by a thread, which a decoder that never lets go of the interpreter's lock
            # would keep from running; this timer needs no lock. Its words go to standard error: nowhere.
            faulthandler.dump_traceback_later(settings.limits.file_seconds + _LAST_SECONDS, exit=True)
            started = time.process_time()
            answer = _answer(examine, file, json.loads(request)["name"], settings, channel)
            faulthandler.cancel_dump_traceback_later()
        messages.send(channel, {"examination": answer, "cpu_seconds": time.process_time() - started})


def _answer(examine: Examine, file: BinaryIO, name: str, settings: Any, channel: socket.socket) -> dict[str, Any]:
    from transforms.examine import channel as messages  # noqa: PLC0415
    from transforms.examine.frame_messages import to_message  # noqa: PLC0415
    from transforms.outcomes import Reason  # noqa: PLC0415
    from transforms.records import Examination  # noqa: PLC0415

    try:
        found = examine(file, name, settings, lambda frame: messages.send(channel, *to_message(frame)))
    except MemoryError:
        found = Examination.refused(Reason.OUT_OF_MEMORY)
    return asdict(found)


def _leave_with_parent(channel: socket.socket) -> None:
    """Ends the process as soon as the parent hangs up, also in the middle of a file."""
    poll = select.poll()
    poll.register(channel, select.POLLRDHUP | select.POLLHUP | select.POLLERR)
    poll.poll()
    os._exit(0)


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])), sys.argv[2])
