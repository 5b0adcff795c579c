"""Draws shards of lines for training the reader: ``python benchmarks/labels_training/draw_lines.py --help``."""

import argparse
import json
import random
import sys
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))

from benchmarks.labels_media.fonts import faces_for, training_fonts
from benchmarks.labels_training.lines import HEIGHT, draw_line, load_photos
from benchmarks.labels_training.shippable import shippable
from benchmarks.labels_training.texts import sample_text

_BATCH, _BATCHES = 32, 64
_WIDEST = 800


def main() -> None:
    """Writes shards of 64 batches of 32 lines, each batch of lines of like width."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", type=Path, required=True, help="JSON: language → sentences")
    parser.add_argument("--photos", type=Path, required=True, action="append", help="manifest.csv; repeatable")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--shards", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--fonts", type=Path, help="a folder of further font files")
    parser.add_argument("--languages", nargs="+", default=["kk", "kk-Latn", "ru", "en", "zh"])
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    strings = json.loads(arguments.texts.read_text("utf-8"))
    files = shippable(arguments.photos)
    fonts = training_fonts(arguments.fonts)
    cyrillic, latin, chinese = ([font for font in fonts if font.covers(text)] for text in ("ЖИa", "JIa", "生成"))
    for number in range(arguments.shards):
        rng = random.Random(f"{arguments.seed}:{number}")  # noqa: S311
        photos = load_photos(rng.sample(files, min(80, len(files))))
        lines: list[tuple[Any, str]] = []
        while len(lines) < _BATCH * _BATCHES:
            language, text = sample_text(strings, rng)
            if language not in arguments.languages:
                continue
            faces = faces_for(text, {"zh": chinese, "en": latin, "kk-Latn": latin}.get(language, cyrillic), rng)
            if not faces or not text:
                continue
            drawn = draw_line(text, rng.choice(faces), rng.choice(photos), rng)
            if 16 <= drawn.shape[1] <= _WIDEST:
                lines.append((drawn, text))
        lines.sort(key=lambda line: line[0].shape[1])
        batches = {}
        for index in range(_BATCHES):
            batch = lines[index * _BATCH : (index + 1) * _BATCH]
            width = -(-max(drawn.shape[1] for drawn, _ in batch) // 16) * 16
            pixels = np.full((_BATCH, HEIGHT, width, 3), 127, np.uint8)
            for row, (drawn, _) in enumerate(batch):
                pixels[row, :, : drawn.shape[1]] = drawn
            batches[f"pixels{index}"] = pixels
            batches[f"texts{index}"] = np.array([text for _, text in batch])
        temporary = arguments.out / f".{number:04}.npz"
        np.savez(temporary, **batches)
        temporary.rename(arguments.out / f"{number:04}.npz")


if __name__ == "__main__":
    main()
