"""The words of the page: each language has all of them."""

import re

import pytest
import yaml
from pydantic import ValidationError

from pipelines.review.phrases import ReviewWords
from pipelines.words import FOLDER, LANGUAGES

ENGLISH = ReviewWords.read("en")
SIGNS = {"nobody", "when", "reviewers"}
"""Phrases of signs and names alone."""


def flat(words: ReviewWords) -> dict[str, str]:
    data = words.model_dump(exclude={"language"})
    return {f"{section}.{name}": text for section, named in data.items() for name, text in named.items()}


@pytest.mark.parametrize("language", [one for one in LANGUAGES if one != "en"])
def test_a_language_has_the_phrases_of_english_with_the_same_places_to_fill(language) -> None:
    english, other = flat(ENGLISH), flat(ReviewWords.read(language))
    places = {name: sorted(re.findall(r"{\w+}", text)) for name, text in english.items()}
    assert {name: sorted(re.findall(r"{\w+}", text)) for name, text in other.items()} == places
    assert {name for name in other if other[name] == english[name]} == {f"phrases.{name}" for name in SIGNS}


@pytest.mark.parametrize(("section", "name"), [("decisions", "unsure"), ("outcomes", "review"), ("choices", "all")])
def test_a_word_of_the_tables_without_a_name_is_refused(section, name) -> None:
    data = yaml.safe_load((FOLDER / "review.en.yaml").read_text("utf-8"))
    del data[section][name]
    with pytest.raises(ValidationError, match=name):
        ReviewWords.model_validate(data)


def test_every_phrase_is_used() -> None:
    folder = FOLDER.parents[1] / "pipelines" / "review"
    sources = "".join(path.read_text("utf-8") for path in folder.iterdir() if path.suffix in {".py", ".j2"})
    used = {name.removeprefix("key_") for name in re.findall(r'["(](\w+)"', sources)}
    assert {name for name in ENGLISH.phrases if name.removeprefix("key_") not in used} == set()
