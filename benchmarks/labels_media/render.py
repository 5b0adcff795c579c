"""Renders text over photographs as labels are: one frame, and what a reader should find in it.

The conventions are those of the laboratory (reference/provenance.md 4.1): the em of the font is a share of the frame's
short side, seven positions, seven styles, opacity 1 to 0.35, JPEG quality 60 to 85. Everything comes from the arguments
and the random generator: the same seed gives the same pixels.
"""

import io
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from benchmarks.labels_media.fonts import Box, Font, Sized
from benchmarks.labels_media.layout import LINE_HEIGHT, SMALLEST_EM, Place, fitted, inked, placed

Pixels = NDArray[np.uint8]
Plane = NDArray[np.float32]

POSITIONS: Final = (
    "top_left",
    "top_right",
    "bottom_left",
    "bottom_right",
    "top_centre",
    "bottom_centre",
    "lower_third",
)
STYLES: Final = ("white", "yellow", "dark", "shadow", "outline", "dark_box", "light_box")
ALPHAS: Final = (1.0, 0.8, 0.6, 0.45, 0.35)
EM_RATIOS: Final = (0.02, 0.03, 0.05, 0.08)
LEGIBLE: Final = 25.0  # grey levels between the glyphs and what surrounds them, in the worst fifth

_QUALITY: Final = (60, 85)
_WHITE: Final = (255, 255, 255)
_BLACK: Final = (0, 0, 0)
_GLYPH: Final = 0.6  # of the label's darkest coverage: pixels that belong to a stroke, thin ones included
_GROUND: Final = 0.08  # coverage below which a pixel surrounds the strokes


@dataclass(frozen=True, slots=True)
class Rendered:
    """A frame and what was drawn on it.

    Attributes:
        rgb: The frame, uint8 (height, width, 3), after JPEG.
        text: What was drawn, lines parted by line breaks; None for a frame without text.
        language: ``kk``, ``kk-Latn``, ``ru``, ``en``, ``zh``, or empty without text.
        style: One of STYLES.
        height_ratio: The em of the font, as a share of the frame's short side.
        alpha: Opacity of the glyphs.
        position: One of POSITIONS.
        font: Family and style of the font, parted by a comma.
        boxes: One (left, top, width, height) in pixels round the glyphs of each line.
        contrast: Grey levels (0 to 255) between glyphs and surroundings: a fifth of the glyph pixels have less.
        quality: JPEG quality; 0 if the frame was not compressed.
    """

    rgb: Pixels
    text: str | None = None
    language: str = ""
    style: str = ""
    height_ratio: float = 0.0
    alpha: float = 1.0
    position: str = ""
    font: str = ""
    boxes: tuple[Box, ...] = ()
    contrast: float = 0.0
    quality: int = 0

    @property
    def legible(self) -> bool:
        """Whether a person can be asked to read it."""
        return self.contrast >= LEGIBLE

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.rgb.shape[1], self.rgb.shape[0]


