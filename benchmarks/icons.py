"""How well the marks that are told by shape are found, by size and opacity, and how often a photograph has one.

    python benchmarks/icons.py PHOTOGRAPHS [--pictures 400] [--seed 1]

PHOTOGRAPHS is a folder of pictures without such marks, searched with its subfolders: one that
``benchmarks/photographs.py`` made, or any other. Marks are drawn by ``tests/transforms/labels/icon_drawing.py``, which
shares no line with the detector's templates, put over crops of the pictures, saved as JPEG (60 to 95) and some resized.
Negatives: every picture, two crops of each, and crops with a look-alike drawn into a corner: glyphs, plus signs,
diamonds, snowflakes, lens flares, lamps, discs and boxes with other letters, round channel logos.
"""

import argparse
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(ROOT / "tests" / "transforms" / "labels"))

import icon_drawing as drawing  # noqa: E402

from transforms.labels.icons import TextLine, find_icons  # noqa: E402

Pixels = NDArray[np.uint8]
_ENDINGS: Final = {".jpg", ".jpeg", ".png", ".webp"}
_SIZES: Final = (24, 32, 48, 64, 96, 128)
_SHORT: Final = 720
_LEAST_LEVELS: Final = 25
"""A star that lifts its background by less can hardly be seen, and is counted apart."""


