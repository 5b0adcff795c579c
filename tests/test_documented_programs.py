"""What the documentation says to type beside ``aiqyn`` is there: scripts and their options, targets, extras, files."""

import argparse
import os
import runpy
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any, NoReturn

import pytest

import transforms.examine.videos  # noqa: F401  (sets what scripts are not to unset)
from tests.commands import mentioned, typed
from tests.markdown import PAGES, ROOT

OTHERS = sorted(
    {
        one.words
        for page in (path.read_text("utf-8") for path in PAGES)
        for one in (*typed(page), *mentioned(page))
        if one.words[0] != "aiqyn"
    }
)
SCRIPTS = [words for words in OTHERS if words[0] == "python" and words[1].endswith(".py")]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
OF_THE_SYSTEM = {
    *("cp", "mkdir", "printf", "rm", "sha256sum"),
    *("docker", "journalctl", "podman", "systemctl", "useradd"),
}
"""Programs that are nobody's to check here; where they are given files of the project, these are looked for."""


class ParsedError(Exception):
    """Stands for the work that a script would begin."""


@pytest.mark.parametrize("words", SCRIPTS, ids=" ".join)
def test_a_script_takes_the_options_that_are_documented_and_does_nothing_before(
    words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It runs in this process, whose children and environment it has to leave as they are."""
    parse = argparse.ArgumentParser.parse_args

    def parse_only(parser: argparse.ArgumentParser, *told: Any) -> NoReturn:
        parse(parser, *told)
        raise ParsedError

    monkeypatch.setattr(argparse.ArgumentParser, "parse_args", parse_only)
    monkeypatch.setattr(sys, "argv", [*words[1:]])
    monkeypatch.setattr(sys, "path", [str((ROOT / words[1]).parent), *sys.path])

    def start(*_: Any, **__: Any) -> NoReturn:
        pytest.fail("it starts a process before it has read its options")

    monkeypatch.setattr(subprocess.Popen, "__init__", start)
    before = dict(os.environ)
    with pytest.raises(ParsedError):
        runpy.run_path(str(ROOT / words[1]), run_name="__main__")
    assert before.items() <= os.environ.items()


@pytest.mark.parametrize("words", [words for words in OTHERS if words[0] == "make"], ids=" ".join)
def test_make_knows_the_target(words: tuple[str, ...]) -> None:
    done = subprocess.run([*words, "--dry-run"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("words", [words for words in OTHERS if words[0] == "pip"], ids=" ".join)
def test_pip_is_asked_for_extras_and_wheels_that_the_project_names(words: tuple[str, ...]) -> None:
    name = words[-1]
    if words[1] == "install":
        assert name in {f"aiqyn[{extra}]" for extra in PROJECT["optional-dependencies"]}
    else:
        assert words[1:-1] == ("download", "--no-deps")
        assert f"pip download --no-deps {name}" in (ROOT / "pipelines" / "detector" / "cli.py").read_text("utf-8")


def test_the_files_of_the_project_that_are_named_are_there() -> None:
    folders = {path.name for path in ROOT.iterdir() if path.is_dir()}
    named = {word for words in OTHERS for word in words[1:] if "/" in word and Path(word).parts[0] in folders}
    built = {word for word in named if word.startswith("examples/archive/")}
    assert len(named - built) > 10
    assert [word for word in named - built if not list(ROOT.glob(word))] == []


def test_every_program_is_one_of_those_that_are_looked_at_here() -> None:
    checked = {"make", "pip", "pytest", "python"}
    assert {words[0] for words in OTHERS} == checked | OF_THE_SYSTEM
