"""What counts as a near-duplicate, measured on labelled pictures; and what marking takes on millions of drawn hashes.

    python benchmarks/near_duplicates.py quality --media FOLDER [--glob '**/real/**/*.jpg']
    python benchmarks/near_duplicates.py speed [--count 100000 1000000]

**Quality**: of all pairs of pictures, which are taken to be different ones, how many are near, as the limits are and as
they would be; of one picture in four, changed in eleven ways, how many are still found.

**Speed**: one third of the hashes are near to another third, the rest to none. First the search alone, then with all of
it: from the items of a store to a committed table. Hashes come from noise that is soft as photographs are: of evenly
drawn ones too few would be sorted beside each other. Each run is a process of its own; its peak memory is the kernel's
and counts the interpreter and the libraries, and in the second run the building of the store.
"""

import argparse
import io
import json
import resource
import shutil
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import cv2  # noqa: E402
import numpy as np  # noqa: E402
import pyarrow as pa  # noqa: E402
from PIL import Image, ImageDraw  # noqa: E402

from pipelines.near_duplicates import mark_near_duplicates  # noqa: E402
from pipelines.store import Store  # noqa: E402
from transforms.examine.frames import perceptual_hash  # noqa: E402
from transforms.near_duplicates import HASH_BYTES, Hashes, is_telling, near_pairs, stand_ins  # noqa: E402
from transforms.schemas import TABLES  # noqa: E402

OUT: Final = ROOT / "benchmarks" / "out"
_LIMITS: Final = ((2, 8), (4, 16), (6, 16), (8, 24), (12, 32), (16, 48), (16, 255))
"""Bits and colours: those that stand are the second."""
_CHANGED: Final = 4
_SEGMENT: Final = 20_000
_BATCH: Final = 1 << 14


def _encoded(image: Image.Image, form: str, quality: int) -> Image.Image:
    stream = io.BytesIO()
    image.save(stream, form, quality=quality)
    return Image.open(stream).convert("RGB")


def _resized(image: Image.Image, share: float) -> Image.Image:
    return image.resize((max(1, round(image.width * share)), max(1, round(image.height * share))))


def _cropped(image: Image.Image, share: float) -> Image.Image:
    left, top = round(image.width * share), round(image.height * share)
    return image.crop((left, top, image.width - left, image.height - top))


def _thumbnail(image: Image.Image) -> Image.Image:
    image = image.copy()
    image.thumbnail((128, 128))
    return _encoded(image, "JPEG", 75)


