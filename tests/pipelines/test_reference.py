"""Pages that are made from the code: up to date, the same at any terminal, and with nothing left unexplained."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import pytest
from annotated_types import Ge, Le
from pydantic import BaseModel, Field

from pipelines.reference.commands import contexts, parameters
from pipelines.reference.docstrings import attributes, summary
from pipelines.reference.markdown import table
from pipelines.reference.pages import PAGES
from pipelines.reference.settings import Key, keys_of

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", PAGES)
def test_the_page_is_that_of_this_code(name: str) -> None:
    assert (ROOT / "docs" / name).read_text("utf-8") == PAGES[name](), "make docs"


def test_pages_are_the_same_at_a_narrow_terminal_and_load_neither_beam_nor_torch() -> None:
    code = (
        "import sys; from pipelines.reference.commands import commands_page; print(commands_page(), end='');"
        "assert not {'apache_beam', 'torch', 'pandas'} & set(sys.modules)"
    )
    environment = os.environ | {"COLUMNS": "30", "TERMINAL_WIDTH": "30", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == PAGES["cli.md"]()


def test_every_command_says_what_it_and_each_of_its_parameters_is_for() -> None:
    paths = []
    for context in contexts():
        paths.append(context.command_path)
        assert context.command.help, context.command_path
        for one in parameters(context).values():
            assert one.meaning, f"{context.command_path} {one.name}"
    assert {"aiqyn", "aiqyn scan", "aiqyn detector train", "aiqyn verify"} <= set(paths)
    assert len(set(paths)) == len(paths)


@pytest.mark.parametrize(
    ("command", "name", "shown", "facts"),
    [
        ("aiqyn scan", "sources", "SOURCE…", ""),
        ("aiqyn scan", "workers", "--workers <number>", "default: 1, ≥ 1"),
        ("aiqyn scan", "exclude", "--exclude GLOB", "repeatable"),
        ("aiqyn scan", "retry_failed", "--retry-failed / --no-retry-failed", "default: no-retry-failed"),
        ("aiqyn query", "format_", "--format <table|csv|json|parquet|xlsx>", "default: table"),
        ("aiqyn evidence", "output", "--output <path>", "required"),
        ("aiqyn detector train", "data", "--data <path>", "required, repeatable"),
        ("aiqyn detector manifest", "share", "--share <number>", "default: 0.5, 0.0 to 1.0"),
    ],
)
def test_a_parameter_is_shown_with_its_default_and_bounds(command: str, name: str, shown: str, facts: str) -> None:
    context = next(one for one in contexts() if one.command_path == command)
    told = parameters(context)[name]
    assert (told.name, told.facts) == (shown, facts)


@dataclass
class Inner:
    """What lies within.

    Attributes:
        size: How large it is, in words that need
            two lines.
    """

    size: Annotated[int, Ge(1), Le(8)] = 3


class Outer(BaseModel):
    """A file."""

    kind: Literal["a", "b"] = Field(description="Which.")
    names: list[str] = Field(default=[], description="Names.")
    inner: Inner = Field(default_factory=Inner)
    others: tuple[Inner, ...] = Field(default=(), description="More of them.")


class Silent(BaseModel):
    """A file that does not say what its key means."""

    key: int


def test_keys_have_type_bounds_default_and_meaning_with_those_within() -> None:
    assert [*keys_of(Outer)] == [
        Key("kind", "`a` or `b`", None, "Which."),
        Key("names", "list of text", "[]", "Names."),
        Key("inner", "mapping", "null", "What lies within."),
        Key("inner.size", "whole number, ≥ 1, ≤ 8", "3", "How large it is, in words that need two lines."),
        Key("others", "list of mapping", "null", "More of them."),
        Key("others[].size", "whole number, ≥ 1, ≤ 8", "3", "How large it is, in words that need two lines."),
    ]


def test_a_key_without_a_meaning_stops_the_page_and_may_be_explained_by_the_page() -> None:
    with pytest.raises(KeyError, match="nowhere said what key means, a key that Silent reads"):
        list(keys_of(Silent))
    assert next(keys_of(Silent, {"key": "A number."})).meaning == "A number."


def test_docstrings_are_read_by_their_parts() -> None:
    told = "First\n    line.\n\n    More.\n\n    Attributes:\n        a: One,\n            two.\n        b_c: Three."
    assert attributes(told) == {"a": "One, two.", "b_c": "Three."}
    assert summary(told) == "First line."
    assert attributes("Nothing.") == {}


def test_a_cell_may_hold_bars_and_line_breaks() -> None:
    assert table(("a", "b"), [("x|y", "1\n2")]) == "| a | b |\n|---|---|\n| x\\|y | 1 2 |"
