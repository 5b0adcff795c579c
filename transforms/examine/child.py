"""An examiner child: serves one file after another until its parent goes.

Started as ``python -m transforms.examine.child CHANNEL SETTINGS [KNOWN]``, the numbers of open descriptors. Everything
that parses untrusted bytes runs here, behind the closed door of ``sandbox``.
"""

import faulthandler
import json
import mmap
import os
import socket
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, BinaryIO

from transforms.allocator import keep_memory
from transforms.examine import sandbox
from transforms.examine.face_model import read_face_model
from transforms.examine.parent import leave_with_parent
from transforms.labels.lexicon import Lexicon, read_lexicon
from transforms.labels.networks import NetworkMissingError, Networks, read_networks
from transforms.marks.meaning.rule_files import read_rules
from transforms.marks.meaning.rules import Rules
from transforms.work import OF_THIS_PROCESS

if TYPE_CHECKING:
    from transforms.examine.settings import ExamineSettings
    from transforms.labels.layer import LabelLayer
    from transforms.marks.c2pa_store import Store
    from transforms.marks.found import MarksFound
    from transforms.records import LayerNote

Examine = Callable[..., Any]
_LAST_SECONDS = 5.0
"""How long after a file's deadline a child that its parent did not end ends itself."""


def serve(channel: socket.socket, settings: int, examine: Examine | None = None, known: int | None = None) -> None:
    """Answers requests until the channel closes.

    A request is a JSON object with the file's ``name``, whether ``marks`` are to be read, and the open file's
    descriptor; the answer is one message with the marks, one per sampled frame, and one with the examination. With the
    names and sizes of texts as ``beside`` the descriptor is of all these texts in a row, the answer their marks.

    Args:
        channel: Connected Unix socket.
        settings: Descriptor of ``ExamineSettings`` as JSON; a trust list is too long for a command line.
        known: Descriptor of ``Known`` near-duplicates, of which pictures are not examined.
        examine: Stands in for ``examine_content``; tests of misbehaving decoders use it.
    """
    with os.fdopen(settings, "rb") as file:
        data = json.load(file)
    # Behind the door no file can be opened.
    face_model = read_face_model() if data["faces"]["enabled"] else None
    labels = _LabelSupplies.read(data)
    mapped = None if known is None else mmap.mmap(known, 0, prot=mmap.PROT_READ)
    rules = replace(read_rules(), lexicon=labels.lexicon)
    keep_memory()
    sandbox.limit_resources(data["limits"]["memory_bytes"])
    door = sandbox.close_door()

    # Decoders are loaded only now: the threads that libraries start must be born behind the door.
    import cv2  # noqa: PLC0415

    from transforms.examine import channel as messages  # noqa: PLC0415
    from transforms.examine.content import examine_content  # noqa: PLC0415
    from transforms.examine.faces import FaceFinder  # noqa: PLC0415
    from transforms.examine.settings import ExamineSettings  # noqa: PLC0415
    from transforms.examine.stream import open_counted  # noqa: PLC0415
    from transforms.labels.look_messages import look_to_message  # noqa: PLC0415
    from transforms.near_duplicates import Known  # noqa: PLC0415

    cv2.setNumThreads(1)
    chosen = ExamineSettings.from_json(data)
    finder = FaceFinder(face_model) if face_model else None
    like = Known.read(mapped).like if mapped else None
    layer = labels.layer(chosen)
    if layer is not None and chosen.show_readings:
        layer.watch = lambda read, text: messages.send(channel, *look_to_message(read, text))
    messages.send(channel, {"ready": True, "door": door})
    threading.Thread(target=leave_with_parent, args=(channel,), daemon=True).start()
    while True:
        request, descriptors, _, _ = socket.recv_fds(channel, 1 << 16, 1)
        if not request:
            return
        asked = json.loads(request)
        with open_counted(descriptors[0]) as file:
            if "beside" in asked:
                messages.send(channel, _read_beside(file, asked["beside"], labels, rules, chosen))
                continue
            sandbox.grant_cpu_seconds(chosen.limits.cpu_seconds)
            # A parent that dies is noticed by a thread, which a decoder that never lets go of the interpreter's lock
            # would keep from running; this timer needs no lock. Its words go to standard error: nowhere.
            faulthandler.dump_traceback_later(chosen.limits.file_seconds + _LAST_SECONDS, exit=True)
            started = time.process_time()
            reader = _MarkReader(chosen, rules, channel) if chosen.marks.enabled and asked["marks"] else None
            read_labels = layer if asked["marks"] else None
            examine_file = examine or partial(
                examine_content, finder=finder, read_marks=reader, labels=read_labels, like=like
            )
            answer = _answer(examine_file, file, asked["name"], chosen, channel, labels.notes())
            faulthandler.cancel_dump_traceback_later()
        seconds, work = time.process_time() - started, OF_THIS_PROCESS.take()
        messages.send(channel, {"examination": answer, "cpu_seconds": seconds, "work": work})


