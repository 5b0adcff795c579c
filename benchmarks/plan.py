"""How long listing and planning take for millions of files, and in what memory; comparing alone for more of them.

    python benchmarks/plan.py [--listed 100000 1000000] [--joined 1000000 10000000] [--rounds 3]

**Listed**: from the walk of a source to segments, cut; first into an empty store, then against a store that holds all
of the same files unchanged. The files are simulated: ``os.walk``, ``os.listdir`` and ``os.stat`` answer for
``/simulated`` without touching a disk, 1,000 pictures a folder, none with a sidecar. What is above these three is real.

**Joined**: only the comparison of an inventory, in Arrow's memory, with a store, as many of either: 1 in 100 places of
the inventory is new, 1 has changed, and 1 in 100 of the store is gone.

Stores are drawn, in segments of 20,000. Each run is a process of its own; its peak memory is the kernel's and counts
the interpreter and the libraries; loading these is not timed. Seconds are the least of the rounds, megabytes the most.
Writes benchmarks/results/plan.json; what is there of other numbers of files stays.
"""

import argparse
import contextlib
import json
import os
import resource
import shutil
import stat
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final
from unittest import mock

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import duckdb  # noqa: E402
import pyarrow as pa  # noqa: E402
import pyarrow.parquet as pq  # noqa: E402

from benchmarks.measured import RESULTS, read, record  # noqa: E402
from pipelines.compare import Inventory, Retries, compared  # noqa: E402
from pipelines.containers import with_members  # noqa: E402
from pipelines.held import SCHEMA  # noqa: E402
from pipelines.inputs import parse_scope  # noqa: E402
from pipelines.plan import cut_segments, make_plan  # noqa: E402
from pipelines.profile import load_profile  # noqa: E402
from pipelines.selection import Selection  # noqa: E402
from pipelines.store import Store  # noqa: E402
from transforms.containers.opener import Opener  # noqa: E402
from transforms.schemas import TABLES  # noqa: E402

OUT: Final = ROOT / "benchmarks" / "out"
_SOURCE: Final = "/simulated"
_EXAMINATION: Final = "e" * 64
_FOLDER: Final = 1000
_PART: Final = 20_000
_MTIME: Final = 1_700_000_000_000_000_000
_DRAWN_FILES = """
SELECT format('{source}/{{:06}}/{{:09}}.jpg', n // {folder}, n) AS uri,
       100000 + n AS size_bytes, {mtime} + n AS mtime_ns, n
FROM range({start}, {stop}) AS numbers(n)
"""


def build_store(root: Path, count: int) -> None:
    """Makes a store that holds that many files, each with its row as a scan leaves it, drawn by DuckDB."""
    shutil.rmtree(root, ignore_errors=True)
    store = Store.create(root)
    for number, start in enumerate(range(0, count, _PART)):
        segment = f"{number:064x}"
        query = _DRAWN_ROWS.format(files=_drawn(start, min(start + _PART, count)), segment=segment)
        items = duckdb.sql(query).to_arrow_table()
        row = {"scan_id": "drawn", "segment_id": segment, "sequence": number, "committed_at": datetime.now(UTC)}
        rows = {"items": items, "segments": pa.Table.from_pylist([row | {"items": len(items)}])}
        for table, own in rows.items():
            store.commit_parts(table, segment, [_part(store, table, segment, own)])


_DRAWN_ROWS = """
SELECT 'drawn' AS scan_id, '{segment}' AS segment_id, '/simulated' AS source, uri, size_bytes, mtime_ns,
       sha256(uri) AS content_sha256, 'image/jpeg' AS media_type, 1920 AS width, 1080 AS height,
       'examined' AS outcome, 1 AS frames_examined, 0.1 AS score,
       [{{'detector': 'drawn', 'digest': 'd', 'raw': 0.0, 'calibrated': 0.1, 'level': 'none',
          'face_raw': NULL, 'face_calibrated': NULL}}] AS scores,
       [{{'layer': 'marks', 'status': 'partial', 'detail': 'drawn'}}] AS layers,
       repeat('e', 64) AS examination
FROM ({files})
"""


def _drawn(start: int, stop: int) -> str:
    return _DRAWN_FILES.format(source=_SOURCE, folder=_FOLDER, mtime=_MTIME, start=start, stop=stop)


def _part(store: Store, table: str, segment: str, rows: pa.Table) -> dict[str, Any]:
    schema = TABLES[table]
    columns = [
        rows[field.name].cast(field.type) if field.name in rows.column_names else pa.nulls(len(rows), field.type)
        for field in schema
    ]
    path = f"{segment[-16:]}/part-{uuid.uuid4().hex}.parquet"
    whole = store.root / table / path
    whole.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns, schema=schema), whole, compression="zstd")
    return {"path": path, "size_bytes": whole.stat().st_size, "stats": {"numRecords": len(rows)}}


