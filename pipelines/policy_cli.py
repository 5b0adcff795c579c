"""`aiqyn policy`: what the laws ask for, and whether a policy file is sound."""

import json
from pathlib import Path
from typing import Annotated

import typer

from pipelines.errors import ExitCode

app = typer.Typer(name="policy", help="Read, check and write policies: what a law asks for.", no_args_is_help=True)


@app.command("list")
def list_policies() -> None:
    """List the policies that come with Aiqyn."""
    from pipelines.policy_config import load_policy, names

    row = "{:<12} {:<10}  {:<8}  {:<7}  {:<9}  {}".format
    typer.echo(row("id", "in force", "machines", "people", "text read", "title"))
    for name in names():
        policy = load_policy(name).policy
        needed = ["required" if part.required else "–" for part in (policy.machine_mark, policy.visible_warning)]
        verified = "yes" if policy.law_text_verified else "no"
        typer.echo(row(policy.id, policy.effective.from_.isoformat(), *needed, verified, policy.title))
    typer.echo("machines, people: whether a mark for machines and a warning for people are required.")
    typer.echo("text read: whether we read the law's own text, not reports of it.")


@app.command()
def show(policy: Annotated[str, typer.Argument(metavar="NAME|FILE", help="A policy by name, or a YAML file.")]) -> None:
    """Show a policy in plain words: all that its file says, the law's numbers apart from our advice."""
    from pipelines.policy_config import load_policy
    from pipelines.policy_page import policy_page

    for line in policy_page(load_policy(policy)):
        typer.echo(line)


@app.command()
def check(files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="Policy files, YAML.")]) -> None:
    """Check policy files: print the SHA-256 of each sound one; exit status 2 when one is not sound."""
    import yaml

    from pipelines.policy_config import policy_sha256
    from pipelines.strict_yaml import yaml_problems
    from transforms.policy.policy import Policy

    all_sound = True
    for file in files:
        try:
            text = file.read_text("utf-8")
        except (OSError, ValueError) as error:
            problems = [f"{file}: cannot be read: {error}"]
        else:
            problems = yaml_problems(str(file), text, Policy)
        for problem in problems:
            typer.echo(problem, err=True)
        if problems:
            all_sound = False
        else:
            typer.echo(f"{policy_sha256(Policy.model_validate(yaml.safe_load(text)))}  {file}")
    if not all_sound:
        raise typer.Exit(ExitCode.USAGE)


@app.command()
def schema() -> None:
    """Print the JSON Schema of policy files, for editors."""
    from transforms.policy.policy import Policy

    typer.echo(json.dumps(Policy.model_json_schema(by_alias=True), indent=2, ensure_ascii=False))