def main() -> None:
    """Prints both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photographs", type=Path)
    parser.add_argument("--pictures", type=int, default=400, help="at most; spread evenly over the folder")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    paths = sorted(path for path in options.photographs.rglob("*") if path.suffix.lower() in _ENDINGS)
    paths = paths[:: max(1, len(paths) // options.pictures)][: options.pictures]
    if not paths:
        parser.error(f"no pictures under {options.photographs}; make some with benchmarks/photographs.py")
    rng = np.random.default_rng(options.seed)
    report_recall(paths, rng)
    report_false(paths, rng)


def read(path: Path) -> Pixels:
    """A picture as RGB."""
    return np.ascontiguousarray(cv2.imread(str(path), cv2.IMREAD_COLOR)[..., ::-1])


def crop(rgb: Pixels, rng: np.random.Generator) -> Pixels:
    """A part of the picture, its short side made ``_SHORT`` pixels or left."""
    height, width = rgb.shape[:2]
    part = rng.uniform(0.5, 1.0)
    rows, columns = int(height * part), int(width * part)
    y, x = rng.integers(0, height - rows + 1), rng.integers(0, width - columns + 1)
    result = rgb[y : y + rows, x : x + columns]
    if rng.random() < 0.6:
        scale = _SHORT / min(result.shape[:2])
        result = cv2.resize(result, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    return np.ascontiguousarray(result)


# ---- recall


def report_recall(paths: list[Path], rng: np.random.Generator) -> None:
    """Prints one row for each mark: how many of those drawn were found, by size, and which look was found how often."""
    by_size: dict[str, dict[int, list[bool]]] = defaultdict(lambda: defaultdict(list))
    by_look: dict[str, list[bool]] = defaultdict(list)
    faint: list[bool] = []
    for path in paths:
        for kind, look, size, found, levels in tried(read(path), rng):
            if levels < _LEAST_LEVELS:
                faint.append(found)
                continue
            by_size[kind][size].append(found)
            by_look[look].append(found)
    print("found of those drawn, by size in pixels on a short side of 720")
    print(f"{'':34}" + "".join(f"{size:>12}" for size in _SIZES))
    for kind in sorted(by_size):
        print(f"{kind:34}" + "".join(f"{share(by_size[kind][size]):>12}" for size in _SIZES))
    for look in sorted(by_look):
        print(f"{look:60}{share(by_look[look])}")
    print(f"{'faint stars (under 25 levels), not counted above':60}{share(faint)}")


def share(outcomes: list[bool]) -> str:
    """Share and count."""
    return f"{np.mean(outcomes):.2f} ({len(outcomes)})" if outcomes else "-"


def tried(rgb: Pixels, rng: np.random.Generator) -> Iterator[tuple[str, str, int, bool, float]]:
    """Draws each mark once on crops of a picture: kind, look, size, whether it was found, levels it changes."""
    for draw in (star, disc, pin, capsule):
        base = crop(rgb, rng)
        scale = _SHORT / min(base.shape[:2])
        base = cv2.resize(base, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
        size = int(rng.choice(_SIZES))
        kind, look, mark, margin, words = draw(size, rng)
        height, width = base.shape[:2]
        if max(mark.shape[:2]) + margin > min(height, width):
            continue
        right, low = (True, True) if draw is star else (rng.random() < 0.5, rng.random() < 0.5)
        x = width - margin - mark.shape[1] if right else margin
        y = height - margin - mark.shape[0] if low else margin
        marked = drawing.put(base, mark, x, y)
        shown = mark[..., 3] > 0.05
        under = base[y : y + mark.shape[0], x : x + mark.shape[1]][shown].astype(float)
        over = marked[y : y + mark.shape[0], x : x + mark.shape[1]][shown].astype(float)
        levels = float(np.median(np.abs(over - under))) if draw is star else 255.0
        factor = float(rng.choice([1.0, 0.8, 1.25]))
        if factor != 1:
            marked = cv2.resize(marked, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
        marked = drawing.saved(marked, int(rng.integers(60, 96)))
        lines = [
            TextLine(text, *(round(v * factor) for v in (x + left, y + top, across, down)))
            for text, left, top, across, down in words
        ]
        middle = ((x + mark.shape[1] / 2) * factor, (y + mark.shape[0] / 2) * factor)
        found = any(
            icon.kind == kind and at(icon.box, middle, 0.25 * size * factor) for icon in find_icons(marked, lines)
        )
        yield kind, look, size, found, levels


def at(box: tuple[int, int, int, int], middle: tuple[float, float], tolerance: float) -> bool:
    """Whether a box has this middle."""
    x, y, width, height = box
    return abs(x + width / 2 - middle[0]) <= tolerance and abs(y + height / 2 - middle[1]) <= tolerance


Drawn = tuple[str, str, Any, int, list[tuple[str, int, int, int, int]]]


def star(size: int, rng: np.random.Generator) -> Drawn:
    """Gemini's mark; size, alpha and hollowness vary."""
    alpha = float(rng.choice([0.31, 0.4, 0.5, 0.7]))
    mark = drawing.pale_star(size, alpha, float(rng.choice([0.32, 0.36, 0.40])))
    margin = round(size * float(rng.choice([0.67, 0.89, 1.5, 2.0])))
    return "trace.gemini_sparkle", f"star of alpha {alpha}", mark, margin, []


def disc(size: int, rng: np.random.Generator) -> Drawn:
    """The EU's basic icon."""
    dark, alpha = bool(rng.random() < 0.5), float(rng.choice([0.5, 1.0]))
    look = f"EU disc, {'black' if dark else 'white'}, opacity {alpha}, not read"
    return "icon.eu_ai", look, drawing.disc_ai(size, dark, alpha), round(rng.uniform(10, 36)), []


def pin(size: int, rng: np.random.Generator) -> Drawn:
    """The Content Credentials pin."""
    filled, white, alpha = bool(rng.random() < 0.5), bool(rng.random() < 0.5), float(rng.choice([0.6, 1.0]))
    mark = drawing.pin(size, filled, drawing.WHITE if white else drawing.BLACK, alpha)
    look = f"pin, {'filled' if filled else 'outline'}, {'white' if white else 'black'}, opacity {alpha}, not read"
    return "icon.content_credentials", look, mark, round(rng.uniform(10, 36)), []


