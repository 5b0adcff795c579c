"""Aiqyn beside bare loops, multiprocessing, Ray Data and Daft: the same files, the same functions, paired rounds.

    python -m benchmarks.sides --corpus pictures --leg decode+model [--rounds 5] [--count 400] [--contestants aiqyn ray]

Corpora: ``pictures`` (2,000 JPEGs, 640 × 480 to 4032 × 3024), ``videos`` (60 of 2 to 4 s: H.264, HEVC, VP9, AV1; 360p
to 2160p), ``small`` (20,000 of 480 × 360); 3 % are broken. Legs: ``decode``, ``model`` (bare loops only: noise, no
files), ``decode+model``, ``row``. Every contestant is a command of its own, start-up included; what start-up takes is
measured apart, over one file. Each round has all of them, the bare loop on all cores always among them.

In ``decode`` Aiqyn runs with a detector that scores nothing. A contestant whose rows, outcomes, hashes or scores (by
more than 1e-5) are not the bare loop's does not count in that round. Writes ``benchmarks/results/CORPUS-LEG.json``,
``.md`` and ``.svg``, or into ``--out``; `python -m benchmarks.readme` then brings the README up to date. Status 1: a
target was missed, or no round counts.
"""

import argparse
import json
import os
import sys
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

from benchmarks.sides.contestants import CONTESTANTS, LIMIT, Entry
from benchmarks.sides.corpora import KINDS, Corpus, corpus_of
from benchmarks.sides.environments import ROOT, machine, python_for
from benchmarks.sides.legs import LEGS
from benchmarks.sides.rounds import Run, round_of, turned
from benchmarks.sides.summary import counted, file_name, missed, plot, summarise, table

RESULTS: Final = ROOT / "benchmarks" / "results"
TITLES: Final = {name: contestant.title for name, contestant in CONTESTANTS.items()}


def contest(names: list[str], kind: str, corpus: Corpus, leg: str, rounds: int) -> list[dict[str, Run]]:
    """So many rounds; each run is told as it ends."""
    entries = {name: Entry(name, python_for(CONTESTANTS[name].engine), kind, corpus, leg) for name in names}
    found = []
    for number in range(rounds):
        print(f"Round {number + 1} of {rounds}, load {os.getloadavg()[0]:.1f}", file=sys.stderr)
        order = [entries[name] for name in turned(names, number)]
        found.append(round_of(order, corpus, leg, tell=partial(print, file=sys.stderr, flush=True)))
    return found


def result_of(given: argparse.Namespace, names: list[str]) -> dict[str, Any]:
    """All that is to be written down."""
    corpus = corpus_of(given.corpus, given.count or KINDS[given.corpus].count)
    one = corpus_of(given.corpus, 1)
    print("Start-up, the first round is a warm-up:", file=sys.stderr)
    starts = contest(names, given.corpus, one, given.leg, 1 + given.starts)[1:]
    print(f"{corpus.count} files, {corpus.size_bytes / 1e6:,.0f} MB:", file=sys.stderr)
    rounds = contest(names, given.corpus, corpus, given.leg, given.rounds)
    return {
        "corpus": {
            "kind": given.corpus,
            "files": corpus.count,
            "bytes": corpus.size_bytes,
            "list_sha256": corpus.sha256,
        },
        "leg": given.leg,
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "summary": summarise(names, rounds, starts, corpus.count),
        "missed": missed(rounds, given.leg),
        "rounds": rounds,
        "starts": starts,
    }


def heading(result: dict[str, Any]) -> str:
    """What was measured, in a few words."""
    return f"{result['corpus']['files']:,} {result['corpus']['kind']}, {LEGS[result['leg']]}"


def write(result: dict[str, Any], folder: Path) -> str:
    """Writes the three files and returns the table."""
    folder.mkdir(parents=True, exist_ok=True)
    name = file_name(result)
    told = table(result["summary"], TITLES)
    (folder / f"{name}.json").write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    (folder / f"{name}.md").write_text(f"# {heading(result)}\n\n{told}\n", "utf-8")
    drawn = plot(result["rounds"], result["summary"], TITLES, heading(result))
    (folder / f"{name}.svg").write_text(drawn, "utf-8")
    return told


def main() -> int:
    """The comparison; 1 if a target was missed or nothing counts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", choices=KINDS, required=True)
    parser.add_argument("--leg", choices=LEGS, required=True)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--starts", type=int, default=3, help="rounds over one file")
    parser.add_argument("--count", type=int, help="files; by default all of the corpus")
    parser.add_argument("--contestants", nargs="+", choices=CONTESTANTS, default=list(CONTESTANTS))
    parser.add_argument("--out", type=Path, default=RESULTS)
    given = parser.parse_args()
    names = [name for name in CONTESTANTS if name in {*given.contestants, LIMIT} and CONTESTANTS[name].takes(given.leg)]
    result = result_of(given, names)
    if not counted(result["rounds"], LIMIT):
        print(json.dumps(result["rounds"], indent=1))
        return 1
    print(write(result, given.out))
    for sentence in result["missed"]:
        print(sentence)
    return int(bool(result["missed"]))


if __name__ == "__main__":
    sys.exit(main())
