"""Draws single lines of text as a text finder would cut them from a frame, for training the reader."""

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from PIL import Image

from benchmarks.labels_media.fonts import Font
from benchmarks.labels_media.render import Pixels, Plane, jpeg

HEIGHT: Final = 48
"""Rows of a line as the reader takes it."""
_LEAST_CONTRAST: Final = 18.0
_TRIES: Final = 4


def draw_line(text: str, font: Font, photo: Pixels, rng: random.Random) -> Pixels:
    """One line over a part of a photograph, cut with the margins of a finder and scaled to the reader's height.

    Args:
        text: A single line.
        font: Covers the text.
        photo: A photograph, uint8 (height, width, 3).
        rng: Chooses size, style, colours, opacity, margins, blur and JPEG quality.

    Returns:
        uint8 (48, width, 3).
    """
    em = round(np.exp(rng.uniform(np.log(11), np.log(64))))
    sized = font.sized(em)
    left, top, right, bottom = sized.box(text)
    pad = em
    width, height = max(8, int(right - left)) + 2 * pad, max(8, int(bottom - top)) + 2 * pad
    drawn_at = (text, round(pad - left), round(pad - top))
    mask = sized.draw([drawn_at], (width, height)).astype(np.float32) / 255
    if rng.random() < 0.25:
        mask = _turned(mask, rng.uniform(-2.5, 2.5))
    ground = _ground(photo, width, height, rng)
    for _ in range(_TRIES):
        drawn = _styled(ground, mask, em, rng)
        if _contrast(drawn, mask) >= _LEAST_CONTRAST:
            break
    if rng.random() < 0.3:
        drawn = _softened(drawn, rng)
    if rng.random() < 0.85:
        drawn = jpeg(drawn, rng.randint(50, 95))
    return _cut(drawn, pad, em, rng)


def _turned(mask: Plane, degrees: float) -> Plane:
    height, width = mask.shape
    limited = np.clip(degrees, -np.degrees(height * 0.25 / width), np.degrees(height * 0.25 / width))
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), float(limited), 1)
    return np.asarray(cv2.warpAffine(mask, turn, (width, height)), np.float32)


def _ground(photo: Pixels, width: int, height: int, rng: random.Random) -> Pixels:
    if rng.random() < 0.1:
        return np.full((height, width, 3), [rng.randint(0, 255) for _ in range(3)], np.uint8)
    rows, columns = photo.shape[:2]
    scale = rng.uniform(0.6, 2.5)
    part_height, part_width = min(rows, max(4, int(height / scale))), min(columns, max(4, int(width / scale)))
    y, x = rng.randint(0, rows - part_height), rng.randint(0, columns - part_width)
    part = photo[y : y + part_height, x : x + part_width]
    return np.asarray(cv2.resize(part, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)


def _styled(ground: Pixels, mask: Plane, em: int, rng: random.Random) -> Pixels:
    style = rng.choices(("plain", "shadow", "outline", "box"), (0.4, 0.2, 0.2, 0.2))[0]
    alpha = rng.choice((1.0, 1.0, 0.9, 0.8, 0.7, 0.6, 0.45, 0.35))
    is_dark = rng.random() < 0.25
    ink = np.array([rng.randint(0, 60)] * 3 if is_dark else [rng.randint(215, 255)] * 3, np.float32)
    if rng.random() < 0.25:
        ink = np.array([rng.randint(0, 255) for _ in range(3)], np.float32)
        if rng.random() < 0.5:
            ink = np.array([255, rng.randint(190, 245), rng.randint(0, 110)], np.float32)
        is_dark = ink.mean() < 110
    other = np.array([rng.randint(0, 50)] * 3 if not is_dark else [rng.randint(205, 255)] * 3, np.float32)
    values = ground.astype(np.float32)
    if style == "shadow":
        shift = max(1, round(em * rng.uniform(0.03, 0.09)))
        shade = cv2.GaussianBlur(np.roll(mask, (shift, shift), (0, 1)), (0, 0), max(0.6, em * rng.uniform(0.02, 0.09)))
        values = _over(values, np.minimum(shade * 1.6, 1), other, alpha * 0.8)
    elif style == "outline":
        side = 2 * max(1, round(em * rng.uniform(0.03, 0.09))) + 1
        wide = cv2.dilate(mask, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)))
        values = _over(values, wide, other, alpha)
    elif style == "box":
        values = _over(values, np.ones_like(mask), other, alpha * rng.uniform(0.4, 1.0))
    return _over(values, mask, ink, alpha).round().clip(0, 255).astype(np.uint8)


def _over(values: Plane, mask: Plane, colour: Plane, alpha: float) -> Plane:
    cover = (mask * np.float32(alpha))[..., None]
    return values * (1 - cover) + colour * cover


def _contrast(rgb: Pixels, mask: Plane) -> float:
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32)
    glyph, near = mask > 0.6, (cv2.dilate(mask, np.ones((9, 9))) > 0.1) & (mask < 0.08)
    if not glyph.any() or not near.any():
        return 0.0
    return float(abs(np.median(grey[glyph]) - np.median(grey[near])))


def _softened(rgb: Pixels, rng: random.Random) -> Pixels:
    height, width = rgb.shape[:2]
    if rng.random() < 0.5:
        return np.asarray(cv2.GaussianBlur(rgb, (0, 0), rng.uniform(0.4, 1.1)), np.uint8)
    factor = rng.uniform(0.5, 0.8)
    small = cv2.resize(rgb, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)


def _cut(rgb: Pixels, pad: int, em: int, rng: random.Random) -> Pixels:
    """With margins of a finder's box: a little too tight up to rather wide."""
    height, width = rgb.shape[:2]
    above, below = (pad - round(em * rng.uniform(-0.06, 0.38)) for _ in range(2))
    before, after = (pad - round(em * rng.uniform(-0.05, 0.6)) for _ in range(2))
    line = rgb[max(0, above) : height - max(0, below), max(0, before) : width - max(0, after)]
    scaled = max(8, round(line.shape[1] * HEIGHT / line.shape[0]))
    method = cv2.INTER_AREA if line.shape[0] > HEIGHT else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(line, (scaled, HEIGHT), interpolation=method), np.uint8)


def load_photos(files: Sequence[Path]) -> list[Pixels]:
    """Photographs as uint8 (height, width, 3) RGB."""
    return [np.array(Image.open(file).convert("RGB"), np.uint8) for file in files]
