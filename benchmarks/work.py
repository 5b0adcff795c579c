"""How much work a scan does for what it finds: counts of ``transforms.work`` as ratios, on pictures and on videos.

    python benchmarks/work.py [--pictures 200] [--small 200] [--videos 20] [--children 1]

Nothing here is timed, so a busy machine changes no number. Of H.264 the frames that OpenCV decodes unseen within its
seeks are counted, too: FFmpeg is made to log each. With several children the last row depends on which was first.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks import corpus  # noqa: E402

_FRAME: Final = re.compile(rb"nal_unit_type: [15]\(")
"""A slice, and with it a frame: x264 on one thread makes one of each frame."""
_DEBUG: Final = {"OPENCV_FFMPEG_LOGLEVEL": "48"}

Counts = Counter[str]
RATIOS: Final[dict[str, tuple[Callable[[Counts], int], str]]] = {
    "bytes hashed per byte of the files": (lambda one: one["bytes_hashed"], "bytes"),
    "bytes read by children per byte of the files": (lambda one: one["bytes_read"], "bytes"),
    "pictures opened per picture": (lambda one: one["pictures_opened"], "pictures"),
    "picture frames decoded per frame used": (lambda one: one["picture_frames_decoded"], "frames of pictures"),
    "video opens per video": (lambda one: one["video_opens"], "videos"),
    "video seeks per video": (lambda one: one["video_seeks"], "videos"),
    "video frames stepped to per frame used": (lambda one: one["video_frames_decoded"], "frames of videos"),
    "video frames decoded, in seeks too, per frame used": (lambda one: one["frames_logged"], "frames of videos"),
    "video frames decoded, in seeks too, per frame there": (lambda one: one["frames_logged"], "frames_there"),
    "face searches per frame used": (lambda one: one["face_searches"], "frames"),
    "pixels for a face search": (lambda one: one["face_pixels"], "face_searches"),
    "frames and composites read for labels per frame used": (lambda one: one["label_looks"], "frames"),
    "text searches per such look": (lambda one: one["text_searches"], "label_looks"),
    "pixels for a text search": (lambda one: one["text_pixels"], "text_searches"),
    "line readings per look": (lambda one: one["line_readings"], "label_looks"),
    "frames and faces scored per frame used": (lambda one: one["frames_scored"], "frames"),
    "frames padded per frame scored": (lambda one: one["frames_padded"], "frames_scored"),
    "frames per model call": (lambda one: one["frames_scored"], "model_calls"),
    "bytes of pixels per frame scored": (lambda one: one["pixel_bytes"], "frames_scored"),
    "messages of children per item": (lambda one: one["messages"], "items"),
    "Beam elements per item": (lambda one: one["beam_elements"], "items"),
    "part files per segment": (lambda one: one["part_files"], "segments"),
    "commits per segment": (lambda one: one["delta_commits"], "segments"),
    "children per 1,000 items": (lambda one: 1000 * one["examiner_children"], "items"),
}
"""By name what is counted, and per how many of what."""


def scan(source: Path, children: int) -> dict[str, Any]:
    """The summary of a first scan of a folder."""
    store, summary = corpus.OUT / "work-store", corpus.OUT / "work-summary.json"
    shutil.rmtree(store, ignore_errors=True)
    told = [str(source), "--store", str(store), "--children", str(children), "--summary", str(summary)]
    command = [sys.executable, "-m", "pipelines.cli", "scan", *told]
    subprocess.run(command, check=True, cwd=ROOT, stderr=subprocess.DEVNULL)
    return dict(json.loads(summary.read_text("utf-8")))


def counts_of(source: Path, kind: str, children: int) -> Counts:
    """What a scan of a folder of pictures or of videos counted, and what there is to compare it with."""
    summary = scan(source, children)
    files = [path for path in source.iterdir() if path.is_file()]
    counts = Counter(summary["work"]) + Counter(
        {
            "items": len(files),
            "bytes": sum(path.stat().st_size for path in files),
            "frames": summary["counts"]["frames"],
            "segments": summary["counts"]["segments"],
            kind: len(files),
            f"frames of {kind}": summary["counts"]["frames"],
        }
    )
    if kind == "videos":
        counts["frames_logged"], counts["frames_there"] = logged(source, "sample"), logged(source, "play")
    return counts


def logged(source: Path, how: str) -> int:
    """How many frames FFmpeg decodes where all H.264 videos of a folder are sampled as in a scan, or played."""
    command = [sys.executable, __file__, f"--{how}", str(source)]
    done = subprocess.run(
        command, env=os.environ | _DEBUG, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=True
    )
    return len(_FRAME.findall(done.stdout))


def sample(folder: Path) -> None:
    """Decodes what a scan with the default profile decodes of each video."""
    from pipelines.profile import load_profile
    from transforms.examine.videos import open_video, sample_opening, sample_video

    profile = load_profile("default")
    for path in sorted(folder.iterdir()):
        with path.open("rb") as file:
            video = open_video(file, "video/mp4", profile.limits)
            times = [frame.timestamp_ms or 0.0 for frame in sample_video(video, profile.sampling)]
            for _ in sample_opening(video, times):
                pass


def play(folder: Path) -> None:
    """Decodes each video once, from its start to its end."""
    import cv2

    for path in sorted(folder.iterdir()):
        capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
        while capture.grab():
            pass


def report(found: dict[str, Counts]) -> None:
    """Prints the ratios and writes them, with the counts, to ``benchmarks/out/work.json``."""
    ratios = {
        name: {which: amount(one) / one[per] for which, one in found.items() if one[per]}
        for name, (amount, per) in RATIOS.items()
    }
    print(f"{'':56}" + "".join(f"{which:>18}" for which in found))
    for name, values in ratios.items():
        cells = (f"{values[which]:,.2f}" if values.get(which) else "–" for which in found)
        print(f"{name:56}" + "".join(f"{cell:>18}" for cell in cells))
    result = {"counts": found, "ratios": ratios}
    (corpus.OUT / "work.json").write_text(json.dumps(result, indent=1), "utf-8")


def main() -> None:
    """A scan of each corpus; those of no files are left out."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=200, help="of mixed sizes, up to 1920 × 1080")
    parser.add_argument("--small", type=int, default=200, help="of 480 × 360")
    parser.add_argument("--videos", type=int, default=20, help="of 2 to 8 s, 640 × 360")
    parser.add_argument("--children", type=int, default=1)
    parser.add_argument("--sample", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--play", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.sample or asked.play:
        return sample(asked.sample) if asked.sample else play(asked.play)
    found = {}
    if asked.pictures:
        found[f"{asked.pictures} pictures"] = counts_of(corpus.pictures(asked.pictures), "pictures", asked.children)
    if asked.small:
        folder = corpus.pictures(asked.small, small=True)
        found[f"{asked.small} small ones"] = counts_of(folder, "pictures", asked.children)
    if asked.videos:
        found[f"{asked.videos} videos"] = counts_of(corpus.videos(asked.videos), "videos", asked.children)
    return report(found)


if __name__ == "__main__":
    main()
