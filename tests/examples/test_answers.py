"""What the documentation says to ask can be asked of the sample archive, and its answers are those that it shows."""

import re
import shutil
from pathlib import Path

import pytest

from examples.answers import CONTEXT, PAGE, ROOT, answered, ask_store, commands, dialogues, queries, scan
from tests.commands import type_in
from tests.markdown import PAGES, shows

TUTORIAL = (ROOT / "docs" / "tutorial.md").read_text("utf-8")
DONE_BY_THE_TEST = ("make", "export")  # the archive is built and scanned, and aiqyn found


@pytest.fixture(scope="module")
def folder(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the sample archive lies and was scanned, as ``make scan`` does."""
    folder = tmp_path_factory.mktemp("answers")
    shutil.copytree(archive, folder / "examples" / "archive")
    shutil.copy(CONTEXT, folder / "examples")
    scan(folder)
    return folder


@pytest.fixture(scope="module")
def tutorial(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> list[tuple[list[str], str, str, int]]:
    """Each command of the tutorial with what it is to answer, what it answers, and its exit status.

    Its changes are undone at the end, for the questions are asked of the same scan.
    """
    kept = shutil.copytree(folder / "examples", tmp_path_factory.mktemp("kept") / "examples")
    for name, text in re.findall(r"```yaml\n# (\S+)\n(.*?)```", TUTORIAL, re.DOTALL):
        (folder / name).write_text(text, "utf-8")
    done = []
    for words, shown in dialogues(TUTORIAL):
        if words[0] not in DONE_BY_THE_TEST:
            ended = type_in(words, folder)
            done.append((words, shown, ended.stdout, ended.returncode))
    shutil.rmtree(folder / "examples")
    shutil.copytree(kept, folder / "examples")
    return done


@pytest.fixture(scope="module")
def page(folder: Path, tutorial: object) -> str:
    return answered(PAGE.read_text("utf-8"), folder)


@pytest.mark.timeout(600)
def test_the_tutorial_answers_as_it_shows(tutorial: list[tuple[list[str], str, str, int]]) -> None:
    assert len(tutorial) > 10
    for words, shown, answer, status in tutorial:
        assert status == (3 if "could not be examined" in shown else 0), f"{' '.join(words)}\n{answer}"
        assert shows(shown, answer), f"{' '.join(words)}\n{answer}"


def test_the_ten_answers_are_those_of_the_sample_archive_and_of_no_time_or_place(page: str, folder: Path) -> None:
    assert PAGE.read_text("utf-8") == page, "make docs"
    assert page.count("\n## ") == 10
    assert str(folder) not in page


def test_every_query_of_the_documentation_runs(page: str, folder: Path) -> None:
    ask, asked = ask_store(folder / "examples" / "store"), 0
    for path in PAGES:
        for sql in queries(path.read_text("utf-8")):
            assert "rows)" in ask(sql), f"{path.name}: {sql}"
            asked += 1
    assert asked > 20


def test_commands_are_read_with_their_quotes_and_without_what_they_answer() -> None:
    page = "```console\n$ .venv/bin/aiqyn query --store a \"SELECT 1,\n   2\"   # comment\nit's 1\n$ rm 'a b'\n```\n"
    assert [*commands(page)] == [["aiqyn", "query", "--store", "a", "SELECT 1,\n   2"], ["rm", "a b"]]
    assert [answer for _, answer in dialogues(page)] == ["it's 1\n", ""]


@pytest.mark.parametrize(
    ("shown", "answer", "is_shown"),
    [
        ("a\nb\n", "a\nb\n", True),
        ("a\nb\n", "a\n", False),
        ("…\nb in … s\n…\n", "a\na\nb in 12 s\n", True),
        ("…\nb\n", "a\nb\nc\n", False),
        ("b … s\n", "b 1\n2 s\n", False),
        ("a.b\n", "axb\n", False),
        ("a\n", "a  \n", True),
    ],
)
def test_an_answer_is_compared_but_for_what_is_left_out(shown: str, answer: str, is_shown: bool) -> None:
    assert shows(shown, answer) == is_shown
