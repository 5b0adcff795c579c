"""Videos to upright 8-bit frames at exact times.

OpenCV decodes: its FFmpeg is LGPL, where PyAV's wheel carries GPL encoders. Measured (``docs/decoding.md``): the time
that OpenCV reports after ``grab()`` is exact, its seeking by time is not, so every seek is verified and stepped. The
wheel has no AV1 decoder; AV1 goes through PyAV where the extra ``av1`` is installed (``av1``).
"""

import importlib.util
import io
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO, Final, Protocol

from transforms.examine.frames import Frame, MediaError, Pixels, check_pixels
from transforms.examine.settings import Limits, Sampling
from transforms.examine.stream import DescriptorReader
from transforms.examine.structure import read_structure
from transforms.outcomes import Reason
from transforms.records import LayerNote
from transforms.work import did

DEMUXERS: Final = "mov,matroska,avi,flv,mpeg,mpegts,mpegvideo,asf,mxf,ogg"
"""FFmpeg containers that hold their media themselves; playlists and scripts, which open other files, are not here."""
# FFmpeg reads through our stream object and needs no protocol of its own; "none" is the name of none.
os.environ["OPENCV_FFMPEG_CAPTURE_OPTIONS"] = f"protocol_whitelist;none|format_whitelist;{DEMUXERS}"
os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")

import cv2  # noqa: E402  (reads the environment set above)

AV1_AVAILABLE: Final = importlib.util.find_spec("av") is not None
_NEAR_MS: Final = 2000.0
"""Up to here grabbing on is cheaper than a seek (docs/decoding.md)."""
_BACK_OFF_FRAMES: Final = (2, 18)
"""How far before the target a seek aims; the third try is from the start."""
_OPENING_MS: Final = (500.0, 1000.0, 1500.0, 2000.0, 3000.0)
"""After the first frame: where the opening seconds are looked at."""
_OPENING_NEAR_MS: Final = 260.0
"""What was shown at most so far from there is looked at already."""
_MOST_KEPT: Final = 16
"""Frames before the end of a video of which pixels are made, since one of them may be the last."""
_SAME_MS: Final = 0.0005
"""Times nearer than this are one time: rounding in seconds and ticks must not choose another frame."""


class Player(Protocol):
    """A position in a video that moves forward frame by frame and can be set back."""

    width: int
    height: int
    fps: float
    duration_ms: float

    def grab(self) -> float | None:
        """Moves to the next frame; its presentation time in milliseconds, or None at the end."""

    def retrieve(self) -> Pixels | None:
        """The frame last grabbed, uint8 (height, width, 3) RGB, upright."""

    def seek(self, time_ms: float) -> None:
        """Moves to somewhere near ``time_ms``, as exactly as the container allows."""

    def rewind(self) -> None:
        """Moves to before the first frame, whatever the container allows."""


class OpenCvPlayer:
    """``Player`` through OpenCV's FFmpeg, reading from a stream object, one thread."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.rewind()
        self.is_open = self._capture.isOpened()
        turned = round(self._get(cv2.CAP_PROP_ORIENTATION_META)) % 180 == 90
        size = int(self._get(cv2.CAP_PROP_FRAME_WIDTH)), int(self._get(cv2.CAP_PROP_FRAME_HEIGHT))
        self.width, self.height = size[::-1] if turned else size
        rate, count = self._get(cv2.CAP_PROP_FPS), self._get(cv2.CAP_PROP_FRAME_COUNT)
        self.fps = rate if 0.01 < rate < 1000 else 25.0
        self.duration_ms = max(count, 0.0) / self.fps * 1000

    @property
    def codec(self) -> str:
        """The codec's four-character code, upper case."""
        return int(self._get(cv2.CAP_PROP_FOURCC)).to_bytes(8, "little", signed=True)[:4].decode("latin-1").upper()

    def _get(self, key: int) -> float:
        return float(self._capture.get(key))

    def grab(self) -> float | None:
        """See ``Player``."""
        if not self._capture.grab():
            return None
        did("video_frames_decoded")
        return self._get(cv2.CAP_PROP_POS_MSEC)

    def retrieve(self) -> Pixels | None:
        """See ``Player``."""
        ok, bgr = self._capture.retrieve()
        return cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB) if ok and bgr is not None else None

    def seek(self, time_ms: float) -> None:
        """See ``Player``."""
        did("video_seeks")
        self._capture.set(cv2.CAP_PROP_POS_MSEC, max(time_ms, 0.0))

    def rewind(self) -> None:
        """See ``Player``."""
        did("video_opens")
        self._stream = io.BufferedReader(DescriptorReader(self._file.fileno()))
        self._capture = cv2.VideoCapture(self._stream, cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])  # type: ignore[call-overload]


