"""The documentation hangs together: its links lead somewhere, and its commands are such as the command line reads."""

import re
from pathlib import Path
from typing import Any

import pytest
import typer

import configs
from pipelines.cli import whole_app
from tests.commands import mentioned, simple_commands, typed
from tests.markdown import PAGES, ROOT, anchors, links
from transforms.detect.package import load_package


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_every_link_leads_to_a_file_and_a_heading_that_are_there(path: Path) -> None:
    broken = []
    for link in links(path.read_text("utf-8")):
        file, _, anchor = link.partition("#")
        target = (path.parent / file).resolve() if file else path
        if re.match(r"[a-z]+://|mailto:", link):
            continue
        if not target.exists() or (anchor and anchor not in anchors(target.read_text("utf-8"))):
            broken.append(link)
    assert broken == []


def test_every_page_is_linked_from_the_first() -> None:
    first = ROOT / "docs" / "README.md"
    linked = {(first.parent / link.partition("#")[0]).resolve() for link in links(first.read_text("utf-8"))}
    pages = {path for path in PAGES if path.is_relative_to(first.parent)} - {first}
    assert sorted(map(name_of, pages - linked)) == [], "a line in docs/README.md leads to every page"


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_every_command_is_one_that_the_command_line_reads(path: Path) -> None:
    page = path.read_text("utf-8")
    wrong = [
        f"{told}: {problem}"
        for told, is_whole in (*((one, True) for one in typed(page)), *((one, False) for one in mentioned(page)))
        if told.words[0] == "aiqyn" and (problem := problem_of(told.words, is_whole=is_whole))
    ]
    assert wrong == []


def problem_of(words: tuple[str, ...], *, is_whole: bool) -> str:
    """Why the command line would refuse a command; nothing where it would not."""
    try:
        _parse(list(words[1:]), is_whole=is_whole)
    except Exception as error:
        if not hasattr(error, "format_message"):
            raise
        return error.format_message() or type(error).__name__
    return ""


def _parse(words: list[str], *, is_whole: bool) -> None:
    """Reads words as the command line does, and runs nothing."""
    command: Any = typer.main.get_command(whole_app())
    context, name = None, "aiqyn"
    while command:
        context = typer.Context(command, info_name=name, parent=context)
        values, rest, _ = command.make_parser(context).parse_args(args=list(words))
        given = {name for name, value in values.items() if value is not None and value != ()}
        eager = {
            one.name for one in command.get_params(context) if one.is_eager
        }  # --config may stand for what is needed
        for one in command.get_params(context):
            if one.name in given - eager or (is_whole and one.required and not given & eager):
                one.process_value(context, values.get(one.name))
        if not rest:
            return
        if not hasattr(command, "commands"):
            context.fail(f"Got unexpected extra arguments ({' '.join(rest)})")
        name, command, words = command.resolve_command(context, rest)


@pytest.mark.parametrize(
    ("told", "is_whole", "problem"),
    [
        ("aiqyn scan /archive --store audit", True, ""),
        ("aiqyn --log-format json scan a --store b > c 2>&1", True, ""),
        ("aiqyn scan /archive", True, "--store"),
        ("aiqyn scan …", False, ""),
        ("aiqyn scan --stor x", False, "No such option"),
        ("aiqyn scan --workers many", False, "integer"),
        ("aiqyn query --store a --format xml 'SELECT 1'", True, "xml"),
        ("aiqyn policies", False, "policies"),
        ("aiqyn policy lst", False, "lst"),
        ("aiqyn judge more --store a", False, "unexpected"),
    ],
)
def test_a_command_that_would_be_refused_is_told(told: str, is_whole: bool, problem: str) -> None:
    (words,) = simple_commands(told)
    found = problem_of(words, is_whole=is_whole)
    assert problem in found
    assert bool(found) == bool(problem)


def test_error_rates_of_the_page_on_verdicts_are_those_of_the_detector() -> None:
    page = (ROOT / "docs" / "verdicts.md").read_text("utf-8")
    figures = {
        (one.measured_on, one.metric): one
        for one in load_package(configs.DEFAULT_DETECTOR).config.skill
        if (one.source, one.treatment) == ("all", "as_is")
    }
    sets = {measured_on: None for measured_on, _ in figures}
    assert len(sets) == 3
    for measured_on in sets:
        caught, accused, noticed, alarmed = (
            figures[measured_on, f"{metric}_{level}"]
            for level in ("suspected", "elevated")
            for metric in ("recall", "false_alarms")
        )
        rates = (f"{1000 * one.value:.0f}" for one in (caught, accused, noticed, alarmed))
        assert f"({caught.n_ai} AI-made, {accused.n_real} others) | {' | '.join(rates)} |" in page
    first = next(iter(sets))
    right = 100 * figures[first, "recall_suspected"].value
    wrong = 9900 * figures[first, "false_alarms_suspected"].value
    assert f"about\n{right:.0f} of those and {wrong:.0f} of the others are suspected" in page
    assert round(6 * wrong / (right + wrong)) == 5
