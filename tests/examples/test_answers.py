"""What the documentation says to ask can be asked of the sample archive, and its answers are those that it shows."""

import shutil
from pathlib import Path

import pytest

from examples.answers import PAGE, answered, ask_store, commands, queries
from tests.markdown import PAGES


@pytest.fixture(scope="module")
def folder(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("answers")
    shutil.copytree(archive, folder / "examples" / "archive")
    return folder


@pytest.fixture(scope="module")
def page(folder: Path) -> str:
    return answered(PAGE.read_text("utf-8"), folder)


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
