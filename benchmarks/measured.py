"""Commands measured from outside, and figures kept: what they took is added to the JSON that pages are made from."""

import json
import os
import platform
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from benchmarks.process_tree import measure

ROOT: Final = Path(__file__).resolve().parents[1]
RESULTS: Final = ROOT / "benchmarks" / "results"
Point = dict[str, Any]


def run(command: Sequence[str], cores: int | None = None) -> Point:
    """What a command took with all processes that it started.

    Args:
        command: Run at the project's root.
        cores: On so many; None: on all that there are.

    Raises:
        SystemExit: It failed.
    """
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder, _confined(cores):
        log = Path(folder) / "log"
        cost = measure(command, log, cwd=ROOT)
        said = log.read_text("utf-8", "replace")[-2000:]
    if cost.status:
        raise SystemExit(f"{' '.join(command)} ended with {cost.status}: {said}")
    return {
        "cpu_s": round(cost.cpu_s, 2),
        "wall_s": round(cost.wall_s, 2),
        "peak_mb": round(cost.peak_mb),
        "load_before": round(load, 1),
        "measured_on": f"{datetime.now(UTC):%Y-%m-%d}",
    }


@contextmanager
def _confined(cores: int | None) -> Iterator[None]:
    """What is started meanwhile stays on so many cores."""
    all_ = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(all_)[:cores])
    try:
        yield
    finally:
        os.sched_setaffinity(0, all_)


def machine() -> dict[str, Any]:
    """Where figures were taken, as far as they depend on it."""
    model = next((line.partition(":")[2].strip() for line in _cpu_lines() if line.startswith("model name")), "unknown")
    return {"cpu": model, "cores": len(os.sched_getaffinity(0)), "python": platform.python_version()}


def _cpu_lines() -> list[str]:
    file = Path("/proc/cpuinfo")
    return file.read_text("utf-8").splitlines() if file.exists() else []


def record(name: str, told: Mapping[str, Any], folder: Path = RESULTS) -> None:
    """Writes a result, with where it came about, in place of the last one of that name."""
    from benchmarks.sides.environments import machine

    folder.mkdir(parents=True, exist_ok=True)
    whole = {"measured_at": datetime.now(UTC).isoformat(timespec="seconds"), "machine": machine(), **told}
    (folder / f"{name}.json").write_text(json.dumps(whole, indent=1) + "\n", "utf-8")


def keep(file: Path, series: str, key: str, points: Sequence[Point]) -> None:
    """Adds points to a series of the file; one of the same ``key`` gives way."""
    told = read(file)
    old = {point[key]: point for point in told.get(series, [])}
    merged = old | {point[key]: point for point in points}
    told["machine"] = machine()
    told[series] = [merged[value] for value in sorted(merged)]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(told, indent=1, sort_keys=True) + "\n", "utf-8")


def read(file: Path) -> dict[str, Any]:
    """What is kept; nothing where there is no file."""
    return json.loads(file.read_text("utf-8")) if file.exists() else {}
