"""What lies outside the source and must stay unread: hostile files name it, and it tells whoever opened it."""

import hashlib
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from examples.media.videos import video

WRITTEN = "canary-7f3a91c2e4"


@dataclass(frozen=True, slots=True)
class Outside:
    """A text that holds a secret, a video, a pipe, and a socket that listens on this machine."""

    folder: Path
    listener: socket.socket

    @property
    def text(self) -> Path:
        return self.folder / "secret.txt"

    @property
    def film(self) -> Path:
        return self.folder / "secret.mp4"

    @property
    def pipe(self) -> Path:
        return self.folder / "secret.pipe"

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.listener.getsockname()[1]}/secret.ts"

    @property
    def traces(self) -> set[bytes]:
        """Whatever of the text and the film no table, file or log may hold."""
        hashes = (hashlib.sha256(path.read_bytes()).hexdigest() for path in (self.text, self.film))
        return {WRITTEN.encode(), *(one.encode() for one in hashes)}

    def pipe_has_a_reader(self) -> bool:
        """Whether some process has the pipe open, or waits for it to be opened."""
        with suppress(OSError):  # nobody reads
            os.close(os.open(self.pipe, os.O_WRONLY | os.O_NONBLOCK))
            return True
        return False

    def was_called(self) -> bool:
        """Whether anything connected to the socket."""
        with suppress(BlockingIOError):
            self.listener.accept()[0].close()
            return True
        return False


@contextmanager
def outside(folder: Path) -> Iterator[Outside]:
    """Makes all of it in a new folder."""
    folder.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        made = Outside(folder, listener)
        made.text.write_text(WRITTEN, "utf-8")
        video(made.film, seconds=0.4, size=(160, 120))
        os.mkfifo(made.pipe)
        yield made
