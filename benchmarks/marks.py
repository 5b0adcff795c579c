"""What reading the marks of a file costs, beside reading the file: median milliseconds by format and in all.

    python benchmarks/marks.py [FOLDER…] [--rounds 15]

Without a folder the files are made: pictures of every format up to 12 megapixels and clips, without a manifest and
with the metadata that cameras and editors write. Each file is read whole, and its marks are read, in one process; the
median over the rounds counts. Finding watermarks needs the decoded picture and is timed apart. Without a folder the
figures are written to benchmarks/results/marks.json.
"""

import argparse
import io
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks import corpus  # noqa: E402
from benchmarks.measured import record  # noqa: E402
from examples.media import heif, pictures  # noqa: E402
from examples.media.videos import video  # noqa: E402
from transforms.examine.sniff import SNIFF_BYTES, sniff  # noqa: E402
from transforms.marks.meaning.rule_files import read_rules  # noqa: E402
from transforms.marks.read import read_marks  # noqa: E402
from transforms.marks.settings import MarkReading, Trust  # noqa: E402
from transforms.marks.watermark import find_watermarks  # noqa: E402

_SIZES: Final = ((640, 480), (1920, 1080), (4000, 3000))
_XMP: Final = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:CreatorTool="Adobe Lightroom 7.1" '
    b'xmp:CreateDate="2026-01-18T12:00:00"/></rdf:RDF></x:xmpmeta>'
)
_COLUMNS: Final = ("files", "median size", "reading, ms", "marks, ms", "worst, ms", "marks")


@dataclass(frozen=True, slots=True)
class Cost:
    """One file's medians, in milliseconds; ``marks`` is what reading the marks adds."""

    media_type: str
    size_bytes: int
    read_ms: float
    marks_ms: float
    found: int


def made() -> Path:
    """A folder of files without a manifest, made once."""
    folder = corpus.OUT / "marks"
    if not folder.with_suffix(".done").exists():
        folder.mkdir(parents=True, exist_ok=True)
        for number, size in enumerate(_SIZES):
            for name, data in _pictures(number, size):
                (folder / f"{size[0]}-{name}").write_bytes(data)
        for suffix in ("mp4", "mov", "webm", "mkv", "avi"):
            codec = {"webm": "libvpx-vp9", "avi": "mjpeg"}.get(suffix, "libx264")
            video(folder / f"clip.{suffix}", codec=codec, seconds=4, fps=Fraction(25), size=(640, 360))
        folder.with_suffix(".done").touch()
    return folder


def _pictures(seed: int, size: tuple[int, int]) -> Iterator[tuple[str, bytes]]:
    picture = pictures.generated_picture(seed, size)
    exif = Image.Exif()
    exif[0x010F], exif[0x0110], exif[0x0131] = "Canon", "Canon EOS R5", "Adobe Lightroom 7.1"
    exif.get_ifd(0x8769)[0x9003] = "2026:01:18 12:00:00"
    metadata = {"exif": exif.tobytes(), "xmp": _XMP}
    for form, suffix, options in (
        ("JPEG", "jpg", metadata),
        ("JPEG", "bare.jpg", {}),
        ("PNG", "png", {"exif": metadata["exif"]}),
        ("WEBP", "webp", metadata),
        ("TIFF", "tiff", {}),
        ("GIF", "gif", {}),
        ("AVIF", "avif", metadata),
        ("BMP", "bmp", {}),
    ):
        if form == "AVIF" and size[0] > 2000:
            continue  # encoding takes longer than all else
        buffer = io.BytesIO()
        picture.save(buffer, form, **options)
        yield suffix, buffer.getvalue()
    if size[0] < 2000:
        yield "heic", heif.heic(picture)


def measure(path: Path, rounds: int) -> Cost | None:
    """One file's cost; None for a file that is neither picture nor video."""
    data = path.read_bytes()
    media_type = sniff(data[:SNIFF_BYTES])
    if media_type is None:
        return None
    rules, reading, trust = read_rules(), MarkReading(), Trust()
    with path.open("rb") as file:
        found = read_marks(file, media_type, reading, trust, rules)
        read = _median_ms(path.read_bytes, rounds)
        marks = _median_ms(lambda: read_marks(file, media_type, reading, trust, rules), rounds)
    return Cost(media_type, len(data), read, marks, len(found.marks))


def _median_ms(call: Callable[[], object], rounds: int) -> float:
    times = []
    for _ in range(rounds):
        started = time.perf_counter()
        call()
        times.append(time.perf_counter() - started)
    return statistics.median(times) * 1e3


def watermark_ms(rounds: int) -> dict[str, float]:
    """Milliseconds by side of a square picture."""
    squares = {side: np.asarray(pictures.generated_picture(1, (side, side))) for side in (512, 1024, 2048)}
    return {f"{side} × {side}": _median_ms(partial(find_watermarks, rgb), rounds) for side, rgb in squares.items()}


def main() -> None:
    """Every file, then medians by format."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", type=Path, metavar="FOLDER")
    parser.add_argument("--rounds", type=int, default=15)
    arguments = parser.parse_args()
    folders = arguments.folders or [made()]
    files = sorted(file for folder in folders for file in folder.rglob("*") if file.is_file())
    costs = [cost for file in files if (cost := measure(file, arguments.rounds))]
    by_type: dict[str, list[Cost]] = defaultdict(list)
    for cost in costs:
        by_type[cost.media_type].append(cost)
    print(f"{'format':<18}" + "".join(f"{name:>13}" for name in _COLUMNS))
    rows = {}
    for media_type, group in [*sorted(by_type.items()), ("all", costs)]:
        rows[media_type] = row = {
            "files": len(group),
            "median_bytes": statistics.median(cost.size_bytes for cost in group),
            "read_ms": statistics.median(cost.read_ms for cost in group),
            "marks_ms": statistics.median(cost.marks_ms for cost in group),
            "worst_marks_ms": max(cost.marks_ms for cost in group),
            "marks": sum(cost.found for cost in group),
        }
        cells = [f"{row['files']}", f"{row['median_bytes'] / 1e6:.2f} MB"]
        cells += [f"{row[name]:.2f}" for name in ("read_ms", "marks_ms", "worst_marks_ms")]
        print(f"{media_type:<18}" + "".join(f"{cell:>13}" for cell in [*cells, f"{row['marks']}"]))
    watermarks = watermark_ms(arguments.rounds)
    print("watermarks: " + ", ".join(f"{side}: {spent:.1f} ms" for side, spent in watermarks.items()))
    if not arguments.folders:
        record("marks", {"formats": rows, "watermark_ms": watermarks, "rounds": arguments.rounds})


if __name__ == "__main__":
    main()
