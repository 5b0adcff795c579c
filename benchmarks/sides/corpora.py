"""What contestants read: files made once, by formula, with every 33rd broken, and the list of their SHA-256."""

import functools
import hashlib
import os
import shutil
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from benchmarks.corpus import OUT, jpeg
from examples.media.pictures import PHOTOGRAPHS, photograph
from examples.media.videos import video

BROKEN_EVERY: Final = 33
"""One in so many is broken: 3 %."""
FRAMES_OF_VIDEO: Final = 16
"""The default profile samples so many; every video here has more."""
_SIZES: Final = (
    *((4032, 3024), (1920, 1080), (1280, 720), (3000, 2000)),
    *((800, 600), (1600, 1066), (1080, 1080), (640, 480)),
)
_CODECS: Final = (("libx264", "mp4"), ("libx265", "mp4"), ("libvpx-vp9", "webm"), ("libsvtav1", "mp4"))
_SHAPES: Final = ((640, 360), (854, 480), (1280, 720), (1920, 1080), (1280, 720), (1920, 1080), (3840, 2160))
_NAMES: Final = tuple(PHOTOGRAPHS)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of corpus.

    Attributes:
        count: Files, if nobody says otherwise.
        make: Writes the file of that number into a folder and returns its path.
        batch: Files that the engines hand to a worker at once.
        frames: That a healthy file gives.
    """

    count: int
    make: Callable[[Path, int], Path]
    batch: int
    frames: int


@dataclass(frozen=True, slots=True)
class Corpus:
    """Files in one folder.

    Attributes:
        folder: Holds them and nothing else.
        count: How many there are.
        size_bytes: Of all.
        sha256: Of the list of their SHA-256: two corpora with one digest are the same bytes.
        frames: That the healthy ones give.
    """

    folder: Path
    count: int
    size_bytes: int
    sha256: str
    frames: int


def corpus_of(kind: str, count: int, root: Path = OUT) -> Corpus:
    """The corpus of a kind with so many files: made if it is not there, else checked against its list.

    Raises:
        SystemExit: A file is not what the list says.
    """
    folder = root / f"sides-{kind}-{count}"
    listed = folder.with_suffix(".sha256")
    if not listed.exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        with ProcessPoolExecutor(len(os.sched_getaffinity(0))) as makers:
            list(makers.map(functools.partial(_make, kind, folder), range(count)))
        listed.write_text(_list(folder), "utf-8")
    told = listed.read_text("utf-8")
    if _list(folder) != told:
        raise SystemExit(f"{folder} is not what {listed} says. Remove both; they are made again.")
    healthy = sum(not is_broken(number) for number in range(count))
    sizes = sum(path.stat().st_size for path in folder.iterdir())
    return Corpus(folder, count, sizes, hashlib.sha256(told.encode()).hexdigest(), healthy * KINDS[kind].frames)


def is_broken(number: int) -> bool:
    """Whether the file of that number is a broken one."""
    return number % BROKEN_EVERY == 7


def _make(kind: str, folder: Path, number: int) -> None:
    path = KINDS[kind].make(folder, number)
    if is_broken(number):
        broken = number // BROKEN_EVERY % 3
        content = path.read_bytes()
        garbage = np.random.default_rng(number).bytes(len(content))
        path.write_bytes((content[: len(content) // 2], b"", garbage)[broken])


def _list(folder: Path) -> str:
    """As ``sha256sum`` writes it."""
    digests = ((path.name, hashlib.sha256(path.read_bytes()).hexdigest()) for path in sorted(folder.iterdir()))
    return "".join(f"{digest}  {name}\n" for name, digest in digests)


@functools.cache
def _photograph(number: int) -> Image.Image:
    return photograph(_NAMES[number % len(_NAMES)], 1024)


def _picture(folder: Path, number: int) -> Path:
    path = folder / f"{number:05}.jpg"
    path.write_bytes(jpeg(_photograph(number % len(_NAMES)), _SIZES[number % len(_SIZES)], number))
    return path


def _small_picture(folder: Path, number: int) -> Path:
    path = folder / f"{number:05}.jpg"
    path.write_bytes(jpeg(_photograph(number % len(_NAMES)), (480, 360), number))
    return path


def _video(folder: Path, number: int) -> Path:
    codec, ending = _CODECS[number % len(_CODECS)]
    size = _SHAPES[number % len(_SHAPES)]
    seconds = 2 if size[0] > 1920 else 2 + number % 3
    path = folder / f"{number:05}.{ending}"
    scene = _photograph(number % len(_NAMES))
    video(path, codec=codec, seconds=seconds, fps=Fraction(25), size=size, gop=50, scene=scene)
    return path


KINDS: Final = {
    "pictures": Kind(2000, _picture, batch=16, frames=1),
    "small": Kind(20_000, _small_picture, batch=64, frames=1),
    "videos": Kind(60, _video, batch=1, frames=FRAMES_OF_VIDEO),
}
