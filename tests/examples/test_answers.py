"""What the documentation says to ask can be asked of the sample archive, and its answers are those that it shows."""

import shutil
from pathlib import Path

import pytest

from examples.answers import PAGE, ROOT, answered, ask_store, commands, queries

PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
ASKING = [path for path in PAGES if [*queries(path.read_text("utf-8"))]]


@pytest.fixture(scope="module")
def folder(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("answers")
    shutil.copytree(archive, folder / "examples" / "archive")
    return folder


@pytest.fixture(scope="module")
def page(folder: Path) -> str:
    return answered(PAGE.read_text("utf-8"), folder)


def test_the_answers_are_those_of_the_sample_archive(page: str) -> None:
    assert PAGE.read_text("utf-8") == page, "make docs"


def test_there_are_ten_questions_and_no_answer_depends_on_when_and_where(page: str, folder: Path) -> None:
    assert page.count("\n## ") == 10
    assert str(folder) not in page


@pytest.mark.parametrize("path", ASKING, ids=lambda path: path.name)
def test_every_query_of_the_documentation_runs(path: Path, page: str, folder: Path) -> None:
    ask = ask_store(folder / "examples" / "store")
    for sql in queries(path.read_text("utf-8")):
        assert "rows)" in ask(sql)


def test_commands_are_read_with_their_quotes_and_without_what_they_answer() -> None:
    page = "```console\n$ .venv/bin/aiqyn query --store a \"SELECT 1,\n   2\"   # comment\nit's 1\n$ rm 'a b'\n```\n"
    assert [*commands(page)] == [["aiqyn", "query", "--store", "a", "SELECT 1,\n   2"], ["rm", "a b"]]
