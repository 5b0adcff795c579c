"""What happens to a picture on its way: the same for both classes, or the format becomes the label."""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from transforms.detect.preprocess import InputSpec, shrink

Picture = NDArray[np.uint8]

_INTERPOLATIONS = (cv2.INTER_AREA, cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_LANCZOS4)
_CHROMA = (
    cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420,
    cv2.IMWRITE_JPEG_SAMPLING_FACTOR_422,
    cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444,
)


def training_view(rgb: Picture, spec: InputSpec, rng: np.random.Generator) -> Picture:
    """One random view of a picture after a random history of resize, colour, blur, re-encoding and flip.

    Args:
        rgb: uint8 (H, W, 3).
        spec: What the detector wants to see.
        rng: The only source of chance.

    Returns:
        uint8 (size, size, 3).
    """
    picture = _random_colour(_random_resize(rgb, spec, rng), rng)
    if rng.random() < 0.15:
        picture = _u8(cv2.GaussianBlur(picture, (0, 0), float(rng.uniform(0.3, 1.0))))
    picture = _random_crop(shrink(_random_encode(picture, rng), spec.short_side), spec.size, rng)
    return np.ascontiguousarray(picture[:, ::-1]) if rng.random() < 0.5 else np.ascontiguousarray(picture)


def jpeg(rgb: Picture, quality: int, chroma: int = cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420) -> Picture:
    """A picture after JPEG at a quality from 1 to 100, by default with 4:2:0 chroma subsampling."""
    return _recode(rgb, ".jpg", [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, chroma])


def half(rgb: Picture) -> Picture:
    """A picture at half its width and height, by area averaging; at least one pixel each."""
    height, width = rgb.shape[:2]
    return _u8(cv2.resize(rgb, (max(1, width // 2), max(1, height // 2)), interpolation=cv2.INTER_AREA))


def screenshot(rgb: Picture) -> Picture:
    """A picture as it comes back from a screenshot that a messenger sent on.

    It is scaled to 72 % bilinearly, as browsers show it, cut at an odd offset, so that its old grid of 8 x 8
    blocks lies askew to the new one, and encoded once as JPEG 85 with 4:2:0 chroma subsampling. The PNG that a
    screenshot is saved as changes nothing, so there is none here.
    """
    height, width = (max(1, round(side * 0.72)) for side in rgb.shape[:2])
    shown = _u8(cv2.resize(rgb, (width, height), interpolation=cv2.INTER_LINEAR))
    return jpeg(shown[min(3, height - 1) :, min(5, width - 1) :], 85)


TREATMENTS: dict[str, Callable[[Picture], Picture]] = {
    "as_is": lambda rgb: rgb,
    "jpeg90": lambda rgb: jpeg(rgb, 90),
    "jpeg75": lambda rgb: jpeg(rgb, 75),
    "half": half,
    "screenshot": screenshot,
}


def _random_colour(rgb: Picture, rng: np.random.Generator) -> Picture:
    # Light and palette tell sources apart, not generation from photography.
    gains, gamma = rng.uniform(0.8, 1.2, 3), float(rng.uniform(0.75, 1.35))
    grey = rng.random() < 0.15
    levels = (np.arange(256) / 255.0) ** gamma * 255.0
    table = np.clip(levels[:, None] * gains, 0, 255).round().astype(np.uint8)
    picture = _u8(cv2.LUT(rgb, table[None]))
    return _u8(cv2.cvtColor(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)) if grey else picture


def _random_resize(rgb: Picture, spec: InputSpec, rng: np.random.Generator) -> Picture:
    height, width = rgb.shape[:2]
    chance, octaves = rng.random(), float(rng.uniform(-1.1, 0.25))
    if chance < 0.25 and min(height, width) >= spec.size:
        return rgb
    # Log-uniform, so that each octave is as likely as another; enlarging stays mild.
    scale = 2.0**octaves
    size = (max(spec.size, round(width * scale)), max(spec.size, round(height * scale)))
    return _u8(cv2.resize(rgb, size, interpolation=int(rng.choice(_INTERPOLATIONS))))


def _random_encode(rgb: Picture, rng: np.random.Generator) -> Picture:
    kind, quality, chroma = rng.random(), int(rng.integers(60, 96)), int(rng.choice(_CHROMA))
    if kind < 0.15:
        return rgb
    if kind < 0.35:
        return _recode(rgb, ".webp", [cv2.IMWRITE_WEBP_QUALITY, quality])
    return jpeg(rgb, quality, chroma)


def _random_crop(rgb: Picture, size: int, rng: np.random.Generator) -> Picture:
    top = int(rng.integers(0, rgb.shape[0] - size + 1))
    left = int(rng.integers(0, rgb.shape[1] - size + 1))
    return rgb[top : top + size, left : left + size]


def _recode(rgb: Picture, suffix: str, params: list[int]) -> Picture:
    done, data = cv2.imencode(suffix, rgb[..., ::-1], params)
    if not done:
        raise RuntimeError(f"cannot encode a {rgb.shape} picture as {suffix}; this OpenCV build lacks the codec")
    return _u8(cv2.imdecode(data, cv2.IMREAD_COLOR_RGB))


def _u8(picture: object) -> Picture:
    return np.asarray(picture, np.uint8)
