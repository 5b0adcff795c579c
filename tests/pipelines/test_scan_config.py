"""The scan file: what it sets, from where its paths are seen, and that the command line overrides it."""

import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from hypothesis import given
from hypothesis import strategies as st

from examples.media.pictures import generated_picture
from pipelines.cli import app
from pipelines.errors import ExitCode, UsageError
from pipelines.scan_config import ScanFile, defaults_of, key_of, load_scan_file
from tests.drivers import run

ROOT = Path(__file__).parents[2]
PARAMETERS = typer.main.get_command(app).commands["scan"].params  # type: ignore[attr-defined]
OF_THE_MOMENT = {"config", "allow_empty", "dry_run"}


def aiqyn(*arguments: object, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pipelines.cli", "scan", *map(str, arguments)]
    env = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}
    return run(command, capture_output=True, text=True, check=False, cwd=cwd, env=env)


def written(folder: Path, text: str) -> Path:
    file = folder / "scan.yaml"
    file.write_text(text, "utf-8")
    return file


def test_every_option_but_those_of_the_moment_can_stand_in_the_file() -> None:
    assert set(ScanFile.model_fields) == {key_of(one) for one in PARAMETERS} - OF_THE_MOMENT


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        ("sources: films", "sources", ["{here}/films"]),
        ("sources: [../a, /b, '**/*.mp4']", "sources", ["{here}/../a", "/b", "{here}/**/*.mp4"]),
        ("sources: ['s3://bucket/x']", "sources", ["s3://bucket/x"]),
        ("store: s3://bucket/audit", "store", "s3://bucket/audit"),
        ("store: audit", "store", "{here}/audit"),
        ("store: ${HOME}/audit", "store", "{here}/${HOME}/audit"),
        ("store: ~/audit", "store", "{home}/audit"),
        ("profile: default", "profile", "default"),
        ("profile: night.yaml", "profile", "{here}/night.yaml"),
        ("detector: aiqyn-lite", "detector", ["aiqyn-lite"]),
        ("detector: [./ours, aiqyn-lite]", "detector", ["{here}/ours", "aiqyn-lite"]),
        ("policy: [kz, house.yml]", "policy", ["kz", "{here}/house.yml"]),
        ("trust_list: a.pem", "trust_list", ["{here}/a.pem"]),
        ("context: published.csv", "context_table", "{here}/published.csv"),
        ("fail_on: [not_disclosed, review]", "fail_on", "not_disclosed,review"),
        ("fail_on: review", "fail_on", "review"),
        ("summary: last.json", "summary_file", "{here}/last.json"),
        ("metrics_file: /m/a.prom", "metrics_file", "/m/a.prom"),
        ("running_mode: multi_threading", "running_mode", "multi_threading"),
        ("beam_option: --a=b", "beam_option", ["--a=b"]),
        ("workers: 2", "workers", 2),
        ("retry_failed: true", "retry_failed", True),
        ("skip_near_duplicates: true", "skip_near_duplicates", True),
    ],
)
def test_a_value_becomes_the_default_of_its_option(text: str, key: str, value: Any, tmp_path: Path) -> None:
    def filled(one: Any) -> Any:
        if isinstance(one, list):
            return [filled(each) for each in one]
        if not isinstance(one, str):
            return one
        return one.replace("{here}", str(tmp_path.resolve())).replace("{home}", str(Path.home()))

    assert defaults_of(written(tmp_path, text), PARAMETERS) == {key: filled(value)}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("store: a\nstor: b", "scan.yaml:2: stor: Extra inputs are not permitted"),
        ("store: a\n\nstore: b", "scan.yaml:3: store: stands here a second time"),
        ("dry_run: true", "scan.yaml:1: dry_run: Extra"),
        ("workers: '2'", "scan.yaml:1: workers: Input should be a valid integer"),
        ("workers: 0", "scan.yaml:1: workers: Input should be greater than or equal to 1"),
        ("retry_failed: 1", "scan.yaml:1: retry_failed: Input should be a valid boolean"),
        ("sources: []", "scan.yaml:1: sources: Value should have at least 1 item"),
        ("sources:\n  - a\n  - 7", "scan.yaml:3: sources.1: Input should be a valid string"),
        ("store:", "scan.yaml:1: store: Input should be a valid string"),
        ("store: ''", "scan.yaml:1: store: String should have at least 1 character"),
        ("", "scan.yaml:1: Input should be a valid dictionary"),
        ("a: [", "scan.yaml: no YAML"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(text: str, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        load_scan_file(written(tmp_path, text))
    assert f"{tmp_path}/{sentence}" in str(caught.value)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        load_scan_file(tmp_path / "none.yaml")


@given(st.text(st.characters(codec="utf-8"), max_size=60))
def test_any_text_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    file = written(tmp_path_factory.getbasetemp(), text)
    with suppress(UsageError):
        assert load_scan_file(file).keys() <= ScanFile.model_fields.keys()


@pytest.fixture
def configured(tmp_path: Path) -> Path:
    for name, number in (("one", 1), ("two", 2)):
        (tmp_path / name).mkdir()
        for seed in range(number):
            generated_picture(seed, (64, 48)).save(tmp_path / name / f"{seed}.png")
    return written(tmp_path, "sources: one\nstore: store\nworkers: 2\nrunning_mode: multi_threading\n")


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        ([], 0, "1 inputs"),
        (["{folder}/two"], 0, "2 inputs"),
        (["--running-mode", "in_memory"], 2, "in_memory has one worker"),
        (["--running-mode", "in_memory", "--workers", "1"], 0, "1 inputs"),
    ],
)
def test_the_command_line_overrides_the_file(
    arguments: list[str], status: int, said: str, configured: Path, tmp_path: Path
) -> None:
    (tmp_path / "elsewhere").mkdir()
    filled = [argument.format(folder=tmp_path) for argument in arguments]
    done = aiqyn("--config", configured, "--dry-run", *filled, cwd=tmp_path / "elsewhere")
    assert done.returncode == status, done.stderr
    assert said in done.stderr
    assert not (tmp_path / "store").exists()


def test_without_sources_anywhere_the_command_says_so(tmp_path: Path) -> None:
    done = aiqyn("--config", written(tmp_path, "store: store"), "--dry-run")
    assert done.returncode == ExitCode.USAGE
    assert "SOURCE" in done.stderr


def test_the_example_is_sound_and_plans(tmp_path: Path) -> None:
    (tmp_path / "archive").mkdir()
    generated_picture(1, (64, 48)).save(tmp_path / "archive" / "a.png")
    text = (ROOT / "examples" / "scan.yaml").read_text("utf-8")
    done = aiqyn("--config", written(tmp_path, text), "--dry-run")
    assert done.returncode == ExitCode.COMPLETE, done.stderr
    assert "1 to record" in " ".join(done.stderr.split())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["archive", "scan.yaml"], "nothing was written"


def test_the_example_shows_every_key() -> None:
    text = (ROOT / "examples" / "scan.yaml").read_text("utf-8")
    shown = {line.removeprefix("# ").partition(":")[0] for line in text.splitlines() if ":" in line}
    assert set(ScanFile.model_fields) <= shown
    assert yaml.safe_load(text)["fail_on"] == ["not_disclosed", "review"]
