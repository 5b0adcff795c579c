"""AV1 videos through PyAV, which the extra ``av1`` installs: OpenCV's wheel has no software AV1 decoder."""

import io
from collections.abc import Iterator
from typing import BinaryIO

import av
import numpy as np

from transforms.examine.frames import MediaError, Pixels
from transforms.examine.stream import DescriptorReader
from transforms.outcomes import Reason
from transforms.work import did

_OPTIONS = {"protocol_whitelist": "none", "format_whitelist": "mov,matroska"}
av.logging.set_level(None)


class PyAvPlayer:
    """``videos.Player`` through PyAV, one thread."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.rewind()
        self._time_base = float(self._stream.time_base or 1e-3)
        self._start = self._stream.start_time or 0
        self.fps = float(self._stream.average_rate or 25)
        duration = self._stream.duration
        self.duration_ms = duration * self._time_base * 1000 if duration else (self._container.duration or 0) / 1000
        self.width, self.height = self._stream.width, self._stream.height

    def rewind(self) -> None:
        """See ``videos.Player``."""
        did("video_opens")
        try:
            stream = io.BufferedReader(DescriptorReader(self._file.fileno()))
            # Titles are in any encoding; they are not looked at, and must not cost the video.
            self._container = av.open(stream, options=_OPTIONS, metadata_errors="replace")
            self._stream = self._container.streams.video[0]
        except MemoryError:  # FFmpeg's own, which is an FFmpegError, too
            raise
        except (av.FFmpegError, IndexError) as error:
            raise MediaError(Reason.CORRUPT, f"The AV1 video cannot be opened: {error}"[:300]) from error
        self._stream.thread_count = 1
        self._frames = self._decode()
        self._frame: av.VideoFrame | None = None
        self._pts = self._stream.start_time or 0

    def _decode(self) -> Iterator[av.VideoFrame]:
        try:
            yield from self._container.decode(self._stream)
        except MemoryError:
            raise
        except (av.FFmpegError, EOFError):
            return  # a broken tail ends the video; what is missing is told from the times

    def grab(self) -> float | None:
        """See ``videos.Player``."""
        self._frame = next(self._frames, None)
        if self._frame is None:
            return None
        did("video_frames_decoded")
        # A frame without a time is shown right after the one before it.
        self._pts = self._frame.pts if self._frame.pts is not None else self._pts + 1
        return (self._pts - self._start) * self._time_base * 1000

    def retrieve(self) -> Pixels | None:
        """See ``videos.Player``."""
        if self._frame is None:
            return None
        rgb = self._frame.to_ndarray(format="rgb24")
        return np.ascontiguousarray(np.rot90(rgb, round(getattr(self._frame, "rotation", 0) / 90)))

    def seek(self, time_ms: float) -> None:
        """See ``videos.Player``."""
        did("video_seeks")
        target = int(max(time_ms, 0.0) / 1000 / self._time_base) + self._start
        try:
            self._container.seek(target, stream=self._stream, backward=True)
            self._frames = self._decode()
        except av.FFmpegError:
            self._frames = iter(())  # as OpenCV tells of it: there is no next frame
