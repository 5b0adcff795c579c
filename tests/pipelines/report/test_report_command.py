"""The command: one page written whole, and one line for what cannot be."""

import pytest
from typer.testing import CliRunner

from pipelines.cli import whole_app
from pipelines.errors import UsageError
from tests.pipelines.report_store import add_scan, item, new_store, verdict


@pytest.fixture
def store(tmp_path):
    store = new_store(tmp_path / "store")
    row = item("/archive/a.jpg", score=0.9)
    add_scan(store, "one", [row], [verdict(row, "review")])
    return store


def report(store, *options: object):
    return CliRunner().invoke(whole_app(), ["report", "--store", str(store.root), *map(str, options)])


@pytest.mark.parametrize(
    ("language", "told"),
    [("en", "For a person to review"), ("ru", "Нужен взгляд человека"), ("kk", "Адам қарауы керек")],
)
def test_a_page_in_each_language(language, told, store, tmp_path) -> None:
    page = tmp_path / "report.html"
    ended = report(store, "--output", page, "--language", language)
    assert ended.exit_code == 0
    assert told in page.read_text("utf-8")


def test_the_reason_stands_where_a_source_is_gone(store, tmp_path) -> None:
    report(store, "--output", tmp_path / "r.html")
    assert "No picture: The file cannot be opened: No such file or directory." in (tmp_path / "r.html").read_text(
        "utf-8"
    )
    report(store, "--output", tmp_path / "r.html", "--thumbnails", 0)
    assert "No picture: none were asked for" in (tmp_path / "r.html").read_text("utf-8")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--output", "nowhere/r.html"), "name a file in a folder that is there"),
        (("--output", "."), "name a file in a folder that is there"),
        (("--output", "r.html", "--scan", "two"), "There is no scan two"),
        (("--output", "r.html", "--policy", "cn"), "Nothing was judged under the policy cn"),
    ],
)
def test_what_cannot_be_is_told_in_one_line(options, told, store, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    ended = report(store, *options)
    assert isinstance(ended.exception, UsageError)
    assert told in str(ended.exception)
    assert not (tmp_path / "r.html").exists()


def test_a_store_that_is_none(tmp_path) -> None:
    ended = CliRunner().invoke(
        whole_app(), ["report", "--store", str(tmp_path / "no"), "--output", str(tmp_path / "r.html")]
    )
    assert "There is no store" in str(ended.exception)
