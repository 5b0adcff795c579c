"""Every command with its arguments and options, as ``docs/cli.md``, from the tree that reads the command line."""

import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import typer

from pipelines.cli import whole_app
from pipelines.errors import ExitCode
from pipelines.reference.markdown import page, table

_FACTS = re.compile(r"\s*\[([^\[\]]*)\]$")
_KINDS = {"str": "text", "path": "path", "int": "number", "float": "number"}
_INTRODUCTION = """\
Every command, as its `--help` tells it, too. Options of all commands stand before the command:
`aiqyn --log-format json scan …`. In a file, options of a scan are [keys of `scan.yaml`](configuration.md#scanyaml)."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """An argument or an option, as a reader sees it.

    Attributes:
        name: As it is typed, with what stands for its value.
        meaning: One line, Markdown.
        facts: Its default and bounds, whether it is required, or may be given several times.
    """

    name: str
    meaning: str
    facts: str


def commands_page() -> str:
    """``docs/cli.md``."""
    sections = [part for context in contexts() for part in _section(context)]
    return page("Commands", "the code of the command line", _INTRODUCTION, *_exit_status(), *sections)


def contexts() -> Iterator[Any]:
    """A context of ``aiqyn``, and of every command below it, in the order in which help lists them."""
    return _contexts(typer.main.get_command(whole_app()), "aiqyn", None)


def _contexts(command: Any, name: str, parent: Any) -> Iterator[Any]:
    context = typer.Context(command, info_name=name, parent=parent)
    yield context
    for one in getattr(command, "commands", {}).values():
        yield from _contexts(one, one.name, context)


def parameters(context: Any) -> dict[str, Parameter]:
    """What a command takes, by the name that its code has for it; ``--help`` is left out."""
    told = {one.name: _parameter(one, context) for one in context.command.get_params(context) if not one.hidden}
    del told["help"]
    return told


def _parameter(one: Any, context: Any) -> Parameter:
    name, told = one.get_help_record(context)
    found = _FACTS.search(told)
    facts = [_plain(found[1])] if found else []
    if one.param_type_name == "argument":
        name = one.metavar or one.name.upper()
    if one.multiple:
        facts.append("repeatable")
    name = re.sub(
        r"<(?:list\[)?([^\]> ]+)(?: range)?\]?>", lambda kind: f"<{_KINDS.get(kind[1].lower(), kind[1])}>", name
    )
    meaning = (told[: found.start()] if found else told).removesuffix(" Repeatable.")
    return Parameter(name, _linked(meaning), ", ".join(facts))


def _plain(facts: str) -> str:
    """Default and bounds in fewer signs: ``0<=x<=8`` as ``0 to 8``, ``x>=1`` as ``≥ 1``."""
    return re.sub(r"(\S+)<=x<=(\S+)", r"\1 to \2", facts).replace("x>=", "≥ ").replace("; ", ", ")


def _linked(text: str) -> str:
    """A help text as Markdown; pages that it names become links to them."""
    return re.sub(r"docs/([\w-]+\.md)", r"[\1](\1)", text.replace("<", "\\<"))


def _section(context: Any) -> Iterator[str]:
    command = context.command
    yield f"## {context.command_path}"
    yield from map(_linked, inspect.cleandoc(command.help or "").split("\n\n"))
    if below := getattr(command, "commands", {}):
        paths = {f"{context.command_path} {name}": one for name, one in below.items()}
        links = [(f"[`{path}`](#{path.replace(' ', '-')})", one.get_short_help_str(500)) for path, one in paths.items()]
        yield table(("command", "what it does"), links)
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    yield f"```text\n{usage}\n```"
    if rows := [(f"`{one.name}`", one.meaning, one.facts) for one in parameters(context).values()]:
        yield table(("argument or option", "meaning", "default, bounds"), rows)


def _exit_status() -> Iterator[str]:
    yield "## Exit status"
    yield table(("status", "meaning"), [(str(code.value), code.sentence) for code in ExitCode])
    yield "Any command may end with 0, 2, 5 or 6. Where 1, 3 or 4 is possible, the command says so below."
