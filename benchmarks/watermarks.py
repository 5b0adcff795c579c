"""How many invisible watermarks are found after what wears them out, and how near unmarked pictures come.

    python benchmarks/watermarks.py PHOTOGRAPHS [--pictures 60]

PHOTOGRAPHS is a folder that ``benchmarks/photographs.py`` made, or any other of pictures. A picture is cropped and
scaled to the size at which the generator writes; every message is embedded by the method of its reference code.
"""

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks import corpus  # noqa: E402
from examples.media.watermarks import embed  # noqa: E402
from transforms.marks.watermark import MESSAGES, correlate, embedded_bits, find_watermarks  # noqa: E402

Pixels = NDArray[np.uint8]
_SIDES: Final = {"watermark.sd1": 512, "watermark.sd2": 768, "watermark.sdxl": 1024, "watermark.flux": 1024}


def _saved(ending: str, flag: int, quality: int) -> Callable[[Pixels], Pixels]:
    def save(rgb: Pixels) -> Pixels:
        _, data = cv2.imencode(ending, rgb[..., ::-1], [flag, quality])
        return np.ascontiguousarray(cv2.imdecode(data, cv2.IMREAD_COLOR)[..., ::-1])

    return save


ATTACKS: Final[dict[str, Callable[[Pixels], Pixels]]] = {
    "as written (PNG)": lambda rgb: rgb,
    **{f"JPEG {quality}": _saved(".jpg", cv2.IMWRITE_JPEG_QUALITY, quality) for quality in (98, 95, 90, 75)},
    "WebP 80": _saved(".webp", cv2.IMWRITE_WEBP_QUALITY, 80),
    "half the size": lambda rgb: cv2.resize(rgb, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA),
    "10 % cut off below": lambda rgb: rgb[: rgb.shape[0] * 9 // 10],
    "10 % cut off at the right": lambda rgb: np.ascontiguousarray(rgb[:, : rgb.shape[1] * 9 // 10]),
    "8 pixels cut off at the top left": lambda rgb: np.ascontiguousarray(rgb[8:, 8:]),
}


def photographs(folder: Path, count: int) -> Iterator[Pixels]:
    """Evenly spread pictures of the folder, uint8 (height, width, 3)."""
    files = sorted(file for file in folder.rglob("*") if file.suffix.lower() in {".jpg", ".jpeg", ".png", ".webp"})
    for file in files[:: max(1, len(files) // count)][:count]:
        bgr = cv2.imread(str(file), cv2.IMREAD_COLOR)
        if bgr is not None:
            yield np.ascontiguousarray(bgr[..., ::-1])


def squared(rgb: Pixels, side: int) -> Pixels:
    """The middle of a picture, scaled to a square."""
    short = min(rgb.shape[:2])
    top, left = (rgb.shape[0] - short) // 2, (rgb.shape[1] - short) // 2
    middle = rgb[top : top + short, left : left + short]
    return cv2.resize(middle, (side, side), interpolation=cv2.INTER_AREA if short > side else cv2.INTER_CUBIC)


def main() -> None:
    """Recall by message and attack; the largest correlation of pictures without one."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photographs", type=Path)
    parser.add_argument("--pictures", type=int, default=60)
    arguments = parser.parse_args()
    found: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    largest, unmarked, false, count = 0.0, 0, 0, 0
    for rgb in photographs(arguments.photographs, arguments.pictures):
        count += 1
        for message in MESSAGES:
            plain = squared(rgb, _SIDES[message.kind])
            for name, attack in ATTACKS.items():
                marks = find_watermarks(attack(embed(plain, message.bits)))
                found[name][message.kind] += any(mark.kind == message.kind for mark in marks)
                bare = attack(plain)
                largest = max(largest, *(correlate(embedded_bits(bare), one.bits) for one in MESSAGES))
                unmarked, false = unmarked + 1, false + bool(find_watermarks(bare))
    print(f"{'of ' + str(count) + ' pictures found':<38}" + "".join(f"{one.kind:>16}" for one in MESSAGES))
    for name in ATTACKS:
        print(f"{name:<38}" + "".join(f"{found[name][one.kind] / count:>16.0%}" for one in MESSAGES))
    print(f"without a message: {false} of {unmarked} found; largest correlation {largest:.2f}")
    result = {"pictures": count, "found": found, "unmarked": unmarked, "false": false, "largest_correlation": largest}
    (corpus.OUT / "watermarks.json").write_text(json.dumps(result, indent=1), "utf-8")


if __name__ == "__main__":
    main()