@dataclass(frozen=True, slots=True)
class _LabelSupplies:
    """What the layer of visible labels needs of the file system."""

    networks: Networks | None
    lexicon: Lexicon
    problem: str | None = None

    @classmethod
    def read(cls, data: dict[str, Any]) -> "_LabelSupplies":
        lexicon = read_lexicon(tuple(data["lexicon"]))
        if not data["labels"]["enabled"]:
            return cls(None, lexicon)
        try:
            return cls(read_networks(), lexicon)
        except NetworkMissingError as error:
            return cls(None, lexicon, str(error))

    def layer(self, settings: "ExamineSettings") -> "LabelLayer | None":
        if self.networks is None:
            return None
        from transforms.labels.layer import LabelLayer  # noqa: PLC0415
        from transforms.labels.reader import LabelReader  # noqa: PLC0415

        return LabelLayer(LabelReader(self.networks, self.lexicon, settings.labels.lines), settings.labels)

    def notes(self) -> "tuple[LayerNote, ...]":
        from transforms.records import LayerNote  # noqa: PLC0415

        if self.problem is None:
            return ()
        return (LayerNote("visible_label", "not_checked", f"ocr_model_missing: {self.problem}"),)


class _MarkReader:
    """Reads marks and tells them at once: they stand, whatever decoding the file will do to this process."""

    def __init__(self, settings: "ExamineSettings", rules: Rules, channel: socket.socket) -> None:
        self._settings = settings
        self._rules = rules
        self._channel = channel

    def __call__(self, file: BinaryIO, media_type: str) -> "MarksFound":
        from transforms.examine import channel as messages  # noqa: PLC0415
        from transforms.marks.read import read_marks  # noqa: PLC0415

        show = self._show if self._settings.show_manifests else None
        found = read_marks(file, media_type, self._settings.marks, self._settings.trust, self._rules, show)
        messages.send(self._channel, asdict(found))
        return found

    def _show(self, store: "Store") -> None:
        """Sends it as JSON in an array: it may be longer than a message's text."""
        import numpy as np  # noqa: PLC0415

        from transforms.examine import channel as messages  # noqa: PLC0415

        text = json.dumps(asdict(store), ensure_ascii=False, indent=1).encode(errors="replace")
        messages.send(self._channel, {"manifests": True}, [np.frombuffer(text, np.uint8)])


def _read_beside(
    file: BinaryIO, texts: list[tuple[str, int]], labels: _LabelSupplies, rules: Rules, settings: "ExamineSettings"
) -> dict[str, Any]:
    from transforms.beside.read import read_beside  # noqa: PLC0415

    sandbox.grant_cpu_seconds(settings.limits.cpu_seconds)
    faulthandler.dump_traceback_later(settings.limits.frame_seconds + _LAST_SECONDS, exit=True)
    named = [(name, file.read(size)) for name, size in texts]
    found = read_beside(named, labels.lexicon, rules)
    faulthandler.cancel_dump_traceback_later()
    return asdict(found)


def _answer(
    examine: Examine,
    file: BinaryIO,
    name: str,
    settings: Any,
    channel: socket.socket,
    notes: "tuple[LayerNote, ...]",
) -> dict[str, Any]:
    from transforms.examine import channel as messages  # noqa: PLC0415
    from transforms.examine.frame_messages import to_message  # noqa: PLC0415
    from transforms.outcomes import Reason  # noqa: PLC0415
    from transforms.records import Examination  # noqa: PLC0415

    try:
        found = examine(file, name, settings, lambda frame: messages.send(channel, *to_message(frame)))
    except MemoryError:
        found = Examination.refused(Reason.OUT_OF_MEMORY)
    if notes and found.frames_examined:
        found = replace(found, layers=(*found.layers, *notes))
    return asdict(found)


if __name__ == "__main__":
    serve(
        socket.socket(fileno=int(sys.argv[1])), int(sys.argv[2]), known=int(sys.argv[3]) if len(sys.argv) > 3 else None
    )
