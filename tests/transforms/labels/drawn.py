"""Frames with text, drawn in OpenCV's own fonts, over a made-up photograph."""

from typing import Any

import cv2
import numpy as np

from transforms.examine.frames import Pixels


def scenery(width: int = 1280, height: int = 720, seed: int = 0) -> Pixels:
    """A soft, uneven background without text: clouds of colour with fine grain."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(20, 200, (9, 16, 3)).astype(np.uint8)
    soft = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC).astype(np.float32)
    return (soft + rng.normal(0, 3, soft.shape)).clip(0, 255).astype(np.uint8)


def write(rgb: Pixels, text: str, at: tuple[int, int], em: int, **style: Any) -> Pixels:
    """The frame with a line of text whose baseline starts at ``at``; ``colour``, ``alpha``, ``outline`` and ``box``."""
    colour, alpha = style.get("colour", (255, 255, 255)), style.get("alpha", 1.0)
    mask = np.zeros(rgb.shape[:2], np.uint8)
    cv2.putText(mask, text, at, (255,), cv2.FontFace("sans"), em, 500)
    values = rgb.astype(np.float32)
    if style.get("box"):
        x, y, width, height = cv2.boundingRect(mask)
        pad = em // 2
        values[y - pad : y + height + pad, x - pad : x + width + pad] *= 0.25
    if style.get("outline"):
        wide = cv2.dilate(mask, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))) / 255.0
        values *= 1 - (wide * alpha)[..., None]
    cover = (mask / 255.0 * alpha)[..., None]
    return (values * (1 - cover) + np.array(colour, np.float32) * cover).round().clip(0, 255).astype(np.uint8)
