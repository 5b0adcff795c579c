"""The fonts that labels are rendered in: those of Debian's packages, split by family into training and test fonts.

What is tuned sees training fonts only, so that a test font is one that nothing was tuned on. Designs that differ only
in name (Lato and Carlito, Droid Sans Fallback and WenQuanYi Micro Hei) stand on the same side. OpenCV carries two fonts
of its own, with Kazakh and Chinese letters: the tests use those, as they need nothing installed.
"""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, Literal, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Plane = NDArray[np.uint8]
Box = tuple[int, int, int, int]
Half = Literal["train", "test"]

DEBIAN_PACKAGES: Final = (
    "fonts-anonymous-pro",
    "fonts-arphic-gbsn00lp",
    "fonts-arphic-gkai00mp",
    "fonts-arphic-ukai",
    "fonts-arphic-uming",
    "fonts-babelstone-han",
    "fonts-cantarell",
    "fonts-cmu",
    "fonts-cns11643-kai",
    "fonts-cns11643-sung",
    "fonts-comfortaa",
    "fonts-crosextra-carlito",
    "fonts-dejavu-core",
    "fonts-dejavu-extra",
    "fonts-droid-fallback",
    "fonts-fantasque-sans",
    "fonts-firacode",
    "fonts-freefont-ttf",
    "fonts-hack",
    "fonts-hanazono",
    "fonts-inter",
    "fonts-jetbrains-mono",
    "fonts-jura",
    "fonts-lato",
    "fonts-liberation2",
    "fonts-linuxlibertine",
    "fonts-lxgw-wenkai",
    "fonts-manrope",
    "fonts-noto-cjk",
    "fonts-noto-core",
    "fonts-noto-extra",
    "fonts-oldstandard",
    "fonts-open-sans",
    "fonts-paratype",
    "fonts-play",
    "fonts-roboto-slab",
    "fonts-roboto-unhinted",
    "fonts-sil-andika",
    "fonts-sil-charis",
    "fonts-sil-doulos",
    "fonts-sil-gentium",
    "fonts-sil-gentiumplus",
    "fonts-smiley-sans",
    "fonts-stix",
    "fonts-urw-base35",
    "fonts-vollkorn",
    "fonts-wqy-microhei",
    "fonts-wqy-zenhei",
    "fonts-yanone-kaffeesatz",
)
ALPHABETIC: Final[dict[Half, frozenset[str]]] = {
    "train": frozenset(
        {
            "Andika",
            "Anonymous Pro",
            "C059",
            "CMU Bright",
            "CMU Concrete",
            "CMU Sans Serif",
            "CMU Serif",
            "Cantarell",
            "Charis SIL",
            "Comfortaa",
            "DejaVu Sans",
            "DejaVu Sans Mono",
            "Doulos SIL",
            "Fantasque Sans Mono",
            "Fira Code",
            "Gentium Book Plus",
            "Gentium Plus",
            "Hack",
            "JetBrains Mono",
            "Jura",
            "Liberation Sans",
            "Liberation Serif",
            "Noto Sans",
            "Noto Sans Display",
            "Noto Serif",
            "Noto Serif Display",
            "Old Standard TT",
            "Open Sans",
            "Open Sans Condensed",
            "P052",
            "PT Sans",
            "PT Sans Caption",
            "PT Sans Narrow",
            "Roboto",
            "Roboto Condensed",
            "STIX",
            "URW Bookman",
            "URW Gothic",
            "Yanone Kaffeesatz",
        }
    ),
    "test": frozenset(
        {
            "Carlito",
            "DejaVu Serif",
            "FreeSans",
            "FreeSerif",
            "Inter",
            "Inter Display",
            "Lato",
            "Linux Libertine O",
            "Manrope",
            "PT Mono",
            "PT Serif",
            "PT Serif Caption",
            "Play",
            "Roboto Slab",
            "Vollkorn",
        }
    ),
}
CHINESE: Final[dict[Half, frozenset[str]]] = {
    "train": frozenset(
        {
            "AR PL KaitiM GB",
            "AR PL SungtiL GB",
            "AR PL UKai CN",
            "BabelStone Han",
            "HanaMinA",
            "Noto Sans CJK SC",
            "TW-Kai",
            "TW-Sung",
            "WenQuanYi Zen Hei",
        }
    ),
    "test": frozenset(
        {
            "AR PL UMing CN",
            "Droid Sans Fallback",
            "LXGW WenKai",
            "Noto Serif CJK SC",
            "Smiley Sans",
            "WenQuanYi Micro Hei",
        }
    ),
}
_FOLDERS: Final = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"))
_ENDINGS: Final = frozenset({".ttf", ".otf", ".ttc"})
_TOO_THIN: Final = ("Thin", "Hairline", "ExtraLight", "Extra Light")
_NO_CHARACTER: Final = "\uffff"
_SAMPLE_PX: Final = 32
_FACES: Final = 8  # in one collection
_TRIES: Final = 4
_WEIGHTS: Final = {"Regular": 400, "Bold": 700}


