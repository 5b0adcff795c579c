"""Rows that lie one above the other: one sentence, or two that only stand together."""

import pytest

from transforms.labels.joints import continues, joint
from transforms.labels.lexicon import read_lexicon

LEXICON = read_lexicon()


@pytest.mark.parametrize(
    ("above", "below"),
    [
        pytest.param("Ask AI", "Generated at 14:05", id="when it was made"),
        pytest.param("AI", "Made in Italy", id="where it was made"),
        pytest.param("THE FUTURE OF AI", "CREATED BY JOHN SMITH", id="by whom it was made, in capitals"),
        pytest.param("ИИ", "Изменено 12 мая", id="a date of an edit"),
        pytest.param("Глава Минцифры об ИИ", "Создано на территории Индии", id="a headline and an origin"),
        pytest.param("ЖИ", "Жасалған Қазақстанда", id="an origin in Kazakh"),
        pytest.param("Наш ИИ", "Создана комиссия", id="what was made is no picture"),
        pytest.param("Отредактировано автором", "ИИ создаст миллион рабочих мест", id="a headline about AI"),
        pytest.param("Made in Italy", "AI replaces drivers", id="a headline about AI in English"),
        pytest.param("Created", "AI is here", id="AI as a subject"),
        pytest.param("our AI", "Generated", id="a capital below small letters"),
    ],
)
def test_two_sentences_are_parted(above: str, below: str) -> None:
    assert joint(above, below, LEXICON) == ". "


@pytest.mark.parametrize(
    ("above", "below"),
    [
        pytest.param("Создано", "с помощью ИИ", id="small letters go on"),
        pytest.param("Сгенерировано", "ИИ в рекламных целях", id="a purpose"),
        pytest.param("Сгенерировано", "ИИ Алдар", id="the name of an AI"),
        pytest.param("Создано с помощью", "ИИ нового поколения", id="a linking word leads on"),
        pytest.param("ЖИ арқылы", "Жасалған", id="a linking word in Kazakh"),
        pytest.param("AI", "Generated", id="a title"),
        pytest.param("AI", "Generated Content", id="a title that names what was made"),
        pytest.param("AI", "Generated with Sora", id="a product"),
        pytest.param("THIS VIDEO IS AI", "GENERATED FOR FUN", id="the first row says what was made"),
        pytest.param("Made", "With Generative AI", id="the second row is about AI, too"),
        pytest.param("人工智能", "生成内容", id="Chinese"),
        pytest.param("—", "Generated at 14:05", id="a row without words"),
    ],
)
def test_one_sentence_is_not(above: str, below: str) -> None:
    assert joint(above, below, LEXICON) == " "


@pytest.mark.parametrize(
    ("line", "goes_on"), [("созданное ИИ", True), ("– made by AI", True), ("Made", False), ("12", False)]
)
def test_a_line_with_a_small_first_letter_goes_on(line: str, goes_on: bool) -> None:
    assert continues(line) is goes_on
