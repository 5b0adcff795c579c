"""What the detector commands share: errors as one line, and a progress bar."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

if TYPE_CHECKING:
    from transforms.detect.package import Skill


@contextmanager
def errors() -> Iterator[None]:
    """Turn a `DetectorError` into a line on stderr and exit status 2."""
    from transforms.detect.package import DetectorError

    try:
        yield
    except DetectorError as e:
        Console(stderr=True).print(f"{e.code}: {e}", style="red", markup=False, soft_wrap=True)
        raise typer.Exit(2) from e


@contextmanager
def progress() -> Iterator[Callable[[str, int, int], None]]:
    """A bar on stderr for each task; call what it gives as (what, done, total)."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as bars:
        tasks: dict[str, TaskID] = {}

        def tick(what: str, done: int, total: int) -> None:
            if what not in tasks or bars.tasks[tasks[what]].finished:
                tasks[what] = bars.add_task(what, total=total)
            bars.update(tasks[what], completed=done, total=total)

        yield tick


def show_skill(title: str, skills: "list[Skill]") -> None:
    """Print figures as a table."""
    table = Table("source", "figure", "treatment", "value [95 %]", "n", title=title)
    for s in skills:
        interval = f" [{s.interval[0]:.3f}, {s.interval[1]:.3f}]" if s.interval else ""
        table.add_row(s.source, s.metric, s.treatment, f"{s.value:.3f}{interval}", f"{s.n_ai} AI, {s.n_real} real")
    Console().print(table)
