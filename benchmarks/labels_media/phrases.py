"""The texts of the benchmark, read from phrases.yaml: labels, and what is easily taken for one."""

from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

import yaml

from benchmarks.labels_media.fonts import Half

LIST: Final = Path(__file__).with_name("phrases.yaml")
LABEL: Final = "label"


class Phrase(NamedTuple):
    """A text: its language, and ``label`` or the kind of negative that it is."""

    text: str
    language: str
    kind: str


@cache
def labels(half: Half) -> tuple[Phrase, ...]:
    """The labels to tune on, or those to test on."""
    by_language = _read()["labels"][half]
    return tuple(Phrase(text, language, LABEL) for language, texts in by_language.items() for text in texts)


@cache
def negatives(half: Half) -> tuple[Phrase, ...]:
    """The texts that are no labels, to tune on or to test on."""
    by_language = _read()["negatives"][half]
    return tuple(
        Phrase(text, language, kind)
        for language, kinds in by_language.items()
        for kind, texts in kinds.items()
        for text in texts
    )


@cache
def _read() -> dict[str, dict[str, dict[str, dict[str, list[str]]]]]:
    return yaml.safe_load(LIST.read_text(encoding="utf-8"))
