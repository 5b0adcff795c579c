"""Letter folding: what becomes one key in typed text, and what in text read from pixels."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.labels.fold import fold, normal, skeleton


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ЖАСАЛҒАН", "жасалган"),
        ("көмегімен", "комегимен"),
        ("arqyly", "ARQYLY"),
        ("jasalǵan", "jasalgan"),
        ("jasalğan", "jasalgan"),
        ("ıntellekt", "intellekt"),
        ("kómegimen", "kömegimen"),
        ("изменён", "изменен"),
        ("создaнo", "создано"),  # a and o in Latin letters
        ("АІ", "AI"),  # both in Cyrillic letters
        ("Аi", "AI"),
        ("內容", "内容"),
        ("zekâ", "zeka"),
        ("İle", "ile"),
    ],
)
def test_spellings_of_one_word(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize(
    ("one", "other"), [("AI", "Al"), ("создано", "cosdaho"), ("généré", "génère"), ("ИИ", "ИЙ"), ("and", "апд")]
)
def test_typed_words_that_stay_apart(one: str, other: str) -> None:
    assert fold(one) != fold(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("AI", "Al"),
        ("AI", "A1"),
        ("AI", "АІ"),
        ("AI", "A|"),
        ("ЖИ", "жй"),
        ("көмегімен", "көмеriмен"),
        ("Создано", "C03дано"),
        ("généré", "GENERE"),
        ("isn't", "isnt"),
    ],
)
def test_readings_of_one_word(one: str, other: str) -> None:
    assert skeleton(one) == skeleton(other)


@pytest.mark.parametrize(("one", "other"), [("ИИ", "НН"), ("made", "mode"), ("создано", "создана")])
def test_readings_that_stay_apart(one: str, other: str) -> None:
    assert skeleton(one) != skeleton(other)


def test_invisible_characters_and_hyphens() -> None:
    assert normal("ИИ\u2011сгене\u00adриро\u200bвано") == "ИИ-сгенерировано"


@given(st.text(max_size=60))
def test_folding_ends_and_is_repeatable(text: str) -> None:
    for key in (fold, skeleton):
        assert key(text) == key(text)
        assert len(key(text)) <= 4 * len(text) + 4
