"""The README's figures beside the comparison: for each file of results, rows of what was measured, and what came."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

Row = tuple[str, str, str]
"""What, its result, the command."""
Result = Mapping[str, Any]


def _rescan(told: Result) -> Iterator[Row]:
    seconds = sorted(run["wall_s"] for run in told["runs"][1:])
    spread = f"{seconds[0]:.1f}…{seconds[-1]:.1f} in {len(seconds)} runs"
    result = f"**{told['medians']['wall_s']:.1f} s** ({spread}), {told['medians']['peak_mb']:.0f} MB"
    yield (
        f"`aiqyn scan` over {told['items']:,} files of which none changed",
        f"{result}; target ≤ {told['target_s']} s",
        "python -m benchmarks.rescan",
    )


def _flat(told: Result) -> Iterator[Row]:
    start, *points = told["points"]
    rates = [(point["wall_s"] - start["wall_s"]) / (point["items"] - start["items"]) * 1e3 for point in points]
    memory = [point["peak_mb"] for point in points]
    counts = " → ".join(f"{point['items']:,}" for point in points)
    each = " → ".join(f"{rate:.2f}" for rate in rates)
    peaks = " → ".join(f"{peak:,.0f}" for peak in memory)
    yield (
        f"{counts} small pictures decoded, carried and recorded, start-up apart",
        f"{each} ms each, peak memory {peaks} MB",
        "python benchmarks/flat.py",
    )


def _plan(told: Result) -> Iterator[Row]:
    for count, one in told["listed"].items():
        first, again = one["first scan"], one["nothing changed"]
        told_first, told_again = (f"{run['seconds']:.1f} s, {run['peak_mb']:,.0f} MB" for run in (first, again))
        yield (
            f"listing and planning {int(count):,} files, simulated below `os.walk`",
            f"first scan {told_first}; nothing changed {told_again}{_PLAN_TARGETS.get(count, '')}",
            "python benchmarks/plan.py",
        )
    for count, one in told["joined"].items():
        yield (
            f"comparing {int(count):,} places with a store of as many",
            f"{one['seconds']:.0f} s, {one['peak_mb']:,.0f} MB",
            "python benchmarks/plan.py",
        )


_PLAN_TARGETS: Final = {"1000000": "; targets ≤ 60 s, ≤ 2 GB"}


def _judge(told: Result) -> Iterator[Row]:
    for count, one in told["items"].items():
        idle = f"with nothing to judge {one['seconds_when_nothing_is_due']:.1f} s"
        yield (
            f"`aiqyn judge` over {int(count):,} stored items, one policy, one core",
            f"{one['a_second']:,} items a second, {one['peak_mb']:.0f} MB; {idle}; target ≥ 50,000 a second",
            "python benchmarks/judge.py",
        )


def _marks(told: Result) -> Iterator[Row]:
    one = told["formats"]["all"]
    yield (
        f"reading the marks of a file without a manifest, beside reading the file ({one['files']} files)",
        f"median {one['marks_ms']:.2f} ms beside {one['read_ms']:.2f} ms",
        "python benchmarks/marks.py",
    )


_OF: Final[Mapping[str, Callable[[Result], Iterator[Row]]]] = {
    "rescan": _rescan,
    "flat": _flat,
    "plan": _plan,
    "judge": _judge,
    "marks": _marks,
}


def table(results: Mapping[str, Result]) -> list[str]:
    """The lines of a table of all that is on record, with machine and load of each.

    Args:
        results: By name of their files.
    """
    lines = []
    for name, rows in _OF.items():
        if name not in results:
            continue
        machine = results[name]["machine"]
        where = f"{machine['processor']}, {machine['cores']} cores"
        lines += [f"| {what} | {result} | {where} | `{command}` |" for what, result, command in rows(results[name])]
    return ["| what | result | machine | command |", "|---|---|---|---|", *lines] if lines else []
