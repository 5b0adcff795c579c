"""A virtual environment for each engine, and what the machine is: both are recorded beside figures."""

import importlib.metadata
import json
import os
import platform
import re
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from benchmarks.corpus import OUT

ROOT: Final = Path(__file__).resolve().parents[2]
ENGINES: Final = {
    "ray": "ray[data]==2.60.0",  # the newest of November 2026; another one schedules otherwise
    "daft": "daft==0.7.26",  # likewise
}
_EXTRAS: Final = ("heic", "av1")
_VERSIONS: Final = """
import importlib.metadata, json, sys
print(json.dumps({name: importlib.metadata.version(name) for name in sys.argv[1:]}))
"""


def python_for(engine: str | None) -> str:
    """The interpreter that runs a contestant; the environment of an engine is made if it is not there.

    It holds the engine and what our functions import, in the very versions that run here: other ones would be other
    work.

    Raises:
        SystemExit: It cannot be made, or came out with other versions.
    """
    if engine is None:
        return sys.executable
    home, wanted = OUT / f"venv-{engine}", _wanted()
    python, stamp = home / "bin" / "python", home / "made"
    asked = [*(f"{name}=={version}" for name, version in wanted.items()), ENGINES[engine]]
    if not stamp.exists() or stamp.read_text("utf-8").splitlines() != asked:
        OUT.mkdir(exist_ok=True)
        _run([sys.executable, "-m", "venv", "--clear", str(home)])
        _run([str(python), "-m", "pip", "install", "--quiet", *asked])
        stamp.write_text("\n".join(asked), "utf-8")
    found = json.loads(_run([str(python), "-c", _VERSIONS, *wanted]))
    if other := {name: version for name, version in found.items() if _public(version) != wanted[name]}:
        raise SystemExit(f"{home} holds other versions than run here: {other}. Remove it; it is made again.")
    return str(python)


def machine() -> dict[str, Any]:
    """Where and with what figures came about."""
    processor = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text("utf-8"))
    memory = re.search(r"MemTotal:\s*(\d+)", Path("/proc/meminfo").read_text("utf-8"))
    return {
        "processor": processor[1] if processor else platform.processor(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(int(memory[1]) / 1e6, 1) if memory else None,
        "kernel": platform.release(),
        "python": platform.python_version(),
        "commit": _run(["git", "describe", "--always", "--dirty", "--abbrev=12"]).strip(),
        "versions": dict(_wanted()),
        "engines": dict(ENGINES),
    }


def _wanted() -> Mapping[str, str]:
    """Our dependencies as they are installed here."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = (project["optional-dependencies"][extra] for extra in _EXTRAS)
    names = [re.split(r"[<>=\[]", line)[0] for line in (*project["dependencies"], *(one for e in extras for one in e))]
    return {name: _public(importlib.metadata.version(name)) for name in names}


def _public(version: str) -> str:
    """Without what a builder added: ``2.13.0+cpu`` is asked for as ``2.13.0``."""
    return version.partition("+")[0]


def _run(command: list[str]) -> str:
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise SystemExit(f"{' '.join(command[:4])} … ended with {ended.returncode}: {ended.stderr[-2000:]}")
    return ended.stdout
