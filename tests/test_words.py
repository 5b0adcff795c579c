"""The sentences of verdicts: each language has all of them, and none says what no file can show."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from pipelines.policy_config import load_policy, names
from pipelines.words import FOLDER, LANGUAGES, Words, read_voice
from transforms.detect.package import load_any
from transforms.marks.meaning.rule_files import read_rules
from transforms.policy.codes import Code, VerdictOutcome

TRANSLATED = [language for language in LANGUAGES if language != "en"]
# A file proves no breach of a law and nothing about truth, so these words stand in no sentence.
FORBIDDEN = {
    "en": r"violat|breach|illegal|fake|forge|authentic|genuine|real picture",
    "ru": r"наруш|незакон|фейк|поддел|подлинн|фальш",
    "kk": r"бұзушы|заңсыз|фейк|жалған|қолдан жаса|түпнұсқа|шынайы",
}
LAW_TERM = "deep fake"  # so the European Union's law calls it


def sentences(data: Mapping[str, Any], place: str = "") -> Iterator[tuple[str, str]]:
    for key, value in data.items():
        if isinstance(value, Mapping):
            yield from sentences(value, f"{place}{key}.")
        else:
            yield f"{place}{key}", value


def words(language: str) -> dict[str, str]:
    data = yaml.safe_load((FOLDER / f"verdicts.{language}.yaml").read_text("utf-8"))
    return {key: text for key, text in sentences(data) if key != "language"}


def places(text: str) -> list[str]:
    return sorted(re.findall(r"{(\w+)}", text))


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_language_has_the_keys_of_english_and_the_same_places_to_fill(language):
    english, other = words("en"), words(language)
    assert {key: places(text) for key, text in other.items()} == {key: places(text) for key, text in english.items()}


@pytest.mark.parametrize("language", TRANSLATED)
def test_no_sentence_was_left_in_english(language):
    english, other = words("en"), words(language)
    same = {key for key, text in other.items() if text == english[key]}
    assert same == {"phrases.detector"}  # of names alone


@pytest.mark.parametrize(
    ("section", "word"),
    [("codes", Code.SHOWS_PERSON), ("outcome", VerdictOutcome.REVIEW), ("reasons", "truncated"), ("levels", "none")],
)
def test_a_word_without_a_sentence_is_refused(section, word):
    data = yaml.safe_load((FOLDER / "verdicts.en.yaml").read_text("utf-8"))
    del data[section][word]
    with pytest.raises(ValidationError, match=word):
        Words.model_validate(data)


def test_a_sentence_for_a_code_that_is_none_is_refused():
    data = yaml.safe_load((FOLDER / "verdicts.en.yaml").read_text("utf-8"))
    data["next_codes"]["no_such_code"] = "Look."
    with pytest.raises(ValidationError, match="no_such_code"):
        Words.model_validate(data)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_says_what_a_file_cannot_show(language):
    told = [*words(language).values(), *read_voice(language).translations.values()]
    found = [text for text in told if re.search(FORBIDDEN[language], text.casefold().replace(LAW_TERM, ""))]
    assert found == []


def shown_english() -> set[str]:
    """What explanations show of policies, of meanings of marks and of the sets on which detectors were measured."""
    told = {text for meaning in read_rules().meanings.values() for text in (meaning.means, meaning.does_not_mean)}
    for name in names():
        policy = load_policy(name).policy
        told |= {policy.title, policy.duty_of, *policy.effective.later, *(one.says for one in policy.articles)}
        told |= {policy.effective.grace.holds_later_for} if policy.effective.grace else set()
    return told | {skill.measured_on for skill in load_any("aiqyn-lite").config.skill}


@pytest.mark.parametrize("language", TRANSLATED)
def test_what_policies_and_meanings_say_is_translated_and_nothing_else_is(language):
    assert set(read_voice(language).translations) == shown_english()
