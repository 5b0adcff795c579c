"""The rule files of the marks layer: what ships is valid, and what is wrong is named with its line."""

from pathlib import Path

import pytest

import configs
from pipelines.marks_config import FILES, problems
from transforms.marks.meaning import rule_files
from transforms.marks.meaning.rule_files import RulesError, load_rules, read_rules

SHIPPED = configs.ROOT / "marks"


@pytest.mark.parametrize("name", FILES)
def test_shipped_files_are_valid(name: str) -> None:
    assert problems(SHIPPED / name) == []


def test_every_file_that_is_read_is_checked() -> None:
    assert set(FILES) == set(rule_files.FILES)


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("generators.yaml", "    says: ai_part", "    says: maybe", "says: Input should be"),
        ("generators.yaml", "    confidence: exact", "    confidence: exact\n    colour: red", "colour: Extra inputs"),
        ("generators.yaml", "'sui_image_params'", "'(sui'", "is no pattern"),
        ("generators.yaml", "'sui_image_params'", "'sui.*params'", "repeats without a bound"),
        ("generators.yaml", "reader: dream", "reader: nightmare", "is no reader"),
        ("generators.yaml", "groups: [text], names: [parameters]", "groups: [texts]", "groups that do not exist"),
        ("generators.yaml", "id: sdnext.name", "id: sdnext", "ids given twice: ['sdnext']"),
        ("source_types.yaml", "says: ai,", "says: robot,", "terms.0.says: Input should be"),
        ("software.yaml", "[krita]", "['kri(ta']", "is no pattern"),
        ("adhoc.yaml", "answers_yes:", "answers_jes:", "answers_yes: Field required"),
        ("meanings.yaml", "does_not_mean: Nothing was fetched", "means_not: Nothing was fetched", "does_not_mean"),
    ],
)
def test_a_wrong_file_is_named_with_its_line(tmp_path: Path, name: str, old: str, new: str, message: str) -> None:
    text = (SHIPPED / name).read_text("utf-8")
    assert old in text
    file = tmp_path / name
    file.write_text(text.replace(old, new, 1), "utf-8")
    found = problems(file)
    assert any(message in line for line in found)
    assert all(line.startswith(f"{name}:") and line.split(":")[1].isdigit() for line in found)


def test_the_line_is_that_of_the_fault(tmp_path: Path) -> None:
    file = tmp_path / "software.yaml"
    file.write_text(
        "editors:\n  - product: Krita\n    tokens: [krita]\n  - product: GIMP\n    tokens: ['(']\n", "utf-8"
    )
    assert [line.split(": ")[0] for line in problems(file)] == ["software.yaml:5"]


def test_what_is_no_yaml(tmp_path: Path) -> None:
    (tmp_path / "software.yaml").write_text("editors: [", "utf-8")
    assert "no YAML" in problems(tmp_path / "software.yaml")[0]


def test_a_child_refuses_a_broken_file(tmp_path: Path) -> None:
    (tmp_path / "marks").mkdir()
    for name in rule_files.FILES:
        (tmp_path / "marks" / name).write_text((SHIPPED / name).read_text("utf-8"), "utf-8")
    assert load_rules(tmp_path) == read_rules()
    (tmp_path / "marks" / "software.yaml").write_text("editors: [{product: Krita}]", "utf-8")
    with pytest.raises(RulesError, match=r"software\.yaml is not as it should be: KeyError: 'tokens'"):
        load_rules(tmp_path)
    (tmp_path / "marks" / "software.yaml").write_text("editors: [", "utf-8")
    with pytest.raises(RulesError, match=r"software\.yaml is no YAML"):
        load_rules(tmp_path)
