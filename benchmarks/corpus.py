"""The corpora of the benchmarks: made once, by formula, from photographs that scikit-image ships."""

import io
from fractions import Fraction
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from examples.media.pictures import PHOTOGRAPHS, photograph
from examples.media.videos import video

OUT: Final = Path(__file__).parent / "out"
_NAMES: Final = tuple(PHOTOGRAPHS)
_SIZES: Final = ((1280, 720), (1024, 1024), (1600, 1066), (800, 600), (1920, 1080))


def pictures(count: int, *, small: bool = False) -> Path:
    """A folder of ``count`` JPEGs, no two alike; of mixed sizes up to 1920 × 1080, or all 480 × 360."""
    folder = OUT / f"pictures-{'small' if small else 'mixed'}-{count}"
    if not folder.with_suffix(".done").exists():
        folder.mkdir(parents=True, exist_ok=True)
        bases = [photograph(name, 1024) for name in _NAMES]
        for number in range(count):
            size = (480, 360) if small else _SIZES[number % len(_SIZES)]
            (folder / f"{number:05}.jpg").write_bytes(jpeg(bases[number % len(bases)], size, number))
        folder.with_suffix(".done").touch()
    return folder


def squares(count: int, side: int) -> Path:
    """A folder of ``count`` square JPEGs, no two alike, 1,000 a folder below."""
    folder = OUT / f"squares-{side}-{count}"
    if not folder.with_suffix(".done").exists():
        bases = [photograph(name, 256) for name in _NAMES]
        for number in range(count):
            path = folder / f"{number // 1000:03}" / f"{number:06}.jpg"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(jpeg(bases[number % len(bases)], (side, side), number))
        folder.with_suffix(".done").touch()
    return folder


def videos(count: int) -> Path:
    """A folder of ``count`` H.264 clips of 2 to 8 s, 640 × 360."""
    folder = OUT / f"videos-{count}"
    if not folder.with_suffix(".done").exists():
        folder.mkdir(parents=True, exist_ok=True)
        for number in range(count):
            scene = photograph(_NAMES[number % len(_NAMES)])
            seconds = 2 + number % 4 * 2
            path = folder / f"{number:03}.mp4"
            video(path, seconds=seconds, fps=Fraction(25), size=(640, 360), gop=50, scene=scene)
        folder.with_suffix(".done").touch()
    return folder


def long_videos(count: int, minutes: int) -> Path:
    """A folder of ``count`` H.264 videos, 1280 × 720, 25 frames a second: 20 s each, repeated without encoding anew."""
    folder = OUT / f"videos-{minutes}m-{count}"
    if not folder.with_suffix(".done").exists():
        folder.mkdir(parents=True, exist_ok=True)
        for number in range(count):
            clip, scene = folder / "clip.mp4", photograph(_NAMES[number % len(_NAMES)])
            video(clip, seconds=20, fps=Fraction(25), size=(1280, 720), gop=50, scene=scene)
            _repeat(clip, folder / f"{number:03}.mp4", 3 * minutes)
            clip.unlink()
        folder.with_suffix(".done").touch()
    return folder


def _repeat(clip: Path, output: Path, times: int) -> None:
    """The packets of a clip of 20 s, over and over."""
    import av

    with av.open(str(output), "w") as target:
        stream = None
        for turn in range(times):
            with av.open(str(clip)) as source:
                template = source.streams.video[0]
                stream = stream or target.add_stream_from_template(template)
                later = round(20 * turn / template.time_base)
                for packet in source.demux(template):
                    if packet.dts is None:
                        continue
                    packet.pts, packet.dts = packet.pts + later, packet.dts + later
                    packet.stream = stream
                    target.mux(packet)


def jpeg(base: Image.Image, size: tuple[int, int], seed: int) -> bytes:
    """The photograph, cropped by chance, with a little grain: real entropy, new bytes for each seed."""
    chance = np.random.default_rng(seed)
    crop = chance.uniform(0, 0.2, 2) * base.size
    picture = base.convert("RGB").crop((*map(int, crop), *base.size)).resize(size, Image.Resampling.BICUBIC)
    values = np.asarray(picture, np.int16) + chance.integers(-3, 4, (*size[::-1], 1), np.int16)
    buffer = io.BytesIO()
    Image.fromarray(values.clip(0, 255).astype(np.uint8)).save(buffer, "JPEG", quality=88)
    return buffer.getvalue()