def render_label(
    photo_rgb: Pixels,
    text: str,
    rng: np.random.Generator,
    *,
    language: str,
    em_ratio: float,
    position: str,
    style: str,
    alpha: float,
    font: Font,
    wrapped: bool = False,
    frame: tuple[int, int] = (1280, 720),
    resized: bool = False,
    quality: int | None = None,
    cropped: bool = True,
) -> Rendered:
    """Draws the text over a part of the photograph.

    Args:
        photo_rgb: A photograph, uint8 (height, width, 3).
        text: The label; line breaks in it are kept.
        rng: Chooses the part of the photograph, margins, colours and JPEG quality.
        language: Noted in the result.
        em_ratio: Em of the font by the frame's short side; made smaller if the text would not fit in four lines.
        position: One of POSITIONS.
        style: One of STYLES.
        alpha: Opacity of the label, boxes and outlines included.
        font: What it is drawn in.
        wrapped: Breaks the text in two or three lines though one would do.
        frame: Width and height of the result.
        resized: Scales the frame to half its size and back, as small videos are.
        quality: JPEG quality: 60 to 85 by chance if None, no JPEG if 0.
        cropped: Takes a part of the photograph by chance; otherwise the largest middle part of the frame's shape.

    Returns:
        The frame, with the contrast measured before JPEG.
    """
    ground = background(photo_rgb, rng if cropped else None, frame)
    lines, sized, em = fitted(text, font, max(SMALLEST_EM, round(em_ratio * min(frame))), frame, rng, wrapped=wrapped)
    places, patch = placed(lines, sized, em, position, frame, rng)
    mask = _drawn(places, sized, patch)
    rgb = ground.copy()
    left, top, width, height = patch
    part = np.s_[top : top + height, left : left + width]
    rgb[part] = _composed(ground[part], mask, style, alpha, em, places, patch, sized, rng)
    if resized:
        rgb = halved(rgb)
    measured = contrast(rgb[part], mask, em)
    chosen = int(rng.integers(_QUALITY[0], _QUALITY[1] + 1)) if quality is None else quality
    boxes = tuple(inked(line, x, y, sized, frame) for line, x, y in places)
    drawn = "\n".join(lines)
    return Rendered(
        jpeg(rgb, chosen) if chosen else rgb,
        drawn,
        language,
        style,
        em / min(frame),
        alpha,
        position,
        str(font),
        boxes,
        measured,
        chosen,
    )


def render_empty(
    photo_rgb: Pixels,
    rng: np.random.Generator,
    *,
    frame: tuple[int, int] = (1280, 720),
    resized: bool = False,
    quality: int | None = None,
) -> Rendered:
    """The photograph without text, treated as a labelled one is."""
    rgb = background(photo_rgb, rng, frame)
    chosen = int(rng.integers(_QUALITY[0], _QUALITY[1] + 1)) if quality is None else quality
    rgb = halved(rgb) if resized else rgb
    return Rendered(jpeg(rgb, chosen) if chosen else rgb, quality=chosen)