def capsule(size: int, rng: np.random.Generator) -> Drawn:
    """The EU's icon with two words, and what OCR reads on it."""
    dark, alpha = bool(rng.random() < 0.5), float(rng.choice([0.5, 1.0]))
    text = str(rng.choice(["AI GENERATED", "AI MODIFIED"]))
    mark, box = drawing.capsule(text, size, dark, alpha)
    look = f"EU capsule, {'black' if dark else 'white'}, opacity {alpha}, read by OCR"
    kind = "icon.eu_" + text.lower().replace(" ", "_")
    return kind, look, mark, round(rng.uniform(10, 36)), [(text, *box)]


# ---- false alarms


def report_false(paths: list[Path], rng: np.random.Generator) -> None:
    """Prints how many unmarked pictures, crops and look-alikes had a mark found in them, and the CPU time."""
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    spent, frames = 0.0, 0
    for path in paths:
        rgb = read(path)
        views = [("photographs", rgb, []), *(("crops", crop(rgb, rng), []) for _ in range(2))]
        for name in LOOK_ALIKES:
            base = crop(rgb, rng)
            marked, lines = LOOK_ALIKES[name](base, rng)
            views.append((name, drawing.saved(marked, int(rng.integers(60, 96))), lines))
        wide = cv2.resize(rgb, (1280, _SHORT), interpolation=cv2.INTER_CUBIC)
        start = time.process_time()
        find_icons(np.asarray(wide, np.uint8))
        spent, frames = spent + time.process_time() - start, frames + 1
        for name, view, lines in views:
            counts[name][1] += 1
            for icon in find_icons(view, lines):
                counts[name][0] += 1
                print(f"  false: {icon.kind} {icon.confidence} {icon.box} in {name} of {path.name}")
    print("\nmarks found where none is")
    for name, (false, total) in counts.items():
        print(f"{name:60}{false} of {total}")
    print(f"CPU per frame of 1280 x 720: {1000 * spent / frames:.1f} ms")


Lookalike = Callable[[Pixels, np.random.Generator], tuple[Pixels, list[TextLine]]]


