"""The lexicon's notation, its reader and an analyst's additions."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

import configs
from transforms.labels.entries import EntryError, read_entry
from transforms.labels.lexicon import LEXICON_FILES, LexiconError, build_lexicon, read_lexicon, split_entries
from transforms.labels.match import match_lines, match_text, match_wordmark
from transforms.marks.mark import Says


def keys(entry: str, **groups: list[str]) -> list[list[object]]:
    """Of each phrase its elements, sets sorted."""
    phrases = read_entry(entry, groups, str.split)
    return [[sorted(one) if isinstance(one, frozenset) else one for one in phrase.elements] for phrase in phrases]


def test_alternatives_and_groups() -> None:
    assert keys("создан{о,а} ИИ") == [[["создана", "создано"], ["ИИ"]]]
    assert keys("созда<end>", end=["но", "на"]) == [[["создана", "создано"]]]
    assert keys("{a,b c} d") == [[["a"], ["d"]], [["b"], ["c"], ["d"]]]
    assert keys("made {,entirely} by") == [[["made"], ["entirely"], ["by"]], [["made"], ["by"]]]


@pytest.mark.parametrize("entry", ["", "создан{о", "создано}", "a<unknown>", "^ $", "{,}", "a" + "{b,c}" * 10])
def test_what_is_no_entry(entry: str) -> None:
    with pytest.raises(EntryError):
        read_entry(entry, {}, str.split)


def test_a_list_has_remarks_and_semicolons() -> None:
    assert split_entries("ИИ; AI\n# no entry; this\n\n нейросеть \n") == ["ИИ", "AI", "нейросеть"]


def test_every_shipped_file_is_read() -> None:
    assert sorted(path.name for path in (configs.ROOT / "lexicon").iterdir()) == sorted(LEXICON_FILES)


def test_the_shipped_lexicon_is_read_once() -> None:
    assert read_lexicon() is read_lexicon([])


def test_an_analyst_adds_to_a_language() -> None:
    assert match_text("Слеплено роботом-живописцем", read_lexicon()) is None
    lexicon = read_lexicon(["language: ru\nai_by: роботом-живописцем\nmade: слеплен<short>\n"])
    label = match_text("Слеплено роботом-живописцем", lexicon)
    assert label is not None
    assert (label.says, label.language) == (Says.AI, "ru")
    assert match_text("Слеплено ИИ", lexicon) is not None
    assert match_lines(["Слеплеио ИИ"], lexicon) is not None
    assert match_text("Создано ИИ", lexicon) is not None


def test_an_analyst_adds_a_language_and_a_wordmark() -> None:
    text = "language: ky\nai: ЖИ; жасалма интеллект\nlinks: аркылуу\nmade: түзүлгөн\nwordmarks:\n"
    lexicon = read_lexicon([text + "  - {product: Qyran, names: [Qyran AI, Қыран]}\n"])
    label = match_text("Сүрөт жасалма интеллект аркылуу түзүлгөн", lexicon)
    assert label is not None
    assert label.language == "ky"
    mark = match_wordmark("ҚЫРАН", lexicon)
    assert mark is not None
    assert mark.product == "Qyran"


def test_an_analyst_adds_a_trap() -> None:
    assert match_text("Made with AI magazine", read_lexicon()) is not None
    assert match_text("Made with AI magazine", read_lexicon(["language: en\ntraps: '[ai] magazine'\n"])) is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("language: ru\nmade: [", "is no YAML"),
        ("language: ru\nmade: [1]", "AttributeError"),
        ("language: ru\nmade: слеплен<unknown>", "<unknown>, which is not among groups"),
        ("language: ru\nlabels: '[nothing] a'", "nothing"),
        ("- 1", "is not as it should be"),
    ],
)
def test_a_broken_text_is_named(text: str, message: str) -> None:
    with pytest.raises(LexiconError, match="lexicon") as raised:
        read_lexicon([text])
    assert message in str(raised.value)


@given(st.text(alphabet="ab{},<>[]^$!:; ai\n'\"", max_size=40))
def test_no_text_breaks_the_reader_otherwise(entry: str) -> None:
    text = "language: xx\nai: robot\nmade: built\nlabels: |\n" + "".join(f"  {line}\n" for line in entry.split("\n"))
    with contextlib.suppress(LexiconError):
        build_lexicon({"x": text})
