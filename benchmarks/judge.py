"""How fast stored items are judged on one core, and whether memory stays flat.

    python benchmarks/judge.py [--items 100000 1000000 2000000] [--policy kz]

The store is drawn by chance: of its items 80 in 100 have no mark, 12 what a camera writes, 8 say that AI made them, of
which half carry a label. ``aiqyn judge`` runs as a process of its own, pinned to one core; peak memory is the kernel's.
A second run over the same store has nothing to do and is timed as well. Writes benchmarks/results/judge.json.
"""

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
import pyarrow as pa  # noqa: E402
import pyarrow.parquet as pq  # noqa: E402

from benchmarks.measured import record  # noqa: E402
from pipelines.store import Store  # noqa: E402
from transforms.schemas import TABLES  # noqa: E402

OUT: Final = ROOT / "benchmarks" / "out"
_SEGMENT: Final = 20_000
_EXAMINATION: Final = "e" * 64
_AI_MARKS: Final = (
    ("xmp", "iptc.digital_source_type", "ai", "declared"),
    ("tc260", "tc260.aigc", "ai", "declared"),
    ("png_text", "generator.automatic1111", "ai", "implicit"),
)
_CAMERA: Final = ("exif", "camera.make_model", "capture", "implicit")


def build_store(root: Path, count: int) -> None:
    """Makes a store with that many items."""
    shutil.rmtree(root, ignore_errors=True)
    store, rng = Store.create(root), np.random.default_rng(7)
    for number, start in enumerate(range(0, count, _SEGMENT)):
        segment = hashlib.sha256(str(number).encode()).hexdigest()
        items, marks = draw_segment(rng, start, min(_SEGMENT, count - start), segment)
        rows = {"items": items, "marks": marks, "segments": [_segment_row(segment, number, len(items))]}
        for table, own in rows.items():
            store.commit_parts(table, segment, [_part(store, table, segment, own)])


def draw_segment(rng: np.random.Generator, start: int, count: int, segment: str) -> tuple[list[Any], list[Any]]:
    """Rows of items and of their marks."""
    shared = {"scan_id": "drawn", "segment_id": segment, "examination": _EXAMINATION}
    kinds = rng.choice(3, count, p=(0.80, 0.12, 0.08))
    levels = rng.choice(["none", "undecided", "elevated", "suspected"], count, p=(0.75, 0.2, 0.04, 0.01))
    years, persons = rng.integers(2024, 2027, count), rng.random(count) < 0.4
    items, marks = [], []
    for at in range(count):
        name = f"{start + at:09}"
        content = hashlib.sha256(name.encode()).hexdigest()
        captured = f"{years[at]}-{at % 12 + 1:02}-{at % 28 + 1:02}T10:00:00" if kinds[at] == 1 else None
        score = {"detector": "drawn", "digest": "d", "raw": 0.0, "calibrated": 0.1, "level": str(levels[at])}
        items.append(
            shared
            | {"source": "/archive", "uri": f"/archive/{name}.jpg", "content_sha256": content, "outcome": "examined"}
            | {"media_type": "image/jpeg", "scores": [score], "layers": [], "captured_at": captured}
            | {"depicts_person": bool(persons[at]), "frames_examined": 1}
        )
        marks += [shared | {"content_sha256": content} | mark for mark in _marks(rng, int(kinds[at]))]
    return items, marks


def _marks(rng: np.random.Generator, kind: int) -> Iterator[dict[str, Any]]:
    if kind == 1:
        yield _mark(_CAMERA, "Canon EOS R5")
    if kind == 2:
        yield _mark(_AI_MARKS[int(rng.integers(len(_AI_MARKS)))], "drawn")
        if rng.random() < 0.5:
            shown = {"language": "ru", "exactness": "exact", "contrast": 90.0, "height_ratio": float(rng.random() / 10)}
            yield _mark(("visible_label", "label.text", "ai", "declared"), "Создано ИИ") | shown


def _mark(told: tuple[str, str, str, str], value: str) -> dict[str, Any]:
    layer, kind, says, mark_class = told
    return {
        "layer": layer,
        "kind": kind,
        "says": says,
        "class": mark_class,
        "locator": kind,
        "value": value,
        "facts": [],
    }


def _segment_row(segment: str, number: int, count: int) -> dict[str, Any]:
    shared = {"scan_id": "drawn", "segment_id": segment, "sequence": number}
    return shared | {"items": count, "committed_at": datetime.now(UTC)}


def _part(store: Store, table: str, segment: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    schema = TABLES[table]
    data = pa.Table.from_pylist([{name: row.get(name) for name in schema.names} for row in rows], schema)
    path = f"{segment[:16]}/part-{uuid.uuid4().hex}.parquet"
    whole = store.root / table / path
    whole.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(data, whole, compression="zstd")
    return {"path": path, "size_bytes": whole.stat().st_size, "stats": {"numRecords": len(data)}}


def time_judge(store: Path, policy: str) -> dict[str, float]:
    """One run of ``aiqyn judge`` on one core: verdicts, its own seconds, and peak megabytes."""
    program = (
        "import resource, sys; from pipelines.cli import main; sys.argv[0] = 'aiqyn'\n"
        "try: main()\n"
        "except SystemExit as end: sys.stderr.write(str(end.code or ''))\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    core = min(os.sched_getaffinity(0))
    ended = subprocess.run(
        [sys.executable, "-c", program, "judge", "--store", str(store), "--policy", policy],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        preexec_fn=lambda: os.sched_setaffinity(0, {core}),
    )
    said = " ".join(ended.stderr.split())
    found = re.search(r"([\d,]+) new verdicts .* in ([\d.]+) s", said)
    if found is None:
        raise SystemExit(f"aiqyn judge did not end well: {said}")
    return {
        "verdicts": int(found[1].replace(",", "")),
        "seconds": float(found[2]),
        "peak_mb": int(ended.stdout.split()[-1]) / 1024,
    }


def main() -> int:
    """Prints the figures; 1 if a verdict is missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, nargs="+", default=[100_000, 1_000_000, 2_000_000])
    parser.add_argument("--policy", default="kz")
    given = parser.parse_args()
    figures, is_whole = {}, True
    for count in given.items:
        store = OUT / f"judge-store-{count}"
        build_store(store, count)
        first, again = time_judge(store, given.policy), time_judge(store, given.policy)
        is_whole = is_whole and (first["verdicts"], again["verdicts"]) == (count, 0)
        figures[str(count)] = first | {
            "a_second": round(count / first["seconds"]),
            "seconds_when_nothing_is_due": again["seconds"],
            "peak_mb_when_nothing_is_due": again["peak_mb"],
        }
        shutil.rmtree(store)
    print(json.dumps(figures, indent=2))
    if is_whole:
        record("judge", {"policy": given.policy, "items": figures})
    return 0 if is_whole else 1


if __name__ == "__main__":
    sys.exit(main())
