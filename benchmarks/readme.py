"""The README's section of measurements, from the files in ``benchmarks/results``.

    python -m benchmarks.readme

A test fails where the README says anything else.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks.readme_rows import table
from benchmarks.sides.summary import file_name

ROOT: Final = Path(__file__).resolve().parents[1]
README: Final = ROOT / "README.md"
RESULTS: Final = Path(__file__).parent / "results"
BEGIN: Final = "<!-- made by python -m benchmarks.readme: begin -->"
END: Final = "<!-- end -->"
_COLUMNS: Final = {
    "bare_one": "bare, 1 core",
    "bare": "bare, all cores",
    "aiqyn": "**Aiqyn**",
    "pool": "multiprocessing",
    "ray": "Ray Data",
    "daft": "Daft",
}


def section(results: Mapping[str, dict[str, Any]]) -> str:
    """The lines between the marks.

    Args:
        results: By name of their files; those with a ``summary`` are comparisons of `benchmarks.sides`.
    """
    sides = [result for result in results.values() if "summary" in result]
    blocks = (_comparison(sides), table({name: one for name, one in results.items() if "summary" not in one}))
    return "\n\n".join("\n".join(lines) for lines in blocks if lines)


def _comparison(sides: Sequence[dict[str, Any]]) -> list[str]:
    if not sides:
        command = "python -m benchmarks.sides --corpus pictures --leg decode+model"
        return [f"No comparison is on record: `{command}` makes one."]
    return [
        f"| median wall time, s | {' | '.join(_COLUMNS.values())} | Aiqyn over all cores |",
        f"|---|{'---|' * (len(_COLUMNS) + 1)}",
        *map(_line, sides),
        "",
        *_remarks(sides),
    ]


def written(readme: str, told: str) -> str:
    """A README with other lines between its marks.

    Raises:
        ValueError: A mark is missing.
    """
    before, found, rest = readme.partition(BEGIN)
    _, closed, after = rest.partition(END)
    if not found or not closed:
        raise ValueError(f"The README needs the lines {BEGIN} and {END}; the table goes between them.")
    return f"{before}{BEGIN}\n{told}\n{END}{after}"


def read_results(folder: Path = RESULTS) -> dict[str, dict[str, Any]]:
    """The results on record, by name."""
    return {path.stem: json.loads(path.read_text("utf-8")) for path in sorted(folder.glob("*.json"))}


def _line(result: dict[str, Any]) -> str:
    summary = result["summary"]
    walls = (f"{summary[name]['wall_s']['median']:.1f}" if name in summary else "–" for name in _COLUMNS)
    over = summary.get("aiqyn", {}).get("over_limit")
    told = f"{over['median']:.2f} ({over['least']:.2f}…{over['most']:.2f})" if over else "–"
    name = file_name(result)
    title = f"[{result['corpus']['files']:,} {result['corpus']['kind']}, {result['leg']}](benchmarks/results/{name}.md)"
    return f"| {title} ([plot](benchmarks/results/{name}.svg)) | {' | '.join(walls)} | {told} |"


def _remarks(results: Sequence[dict[str, Any]]) -> list[str]:
    machines = {(one["machine"]["processor"], one["machine"]["cores"]) for one in results}
    rounds = {run["rounds"] for one in results for run in one["summary"].values()}
    counted = "/".join(map(str, sorted(rounds)))
    where = "; ".join(f"{processor}, {cores} cores" for processor, cores in sorted(machines))
    return [f"Paired rounds that count: {counted}. Machine: {where}."]


def main() -> None:
    """Writes the README."""
    README.write_text(written(README.read_text("utf-8"), section(read_results())), "utf-8")


if __name__ == "__main__":
    main()
