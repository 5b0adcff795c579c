"""Pictures full of text that warns of nothing: posters, slides, screens of programs, broadcasts."""

from collections.abc import Callable, Sequence
from typing import Final

import cv2
import numpy as np

from benchmarks.labels_media.fonts import Font, Half
from benchmarks.labels_media.photos import Pixels
from benchmarks.labels_media.phrases import Phrase
from benchmarks.labels_media.render import Rendered, background, jpeg
from benchmarks.labels_media.sample import choose_font, sample_frame

Colour = tuple[int, int, int]
_INK: Final[Colour] = (25, 28, 34)
_PAPER: Final[Colour] = (246, 246, 242)
_QUALITY: Final = (60, 85)


def render_page(
    photo_rgb: Pixels, texts: Sequence[Phrase], rng: np.random.Generator, half: Half, kind: str
) -> Rendered:
    """A page of a kind out of PAGES, its lines drawn by chance from texts of one language."""
    frame = sample_frame(rng)
    language = texts[int(rng.integers(len(texts)))].language
    own = [phrase.text for phrase in texts if phrase.language == language]
    lines = [own[int(index)] for index in rng.choice(len(own), size=min(len(own), 12), replace=False)]
    page = _Page(background(photo_rgb, rng, frame), rng, half)
    drawn = PAGES[kind](page, lines)
    quality = int(rng.integers(_QUALITY[0], _QUALITY[1] + 1))
    return Rendered(jpeg(page.rgb, quality), "\n".join(drawn), language, kind, quality=quality)


class _Page:
    """A frame that is written on."""

    def __init__(self, rgb: Pixels, rng: np.random.Generator, half: Half) -> None:
        self.rgb = rgb
        self.rng = rng
        self._half = half
        self._font: Font | None = None
        self.height, self.width = rgb.shape[:2]
        self.short = min(self.height, self.width)

    def fill(self, box: tuple[int, int, int, int], colour: Colour, opacity: float = 1.0) -> None:
        """Paints left, top, right, bottom."""
        left, top, right, bottom = box
        part = self.rgb[top:bottom, left:right]
        part[:] = (part * (1 - opacity) + np.asarray(colour) * opacity).round().astype(np.uint8)

    def write(self, text: str, x: int, y: int, em: int, colour: Colour) -> int:
        """Writes a line in the page's font, smaller if it would leave the frame; the y below it."""
        if self._font is None or not self._font.covers(text):
            self._font = choose_font(text, self.rng, self._half)
        font = self._font
        room = self.width - x - em // 2
        length = font.sized(em).length(text)
        em = em if length <= room else max(8, int(em * room / length))
        mask = font.sized(em).draw([(text, x, y)], (self.width, self.height)).astype(np.float32)[..., None] / 255
        self.rgb = (self.rgb * (1 - mask) + np.asarray(colour) * mask).round().astype(np.uint8)
        return y + round(em * 1.5)


def _poster(page: _Page, lines: list[str]) -> list[str]:
    margin = page.short // 15
    colour = (255, 255, 255) if page.rgb.mean() < 128 else _INK
    y = page.write(lines[0], margin, margin, page.short // 9, colour)
    used = lines[: int(page.rng.integers(4, 8))]
    for line in used[1:]:
        y = page.write(line, margin, y, int(page.short * page.rng.uniform(0.03, 0.06)), colour)
    return used


def _slide(page: _Page, lines: list[str]) -> list[str]:
    page.fill((0, 0, page.width, page.height), _PAPER)
    margin = page.short // 12
    y = page.write(lines[0], margin, margin, page.short // 12, (20, 60, 130)) + margin // 2
    used = [lines[0]]
    for line in lines[1:]:
        if y > page.height - margin:
            break
        y = page.write(f"• {line}", margin, y, page.short // 22, _INK)
        used.append(line)
    return used


def _screen(page: _Page, lines: list[str]) -> list[str]:
    page.fill((0, 0, page.width, page.height), (250, 250, 252))
    bar = page.short // 12
    page.fill((0, 0, page.width, bar), (38, 70, 120))
    page.write(lines[0], bar // 2, bar // 5, bar // 2, (255, 255, 255))
    y = bar + bar // 2
    used = [lines[0]]
    for number, line in enumerate(lines[1:]):
        if y > page.height - 2 * bar:
            break
        if number % 3 == 2:
            cv2.rectangle(page.rgb, (bar // 2, y), (page.width // 2, y + bar), (30, 110, 220), -1)
            page.write(line, bar, y + bar // 4, bar // 3, (255, 255, 255))
            y += bar + bar // 3
        else:
            y = page.write(line, bar // 2, y, bar // 2, _INK) + bar // 6
        used.append(line)
    return used


def _broadcast(page: _Page, lines: list[str]) -> list[str]:
    em = page.short // 20
    page.write(lines[0], page.width * 3 // 4, em, em, (255, 255, 255))
    top = page.height - 5 * em
    page.fill((0, top, page.width, top + 3 * em), (20, 40, 110), float(page.rng.uniform(0.6, 1.0)))
    y = page.write(lines[1], em, top + em // 4, em, (255, 255, 255))
    page.write(lines[2], em, y, em * 3 // 4, (235, 235, 120))
    page.fill((0, page.height - 2 * em, page.width, page.height), (150, 20, 25))
    page.write("  ///  ".join(lines[3:5]), em, page.height - 3 * em // 2, em * 3 // 4, (255, 255, 255))
    return lines[:5]


PAGES: Final[dict[str, Callable[[_Page, list[str]], list[str]]]] = {
    "poster": _poster,
    "slide": _slide,
    "screen": _screen,
    "broadcast": _broadcast,
}
