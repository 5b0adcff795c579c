"""The words of reports: each language has all of them, and none says what no file can show."""

import re

import pytest
import yaml
from pydantic import ValidationError

from pipelines.report.words import ReportWords
from pipelines.words import FOLDER, LANGUAGES
from tests.test_words import FORBIDDEN, TRANSLATED, places, sentences

SAME_IN_ALL = {"phrases.decision"}  # of names alone


def words(language: str) -> dict[str, str]:
    data = ReportWords.read(language).model_dump()
    return {key: text for key, text in sentences(data) if key != "language"}


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_language_has_the_keys_of_english_and_the_same_places_to_fill(language) -> None:
    english, other = words("en"), words(language)
    assert {key: places(text) for key, text in other.items()} == {key: places(text) for key, text in english.items()}


@pytest.mark.parametrize("language", TRANSLATED)
def test_no_sentence_was_left_in_english(language) -> None:
    english, other = words("en"), words(language)
    assert {key for key, text in other.items() if text == english[key]} == SAME_IN_ALL


@pytest.mark.parametrize(
    ("section", "word"), [("outcomes", "review"), ("synthesis", "traced"), ("levels", "none"), ("decisions", "not_ai")]
)
def test_a_word_of_the_tables_without_a_name_is_refused(section, word) -> None:
    data = yaml.safe_load((FOLDER / "report.en.yaml").read_text("utf-8"))
    del data[section][word]
    with pytest.raises(ValidationError, match=word):
        ReportWords.model_validate(data)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_says_what_a_file_cannot_show(language) -> None:
    assert [text for text in words(language).values() if re.search(FORBIDDEN[language], text.casefold())] == []