@dataclass(slots=True)
class Video:
    """An opened video; sizes in pixels, upright. ``duration_ms`` is the container's claim until frames are sampled.

    ``is_whole`` where the container's outline tells that nothing is missing at its end; of others that is not known.
    """

    player: Player
    width: int
    height: int
    duration_ms: float
    is_cut_short: bool
    is_whole: bool = False
    notes: list[LayerNote] = field(default_factory=list)
    captured_at: str | None = None


def open_video(file: BinaryIO, media_type: str, limits: Limits) -> Video:
    """Opens a video and reads its header.

    Args:
        file: The open file; stays open.
        media_type: As sniffed.
        limits: Its ``pixels`` bounds width × height of a frame.

    Raises:
        MediaError: With the reason why no frame can be had.
    """
    structure = read_structure(file, media_type)
    if structure.has_video is False:
        raise MediaError(Reason.NO_FRAMES, "The file holds no video track.")
    player = OpenCvPlayer(file)
    if not player.is_open:
        if structure.cut_short:
            raise MediaError(Reason.TRUNCATED, "The file ends before its index or its content does.")
        raise MediaError(Reason.CORRUPT, f"The {media_type} container cannot be read.")
    check_pixels(player.width, player.height, limits.pixels)
    chosen: Player = player
    if player.codec in {"AV01", "AV1 "}:
        if not AV1_AVAILABLE:
            raise MediaError(Reason.DECODER_MISSING, "AV1 needs the extra: pip install 'aiqyn[av1]'.")
        from transforms.examine.av1 import PyAvPlayer  # noqa: PLC0415  (an extra, and slow to load)

        chosen = PyAvPlayer(file)
    is_whole = structure.has_video is True and not structure.cut_short
    return Video(chosen, chosen.width, chosen.height, chosen.duration_ms, structure.cut_short, is_whole)


def sample_video(video: Video, sampling: Sampling) -> Iterator[Frame]:
    """Up to ``sampling.frames`` frames, evenly spread over the time from the first frame to the last, both included.

    The frame for a moment is the first whose presentation time is not before it. ``video.duration_ms`` becomes the time
    from the first to the end of the last frame that decodes.

    Raises:
        MediaError: ``no_frames``, ``truncated`` or ``corrupt``; the frames before it stand.
    """
    player = video.player
    first_ms = player.grab()
    if first_ms is None:
        reason = Reason.TRUNCATED if video.is_cut_short else Reason.NO_FRAMES
        raise MediaError(reason, "The video track holds no frame that decodes.")
    claimed_ms, frame_ms = video.duration_ms, 1000 / player.fps
    first = _retrieve(player)
    video.height, video.width = first.shape[:2]
    cursor = _Cursor(player, frame_ms)
    most_kept = _MOST_KEPT if video.is_whole else 0
    last_ms, last = _find_end(cursor, max(claimed_ms - frame_ms, first_ms), most_kept) or (first_ms, first)
    video.duration_ms = round(last_ms - first_ms + frame_ms, 3)
    yield Frame(_exact(first_ms), first)
    steps = sampling.frames - 1
    shown_ms = first_ms
    for step in range(1, steps):
        target_ms = first_ms + (last_ms - first_ms) * step / steps
        if target_ms <= shown_ms + _SAME_MS:
            continue  # fewer frames than moments: the frame for this one has been shown
        time_ms = cursor.advance(target_ms)
        if time_ms is None or time_ms >= last_ms - _SAME_MS:
            break
        yield Frame(_exact(time_ms), _retrieve(player))
        shown_ms = time_ms
    if last_ms > shown_ms and steps:
        yield Frame(_exact(last_ms), last)
    _check_end(video, claimed_ms, last_ms - first_ms, frame_ms)