class Sized(Protocol):
    """A face at one size, as the renderer uses it."""

    def length(self, text: str) -> float:
        """Width of a line in pixels."""

    def box(self, text: str) -> Box:
        """Left, top, right and bottom of a line's ink, from the upper left corner of its em square."""

    def draw(self, lines: list[tuple[str, int, int]], size: tuple[int, int], stroke: int = 0) -> Plane:
        """Coverage, uint8 (height, width), of lines at (left, top) each, grown by ``stroke`` pixels all round."""


@dataclass(frozen=True, slots=True)
class Font:
    """One face of a font file; without a path, OpenCV's own font of that family."""

    family: str
    style: str
    path: Path | None = None
    index: int = 0

    def __str__(self) -> str:
        return f"{self.family}, {self.style}"

    @property
    def slanted(self) -> bool:
        """Whether the letters lean."""
        return any(word in self.style for word in ("Italic", "Oblique"))

    def covers(self, text: str) -> bool:
        """Whether the face has a glyph for every character that is no white space."""
        return all(_has_glyph(self, character) for character in set(text) if not character.isspace())

    def sized(self, em: int) -> Sized:
        """The face at an em of so many pixels."""
        if self.path is None:
            return _BuiltIn(cv2.FontFace(self.family), em, _WEIGHTS[self.style])
        return _FreeType(ImageFont.truetype(self.path, em, self.index, layout_engine=ImageFont.Layout.BASIC))


@dataclass(frozen=True, slots=True)
class _FreeType:
    face: ImageFont.FreeTypeFont

    def length(self, text: str) -> float:
        return self.face.getlength(text)

    def box(self, text: str) -> Box:
        left, top, right, bottom = self.face.getbbox(text)
        return int(left), int(top), int(right), int(bottom)

    def draw(self, lines: list[tuple[str, int, int]], size: tuple[int, int], stroke: int = 0) -> Plane:
        canvas = Image.new("L", size, 0)
        pen = ImageDraw.Draw(canvas)
        for text, x, y in lines:
            pen.text((x, y), text, fill=255, font=self.face, stroke_width=stroke)
        return np.array(canvas, np.uint8)


@dataclass(frozen=True, slots=True)
class _BuiltIn:
    face: cv2.FontFace
    em: int
    weight: int

    def length(self, text: str) -> float:
        _, _, width, _ = cv2.getTextSize((1, 1), text, (0, 0), self.face, self.em, self.weight)
        return float(width)

    def box(self, text: str) -> Box:
        # getTextSize gives the height of a line, not that of the ink.
        ink = self.draw([(text, self.em, self.em)], (round(self.length(text)) + 2 * self.em, 3 * self.em))
        left, top, width, height = cv2.boundingRect(ink)
        left, top = left - self.em, top - self.em
        return left, top, left + width, top + height

    def draw(self, lines: list[tuple[str, int, int]], size: tuple[int, int], stroke: int = 0) -> Plane:
        canvas = np.zeros(size[::-1], np.uint8)
        for text, x, y in lines:
            cv2.putText(canvas, text, (x, y + self.em), (255,), self.face, self.em, self.weight)
        if not stroke:
            return canvas
        return np.asarray(cv2.dilate(canvas, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * stroke + 1,) * 2)))


