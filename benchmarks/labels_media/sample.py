"""Labels drawn by chance: every choice that the laboratory varied, from one seed."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from benchmarks.labels_media.fonts import Font, Half, find_fonts
from benchmarks.labels_media.photos import Pixels
from benchmarks.labels_media.render import ALPHAS, EM_RATIOS, POSITIONS, STYLES, Rendered, render_empty, render_label

FRAMES: Final = ((1280, 720), (720, 1280), (1080, 1080), (1920, 1080), (854, 480), (1080, 1350))
_FRAME_ODDS: Final = (0.5, 0.16, 0.12, 0.1, 0.06, 0.06)
_ALPHA_ODDS: Final = (0.5, 0.17, 0.15, 0.1, 0.08)
_UPPER: Final = 0.2
_WRAPPED: Final = 0.12
_RESIZED: Final = 0.2
_SLANTED: Final = 0.1


def sample_label(
    photo_rgb: Pixels,
    text: str,
    language: str,
    rng: np.random.Generator,
    *,
    half: Half,
    fonts: Sequence[Font] | None = None,
    em_ratio: float | None = None,
    position: str | None = None,
    style: str | None = None,
    alpha: float | None = None,
    quality: int | None = None,
    whole: bool = False,
) -> Rendered:
    """The text over the photograph, all that is not given chosen by chance.

    Args:
        photo_rgb: A photograph, uint8 (height, width, 3).
        text: What to draw; upper case one time in five, Chinese apart.
        language: Noted in the result.
        rng: Makes every choice.
        half: Which fonts may be used.
        fonts: Choose among these instead of the installed ones.
        em_ratio: One of EM_RATIOS by chance if None.
        position: One of POSITIONS by chance if None.
        style: One of STYLES by chance if None.
        alpha: One of ALPHAS by chance if None, 1 half of the time.
        quality: As in ``render_label``.
        whole: Draws on the picture as it is instead of a part of it in a frame chosen by chance.

    Raises:
        LookupError: No font covers the text.
    """
    if language != "zh" and rng.random() < _UPPER:
        text = text.upper()
    return render_label(
        photo_rgb,
        text,
        rng,
        language=language,
        em_ratio=float(rng.choice(EM_RATIOS)) if em_ratio is None else em_ratio,
        position=str(rng.choice(POSITIONS)) if position is None else position,
        style=str(rng.choice(STYLES)) if style is None else style,
        alpha=float(rng.choice(ALPHAS, p=_ALPHA_ODDS)) if alpha is None else alpha,
        font=choose_font(text, rng, half, fonts),
        wrapped=bool(rng.random() < _WRAPPED),
        frame=(photo_rgb.shape[1], photo_rgb.shape[0]) if whole else sample_frame(rng),
        resized=bool(rng.random() < _RESIZED),
        quality=quality,
        cropped=not whole,
    )


def sample_empty(photo_rgb: Pixels, rng: np.random.Generator) -> Rendered:
    """The photograph without text, in a frame chosen by chance."""
    return render_empty(photo_rgb, rng, frame=sample_frame(rng), resized=bool(rng.random() < _RESIZED))


def sample_frame(rng: np.random.Generator) -> tuple[int, int]:
    """Width and height of a frame, the laboratory's 1280 × 720 half of the time."""
    return FRAMES[int(rng.choice(len(FRAMES), p=_FRAME_ODDS))]


def choose_font(text: str, rng: np.random.Generator, half: Half, fonts: Sequence[Font] | None = None) -> Font:
    """A font of the half that covers the text: first a family, then a face, slanted one time in ten.

    Raises:
        LookupError: No font covers the text.
    """
    covering = find_fonts(text, half) if fonts is None else [font for font in fonts if font.covers(text)]
    if not covering:
        msg = f"no {half} font covers {text!r}; install the Debian packages that benchmarks/labels.py names"
        raise LookupError(msg)
    families = sorted({font.family for font in covering})
    family = families[int(rng.integers(len(families)))]
    members = [font for font in covering if font.family == family]
    slanted = rng.random() < _SLANTED
    wanted = [font for font in members if font.slanted == slanted] or members
    return wanted[int(rng.integers(len(wanted)))]
