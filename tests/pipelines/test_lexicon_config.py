"""The strict check of lexicon files, and the example of the documentation."""

import re
from pathlib import Path

import pytest

import configs
from pipelines.errors import UsageError
from pipelines.lexicon_config import lexicon_problems, load_lexicon_texts
from transforms.labels.lexicon import LEXICON_FILES, read_lexicon
from transforms.labels.match import match_text, match_wordmark

DOCUMENT = Path(__file__).parents[2] / "docs" / "lexicon.md"


@pytest.mark.parametrize("name", LEXICON_FILES)
def test_shipped_files_are_valid(name: str) -> None:
    assert lexicon_problems(name, (configs.ROOT / "lexicon" / name).read_text("utf-8")) == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("language: ru\nmade: |\n  слеплен{о\n", "my.yaml:2: made: Value error, 'слеплен{о' has a bracket"),
        ("language: ru\nmad: x\n", "my.yaml:2: mad: Extra inputs are not permitted"),
        ("language: ru\nmade: [a, b]\n", "my.yaml:2: made: Input should be a valid string"),
        ("language: ru\nmade: a [ai]\n", "my.yaml:2: made: Value error, 'a [ai]': only labels,"),
        ("language: ru\nlabels: a [aix]\n", "my.yaml:2: labels: Value error, 'a [aix]': [aix] is no list"),
        ("language: ru\nmade: слеп<nothing>\n", "names the group <nothing>, which is not among groups"),
        ("language: russian\n", "my.yaml:1: language: String should match"),
        ("made: a\n", "lists of words need a language"),
        ("language: ru\ngroups: {end: [no]}\n", "my.yaml:2: groups.end.0: Input should be a valid string"),
        ("wordmarks:\n  - {product: A}\n", "my.yaml:2: wordmarks.0.names: Field required"),
        ("language: [", "my.yaml: no YAML"),
        ("", "my.yaml:1: Input should be"),
        ("{}", "neither a language nor wordmarks"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, problem: str) -> None:
    assert any(problem in line for line in lexicon_problems("my.yaml", text)), lexicon_problems("my.yaml", text)
    (tmp_path / "my.yaml").write_text(text, "utf-8")
    with pytest.raises(UsageError, match=r"my\.yaml"):
        load_lexicon_texts([tmp_path / "my.yaml"])


def test_groups_of_the_shipped_language_may_be_used() -> None:
    assert lexicon_problems("my.yaml", "language: ru\nmade: слепле<done>\n") == []


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "cp1251.yaml").write_bytes("language: ru\nmade: слеплено\n".encode("cp1251"))
    (tmp_path / "large.yaml").write_bytes(b"#" * 1_000_001)
    for name in ("missing.yaml", "cp1251.yaml", "large.yaml"):
        with pytest.raises(UsageError, match=name):
            load_lexicon_texts([tmp_path / name])


def test_no_files_are_no_texts() -> None:
    assert load_lexicon_texts([]) == ()


def test_the_example_of_the_documentation(tmp_path: Path) -> None:
    example = re.search(r"```yaml\n(.*?)```", DOCUMENT.read_text("utf-8"), re.DOTALL)
    assert example is not None
    file = tmp_path / "phrases.yaml"
    file.write_text(example[1], "utf-8-sig")
    lexicon = read_lexicon(load_lexicon_texts([file]))
    for text in ("Изготовлено цифровым художником", "Смастерила нейросеть «Алдар»", "Бұл бейнені Алдар құрады"):
        assert match_text(text, lexicon) is not None, text
        assert match_text(text, read_lexicon()) is None
    assert match_text("Создано ИИ-клубом «Тулпар»", lexicon) is None
    mark = match_wordmark("Aldar AI", lexicon)
    assert mark is not None
    assert mark.product == "Aldar"
