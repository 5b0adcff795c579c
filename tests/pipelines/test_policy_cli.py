"""`aiqyn policy`: what is listed, shown, checked, and the schema for editors."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner, Result

from pipelines.errors import ExitCode
from pipelines.policy_cli import app
from pipelines.policy_config import FOLDER, load_policy, names

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "policies.md"


def policy(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def flat(text: str) -> str:
    return " ".join(text.split())


def leaves(value: Any) -> Iterator[str]:
    """Every text, number and date of a file."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            yield from leaves(one)
    elif isinstance(value, bool):
        yield "yes" if value else "no"
    else:
        yield flat(str(value))


def test_list_has_every_policy_with_its_first_day() -> None:
    rows = {line.split()[0]: line.split()[1:5] for line in policy("list").stdout.splitlines()[1:8]}
    assert set(rows) == set(names())
    assert rows["cn"] == ["2025-09-01", "required", "required", "no"]
    assert rows["eu-provider"] == ["2026-08-02", "required", "–", "no"]
    assert rows["eu-deployer"] == ["2026-08-02", "–", "required", "no"]


@pytest.mark.parametrize("name", names())
def test_show_leaves_nothing_of_the_file_out(name: str) -> None:
    shown = policy("show", name)
    assert shown.exit_code == 0
    text = flat(shown.stdout)
    data = yaml.safe_load((FOLDER / f"{name}.yaml").read_text("utf-8"))
    assert [leaf for leaf in leaves(data) if leaf not in text and leaf != "ai_part"] == []
    assert load_policy(name).sha256 in text


def test_show_keeps_the_laws_numbers_apart_from_advice_and_from_errors_of_measuring() -> None:
    def told(name: str, source: str) -> list[str]:
        found = re.findall(rf"^  {source}: (\w+ \S+)", policy("show", name).stdout, re.MULTILINE)
        return [one for one in found if one != "gives nothing"]

    assert told("cn", "the law")[:2] == ["copies 1", "min_height_ratio 0.05"]
    assert told("cn", "our measuring may be off") == ["height_error 0.2", "seconds_error 0.5"]
    assert told("cn", "our advice, not the law") == ["min_contrast 25.0"]
    assert told("kz", "the law") == told("kz", "our measuring may be off") == []


def test_show_names_the_known_policies_for_an_unknown_one() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pipelines.cli", "policy", "show", "atlantis"],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == ExitCode.USAGE
    assert "There is no policy atlantis" in done.stderr
    assert "eu-provider" in done.stderr


def test_check_prints_the_digest_that_verdicts_carry_whatever_the_layout(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    data = yaml.safe_load((FOLDER / "cn.yaml").read_text("utf-8"))
    file.write_text(yaml.safe_dump(data, allow_unicode=True), "utf-8")
    done = policy("check", file, FOLDER / "kz.yaml")
    assert done.exit_code == 0
    assert [line.split()[0] for line in done.stdout.splitlines()] == [load_policy(name).sha256 for name in ("cn", "kz")]


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("from: 2026-01-18", "from: soon", "effective.from"),
        ("applies_to: imitation", "applies_to: all", "scope.applies_to"),
        ("definition: 1(4)", "definition: 1(5)", "definition"),
        ("scope: {article: 1(4)", "scope: {article: 9(9)", "scope"),
        ("  - id: 21(1)\n", "  - id: 1(4)\n", "articles"),
        ("duty_of:", "duty:", "duty"),
        ("min_contrast: 25", "min_contrast: 300", "visible_warning.advice.min_contrast"),
        ("combine: all", "combine: some", "combine"),
        ("kz\n", "K Z\n", "id"),
    ],
)
def test_check_names_line_and_field_of_a_problem(old: str, new: str, field: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    text = (FOLDER / "kz.yaml").read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), "utf-8")
    done = policy("check", file)
    assert done.exit_code == ExitCode.USAGE
    found = re.findall(rf"^{re.escape(str(file))}:(\d+): {re.escape(field)}: .+$", done.stderr, re.MULTILINE)
    assert found
    line = file.read_text("utf-8").splitlines()[int(found[0]) - 1]
    assert field.rsplit(".", maxsplit=1)[-1] in line


def test_check_wants_something_required(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text((FOLDER / "kz.yaml").read_text("utf-8").replace("required: true", "required: false"), "utf-8")
    assert "combine: Value error, a policy requires a machine mark" in policy("check", file).stderr


def test_check_goes_on_after_a_file_that_is_not_sound(tmp_path: Path) -> None:
    (tmp_path / "broken.yaml").write_text("id: [", "utf-8")
    done = policy("check", tmp_path / "none.yaml", tmp_path / "broken.yaml", FOLDER / "kz.yaml")
    assert done.exit_code == ExitCode.USAGE
    assert "none.yaml: cannot be read" in done.stderr
    assert "broken.yaml: no YAML" in done.stderr
    assert load_policy("kz").sha256 in done.stdout


def test_the_schema_takes_the_shipped_files_and_no_other_field() -> None:
    schema = json.loads(policy("schema").stdout)
    for name in names():
        data = json.loads(json.dumps(yaml.safe_load((FOLDER / f"{name}.yaml").read_text("utf-8")), default=str))
        assert list(faults(data, schema, schema["$defs"])) == []
    data["effective"]["from_"] = data["effective"].pop("from")
    assert sorted(faults(data, schema, schema["$defs"])) == ["from is missing", "from_ is unknown"]


def faults(data: Any, schema: dict[str, Any], parts: dict[str, Any]) -> Iterator[str]:
    """What a schema has against data, as far as names and choices go."""
    if "$ref" in schema:
        schema = parts[schema["$ref"].rsplit("/", maxsplit=1)[-1]]
    if "anyOf" in schema:
        schema = next((one for one in schema["anyOf"] if one.get("type") != "null"), schema)
        yield from faults(data, schema, parts)
    elif schema.get("type") == "object":
        yield from (f"{name} is missing" for name in schema.get("required", ()) if name not in data)
        for name, value in data.items():
            if name in schema["properties"]:
                yield from faults(value, schema["properties"][name], parts)
            else:
                yield f"{name} is unknown"
    elif schema.get("type") == "array":
        for one in data:
            yield from faults(one, schema["items"], parts)
    elif "enum" in schema and data not in schema["enum"]:
        yield f"{data} is no choice"


def test_the_example_of_the_page_is_sound(tmp_path: Path) -> None:
    example = re.search(r"```yaml\n(# my-policy\.yaml\n.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert example
    file = tmp_path / "my-policy.yaml"
    file.write_text(example[1], "utf-8")
    assert policy("check", file).exit_code == 0
    assert load_policy(str(file)).policy.id == "house-rule"


def test_policies_load_neither_beam_nor_torch() -> None:
    program = (
        "import sys; from typer.testing import CliRunner; from pipelines.policy_cli import app; "
        "assert CliRunner().invoke(app, ['show', 'kz']).exit_code == 0; "
        "print(sorted({'apache_beam', 'torch', 'cv2', 'pandas', 'numpy', 'pyarrow', 'duckdb'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"
