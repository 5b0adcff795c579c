"""Short H.264 videos: a view that pans over a photograph, and a text that stands still on it for a known time."""

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.labels_media.fonts import Half
from benchmarks.labels_media.photos import Pixels
from benchmarks.labels_media.phrases import Phrase
from benchmarks.labels_media.render import (
    ALPHAS,
    EM_RATIOS,
    LEGIBLE,
    POSITIONS,
    STYLES,
    Rendered,
    contrast,
    render_label,
)
from benchmarks.labels_media.sample import choose_font

SECONDS: Final = 8
FPS: Final = 12
SPANS: Final[dict[str, tuple[float, float]]] = {"whole": (0, SECONDS), "start": (0, 2), "part": (3, 6)}
"""From which second to which the text is shown."""
_FRAMES: Final = ((1280, 720), (1280, 720), (720, 1280), (854, 480))
_ALPHA_ODDS: Final = (0.5, 0.17, 0.15, 0.1, 0.08)
_ENCODER: Final = {"preset": "veryfast", "threads": "1", "x264-params": "mbtree=0:b-adapt=0"}
_PAN: Final = 0.16  # of the frame's width, over the whole clip


@dataclass(frozen=True, slots=True)
class Clip:
    """A video file and what stands on it; times in seconds.

    Attributes:
        path: The MP4 file.
        phrase: What is written.
        span: A key of SPANS.
        first: When it is first seen.
        last: When it is last seen: the presentation time of that frame.
        shown: For how long it is seen.
        height_ratio: The em of the font, as a share of the frame's short side.
        style: One of STYLES.
        alpha: Its opacity.
        contrast: The least over the frames that show it, as ``render.contrast`` measures it, before encoding.
    """

    path: Path
    phrase: Phrase
    span: str
    first: float
    last: float
    shown: float
    height_ratio: float
    style: str
    alpha: float
    contrast: float

    @property
    def legible(self) -> bool:
        """Whether a person can be asked to read it."""
        return self.contrast >= LEGIBLE


@dataclass(frozen=True, slots=True)
class Overlay:
    """A label without a ground: ``paint`` puts it on any frame of its size."""

    light: NDArray[np.float32]
    through: NDArray[np.float32]
    glyphs: NDArray[np.float32]
    part: tuple[slice, slice]
    em: int
    height_ratio: float

    def paint(self, rgb: Pixels) -> Pixels:
        """The frame with the label on it."""
        painted = rgb.copy()
        values = rgb[self.part] * self.through + self.light
        painted[self.part] = values.round().clip(0, 255).astype(np.uint8)
        return painted

    def contrast(self, rgb: Pixels) -> float:
        """Of the label on a painted frame."""
        return contrast(rgb[self.part], self.glyphs, self.em)


def make_clip(
    path: Path, photo_rgb: Pixels, phrase: Phrase, span: str, seed: int, half: Half, *, em_ratio: float | None = None
) -> Clip:
    """Writes the clip that the seed gives."""
    rng = np.random.default_rng(seed)
    width, height = _FRAMES[int(rng.integers(len(_FRAMES)))]
    style = str(rng.choice(STYLES))
    alpha = float(rng.choice(ALPHAS, p=_ALPHA_ODDS))
    em_ratio = float(rng.choice(EM_RATIOS)) if em_ratio is None else em_ratio
    label = overlay(phrase, rng, half, em_ratio=em_ratio, style=style, alpha=alpha, frame=(width, height))
    start, end = SPANS[span]
    shown = [number for number in range(SECONDS * FPS) if start <= number / FPS < end]
    weakest = 255.0
    options = _ENCODER | {"crf": str(int(rng.integers(23, 31)))}
    with av.open(path, "w", options={"movflags": "+faststart", "fflags": "+bitexact"}) as container:
        track = container.add_stream("libx264", rate=FPS, options=options)
        track.width, track.height, track.pix_fmt = width, height, "yuv420p"
        for number in range(SECONDS * FPS):
            rgb = view(photo_rgb, (width, height), number / (SECONDS * FPS))
            if number in shown:
                rgb = label.paint(rgb)
                if number % FPS == 0:
                    weakest = min(weakest, label.contrast(rgb))
            container.mux(track.encode(av.VideoFrame.from_ndarray(rgb, format="rgb24")))
        container.mux(track.encode())
    first, last = shown[0] / FPS, shown[-1] / FPS
    ratio = label.height_ratio
    return Clip(path, phrase, span, first, last, len(shown) / FPS, ratio, style, alpha, weakest)


def overlay(
    phrase: Phrase,
    rng: np.random.Generator,
    half: Half,
    *,
    em_ratio: float,
    style: str,
    alpha: float,
    frame: tuple[int, int],
) -> Overlay:
    """The label alone: drawn alike on black, which gives its light, and on white, which gives what it lets through."""
    position = str(rng.choice(POSITIONS))
    font = choose_font(phrase.text, rng, half)
    seed = int(rng.integers(1 << 31))

    def drawn(level: int, style: str, alpha: float) -> Rendered:
        return render_label(
            np.full((*frame[::-1], 3), level, np.uint8),
            phrase.text,
            np.random.default_rng(seed),
            language=phrase.language,
            em_ratio=em_ratio,
            position=position,
            style=style,
            alpha=alpha,
            font=font,
            frame=frame,
            quality=0,
            cropped=False,
        )

    on_black = drawn(0, style, alpha)
    boxes = np.array(on_black.boxes)
    em = round(on_black.height_ratio * min(frame))
    top, left = max(0, boxes[:, 1].min() - em), max(0, boxes[:, 0].min() - em)
    part = np.s_[top : (boxes[:, 1] + boxes[:, 3]).max() + em, left : (boxes[:, 0] + boxes[:, 2]).max() + em]
    light = on_black.rgb[part].astype(np.float32)
    through = (drawn(255, style, alpha).rgb[part] - light) / 255
    glyphs = drawn(0, "white", 1.0).rgb[part][..., 0].astype(np.float32) / 255
    return Overlay(light, through, glyphs, part, em, on_black.height_ratio)


def view(photo_rgb: Pixels, size: tuple[int, int], share: float) -> Pixels:
    """What a camera sees that pans over the photograph from left to right, after this share of the way."""
    width, height = size
    photo_height, photo_width = photo_rgb.shape[:2]
    scale = min(photo_width / (width * (1 + _PAN)), photo_height / height)
    centre = (photo_width / 2 + (share - 0.5) * _PAN * width * scale, photo_height / 2)
    matrix = np.array([[scale, 0, centre[0] - width * scale / 2], [0, scale, centre[1] - height * scale / 2]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(photo_rgb, matrix, size, flags=flags, borderMode=cv2.BORDER_REFLECT), np.uint8)


def through_h264(rgb: Pixels, crf: int) -> Pixels:
    """The frame as the first one of an H.264 video; its sides must be even."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as container:
        track = container.add_stream("libx264", rate=25, options=_ENCODER | {"crf": str(crf)})
        track.height, track.width = rgb.shape[:2]
        track.pix_fmt = "yuv420p"
        container.mux(track.encode(av.VideoFrame.from_ndarray(rgb, format="rgb24")))
        container.mux(track.encode())
    buffer.seek(0)
    with av.open(buffer) as container:
        return np.asarray(next(container.decode(video=0)).to_ndarray(format="rgb24"), np.uint8)
