"""Whether any bytes make the readers of marks raise, hang or swell: mutants of every format, by the thousand.

    python benchmarks/fuzz_marks.py [--mutations 1000] [--seed 0] [--format image/png …]

The files of the tests, signed ones among them, are cut, spliced and given wrong lengths, and read as their format in
one process a format, under the limits and behind the door of an examiner child. Errors that ``walk`` would catch for
safety's sake count. The status is 1 where a call raises, dies or takes more than a second of processor time; such
mutants are kept in ``benchmarks/out/fuzz_marks``. Mutations follow from the seed; the keys of signed files do not.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks import corpus  # noqa: E402
from tests.transforms.marks import mutation_corpus  # noqa: E402
from tests.transforms.marks.mark_reader import MarkReader, Reading  # noqa: E402
from tests.transforms.marks.mutations import mutant  # noqa: E402

_MOST_CPU_MS: Final = 1000.0
_COLUMNS: Final = ("mutations", "exceptions", "slow", "slowest, ms", "start, MB", "peak, MB", "with marks")


def fuzz(media_type: str, files: Sequence[bytes], mutations: int, seed: int) -> dict[str, Any]:
    """Reads that many mutants of the files.

    Returns:
        Counts, the slowest call in milliseconds of processor time and by the clock, resident megabytes after the whole
        files and at most, and ``failures``: how each was made, where it is kept, and what it led to.
    """
    failures: list[dict[str, Any]] = []
    readings: list[Reading] = []
    with MarkReader() as reader:
        whole = [reader.read(media_type, data) for data in files]
        for number in range(mutations):
            made = mutant(files, f"{seed} {media_type} {number}")
            reading = reader.read(media_type, made.data)
            readings.append(reading)
            if reading.error or reading.cpu_ms > _MOST_CPU_MS:
                kept = _keep(media_type, f"{seed}-{number}", made.data)
                failures.append({"how": made.how, "kept": kept, "cpu_ms": reading.cpu_ms, "error": reading.error})
        door = reader.door
    return {
        "mutations": mutations,
        "exceptions": sum(one.error is not None for one in [*whole, *readings]),
        "slow": sum(one.cpu_ms > _MOST_CPU_MS for one in readings),
        "slowest_ms": max(one.cpu_ms for one in readings),
        "slowest_wall_ms": max(one.wall_ms for one in readings),
        "start_mb": whole[-1].peak_mb,
        "peak_mb": max(one.peak_mb for one in readings),
        "with_marks": sum(one.marks > 0 for one in readings),
        "files": len(files),
        "whole_with_marks": sum(one.marks > 0 for one in whole),
        "whole_errors": [one.error for one in whole if one.error],
        "door": door,
        "failures": failures,
    }


def _keep(media_type: str, name: str, data: bytes) -> str:
    path = corpus.OUT / "fuzz_marks" / f"{media_type.replace('/', '-')}-{name}.bin"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path.name


def main() -> None:
    """Every format, then all of them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mutations", type=int, default=1000, help="of each format")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--format", action="append", metavar="MEDIA_TYPE", help="only that one; may be repeated")
    arguments = parser.parse_args()
    files = mutation_corpus.files()
    if unknown := set(arguments.format or ()) - set(files):
        parser.error(f"no files of {', '.join(sorted(unknown))}; there are {', '.join(sorted(files))}")
    print(f"{'format':<22}" + "".join(f"{name:>13}" for name in _COLUMNS))
    rows = {}
    for media_type in arguments.format or sorted(files):
        rows[media_type] = row = fuzz(media_type, files[media_type], arguments.mutations, arguments.seed)
        cells = [f"{row[name]}" for name in ("mutations", "exceptions", "slow")]
        cells += [f"{row[name]:.0f}" for name in ("slowest_ms", "start_mb", "peak_mb")]
        print(f"{media_type:<22}" + "".join(f"{cell:>13}" for cell in [*cells, f"{row['with_marks']}"]), flush=True)
    for media_type, row in rows.items():
        for failure in row["failures"]:
            last = (failure["error"] or "").strip().rsplit("\n", 1)[-1]
            print(f"{media_type} {failure['kept']} ({failure['how']}): {failure['cpu_ms']:.0f} ms {last}")
    result = {"seed": arguments.seed, "cores": os.cpu_count(), "formats": rows}
    corpus.OUT.mkdir(exist_ok=True)
    (corpus.OUT / "fuzz_marks.json").write_text(json.dumps(result, indent=1), "utf-8")
    if any(row["exceptions"] or row["slow"] for row in rows.values()):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