@contextlib.contextmanager
def simulated(count: int) -> Iterator[None]:
    """Puts that many files below ``/simulated`` for as long, for this process."""
    folders = [f"{_SOURCE}/{number:06}" for number in range(-(-count // _FOLDER))]
    real_stat, real_list = os.stat, os.listdir

    def names(folder: str) -> list[str]:
        start = int(folder.rpartition("/")[2]) * _FOLDER
        return [f"{number:09}.jpg" for number in range(start, min(start + _FOLDER, count))]

    def walk(top: str, **_: Any) -> Iterator[tuple[str, list[str], list[str]]]:
        yield top, [folder.rpartition("/")[2] for folder in folders], []
        for folder in folders:
            yield folder, [], names(folder)

    def status(path: Any, **how: Any) -> Any:
        text = path if isinstance(path, (str, int)) else os.fspath(path)
        if not isinstance(text, str) or not text.startswith(_SOURCE):
            return real_stat(path, **how)
        if not text.endswith(".jpg"):
            return os.stat_result((stat.S_IFDIR, *[0] * 9))
        number = int(text[-13:-4])
        size, nanoseconds = 100_000 + number, _MTIME + number
        return SimpleNamespace(st_mode=stat.S_IFREG, st_size=size, st_mtime_ns=nanoseconds)

    def listdir(path: Any) -> list[str]:
        return names(path) if isinstance(path, str) and path.startswith(_SOURCE) else real_list(path)

    with mock.patch("os.walk", walk), mock.patch("os.stat", status), mock.patch("os.listdir", listdir):
        yield


def list_and_plan(root: Path, count: int) -> dict[str, float]:
    """Lists, plans and cuts as a scan does before it examines."""
    profile = load_profile("default")
    opener = Opener(profile.limits, profile.containers)
    store = Store(root)
    members = partial(with_members, store=store, opener=opener, examination=_EXAMINATION, retry_failed=False)
    scope = parse_scope([_SOURCE], None, Selection(), None, opens_containers=True)
    with contextlib.closing(opener), simulated(count):
        started = time.monotonic()
        inputs = scope.gather(store.root, members)
        listed = time.monotonic()
        plan = make_plan(store, scope, inputs, _EXAMINATION)
        planned = time.monotonic()
        segments = list(cut_segments(plan.due, profile.segments.target_seconds, profile.segments.max_items))
        cut = time.monotonic()
    return {
        "inputs": plan.inputs,
        "due": len(plan.due),
        "segments": len(segments),
        "list": listed - started,
        "plan": planned - listed,
        "cut": cut - planned,
        "seconds": cut - started,
    }


def compare_only(root: Path, count: int) -> dict[str, float]:
    """Compares a drawn inventory with a store of as many."""
    held, started = _drawn_inventory(count), time.monotonic()
    inventory = Inventory(held, roots=[_SOURCE])
    with compared(Store(root), inventory, _EXAMINATION, Retries()) as (tables, inputs):
        seconds = time.monotonic() - started
        due, gone = tables.execute("SELECT (SELECT count(*) FROM due), (SELECT count(*) FROM vanished)").fetchall()[0]
    return {"inputs": inputs, "due": due, "gone": gone, "arrow_mb": held.nbytes / 2**20, "seconds": seconds}


def _drawn_inventory(count: int) -> pa.Table:
    gone = count // 100
    drawn = f"""
        SELECT n AS position, '{_SOURCE}' AS source, uri, size_bytes, mtime_ns + (n % 100 = 7)::INT AS mtime_ns
        FROM ({_drawn(gone, count + gone)})
    """
    with duckdb.connect() as tables:
        tables.execute("SET threads = 1; SET memory_limit = '256MB'")
        batches = tables.sql(drawn).to_arrow_reader(50_000)
        return pa.Table.from_batches((_as_held(batch) for batch in batches), SCHEMA)


def _as_held(batch: pa.RecordBatch) -> pa.RecordBatch:
    columns = [
        batch[name].cast(kind) if name in batch.schema.names else pa.nulls(len(batch), kind)
        for name, kind in zip(SCHEMA.names, SCHEMA.types, strict=True)
    ]
    return pa.record_batch(columns, schema=SCHEMA)


_RUNS: Final = {"listed": list_and_plan, "joined": compare_only}


def measured(what: str, store: Path, count: int, rounds: int) -> dict[str, float]:
    """A run in processes of its own: the figures of the fastest, and the most memory."""
    found = []
    for _ in range(rounds):
        command = [sys.executable, __file__, "--run", what, str(store), str(count)]
        ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if ended.returncode:
            raise SystemExit(f"{' '.join(command)} ended with {ended.returncode}: {ended.stderr[-2000:]}")
        found.append(json.loads(ended.stdout))
    best = min(found, key=lambda one: one["seconds"])
    best["peak_mb"] = max(one["peak_mb"] for one in found)
    return {name: round(value, 1) for name, value in best.items()} | {"rounds": rounds}


def main() -> int:
    """Prints the figures; 1 if a comparison is wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--listed", type=int, nargs="*", default=[100_000, 1_000_000])
    parser.add_argument("--joined", type=int, nargs="*", default=[1_000_000, 10_000_000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--run", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.run:
        what, store, count = given.run
        figures = _RUNS[what](Path(store), int(count))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps(figures | {"peak_mb": peak}))
        return 0
    listed, joined, is_right = {}, {}, True
    build_store(empty := OUT / "plan-store-0", 0)
    for count in sorted({*given.listed, *given.joined}):
        build_store(store := OUT / f"plan-store-{count}", count)
        if count in given.listed:
            first, again = (measured("listed", root, count, given.rounds) for root in (empty, store))
            is_right = is_right and (first["due"], again["due"]) == (count, 0)
            listed[str(count)] = {"first scan": first, "nothing changed": again}
        if count in given.joined:
            one = measured("joined", store, count, given.rounds)
            is_right = is_right and (one["inputs"], one["gone"]) == (count, count // 100)
            joined[str(count)] = one
        shutil.rmtree(store)
    print(json.dumps({"listed": listed, "joined": joined}, indent=2))
    if is_right:
        known = read(RESULTS / "plan.json")
        record("plan", {"listed": known.get("listed", {}) | listed, "joined": known.get("joined", {}) | joined})
    return 0 if is_right else 1


if __name__ == "__main__":
    sys.exit(main())