def background(photo_rgb: Pixels, rng: np.random.Generator | None, frame: tuple[int, int]) -> Pixels:
    """A part of the photograph in the frame's shape, scaled to it; the middle part without ``rng``."""
    width, height = frame
    photo_height, photo_width = photo_rgb.shape[:2]
    scale = min(photo_width / width, photo_height / height)
    if rng is not None:
        scale *= rng.uniform(0.8, 1.0)
    part_width, part_height = max(1, int(width * scale)), max(1, int(height * scale))
    free = photo_width - part_width, photo_height - part_height
    left, top = (free[0] // 2, free[1] // 2) if rng is None else (int(rng.integers(0, room + 1)) for room in free)
    part = photo_rgb[top : top + part_height, left : left + part_width]
    method = cv2.INTER_AREA if scale > 1 else cv2.INTER_CUBIC
    scaled = cv2.resize(part, frame, interpolation=method)
    if rng is None:
        return np.ascontiguousarray(scaled, np.uint8)
    mirrored = scaled[:, ::-1] if rng.random() < 0.5 else scaled
    if scale >= 0.8:
        return np.ascontiguousarray(mirrored, np.uint8)
    grain = rng.normal(0, rng.uniform(0.5, 3), mirrored.shape[:2])[..., None]  # enlarged photographs are too smooth
    return (mirrored + grain).round().clip(0, 255).astype(np.uint8)


def jpeg(rgb: Pixels, quality: int) -> Pixels:
    """The frame after JPEG at a quality of 1 to 100, colours at half the resolution."""
    buffer = io.BytesIO()
    Image.fromarray(rgb).save(buffer, "JPEG", quality=quality, subsampling=2)
    return np.array(Image.open(buffer).convert("RGB"), np.uint8)


def halved(rgb: Pixels) -> Pixels:
    """The frame scaled to half its width and height, and back."""
    height, width = rgb.shape[:2]
    small = cv2.resize(rgb, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)


def contrast(rgb: Pixels, mask: Plane, em: int) -> float:
    """Grey levels between glyphs and what surrounds them: a fifth of the glyph pixels have less.

    Args:
        rgb: The part of the frame with the label, uint8 (height, width, 3).
        mask: Coverage of the glyphs there, float32 (height, width), 0 to 1, opacity left out.
        em: Em of the font in pixels; the surroundings reach a quarter of it from each pixel.

    Returns:
        0 to 255; 0 if no glyph was drawn.
    """
    if mask.size == 0 or mask.max() <= 0:
        return 0.0
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32)
    ground = (mask < _GROUND).astype(np.float32)
    reach = 2 * max(2, em // 4) + 1
    near = cv2.blur(ground, (reach, reach), borderType=cv2.BORDER_REFLECT)
    around = cv2.blur(grey * ground, (reach, reach), borderType=cv2.BORDER_REFLECT)
    glyph = (mask >= _GLYPH * mask.max()) & (near > 0)
    if not glyph.any():
        return 0.0
    return float(np.percentile(np.abs(grey - around / np.maximum(near, 1e-6))[glyph], 20))


def _drawn(places: list[Place], font: Sized, patch: Box, stroke: int = 0) -> Plane:
    """Coverage of the glyphs in the patch, float32, 0 to 1."""
    left, top, width, height = patch
    inside = [(line, x - left, y - top) for line, x, y in places]
    return font.draw(inside, (width, height), stroke).astype(np.float32) / 255


def _composed(
    ground: Pixels,
    mask: Plane,
    style: str,
    alpha: float,
    em: int,
    places: list[Place],
    patch: Box,
    font: Sized,
    rng: np.random.Generator,
) -> Pixels:
    """The patch with the label over it."""
    values = ground.astype(np.float32)
    grey = int(rng.integers(0, 45))
    dark = (grey, grey, grey)
    ink = _WHITE
    if style in {"dark", "light_box"}:
        ink = dark
    elif style == "yellow":
        ink = (255, int(rng.integers(205, 240)), int(rng.integers(0, 80)))
    elif style not in {"white", "shadow", "outline", "dark_box"}:
        msg = f"there is no style {style!r}; the styles are {', '.join(STYLES)}"
        raise ValueError(msg)
    if style == "shadow":
        shift = max(1, round(em * 0.06))
        moved = np.roll(mask, (shift, shift), (0, 1))
        shade = cv2.GaussianBlur(moved, (0, 0), max(0.6, em * rng.uniform(0.03, 0.08))) * 1.6
        values = _over(values, np.minimum(shade, 1), _BLACK, alpha * 0.8)
    elif style == "outline":
        values = _over(values, _drawn(places, font, patch, max(1, round(em * 0.06))), _BLACK, alpha)
    elif style.endswith("box"):
        opacity = alpha * float(rng.choice((0.5, 0.7, 0.85, 1.0)))
        colour = dark if style == "dark_box" else (int(rng.integers(225, 256)),) * 3
        values = _over(values, _box(places, font, em, patch, round_corners=rng.random() < 0.5), colour, opacity)
    return _over(values, mask, ink, alpha).round().clip(0, 255).astype(np.uint8)


def _box(places: list[Place], font: Sized, em: int, patch: Box, *, round_corners: bool) -> Plane:
    left, top, width, height = patch
    pad = max(2, round(em * 0.4))
    corners = (
        min(x for _, x, _ in places) - pad - left,
        places[0][2] - pad // 2 - top,
        max(x + font.length(line) for line, x, _ in places) + pad - left,
        places[-1][2] + round(em * LINE_HEIGHT) + pad // 2 - top,
    )
    canvas = Image.new("L", (width, height), 0)
    ImageDraw.Draw(canvas).rounded_rectangle(corners, round(em * 0.5) if round_corners else 0, fill=255)
    return np.asarray(canvas, np.float32) / 255


def _over(values: Plane, mask: Plane, colour: tuple[int, ...], alpha: float) -> Plane:
    cover = (mask * np.float32(alpha))[..., None]
    return values * (1 - cover) + np.asarray(colour, np.float32) * cover