def sample_opening(video: Video, seen_ms: Sequence[float]) -> Iterator[Frame]:
    """Frames of the first seconds, about every half second, that ``sample_video`` has not shown.

    A warning may stand at the start alone (GB 45438-2025, 5.4: for two seconds at least).

    Args:
        video: After ``sample_video`` has ended.
        seen_ms: Times of the frames it showed, in milliseconds, in order.

    Raises:
        MediaError: A frame cannot be converted.
    """
    targets = [seen_ms[0] + offset for offset in _OPENING_MS if seen_ms[0] + offset < seen_ms[-1]]
    targets = [target for target in targets if all(abs(target - time) > _OPENING_NEAR_MS for time in seen_ms)]
    if not targets:
        return
    player = video.player
    player.rewind()
    time_ms = player.grab()
    for target in targets:
        while time_ms is not None and time_ms < target - _SAME_MS:
            time_ms = player.grab()
        if time_ms is None:
            return
        yield Frame(_exact(time_ms), _retrieve(player))


def _check_end(video: Video, claimed_ms: float, shown_ms: float, frame_ms: float) -> None:
    if video.is_cut_short:
        raise MediaError(Reason.TRUNCATED, f"The file is cut short; {shown_ms / 1000:.1f} s of it can be shown.")
    missing_ms = claimed_ms - shown_ms - frame_ms
    if missing_ms > max(1000.0, 5 * frame_ms):
        detail = f"{claimed_ms / 1000:.1f} s are announced, the last frame that decodes is at {shown_ms / 1000:.1f} s"
        video.notes.append(LayerNote("frames", "ended_early", detail))


def _find_end(cursor: "_Cursor", expected_ms: float, most_kept: int) -> tuple[float, Pixels] | None:
    """The last frame that decodes and its time: from ever further back, until there is one to run to the end from.

    Which frame is the last is known behind it. To keep each of at most ``most_kept`` costs less than to come back; but
    of a broken end a decoder makes other pixels the second time, so there the second time is what counts.
    """
    player = cursor.player
    reach_ms = 4 * cursor.frame_ms
    while True:
        player.seek(expected_ms - reach_ms)
        last_ms: float | None = None
        last: Pixels | None = None
        passed = 0
        while (time_ms := player.grab()) is not None:
            last_ms, passed = time_ms, passed + 1
            last = player.retrieve() if passed <= most_kept else None
        cursor.time_ms = None
        if last_ms is not None and last is not None:
            return last_ms, last
        if last_ms is not None and cursor.advance(last_ms) is not None:
            found = last_ms, _retrieve(player)
            cursor.time_ms = None
            return found
        if reach_ms > expected_ms:
            return None
        reach_ms *= 8


class _Cursor:
    """Finds the frame for a moment: grabs on where it is near, else seeks, and checks where the seek landed."""

    def __init__(self, player: Player, frame_ms: float) -> None:
        self.player = player
        self.frame_ms = frame_ms
        self.time_ms: float | None = None
        self._seeks_land_late = False

    def advance(self, target_ms: float) -> float | None:
        """Grabs the first frame at or after ``target_ms``; its time, or None where there is none."""
        is_behind = self.time_ms is not None and self.time_ms <= target_ms
        is_near = self.time_ms is not None and target_ms - self.time_ms <= _NEAR_MS
        if not (is_behind and (is_near or self._seeks_land_late)):
            self._seek(target_ms)
        while self.time_ms is not None and self.time_ms < target_ms - _SAME_MS:
            self.time_ms = self.player.grab()
        return self.time_ms

    def _seek(self, target_ms: float) -> None:
        """Lands at or before the target; where seeks land late, at the start and never again: this bounds the cost."""
        aims = [] if self._seeks_land_late else [target_ms - back * self.frame_ms for back in _BACK_OFF_FRAMES]
        for aim_ms in aims:
            self.player.seek(aim_ms)
            self.time_ms = self.player.grab()
            if self.time_ms is not None and self.time_ms <= target_ms:
                return
        self._seeks_land_late = True
        self.player.rewind()  # a transport stream has no index, and not even its start is found by seeking
        self.time_ms = self.player.grab()


def _retrieve(player: Player) -> Pixels:
    pixels = player.retrieve()
    if pixels is None:
        raise MediaError(Reason.CORRUPT, "A frame that was found cannot be converted to pixels.")
    did("video_frames_converted")
    return pixels


def _exact(time_ms: float) -> float:
    return round(time_ms, 3)
