"""What the tests of the examiner share: files in every format, settings, places."""

import io
import struct
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from examples.media import heif, pictures
from transforms.detect.preprocess import InputSpec
from transforms.examine.settings import DetectorNeeds, ExamineSettings, FaceSearch, Limits, Sampling
from transforms.labels.settings import LabelReading
from transforms.marks.settings import MarkReading
from transforms.records import Place

SPEC = InputSpec(size=32, views=2, short_side=48)
MISBEHAVING = (sys.executable, "-P", str(Path(__file__).with_name("misbehaving.py")))
"""A child that does what a file's first line says."""


def settings_of(frames: int = 16, *, marks: bool = False, **limits: Any) -> ExamineSettings:
    needs, faces, reading = DetectorNeeds(SPEC), FaceSearch(enabled=False), MarkReading(enabled=marks)
    labels = LabelReading(enabled=False)
    return ExamineSettings(Sampling(frames), Limits(**limits), (needs,), faces, reading, labels=labels)


def place_of(path: Path) -> Place:
    try:
        status = path.stat()
    except OSError:
        return Place("here", str(path), str(path), 1, 1)
    return Place("here", str(path), str(path), status.st_size, status.st_mtime_ns)


def saved(image: Image.Image, picture_format: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, picture_format, **options)
    return stream.getvalue()


@cache
def _picture() -> Image.Image:
    return pictures.generated_picture(1, (64, 48))


def _moving(picture_format: str) -> bytes:
    return pictures.animation([pictures.generated_picture(seed, (64, 48)) for seed in range(5)], picture_format)


# One sample a format, and a format's decoder-relevant kinds; (media type, how it is made).
PICTURES: dict[str, tuple[str, Callable[[], bytes]]] = {
    "jpeg": ("image/jpeg", lambda: pictures.jpeg(_picture())),
    "progressive jpeg": ("image/jpeg", lambda: pictures.jpeg(_picture(), progressive=True)),
    "cmyk jpeg": ("image/jpeg", lambda: pictures.cmyk_jpeg(_picture())),
    "mpo": ("image/jpeg", lambda: saved(_picture(), "MPO", save_all=True, append_images=[_picture().rotate(180)])),
    "png": ("image/png", lambda: pictures.png(_picture())),
    "deep png": ("image/png", lambda: pictures.deep_png(_picture())),
    "palette png": ("image/png", lambda: pictures.palette_png(_picture(), transparent=True)),
    "gif": ("image/gif", lambda: pictures.gif(_picture())),
    "webp": ("image/webp", lambda: pictures.webp(_picture())),
    "lossless webp": ("image/webp", lambda: pictures.webp(_picture(), lossless=True)),
    "avif": ("image/avif", lambda: pictures.avif(_picture())),
    "heic": ("image/heic", lambda: heif.heic(_picture())),
    "jpeg 2000": ("image/jp2", lambda: pictures.jpeg2000(_picture())),
    "bmp": ("image/bmp", lambda: pictures.bmp(_picture())),
    "tiff": ("image/tiff", lambda: pictures.tiff(_picture())),
    "jpeg tiff": ("image/tiff", lambda: saved(_picture(), "TIFF", compression="jpeg")),
    "deflate tiff": ("image/tiff", lambda: saved(_picture(), "TIFF", compression="tiff_adobe_deflate")),
    "plain tiff": ("image/tiff", lambda: saved(_picture(), "TIFF")),
    "fax tiff": ("image/tiff", lambda: saved(_picture().convert("1"), "TIFF", compression="group4")),
    "big tiff": ("image/tiff", lambda: saved(_picture(), "TIFF", big_tiff=True)),
    "pages": ("image/tiff", lambda: pictures.tiff(_picture(), pictures.generated_picture(2, (30, 50)))),
    "moving gif": ("image/gif", lambda: _moving("GIF")),
    "moving webp": ("image/webp", lambda: _moving("WEBP")),
    "moving png": ("image/png", lambda: _moving("PNG")),
    "moving avif": ("image/avif", lambda: _moving("AVIF")),
}


@cache
def picture_bytes(name: str) -> bytes:
    return PICTURES[name][1]()


def corners(rgb: np.ndarray[Any, Any]) -> list[tuple[int, int, int]]:
    """The colours a little inside the corners, rounded to full or none: top left, top right, bottom left and right."""
    height, width = rgb.shape[:2]
    rows, columns = (height // 8, height - 1 - height // 8), (width // 8, width - 1 - width // 8)
    return [tuple(255 if value > 127 else 0 for value in rgb[row, column]) for row in rows for column in columns]


def box(kind: bytes, *content: bytes) -> bytes:
    """An ISO-BMFF box."""
    body = b"".join(content)
    return struct.pack(">I4s", len(body) + 8, kind) + body


def expected_frames(times_ms: list[float], budget: int) -> list[int]:
    """The contract of ``sample_video`` in one place: the first frame not before each moment, without repeats."""
    if budget == 1:
        return [0]
    moments = [times_ms[-1] * step / (budget - 1) for step in range(budget)]
    chosen = [next(n for n, time_ms in enumerate(times_ms) if time_ms >= moment - 0.0005) for moment in moments]
    return sorted(set(chosen))


def with_external_media(movie, path):
    """An index without its media, said to lie in another file by a QuickTime alias: what FFmpeg would follow."""
    movie = movie[: movie.index(b"mdat") - 4] + movie[movie.rindex(b"moov") - 4 :]
    at = movie.index(b"dref") - 4
    size = struct.unpack(">I", movie[at : at + 4])[0]
    absolute = str(path).encode() + bytes(len(str(path)) % 2)
    levels = struct.pack(">HH", 0, 0)
    alias = bytes(10 + 1 + 27 + 12 + 1 + 63 + 16) + levels + bytes(16) + struct.pack(">HH", 2, len(absolute)) + absolute
    entry = box(b"alis", bytes(4), alias + struct.pack(">HH", 0xFFFF, 0) + bytes(150))
    dref = box(b"dref", struct.pack(">II", 0, 1), entry)
    grown, patched = len(dref) - size, bytearray(movie[:at] + dref + movie[at + size :])
    for parent in (b"moov", b"trak", b"mdia", b"minf", b"dinf"):
        start = patched.index(parent) - 4
        struct.pack_into(">I", patched, start, struct.unpack_from(">I", patched, start)[0] + grown)
    return bytes(patched)