def spot(rgb: Pixels, size: int, rng: np.random.Generator) -> tuple[int, int]:
    """Where to put a look-alike: as far from the lower right corner as a star stands, or near another."""
    height, width = rgb.shape[:2]
    margin = int(rng.uniform(0.3, 1.6) * size)
    if rng.random() < 0.6:
        return max(0, width - margin - size), max(0, height - margin - size)
    return int(rng.choice([margin // 2, max(0, width - margin - size)])), margin // 2


def span(rgb: Pixels, rng: np.random.Generator) -> int:
    """A size that the finders look for."""
    return int(rng.uniform(0.04, 0.13) * min(rgb.shape[:2]))


def glyphs(rgb: Pixels, rng: np.random.Generator) -> tuple[Pixels, list[TextLine]]:
    """One letter or sign, as OCR reads it."""
    size = span(rgb, rng)
    x, y = spot(rgb, size, rng)
    text = str(rng.choice(list("*+xX#4AIOQt")))
    mark = drawing.shrunk(drawing.letters(text, size, size, size, (size / 2, size / 2), 4), size, size)
    painted = drawing.painted(mark, drawing.WHITE, float(rng.uniform(0.3, 1)))
    return drawing.put(rgb, painted, x, y), [TextLine(text, x, y, size, size)]


def outlines(rgb: Pixels, rng: np.random.Generator) -> tuple[Pixels, list[TextLine]]:
    """Diamonds, plus signs, five-pointed stars and snowflakes, white and half transparent as the star is."""
    size = span(rgb, rng)
    x, y = spot(rgb, size, rng)
    name = str(rng.choice(["diamond", "plus", "five", "six", "turned"]))
    if name == "plus":
        coverage = drawing.strokes(size, [(((0.5, 0), (0.5, 1)), 0.2), (((0, 0.5), (1, 0.5)), 0.2)])
    elif name == "six":
        ends = [(0.5 + 0.5 * np.sin(turn), 0.5 + 0.5 * np.cos(turn)) for turn in np.arange(6) * np.pi / 3]
        coverage = drawing.strokes(size, [(((0.5, 0.5), end), 0.09) for end in ends])
    else:
        count, depth = {"diamond": (4, 0.72), "five": (5, 0.4), "turned": (4, 0.5)}[name]
        turns = np.arange(2 * count) * np.pi / count + (np.pi / 4 if name == "turned" else 0)
        radii = np.where(np.arange(2 * count) % 2, depth, 1.0)
        coverage = drawing.polygon(np.c_[np.sin(turns), -np.cos(turns)] * radii[:, None], size)
    return drawing.put(rgb, drawing.painted(coverage, drawing.WHITE, float(rng.uniform(0.3, 1))), x, y), []


def lights(rgb: Pixels, rng: np.random.Generator) -> tuple[Pixels, list[TextLine]]:
    """Lamps with rays and lens flares: bright in the middle, fading outwards, often coloured."""
    size = span(rgb, rng)
    x, y = spot(rgb, size, rng)
    axis = np.linspace(-1, 1, size)
    across, down = np.abs(np.meshgrid(axis, axis))
    glow = np.exp(-((across**2 + down**2) * rng.uniform(6, 20)))
    rays = np.exp(-across * rng.uniform(15, 30)) * (1 - down) + np.exp(-down * rng.uniform(15, 30)) * (1 - across)
    colour = tuple(int(value) for value in rng.integers(180, 256, 3))
    return drawing.put(rgb, drawing.painted(np.clip(glow + rays, 0, 1), colour, float(rng.uniform(0.5, 1))), x, y), []


def logos(rgb: Pixels, rng: np.random.Generator) -> tuple[Pixels, list[TextLine]]:
    """Channel logos: discs, rings and boxes with other letters, white or black or coloured."""
    size = span(rgb, rng)
    x, y = spot(rgb, size, rng)
    text = str(rng.choice(["TV", "HD", "24", "R", "N1", "©", "4K", "RT", "P", "5", "BC", "KZ", "Hi", "A", "OK"]))
    word = drawing.shrunk(drawing.letters(text, round(size * 0.5), size, size, (size / 2, size / 2), 4), size, size)
    axis = np.linspace(-1, 1, size)
    radius = np.hypot(*np.meshgrid(axis, axis))
    ground = {"disc": radius < 1, "ring": (radius < 1) & (radius > 0.84), "box": radius < 2}[
        str(rng.choice(["disc", "ring", "box"]))
    ].astype(float)
    colour = tuple(int(value) for value in rng.integers(0, 256, 3))
    alpha = float(rng.uniform(0.5, 1))
    result = drawing.put(rgb, drawing.painted(ground, colour, alpha), x, y)
    return drawing.put(result, drawing.painted(word, drawing.WHITE, alpha), x, y), [
        TextLine(text, x + size // 4, y + size // 4, size // 2, size // 2)
    ]


def bare_words(rgb: Pixels, rng: np.random.Generator) -> tuple[Pixels, list[TextLine]]:
    """AI or CR as a word of its own in a corner, on no plate."""
    size = span(rgb, rng)
    x, y = spot(rgb, size, rng)
    text = str(rng.choice(["AI", "CR", "cr"]))
    word = drawing.shrunk(drawing.letters(text, round(size * 0.6), size, size, (size / 2, size / 2), 4), size, size)
    rows, columns = np.nonzero(word > 0.25)
    line = TextLine(text, x + int(columns.min()), y + int(rows.min()), int(np.ptp(columns)) + 1, int(np.ptp(rows)) + 1)
    return drawing.put(rgb, drawing.painted(word, drawing.WHITE, float(rng.uniform(0.5, 1))), x, y), [line]


LOOK_ALIKES: Final[dict[str, Lookalike]] = {
    "glyphs such as * + x 4": glyphs,
    "diamonds, plus signs, other stars, snowflakes": outlines,
    "lamps and flares": lights,
    "logos with other letters": logos,
    "AI or CR without a plate": bare_words,
}


if __name__ == "__main__":
    main()