def _labelled(image: Image.Image) -> Image.Image:
    image = image.copy()
    place = (image.width // 20, image.height * 9 // 10)
    ImageDraw.Draw(image).text(place, "AI generated", fill="white", font_size=max(10, image.height // 16))
    return image


CHANGES: Final[dict[str, Callable[[Image.Image], Image.Image]]] = {
    "JPEG 50": lambda image: _encoded(image, "JPEG", 50),
    "JPEG 20": lambda image: _encoded(image, "JPEG", 20),
    "WebP 80": lambda image: _encoded(image, "WEBP", 80),
    "half the size, JPEG 85": lambda image: _encoded(_resized(image, 0.5), "JPEG", 85),
    "thumbnail of 128 pixels, JPEG 75": _thumbnail,
    "a label written into it": _labelled,
    "4 % brighter": lambda image: image.point(lambda value: min(255, round(value * 1.04))),
    "20 % brighter": lambda image: image.point(lambda value: min(255, round(value * 1.2))),
    "1 % cut off each side": lambda image: _cropped(image, 0.01),
    "2 % cut off each side": lambda image: _cropped(image, 0.02),
    "5 % cut off each side": lambda image: _cropped(image, 0.05),
}


def quality(media: Path, pattern: str) -> dict[str, object]:
    """Pairs of different pictures within limits, and changed pictures that are found."""
    files = sorted(media.glob(pattern))
    hashes, found = bytearray(), dict.fromkeys(CHANGES, 0)
    tried = 0
    for number, file in enumerate(files):
        image = Image.open(file).convert("RGB")
        own = _hash(image)
        hashes += own
        if number % _CHANGED == 0:
            tried += 1
            for name, change in CHANGES.items():
                found[name] += any(True for _ in near_pairs(Hashes.read(own), Hashes.read(_hash(change(image)))))
    read = Hashes.read(bytes(hashes))
    return {
        "pictures": len(files),
        "say too little": int((~is_telling(read)).sum()),
        "pairs": len(files) * (len(files) - 1) // 2,
        "pairs within bits and colours": {f"{bits}, {colour}": _pairs(read, bits, colour) for bits, colour in _LIMITS},
        "changed": tried,
        "found": {name: round(number / tried, 3) for name, number in found.items()},
    }


def _hash(image: Image.Image) -> bytes:
    return bytes.fromhex(perceptual_hash(np.asarray(image)))


def _pairs(hashes: Hashes, bits: int, colour: int) -> int:
    found = 0
    for one in range(len(hashes) - 1):
        near = np.bitwise_count(hashes.across[one + 1 :] ^ hashes.across[one]) <= bits
        near &= np.bitwise_count(hashes.down[one + 1 :] ^ hashes.down[one]) <= bits
        far = np.abs(hashes.colours[one + 1 :].astype(np.int16) - hashes.colours[one]).max(axis=1)
        found += int((near & (far <= colour)).sum())
    return found


def _drawn(count: int) -> bytes:
    """Hashes of soft noise, a third of which were changed in one bit to make another third."""
    draw, own = np.random.default_rng(1), count - count // 3
    rows = np.empty((count, HASH_BYTES), np.uint8)
    for start in range(0, own, _BATCH):
        stop = min(own, start + _BATCH)
        rows[start:stop] = _of_noise(draw, stop - start)
    rows[own:] = rows[draw.integers(0, own, count - own)]
    rows[own:, 3] ^= np.uint8(1) << draw.integers(0, 8, count - own, dtype=np.uint8)
    return rows[draw.permutation(count)].tobytes()


def _of_noise(draw: np.random.Generator, count: int) -> np.ndarray:
    """Hashes of so many pictures of 9 × 9 pixels, in which every scale has as much contrast as its size."""
    fields = np.full((count, 9, 9, 3), 128.0, np.float32)
    for size in (2, 3, 5, 9):
        noise = draw.normal(0, 120 / size, (count, size, size, 3)).astype(np.float32)
        soft = cv2.resize(np.eye(size, dtype=np.float32), (size, 9), interpolation=cv2.INTER_LINEAR)
        fields += np.einsum("iy,nyxc,jx->nijc", soft, noise, soft, optimize=True)
    grey = fields.mean(axis=3)
    across, down = grey[:, :8, 1:] > grey[:, :8, :-1], grey[:, 1:, :8] > grey[:, :-1, :8]
    colours = fields.reshape(count, 3, 3, 3, 3, 3).mean(axis=(2, 4)).clip(0, 255).astype(np.uint8)
    bits = [np.packbits(words.reshape(count, 64), axis=1) for words in (across, down)]
    return np.concatenate([*bits, colours.reshape(count, 27)], axis=1)


def search(drawn: Path) -> dict[str, float]:
    """The search alone."""
    started = time.monotonic()
    hashes = Hashes.read(drawn.read_bytes())
    found = stand_ins(hashes)
    return {"near": int((found != np.arange(len(found))).sum()), "seconds": time.monotonic() - started}


def mark(drawn: Path) -> dict[str, float]:
    """A store from its items to its marks, and once more with nothing new."""
    root = OUT / "near-store"
    store = _built(root, drawn)
    started = time.monotonic()
    changed = mark_near_duplicates(store, "drawn")
    marked = time.monotonic()
    again = mark_near_duplicates(store, "drawn")
    ended = time.monotonic()
    shutil.rmtree(root)
    return {"near": changed, "seconds": marked - started, "again": again, "seconds again": ended - marked}


def _built(root: Path, drawn: Path) -> Store:
    shutil.rmtree(root, ignore_errors=True)
    store = Store.create(root)
    shared = {"media_type": "image/jpeg", "outcome": "examined", "frames_examined": 1, "width": 640, "height": 480}
    count = drawn.stat().st_size // HASH_BYTES
    for number, start in enumerate(range(0, count, _SEGMENT)):
        with drawn.open("rb") as file:
            file.seek(start * HASH_BYTES)
            hashes = file.read(_SEGMENT * HASH_BYTES)
        texts = [hashes[at : at + HASH_BYTES].hex() for at in range(0, len(hashes), HASH_BYTES)]
        segment = f"{number:064x}"
        columns = {
            "segment_id": [segment] * len(texts),
            "uri": [f"/drawn/{start + one:09}.jpg" for one in range(len(texts))],
            "content_sha256": [uuid.UUID(int=start + one).hex * 2 for one in range(len(texts))],
            "perceptual_hash": texts,
            **{name: [value] * len(texts) for name, value in shared.items()},
        }
        rows = {"items": columns, "segments": {"segment_id": [segment], "sequence": [number]}}
        for table, own in rows.items():
            length = len(own["segment_id"])
            arrays = [pa.array(own.get(field.name) or [None] * length, field.type) for field in TABLES[table]]
            part = store.save_part(table, segment[-16:], pa.table(arrays, schema=TABLES[table]))
            store.commit_parts(table, segment, [part])
    return store


_RUNS: Final = {"search": search, "mark": mark}


def speed(count: int) -> dict[str, dict[str, float]]:
    """Both runs over that many, in processes of their own."""
    OUT.mkdir(exist_ok=True)
    drawn = OUT / f"near-{count}"
    if not drawn.exists():
        drawn.write_bytes(_drawn(count))
    answers = {}
    for what in _RUNS:
        command = [sys.executable, __file__, "run", what, str(drawn)]
        ended = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)
        answers[what] = json.loads(ended.stdout)
    return answers


def main() -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    chosen = parser.add_subparsers(dest="chosen", required=True)
    measured = chosen.add_parser("quality")
    measured.add_argument("--media", type=Path, required=True)
    measured.add_argument("--glob", default="**/real/**/*.jpg")
    timed = chosen.add_parser("speed")
    timed.add_argument("--count", type=int, nargs="+", default=[100_000, 1_000_000])
    run = chosen.add_parser("run")
    run.add_argument("what", choices=_RUNS)
    run.add_argument("drawn", type=Path)
    given = parser.parse_args()
    if given.chosen == "quality":
        print(json.dumps(quality(given.media, given.glob), indent=2))
    elif given.chosen == "speed":
        print(json.dumps({str(count): speed(count) for count in given.count}, indent=2))
    else:
        figures = _RUNS[given.what](given.drawn)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps({name: round(value, 1) for name, value in (figures | {"peak MB": peak}).items()}))


if __name__ == "__main__":
    main()