BUILT_IN: Final = tuple(Font(family, style) for family in ("sans", "uni") for style in _WEIGHTS)
"""OpenCV's own fonts: Rubik and, for Chinese in both, WenQuanYi Micro Hei."""


@cache
def installed(folders: tuple[Path, ...] = _FOLDERS) -> tuple[Font, ...]:
    """The faces in those folders whose families the benchmark names, sorted; too thin ones are left out."""
    families = frozenset().union(*ALPHABETIC.values(), *CHINESE.values())
    files = sorted(path for folder in folders for path in folder.rglob("*") if path.suffix.lower() in _ENDINGS)
    found = {}
    for font in (font for path in files for font in faces(path)):
        if font.family in families and not any(word in font.style for word in _TOO_THIN):
            found.setdefault((font.family, font.style), font)
    return tuple(found[key] for key in sorted(found))


def faces(path: Path) -> list[Font]:
    """The faces of one font file; none if FreeType cannot read it."""
    found = []
    for index in range(_FACES if path.suffix.lower() == ".ttc" else 1):
        try:
            family, style = ImageFont.truetype(path, _SAMPLE_PX, index).getname()
        except OSError:  # past the last face of a collection, or no font
            break
        found.append(Font(family or path.stem, style or "", path, index))
    return found


def training_fonts(folder: Path | None = None) -> list[Font]:
    """The faces to train on: installed ones of the training half, and those in the folder that are no test fonts."""
    own = [font for font in installed() if font.family in ALPHABETIC["train"] | CHINESE["train"]]
    if folder is None:
        return own
    held_back = ALPHABETIC["test"] | CHINESE["test"]
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in _ENDINGS)
    found = [font for path in files for font in faces(path)]
    return own + [
        font
        for font in found
        if not any(font.family.startswith(family) for family in held_back)
        and not any(word in font.style for word in _TOO_THIN)
    ]


def find_fonts(text: str, half: Half, fonts: Iterable[Font] | None = None) -> list[Font]:
    """The faces of one half that cover the text, CHINESE for Chinese characters; OpenCV's own if none does."""
    return list(_installed_that_cover(text, half) if fonts is None else _covering(text, half, fonts))


def faces_for(text: str, fonts: Sequence[Font], rng: random.Random) -> list[Font]:
    """The covering faces of a family by chance, so that one of many faces weighs no more; none if none does."""
    families = sorted({font.family for font in fonts})
    for _ in range(_TRIES):
        family = rng.choice(families)
        if found := [font for font in fonts if font.family == family and font.covers(text)]:
            return found
    return []


def missing_families(half: Half) -> list[str]:
    """The families of one half of which no face is installed."""
    present = {font.family for font in installed()}
    return sorted((ALPHABETIC[half] | CHINESE[half]) - present)


def is_chinese(text: str) -> bool:
    """Whether the text has a Chinese character."""
    return any("\u3400" <= character <= "\u9fff" for character in text)


@cache
def _installed_that_cover(text: str, half: Half) -> tuple[Font, ...]:
    return tuple(_covering(text, half, installed()))


def _covering(text: str, half: Half, fonts: Iterable[Font]) -> list[Font]:
    families = (CHINESE if is_chinese(text) else ALPHABETIC)[half]
    found = [font for font in fonts if font.family in families and font.covers(text)]
    return found or [font for font in BUILT_IN if font.covers(text)]


@cache
def _has_glyph(font: Font, character: str) -> bool:
    drawn = _drawn(font, character)
    instead = _NO_CHARACTER if font.path else "?"
    return bool(drawn.strip(b"\0")) and (character == instead or drawn != _drawn(font, instead))


@cache
def _drawn(font: Font, character: str) -> bytes:
    size = (2 * _SAMPLE_PX, 2 * _SAMPLE_PX)
    return _sample(font).draw([(character, _SAMPLE_PX // 2, _SAMPLE_PX // 4)], size).tobytes()


@cache
def _sample(font: Font) -> Sized:
    return font.sized(_SAMPLE_PX)
