"""What a scan costs, counted and not timed: a small archive, and the work recorded that it takes.

    AIQYN_UPDATE_GOLDENS=1 pytest tests/pipelines/test_work.py

records it anew. A number that rises needs its reason in the commit that records it.
"""

import json
import os
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

import configs
from examples.media import broken
from examples.media.pictures import (
    animation,
    avif,
    bmp,
    generated_picture,
    gif,
    jpeg,
    photograph,
    png,
    sideways_jpeg,
    tiff,
    webp,
)
from examples.media.videos import video
from pipelines.scan import Scan
from pipelines.scan_options import ScanOptions
from pipelines.scan_report import report_facts
from transforms.work import MEANINGS

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden" / "work.json"
HOW = "If that is meant: AIQYN_UPDATE_GOLDENS=1 pytest tests/pipelines/test_work.py, and say in the commit why."
VARIES = {"text_searches", "text_pixels", "line_readings"}
"""Follow from what networks see: another processor may round otherwise."""
SLACK = 1.05

Counts = dict[str, int]


def build(folder: Path) -> None:
    """12 pictures, 2 of them twice, 3 videos, a broken picture, and an archive of 2 more pictures."""
    small, wide, tall = (
        generated_picture(seed, size) for seed, size in ((1, (320, 240)), (2, (640, 200)), (3, (240, 480)))
    )
    face, cat = photograph("astronaut", 400), photograph("cat", 900)
    files = {
        "face.jpg": jpeg(face),
        "cat.jpg": jpeg(cat),
        "wide.jpg": jpeg(wide, progressive=True),
        "sideways.jpg": sideways_jpeg(tall),
        "small.png": png(small),
        "tall.webp": webp(tall),
        "wide.bmp": bmp(wide),
        "small.gif": gif(small),
        "small.avif": avif(small),
        "pages.tif": tiff(small, tall),
        "moving.gif": animation([generated_picture(seed, (160, 120)) for seed in range(20, 30)], "GIF"),
        "coffee.jpg": jpeg(photograph("coffee", 512)),
        "broken.jpg": broken.first_part(jpeg(wide)),
    }
    files |= {"again/face.jpg": files["face.jpg"], "again/small.png": files["small.png"]}
    (folder / "again").mkdir(parents=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    with zipfile.ZipFile(folder / "album.zip", "w") as album:
        for seed in (5, 6):
            album.writestr(zipfile.ZipInfo(f"{seed}.png"), png(generated_picture(seed, (200, 200))))
    video(folder / "dense.mp4", seconds=2, fps=12, size=(240, 136), gop=6)
    video(folder / "sparse.mp4", seconds=24, fps=10, size=(320, 240), gop=250)
    video(folder / "av1.mp4", seconds=2, fps=8, size=(240, 136), codec="libsvtav1")


def few_frames(folder: Path) -> Path:
    """The default profile, with fewer frames of a video, of which fewer are read: most of what this test costs."""
    text = (configs.ROOT / "profiles" / "default.yaml").read_text("utf-8")
    assert "frames: 16" in text
    assert "passes: 12" in text
    few = text.replace("frames: 16", "frames: 5").replace("passes: 12", "passes: 4")
    (folder / "few.yaml").write_text(few, "utf-8")
    return folder / "few.yaml"


def work_of(source: Path, store: Path) -> Counts:
    """What one scan did, with one child, so that nothing depends on who was first."""
    profile = str(few_frames(store.parent))
    scan = Scan(ScanOptions([str(source)], str(store), profile=profile, children=1, batch_size=8), Console(stderr=True))
    scan.run()
    found: Counts = report_facts(scan.report)["work"]
    return found


@pytest.fixture(scope="module")
def scans(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Counts]:
    """The work of a first scan, and of a second one of the same files."""
    folder = tmp_path_factory.mktemp("work")
    build(folder / "archive")
    return {which: work_of(folder / "archive", folder / "store") for which in ("first", "unchanged")}


def recorded(scans: dict[str, Counts]) -> dict[str, Any]:
    """The bounds, those of this run if they are to be recorded anew."""
    if os.environ.get("AIQYN_UPDATE_GOLDENS"):
        bounds = {
            which: {
                "exactly": {name: number for name, number in work.items() if name not in VARIES},
                "at_most": {name: int(number * SLACK) for name, number in work.items() if name in VARIES},
            }
            for which, work in scans.items()
        }
        GOLDEN.write_text(json.dumps(bounds, indent=1) + "\n", "utf-8")
    golden: dict[str, Any] = json.loads(GOLDEN.read_text("utf-8"))
    return golden


@pytest.mark.parametrize("which", ["first", "unchanged"])
def test_a_scan_does_the_work_that_is_recorded(which: str, scans: dict[str, Counts]) -> None:
    bounds, work = recorded(scans)[which], scans[which]
    wrong = [
        f"{name}: {work.get(name, 0):,}, recorded {bounds['exactly'].get(name, 0):,}"
        for name in sorted((work.keys() - VARIES) | bounds["exactly"].keys())
        if work.get(name, 0) != bounds["exactly"].get(name, 0)
    ]
    wrong += [
        f"{name}: {work.get(name, 0):,}, recorded at most {most:,}"
        for name, most in bounds["at_most"].items()
        if work.get(name, 0) > most
    ]
    assert wrong == [], HOW
    assert work.keys() & VARIES <= bounds["at_most"].keys(), HOW


def test_each_file_is_decoded_once_for_all_that_look_at_it(scans: dict[str, Counts]) -> None:
    first = scans["first"]
    pictures = 12 + 1 + 2
    assert first["pictures_opened"] == pictures
    assert first["files_examined"] == pictures + 3
    assert first["picture_frames_decoded"] == 10 + 2 + 10 + 2, "the broken one yields no frame"


def test_an_unchanged_archive_is_not_read(scans: dict[str, Counts]) -> None:
    assert scans["unchanged"].keys() == {"delta_commits"}


def test_every_count_is_told_of_on_its_page() -> None:
    page = (ROOT / "docs" / "work.md").read_text("utf-8")
    assert re.findall(r"(?m)^\| `(\w+)` \| (.+) \|$", page) == list(MEANINGS.items())


def test_all_is_counted_but_what_the_archive_does_not_ask_for(scans: dict[str, Counts]) -> None:
    assert MEANINGS.keys() - scans["first"].keys() == {"bytes_copied", "frames_padded"}
