"""Trains the finder of text from PaddleOCR's: ``python benchmarks/labels_training/train_finder.py --help``."""

import argparse
import json
import math
import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import onnx
import torch
from torch import Tensor
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.data import DataLoader, IterableDataset

sys.path.insert(0, str(Path(__file__).parents[2]))

from benchmarks.labels_media import photos, sample
from benchmarks.labels_media.fonts import Font, faces_for, training_fonts
from benchmarks.labels_media.render import ALPHAS, POSITIONS, STYLES, Box, Pixels, render_label
from benchmarks.labels_training.onnx_module import OnnxModule
from benchmarks.labels_training.shippable import shippable
from benchmarks.labels_training.texts import sample_text
from transforms.labels import finder
from transforms.labels.finder import TextFinder
from transforms.labels.networks import open_session

_ROWS, _COLUMNS, _BATCH = 288, 448, 6
_SHRINK: Final = 0.4
"""Of the area that a core keeps, the root: as in Liao et al. 2020."""
_WITHOUT_TEXT: Final = 0.2
_SHORT_SIDES: Final = (544, 544, 544, 400, 256)
"""The sizes of frames: the finder looks at a smaller copy, too, for large letters."""
_LONG_SIDE: Final = 1280
_LOG_EM_RATIOS: Final = math.log(0.016), math.log(0.12)
_PIECES = 2
_KEPT: Final = 0.995
"""Of the running mean of the weights, which is what is written, at each step."""
_HARD: Final = 0.3
"""Share of labels in dark letters, which are found least."""


class Frames(IterableDataset[tuple[Tensor, Tensor]]):
    """Endless frames with text at places, sizes and in styles by chance, and some without any."""

    def __init__(self, paths: list[Path], fonts: list[Font], strings: dict[str, list[str]], seed: int) -> None:
        super().__init__()
        self._paths = paths
        self._fonts = fonts
        self._strings = strings
        self._seed = seed

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        worker = torch.utils.data.get_worker_info()
        seed = self._seed + (worker.id if worker else 0)
        numbers, rng = np.random.default_rng(seed), random.Random(seed)  # noqa: S311
        covered = {language: [font for font in self._fonts if font.covers(text)] for language, text in _SAMPLES.items()}
        while True:
            photo = photos.load(rng.choice(self._paths))
            rgb, boxes = self._frame(photo, covered, numbers, rng)
            for _ in range(_PIECES):
                yield _crop(rgb, boxes, rng)

    def _frame(self, photo: Pixels, fonts: Any, numbers: Any, rng: random.Random) -> tuple[Pixels, list[Box]]:
        if rng.random() < _WITHOUT_TEXT:
            return sample.sample_empty(photo, numbers).rgb, []
        language, text = sample_text(self._strings, rng)
        usable = faces_for(text, fonts[language], rng)
        if not usable or len(text) < 2:
            return self._frame(photo, fonts, numbers, rng)
        style = "dark" if rng.random() < _HARD else None
        em_ratio = math.exp(rng.uniform(*_LOG_EM_RATIOS))
        drawn = sample.sample_label(
            photo, text, language, numbers, half="train", fonts=usable, style=style, em_ratio=em_ratio
        )
        boxes = list(drawn.boxes) if drawn.contrast > 15 else []
        if rng.random() < 0.3:  # a second text, over the first frame
            return _second(drawn.rgb, boxes, self._strings, fonts, numbers, rng)
        return drawn.rgb, boxes


_SAMPLES: Final = {"kk": "ЖәңғИІa", "kk-Latn": "JIa", "ru": "ЖИа", "en": "JIa", "zh": "生成"}


def _second(
    rgb: Pixels, boxes: list[Box], strings: Any, fonts: Any, numbers: Any, rng: random.Random
) -> tuple[Pixels, list[Box]]:
    language, text = sample_text(strings, rng)
    usable = faces_for(text, fonts[language], rng)
    if not usable or len(text) < 2:
        return rgb, boxes
    height, width = rgb.shape[:2]
    drawn = render_label(
        rgb,
        text,
        numbers,
        language=language,
        em_ratio=math.exp(rng.uniform(*_LOG_EM_RATIOS)),
        position=rng.choice(POSITIONS),
        style=rng.choice(STYLES),
        alpha=rng.choice(ALPHAS),
        font=rng.choice(usable),
        frame=(width, height),
        cropped=False,
    )
    if any(_touch(one, other) for one in drawn.boxes for other in boxes):
        return rgb, boxes
    return drawn.rgb, [*boxes, *(drawn.boxes if drawn.contrast > 15 else ())]


def _touch(one: Box, other: Box) -> bool:
    return (
        abs(2 * one[0] + one[2] - 2 * other[0] - other[2]) < one[2] + other[2] + 40
        and abs(2 * one[1] + one[3] - 2 * other[1] - other[3]) < one[3] + other[3] + 40
    )


