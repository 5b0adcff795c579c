"""Videos whose frames carry their own number, so that a test can tell which frame a decoder really showed."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Final

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]

_NUMBER_BITS: Final = 12
_CELLS: Final = _NUMBER_BITS + 4  # white, black, the bits, even parity, white
_TICKS: Final = 90_000  # a second's units of a variable-frame-rate video
_UNEVEN_STEPS: Final = (Fraction(1), Fraction(1), Fraction(3), Fraction(1), Fraction(2), Fraction(1, 2))
_LONGEST_DETOUR: Final = 10  # stills of a scene are panned over and back within this many seconds

# One thread each: with more, the bytes depend on the machine. What depends on x264's look-ahead is off:
# it reads memory that nobody wrote, and each run would have bytes of its own.
_ENCODERS: Final[dict[str, dict[str, str]]] = {
    "libx264": {"preset": "veryfast", "crf": "26", "threads": "1", "x264-params": "mbtree=0:b-adapt=0"},
    "libx265": {"preset": "ultrafast"},
    "libvpx-vp9": {
        "deadline": "realtime",
        "cpu-used": "8",
        "lag-in-frames": "16",
        "b": "600k",
        "threads": "1",
    },
    "libvpx": {"deadline": "realtime", "cpu-used": "8", "b": "800k", "threads": "1"},
    "libsvtav1": {"preset": "10", "crf": "24", "svtav1-params": "lp=1"},
    "mpeg4": {"qscale": "4", "threads": "1"},
    "mjpeg": {"qscale": "4", "threads": "1"},
    "prores_ks": {"profile": "0", "threads": "1"},
    "ffv1": {"threads": "1"},
}
os.environ.setdefault("SVT_LOG", "1")  # errors only: the AV1 encoder greets with twenty lines
_PIXEL_FORMATS: Final = {"mjpeg": "yuvj420p", "prores_ks": "yuv422p10le"}


def video(
    path: Path,
    *,
    codec: str = "libx264",
    seconds: float = 2,
    fps: Fraction | int = 25,
    size: tuple[int, int] = (320, 240),
    gop: int = 12,
    bframes: int = 2,
    rotation: int = 0,
    variable_frame_rate: bool = False,
    faststart: bool = True,
    audio: bool = False,
    scene: Image.Image | None = None,
) -> list[float]:
    """Writes a video; the file name's ending decides the container.

    Args:
        path: Ends in .mp4, .mov, .mkv, .webm, .ts or .avi, as the codec allows; .avi without B-frames.
        codec: One of FFmpeg's encoders listed in this file.
        seconds: Length; a video of variable frame rate lasts about half as long again.
        fps: Frames a second.
        size: Width and height as shown; the number is readable from a width of 240 on.
        gop: Frames from one key frame to the next.
        bframes: Most B-frames in a row, for H.264, HEVC and MPEG-4.
        rotation: 0, 90, 180 or 270: by how much a viewer must turn the stored frames to the right.
        variable_frame_rate: Whether frames last unevenly, from half to three times their share.
        faststart: Whether an .mp4 or .mov has its index first.
        audio: Whether a tone goes along.
        scene: A picture over which the view pans; without one, a moving pattern.

    Returns:
        The presentation time of each frame, in ms from the first, as the container holds it.
    """
    stored_size = size if rotation % 180 == 0 else size[::-1]
    options = {"fflags": "+bitexact"} | ({"movflags": "+faststart"} if faststart else {})
    is_indexed = path.suffix in {".mp4", ".mov"}
    container_options = options if is_indexed else {"fflags": "+bitexact"}
    times = list(_times(int(seconds * fps), Fraction(fps), variable_frame_rate=variable_frame_rate))
    with _scheduling_kept(), av.open(path, "w", options=container_options) as container:
        track = container.add_stream(codec, rate=fps, options=_ENCODERS[codec] | _x265(codec, gop, bframes))
        track.width, track.height = stored_size
        track.pix_fmt = _PIXEL_FORMATS.get(codec, "yuv420p")
        track.codec_context.gop_size = gop
        if codec in {"libx264", "mpeg4"}:
            track.codec_context.max_b_frames = bframes
        if rotation:
            track.set_display_rotation(-rotation)
        unit = Fraction(1, _TICKS) if variable_frame_rate else 1 / Fraction(fps)
        track.time_base = track.codec_context.time_base = unit
        sound = _add_tone(container, path) if audio else None
        for number, time in enumerate(times):
            upright = numbered_frame(number, size, fps=Fraction(fps), scene=scene)
            stored = np.ascontiguousarray(np.rot90(upright, rotation // 90))
            frame = av.VideoFrame.from_ndarray(stored, format="rgb24").reformat(format=track.pix_fmt)
            frame.pts, frame.time_base = int(time / unit), unit
            container.mux(track.encode(frame))
        container.mux(track.encode())
        if sound is not None:
            for tone in _tone(float(times[-1])):
                container.mux(sound.encode(tone))
            container.mux(sound.encode())
    return presentation_times_ms(path)


@contextmanager
def _scheduling_kept() -> Iterator[None]:
    """Root's process stays an ordinary one: SVT-AV1 makes its caller, and so all its children, real-time (FIFO, 99).

    Such processes leave no core to any other, and a machine that runs a few of them hangs.
    """
    if not hasattr(os, "sched_getscheduler"):  # not Linux
        yield
        return
    policy, parameters = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        yield
    finally:
        if os.sched_getscheduler(0) != policy:
            os.sched_setscheduler(0, policy, parameters)


def numbered_frame(
    number: int, size: tuple[int, int], *, fps: Fraction = Fraction(25), scene: Image.Image | None = None
) -> Pixels:
    """Frame ``number`` of a sample video: uint8 RGB (height, width, 3), its number along the upper edge."""
    canvas = _pattern(number, size) if scene is None else _pan(scene, number / fps, size)
    bits = [number >> place & 1 for place in reversed(range(_NUMBER_BITS))]
    cell = size[0] // _CELLS
    for place, bit in enumerate([1, 0, *bits, sum(bits) % 2, 1]):
        canvas[:cell, place * cell : (place + 1) * cell] = 255 * bit
    return canvas


def read_frame_number(rgb: Pixels) -> int:
    """The number that an upright frame carries, at any scale.

    Raises:
        ValueError: The frame carries none: another picture, another way up, or damaged.
    """
    cell = rgb.shape[1] / _CELLS
    rows = slice(int(cell * 0.3), int(cell * 0.7) + 1)
    bits = [
        int(rgb[rows, int((place + 0.3) * cell) : int((place + 0.7) * cell) + 1].mean() > 127)
        for place in range(_CELLS)
    ]
    number = bits[2:-2]
    if bits[:2] != [1, 0] or bits[-1] != 1 or sum(number) % 2 != bits[-2]:
        raise ValueError(f"No frame number in this frame: its upper edge reads {bits}.")
    return int("".join(map(str, number)), 2)


def presentation_times_ms(path: Path) -> list[float]:
    """When each frame of a file is shown, in ms from the first; read from its packets, nothing is decoded."""
    with av.open(path) as container:
        track = container.streams.video[0]
        ticks = sorted(packet.pts for packet in container.demux(track) if packet.size)
        # Within the block: a closed container's track answers with whatever the memory holds.
        return [float((tick - ticks[0]) * track.time_base * 1000) for tick in ticks]


def _times(count: int, fps: Fraction, *, variable_frame_rate: bool) -> Iterator[Fraction]:
    time = Fraction(0)
    for number in range(count):
        yield time
        step = _UNEVEN_STEPS[number % len(_UNEVEN_STEPS)] if variable_frame_rate else 1
        time += Fraction(int(_TICKS * step / fps), _TICKS) if variable_frame_rate else 1 / fps


def _x265(codec: str, gop: int, bframes: int) -> dict[str, str]:
    if codec != "libx265":
        return {}
    settings = f"log-level=none:keyint={gop}:min-keyint={gop}:bframes={bframes}:pools=1:frame-threads=1:info=0"
    return {"x265-params": settings}


def _pattern(number: int, size: tuple[int, int]) -> Pixels:
    """Sliding gradients and a red block that crosses the middle."""
    width, height = size
    across, down = np.arange(width)[None, :], np.arange(height)[:, None]
    red = np.broadcast_to((across * 255 // width + number * 3) % 256, (height, width))
    green = np.broadcast_to(down * 255 // height, (height, width))
    canvas = np.stack((red, green, (across + down + number * 5) // 2 % 256), axis=-1).astype(np.uint8)
    left = number * 7 % width
    canvas[height // 2 : height // 2 + height // 9, left : left + width // 12] = (250, 60, 20)
    return canvas


def _pan(scene: Image.Image, time: Fraction, size: tuple[int, int]) -> Pixels:
    """What a camera sees that pans over ``scene`` and back."""
    phase = float(time % _LONGEST_DETOUR) / _LONGEST_DETOUR
    share = 2 * min(phase, 1 - phase)
    scale = 0.7 * min(scene.width / size[0], scene.height / size[1])
    view_width, view_height = size[0] * scale, size[1] * scale
    left, top = (scene.width - view_width) * share, (scene.height - view_height) * share
    view = (left, top, left + view_width, top + view_height)
    return np.array(scene.resize(size, Image.Resampling.BILINEAR, box=view))


def _add_tone(container: av.container.OutputContainer, path: Path) -> av.AudioStream:
    stream = container.add_stream("libopus" if path.suffix == ".webm" else "aac", rate=48_000)
    stream.layout = "mono"
    return stream


def _tone(seconds: float) -> Iterator[av.AudioFrame]:
    """A tone of 440 Hz, in frames of 20 ms."""
    length = 960
    for first in range(0, int(seconds * 48_000), length):
        wave = 0.2 * np.sin(2 * np.pi * 440 * np.arange(first, first + length) / 48_000)
        frame = av.AudioFrame.from_ndarray(wave.astype(np.float32)[None, :], format="fltp", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = 48_000, first, Fraction(1, 48_000)
        yield frame


def audio_only(path: Path, seconds: float = 1) -> None:
    """Writes a container that holds a tone and no picture."""
    with av.open(path, "w", options={"fflags": "+bitexact"}) as container:
        sound = _add_tone(container, path)
        for tone in _tone(seconds):
            container.mux(sound.encode(tone))
        container.mux(sound.encode())


def no_frames(path: Path) -> None:
    """Writes an .mp4 whose video track says its codec and size, and holds no frame."""
    # Fragmented: the muxer drops an empty track from an ordinary index.
    options = {"fflags": "+bitexact", "movflags": "+frag_keyframe+empty_moov"}
    with av.open(path, "w", options=options) as container:
        track = container.add_stream("libx264", rate=25, options=_ENCODERS["libx264"])
        track.width, track.height, track.pix_fmt = 320, 240, "yuv420p"
        container.start_encoding()
