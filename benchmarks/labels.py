"""How many visible labels are found, and how many other texts are taken for one; what a picture costs.

    python benchmarks/labels.py [--seed 2] [--count 500] [--clips 24] [--photos DIR] [--json FILE] [--show DIR]

Labels in four languages are rendered over photographs when it runs, in the sizes, styles and opacities of real ones,
and as many pictures with other texts or none. Seed 1 draws on the phrases, fonts and photographs that the reader was
tuned on; every other seed on those that it never saw. Photographs come from Debian and PyPI packages
(benchmarks/photographs.py), fonts from installed Debian packages; the program says which are missing.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Final

import cv2
import numpy as np

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.labels_media import cases, fonts, photos, phrases, reading, tally  # noqa: E402
from benchmarks.labels_media.clips import SPANS, Clip, make_clip  # noqa: E402
from transforms.labels.networks import NetworkMissingError  # noqa: E402

PHOTOGRAPHS: Final = ROOT / "benchmarks" / "out" / "label-photographs"


def measure_pictures(
    pictures: Iterator[cases.Case], read: reading.PictureReader, show: Path | None
) -> list[tally.Outcome]:
    """Reads every picture, timing one after the other; those that went wrong are written to ``show``."""
    outcomes = []
    for number, case in enumerate(pictures):
        started = time.process_time()
        found = read(case.rendered.rgb)
        outcome = tally.picture_outcome(case, found, (time.process_time() - started) * 1000)
        outcomes.append(outcome)
        if show and (outcome.legible if not outcome.found else not outcome.is_label):
            name = f"{number:04}-{'missed' if outcome.is_label else 'false'}-{outcome.language}-{outcome.style}.png"
            cv2.imwrite(str(show / name), case.rendered.rgb[..., ::-1])
    return outcomes


def make_clips(folder: Path, seed: int, count: int, paths: Sequence[Path]) -> Iterator[Clip]:
    """So many clips with a label and as many with another text, shown throughout, at the start, or for a while."""
    half = cases.half_of(seed)
    for kind, texts in enumerate((phrases.labels(half), phrases.negatives(half))):
        drawable = cases.drawable(texts, half)
        for number in range(count):
            rng = np.random.default_rng([seed, 2, kind, number])
            phrase = drawable[int(rng.integers(len(drawable)))]
            photo = photos.load(paths[int(rng.integers(len(paths)))])
            span = tuple(SPANS)[number % len(SPANS)]
            yield make_clip(folder / f"{kind}-{number:03}.mp4", photo, phrase, span, int(rng.integers(1 << 31)), half)


def find_photographs(folder: Path | None) -> list[Path]:
    """The photographs of the folder, or those of the packages, which are collected unless they are there."""
    if folder is None:
        folder = PHOTOGRAPHS / "images"
        if not folder.exists():
            print("Collecting photographs, once:", flush=True)
            print(f"{photos.collect(PHOTOGRAPHS)} photographs in {PHOTOGRAPHS}", flush=True)
    return list(photos.large(photos.files(folder)))


def main() -> int:
    """Prints the figures; 1 if there is no reader, or nothing to render with."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=2, help="1 is for tuning; any other was never tuned on")
    parser.add_argument("--count", type=int, default=500, help="labels, and negatives")
    parser.add_argument("--clips", type=int, default=24, help="clips with a label, and clips without")
    parser.add_argument("--photos", type=Path, help="a folder of photographs instead of those of the packages")
    parser.add_argument("--json", type=Path, help="write the figures, and what was missed, to this file")
    parser.add_argument("--show", type=Path, help="write the pictures that went wrong to this folder")
    given = parser.parse_args()

    half = cases.half_of(given.seed)
    if missing := fonts.missing_families(half):
        print(f"Fewer fonts than the figures ask for: {', '.join(missing)} are missing. They come with")
        print(f"  apt-get install {' '.join(fonts.DEBIAN_PACKAGES)}")
    paths = photos.half(find_photographs(given.photos), half)
    if not paths:
        print(f"No photograph of the {half} half is large enough; give another folder with --photos.")
        return 1
    try:
        read = reading.picture_reader()
    except NetworkMissingError as error:
        print(error)
        return 1
    if given.show:
        given.show.mkdir(parents=True, exist_ok=True)

    read(photos.load(paths[0]))  # loads the models, outside the clock
    print(f"Seed {given.seed}: {half} fonts, phrases and {len(paths)} photographs", flush=True)
    pictures = chain(
        cases.labels(given.seed, given.count, paths),
        cases.negatives(given.seed, given.count, paths),
    )
    outcomes = measure_pictures(pictures, read, given.show)
    with tempfile.TemporaryDirectory() as name, reading.clip_reader() as read_clip:
        clips = [
            tally.clip_outcome(clip, read_clip(clip.path))
            for clip in make_clips(Path(name), given.seed, given.clips, paths)
        ]
    summary = tally.summarise(outcomes, clips)
    print("\n".join(tally.lines(summary)))
    if given.json:
        given.json.write_text(json.dumps(summary, ensure_ascii=False, indent=2), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