def _crop(rgb: Pixels, boxes: list[Box], rng: random.Random) -> tuple[Tensor, Tensor]:
    """A piece as the network sees it, and its target: the core of each box."""
    tensor = finder.to_tensor(finder.shrunk(rgb, rng.choice(_SHORT_SIDES), _LONG_SIDE))[0]
    rows, columns = tensor.shape[1:]
    down, along = rows / rgb.shape[0], columns / rgb.shape[1]
    target = np.zeros((rows, columns), np.float32)
    for x, y, width, height in boxes:
        left, top, wide, high = x * along, y * down, width * along, height * down
        inset = wide * high * (1 - _SHRINK**2) / (2 * (wide + high))
        corners = [left + inset, top + inset, left + wide - inset, top + high - inset]
        low_x, low_y, high_x, high_y = (round(value) for value in corners)
        target[low_y : max(low_y + 1, high_y), low_x : max(low_x + 1, high_x)] = 1
    pad_rows, pad_columns = max(0, _ROWS - rows), max(0, _COLUMNS - columns)
    tensor = np.pad(tensor, ((0, 0), (0, pad_rows), (0, pad_columns)), mode="reflect")
    target = np.pad(target, ((0, pad_rows), (0, pad_columns)))
    rows, columns = tensor.shape[1:]
    y, x = rng.randint(0, rows - _ROWS), rng.randint(0, columns - _COLUMNS)
    if boxes and rng.random() < 0.8:
        box = rng.choice(boxes)
        middle = (box[0] + box[2] / 2) * along, (box[1] + box[3] / 2) * down
        x = min(max(0, round(middle[0] - rng.uniform(0.1, 0.9) * _COLUMNS)), columns - _COLUMNS)
        y = min(max(0, round(middle[1] - rng.uniform(0.1, 0.9) * _ROWS)), rows - _ROWS)
    part = np.s_[..., y : y + _ROWS, x : x + _COLUMNS]
    return torch.from_numpy(np.ascontiguousarray(tensor[part])), torch.from_numpy(np.ascontiguousarray(target[part]))


def _without_text(paths: list[Path], base: TextFinder) -> Iterator[Path]:
    """Those in which the network as it was finds no text: what it would find there is not in the targets."""
    for path in paths:
        if not base.find(photos.load(path), 1):
            yield path


def main() -> None:
    """Trains and writes ``finder.onnx``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", type=Path, required=True, help="PP-OCRv6's tiny detector, ONNX")
    parser.add_argument("--texts", type=Path, required=True, help="JSON: language → sentences")
    parser.add_argument("--photos", type=Path, required=True, action="append", help="manifest.csv; repeatable")
    parser.add_argument("--large", type=Path, help="from photos.collect: larger copies, taken where they may be")
    parser.add_argument("--fonts", type=Path, help="a folder of further font files")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=1200)
    parser.add_argument("--rate", type=float, default=2e-4)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    torch.manual_seed(0)
    arguments.out.mkdir(parents=True, exist_ok=True)
    model = onnx.load(arguments.base)
    network = OnnxModule(model)
    strings = json.loads(arguments.texts.read_text("utf-8"))
    paths = shippable(arguments.photos)
    sources = tuple(f"{source}_" for source in {path.parent.name for path in paths})
    larger = photos.half(photos.files(arguments.large), "train") if arguments.large else []
    paths += [path for path in larger if path.name.startswith(sources)]
    paths = list(_without_text(paths, TextFinder(open_session(arguments.base.read_bytes()))))
    print(f"{len(paths)} photographs", flush=True)
    loader = DataLoader(
        Frames(paths, training_fonts(arguments.fonts), strings, arguments.seed), batch_size=_BATCH, num_workers=1
    )
    optimiser = torch.optim.AdamW(network.parameters(), lr=arguments.rate, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, arguments.rate, total_steps=arguments.steps, pct_start=0.08
    )
    mean = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(_KEPT))
    started, losses = time.monotonic(), []
    for step, (pixels, target) in enumerate(loader, 1):
        marked = network(pixels.contiguous(memory_format=torch.channels_last))[:, 0]
        loss = _loss(marked, target)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        optimiser.step()
        schedule.step()
        mean.update_parameters(network)
        losses.append(float(loss.detach()))
        if step % 50 == 0:
            print(f"{step} loss {np.mean(losses[-50:]):.3f} {time.monotonic() - started:.0f} s", flush=True)
        if step % 200 == 0 or step == arguments.steps:
            onnx.save(mean.module.to_onnx(), arguments.out / "finder.onnx")
        if step == arguments.steps:
            return


def _loss(marked: Tensor, target: Tensor) -> Tensor:
    """Cross-entropy over the text and three times as many of the hardest other pixels, and dice."""
    marked = marked.clamp(1e-6, 1 - 1e-6)
    entropy = -(target * marked.log() + (1 - target) * (1 - marked).log())
    positive, negative = target > 0.5, target < 0.5
    most = min(int(negative.sum()), max(3 * int(positive.sum()), 2000))
    hardest = entropy[negative].topk(most).values
    balanced = (entropy[positive].sum() + hardest.sum()) / max(1, int(positive.sum()) + most)
    dice = 1 - (2 * (marked * target).sum() + 1) / (marked.sum() + target.sum() + 1)
    return 3 * balanced + dice


if __name__ == "__main__":
    cv2.setNumThreads(1)
    main()
