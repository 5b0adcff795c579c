"""Pictures as cameras make them, as far as hashes can tell: soft shapes of every size, in colour."""

import io

import cv2
import numpy as np
from PIL import Image


def photograph(seed: int) -> Image.Image:
    """320 × 240 pixels, another picture for each seed."""
    draw = np.random.default_rng(seed)
    layers = [
        cv2.resize(draw.normal(0, 1.0 / size, (size, size, 3)), (320, 240), interpolation=cv2.INTER_CUBIC)
        for size in (2, 4, 8, 16, 64)
    ]
    whole = np.sum(layers, axis=0)
    whole = (whole - whole.min()) / np.ptp(whole)
    return Image.fromarray((whole * 255).astype(np.uint8))


def opened(data: bytes) -> Image.Image:
    """The picture that a file holds."""
    return Image.open(io.BytesIO(data)).convert("RGB")
