"""How long the report of a large store takes, how large the page is, and whether memory stays flat.

    python benchmarks/report.py [--items 100000 1000000] [--language ru]

The store is that of ``benchmarks/judge.py``, judged, with four scans on record. The sources are not
there, so no picture is taken: each costs about a third of a second more. ``aiqyn report`` runs as a process of its own.
"""

import argparse
import json
import shutil
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.judge import OUT, build_store, time_judge  # noqa: E402
from pipelines.store import Store  # noqa: E402

MOST_SECONDS: Final = 30
MOST_BYTES: Final = 5_000_000
_PROGRAM: Final = """
import resource, sys
from pipelines.cli import main
sys.argv[0] = "aiqyn"
try:
    main()
finally:
    sys.stderr.write(f"peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}")
"""


def record_scans(root: Path, items: int) -> None:
    """What a store tells of scans: the drawn one, and three that found nothing."""
    store, start = Store.open(root), datetime(2026, 11, 1, tzinfo=UTC)
    for i, name in enumerate(("drawn", "again-1", "again-2", "again-3")):
        started = start + timedelta(days=7 * i)
        row = {"scan_id": name, "status": "complete", "started_at": started, "recorded_at": started}
        counts = {"inputs": items, "unchanged": items if i else 0, "examined": 0 if i else items}
        store.record_scan(row | counts | {"sources": ["/archive"], "finished_at": started + timedelta(hours=1)})


def time_report(store: Path, language: str) -> dict[str, Any]:
    """One run: seconds of the whole process, bytes of the page, and peak megabytes."""
    page = store.with_suffix(".html")
    command = ["report", "--store", str(store), "--output", str(page), "--language", language]
    begun = time.monotonic()
    ended = subprocess.run(
        [sys.executable, "-c", _PROGRAM, *command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    seconds = time.monotonic() - begun
    if ended.returncode:
        raise SystemExit(f"aiqyn report did not end well: {ended.stderr}")
    peak = int(ended.stderr.rpartition("peak ")[2])
    return {"seconds": round(seconds, 1), "bytes": page.stat().st_size, "peak_mb": round(peak / 1024)}


def main() -> int:
    """Prints the figures; 1 if the first store's report took too long or is too large."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, nargs="+", default=[100_000])
    parser.add_argument("--language", default="ru")
    given = parser.parse_args()
    figures = {}
    for count in given.items:
        store = OUT / f"report-store-{count}"
        build_store(store, count)
        record_scans(store, count)
        time_judge(store, "kz")
        figures[str(count)] = time_report(store, given.language)
        shutil.rmtree(store)
    print(json.dumps(figures, indent=2))
    first = figures[str(given.items[0])]
    return int(first["seconds"] > MOST_SECONDS or first["bytes"] > MOST_BYTES)


if __name__ == "__main__":
    sys.exit(main())
