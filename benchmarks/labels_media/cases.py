"""The pictures of the benchmark, one after the other: labels, and as many that only look like it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.labels_media import photos, phrases
from benchmarks.labels_media.clips import through_h264
from benchmarks.labels_media.fonts import Half, find_fonts
from benchmarks.labels_media.pages import PAGES, render_page
from benchmarks.labels_media.photos import Pixels
from benchmarks.labels_media.phrases import Phrase
from benchmarks.labels_media.render import ALPHAS, EM_RATIOS, POSITIONS, STYLES, Rendered
from benchmarks.labels_media.sample import sample_empty, sample_label

SEED_FOR_TUNING: Final = 1
EMPTY: Final = "no text"
_LANGUAGES: Final = ("kk", "kk", "ru", "en", "kk", "ru", "zh", "kk-Latn", "ru", "en", "kk", "zh", "ru")
_ALPHAS: Final = (1.0, 0.8, 1.0, 0.6, 1.0, 0.45, 1.0, 0.35)
_EMPTY_EVERY: Final = 6
_PAGE_EVERY: Final = 6
_COMPANY: Final = 0.15  # of the labels that stand in a picture with other text
_VIDEO: Final = 0.1  # of the pictures that are frames of an H.264 video
_CRF: Final = (22, 31)


@dataclass(frozen=True, slots=True)
class Case:
    """A picture of the benchmark; its kind is ``label``, ``no text``, one of PAGES, or that of its phrase."""

    rendered: Rendered
    kind: str

    @property
    def is_label(self) -> bool:
        """Whether a warning is on it."""
        return self.kind == phrases.LABEL


def half_of(seed: int) -> Half:
    """Seed 1 draws on what the reader was tuned on; every other on fonts, phrases and photographs that it never saw."""
    return "train" if seed == SEED_FOR_TUNING else "test"


def labels(seed: int, count: int, paths: Sequence[Path]) -> Iterator[Case]:
    """Labels over photographs; languages, sizes, styles and opacities in fixed shares, all else by chance."""
    half = half_of(seed)
    texts = drawable(phrases.labels(half), half)
    for number in range(count):
        rng = np.random.default_rng([seed, 0, number])
        language = _LANGUAGES[number % len(_LANGUAGES)]
        own = [phrase for phrase in texts if phrase.language == language]
        phrase = _choose(own or texts, rng)
        photo = _photo(paths, rng)
        position = str(rng.choice(POSITIONS))
        in_company = bool(rng.random() < _COMPANY)
        if in_company:
            photo = _with_company(photo, phrase, position, rng, half)
        rendered = sample_label(
            photo,
            phrase.text,
            phrase.language,
            rng,
            half=half,
            em_ratio=EM_RATIOS[number % len(EM_RATIOS)],
            position=position,
            style=STYLES[number % len(STYLES)],
            alpha=_ALPHAS[number // len(EM_RATIOS) % len(_ALPHAS)],
            whole=in_company,
        )
        yield Case(_as_video(rendered, rng), phrases.LABEL)


def negatives(seed: int, count: int, paths: Sequence[Path]) -> Iterator[Case]:
    """As many pictures without a label: other texts drawn as labels are, pages full of text, photographs alone."""
    half = half_of(seed)
    texts = drawable(phrases.negatives(half), half)
    order = np.random.default_rng([seed, 1]).permutation(len(texts))
    drawn = 0
    for number in range(count):
        rng = np.random.default_rng([seed, 1, number])
        photo = _photo(paths, rng)
        if number % _EMPTY_EVERY == 0:
            yield Case(_as_video(sample_empty(photo, rng), rng), EMPTY)
        elif number % _PAGE_EVERY == 1:
            kind = tuple(PAGES)[number // _PAGE_EVERY % len(PAGES)]
            yield Case(render_page(photo, texts, rng, half, kind), kind)
        else:
            phrase = texts[order[drawn % len(texts)]]
            drawn += 1
            alpha = float(rng.choice(ALPHAS[:3]))
            rendered = sample_label(photo, phrase.text, phrase.language, rng, half=half, alpha=alpha)
            yield Case(_as_video(rendered, rng), phrase.kind)


def drawable(texts: Sequence[Phrase], half: Half) -> list[Phrase]:
    """Those that a font covers; all where the Debian fonts are installed."""
    return [phrase for phrase in texts if find_fonts(phrase.text, half) and find_fonts(phrase.text.upper(), half)]


def _with_company(photo: Pixels, phrase: Phrase, position: str, rng: np.random.Generator, half: Half) -> Pixels:
    """The photograph with a line of something else on it, at the other end than the label's, as a broadcast has."""
    elsewhere = str(rng.choice([other for other in POSITIONS if other.startswith("top") != position.startswith("top")]))
    others = [other for other in phrases.negatives(half) if other.kind == "misc" and other.language == phrase.language]
    text, language, _ = _choose(drawable(others, half), rng)
    return sample_label(
        photo, text, language, rng, half=half, em_ratio=0.05, position=elsewhere, alpha=1.0, quality=0
    ).rgb


def _as_video(rendered: Rendered, rng: np.random.Generator) -> Rendered:
    if rng.random() >= _VIDEO:
        return rendered
    return replace(rendered, rgb=through_h264(rendered.rgb, int(rng.integers(_CRF[0], _CRF[1]))))


def _photo(paths: Sequence[Path], rng: np.random.Generator) -> Pixels:
    return photos.load(paths[int(rng.integers(len(paths)))])


def _choose(options: Sequence[Phrase], rng: np.random.Generator) -> Phrase:
    return options[int(rng.integers(len(options)))]
