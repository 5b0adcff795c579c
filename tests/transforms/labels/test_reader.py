"""Labels drawn over a picture are read in four languages; texts that are no labels are not taken for one."""

from functools import cache

import pytest

from tests.transforms.labels.drawn import scenery, write
from transforms.labels.lexicon import read_lexicon
from transforms.labels.match import Label, Wordmark
from transforms.labels.networks import read_networks
from transforms.labels.reader import LabelReader, Sighting
from transforms.marks.mark import Says


@cache
def reader() -> LabelReader:
    return LabelReader(read_networks(), read_lexicon())


def read(*lines: str, em: int = 36, seed: int = 0, **style: object) -> list[Sighting]:
    rgb = scenery(seed=seed)
    for number, line in enumerate(lines):
        rgb = write(rgb, line, (70, 560 + int(1.35 * em) * number), em, **style)
    return list(reader().read(rgb).sightings)


@pytest.mark.parametrize(
    ("text", "language", "says"),
    [
        ("ЖИ арқылы жасалған", "kk", Says.AI),
        ("Жасанды интеллект көмегімен жасалды", "kk", Says.AI),
        ("Сгенерировано ИИ", "ru", Says.AI),
        ("Создано с помощью нейросети", "ru", Says.AI),
        ("Изображение изменено с помощью ИИ", "ru", Says.AI_PART),
        ("AI-generated", "en", Says.AI),
        ("Made with AI", "en", Says.AI),
        ("AI生成", "zh", Says.AI),
        ("内容由AI生成", "zh", Says.AI),
    ],
)
def test_a_label_is_read_with_its_language_and_place(text: str, language: str, says: Says) -> None:
    (found,) = read(text)
    assert isinstance(found.found, Label)
    assert (found.found.says, found.found.language) == (says, language)
    assert abs(found.box.x - 70) < 40
    assert abs(found.box.y + found.box.height / 2 - 548) < 30
    assert 18 <= found.line_height <= 50
    assert found.contrast > 40


@pytest.mark.parametrize(
    "style",
    [
        {"outline": True},
        {"box": True},
        {"alpha": 0.6},
        {"colour": (255, 220, 30), "outline": True},
        {"colour": (10, 10, 10), "alpha": 0.9},
    ],
    ids=["outline", "box", "semi-transparent", "yellow", "dark"],
)
@pytest.mark.parametrize("text", ["ЖИ көмегімен жасалған", "AI-generated image"])
def test_styles(text: str, style: dict[str, object]) -> None:
    assert [one.found.says for one in read(text, em=44, seed=3, **style) if isinstance(one.found, Label)] == [Says.AI]


def test_a_wrapped_label_is_one() -> None:
    (found,) = read("Создано с помощью", "искусственного", "интеллекта")
    assert isinstance(found.found, Label)
    assert found.box.height > 2 * 36


@pytest.mark.parametrize(
    "text",
    [
        "Жасанды интеллект туралы заң",
        "Искусственный интеллект: форум 2026",
        "Сгенерировано отчётов: 15",
        "Created by Anna",
        "Made with Aigerim",
        "ИИ создал новую картину",
        "Создано с помощью друзей",
        "人工智能大会",
    ],
)
def test_other_texts_are_no_labels(text: str) -> None:
    assert [one.found for one in read(text)] == []


@pytest.mark.parametrize("text", ["Не сгенерировано ИИ", "ЖИ көмегінсіз жасалған", "Created without AI"])
def test_denials_say_so(text: str) -> None:
    assert {one.found.says for one in read(text) if isinstance(one.found, Label)} <= {Says.NOT_AI}


def test_a_generator_s_name_is_a_trace() -> None:
    (found,) = read("KLING AI")
    assert found.found == Wordmark("Kling", found.found.text)


def test_a_picture_without_text_has_no_label() -> None:
    assert reader().read(scenery(seed=8)).sightings == ()


def test_the_same_pixels_give_the_same_reading_whatever_came_before() -> None:
    first = read("Сгенерировано ИИ", seed=5)
    read("AI-generated", em=60, seed=6)
    assert read("Сгенерировано ИИ", seed=5) == first
