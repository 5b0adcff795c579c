"""AV1 videos through PyAV, which the extra ``av1`` installs: OpenCV's wheel has no software AV1 decoder."""

import io
from collections.abc import Iterator
from typing import BinaryIO

import av
import numpy as np

from transforms.examine.frames import Pixels
from transforms.examine.stream import DescriptorReader

_OPTIONS = {"protocol_whitelist": "none", "format_whitelist": "mov,matroska"}
av.logging.set_level(None)


class PyAvPlayer:
    """``videos.Player`` through PyAV, one thread."""

    def __init__(self, file: BinaryIO) -> None:
        self._container = av.open(io.BufferedReader(DescriptorReader(file.fileno())), options=_OPTIONS)
        self._stream = self._container.streams.video[0]
        self._stream.thread_count = 1
        self._time_base = float(self._stream.time_base or 1e-3)
        self._start = self._stream.start_time or 0
        self.fps = float(self._stream.average_rate or 25)
        duration = self._stream.duration
        self.duration_ms = duration * self._time_base * 1000 if duration else (self._container.duration or 0) / 1000
        self.width, self.height = self._stream.width, self._stream.height
        self._frames = self._decode()
        self._frame: av.VideoFrame | None = None

    def _decode(self) -> Iterator[av.VideoFrame]:
        try:
            yield from self._container.decode(self._stream)
        except (av.FFmpegError, EOFError):
            return  # a broken tail ends the video; what is missing is told from the times

    def grab(self) -> float | None:
        """See ``videos.Player``."""
        self._frame = next(self._frames, None)
        if self._frame is None:
            return None
        return ((self._frame.pts or 0) - self._start) * self._time_base * 1000

    def retrieve(self) -> Pixels | None:
        """See ``videos.Player``."""
        if self._frame is None:
            return None
        rgb = self._frame.to_ndarray(format="rgb24")
        return np.ascontiguousarray(np.rot90(rgb, round(getattr(self._frame, "rotation", 0) / 90)))

    def seek(self, time_ms: float) -> None:
        """See ``videos.Player``."""
        target = int(max(time_ms, 0.0) / 1000 / self._time_base) + self._start
        self._container.seek(target, stream=self._stream, backward=True)
        self._frames = self._decode()
