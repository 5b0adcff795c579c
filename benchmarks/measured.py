"""Commands measured from outside, and figures kept: what they took is added to the JSON that pages are made from."""

import json
import os
import platform
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from pipelines.process_memory import watched

ROOT: Final = Path(__file__).resolve().parents[1]
RESULTS: Final = ROOT / "benchmarks" / "results"
Point = dict[str, Any]


def run(command: Sequence[str], cores: int | None = None, accepted: Sequence[int] = (0,)) -> Point:
    """What a command took with all processes that it started.

    Args:
        command: Run at the project's root.
        cores: On so many; None: on all that there are.
        accepted: Exit statuses of which the figures count.

    Raises:
        SystemExit: It ended otherwise.
    """
    load, started = os.getloadavg()[0], time.monotonic()
    with _confined(cores):
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    with watched(process.pid) as peak:
        said = process.stderr.read() if process.stderr else b""
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in accepted:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}: {said.decode()[-2000:]}")
    return {
        "cpu_s": round(usage.ru_utime + usage.ru_stime, 2),
        "wall_s": round(time.monotonic() - started, 2),
        "peak_mb": round(peak.bytes / 1e6),
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
