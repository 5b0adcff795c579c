"""How exactly, and at what cost, OpenCV and PyAV find the frame for a moment; figures for docs/decoding.md.

    python benchmarks/seek.py [codecs] [accuracy] [cost] [traps]

Without a word, all four. Videos are made once, in benchmarks/out/seek. Every frame carries its number, so a wrong frame
cannot pass for a right one.
"""

import argparse
import io
import os
import sys
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO, Final

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # run as a script, its own folder is first, and the project is not there
os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")

import av  # noqa: E402
import cv2  # noqa: E402

from benchmarks.traps import report_traps  # noqa: E402
from examples.media.videos import Pixels, presentation_times_ms, read_frame_number, video  # noqa: E402
from transforms.examine.settings import Limits, Sampling  # noqa: E402
from transforms.examine.sniff import SNIFF_BYTES, sniff  # noqa: E402
from transforms.examine.videos import open_video, sample_video  # noqa: E402

OUT: Final = ROOT / "benchmarks" / "out" / "seek"
SAMPLES: Final = 16
NEAR_MS: Final = 2000
_TV, _FILM = Fraction(30_000, 1001), Fraction(24_000, 1001)

Shown = tuple[int | None, float | None]
"""The number of the frame that was shown, and the time that the decoder gave for it, in ms."""

CODECS: Final[dict[str, dict[str, Any]]] = {
    "h264.mp4": {},
    "hevc.mp4": {"codec": "libx265"},
    "vp9.webm": {"codec": "libvpx-vp9"},
    "vp8.webm": {"codec": "libvpx"},
    "av1.mp4": {"codec": "libsvtav1"},
    "mpeg4.mp4": {"codec": "mpeg4"},
    "mjpeg.mov": {"codec": "mjpeg"},
    "prores.mov": {"codec": "prores_ks"},
    "ffv1.mkv": {"codec": "ffv1"},
}
ACCURACY: Final[dict[str, dict[str, Any]]] = {
    "h264 25 gop12.mp4": {},
    "h264 25 gop250.mp4": {"gop": 250},
    "h264 29.97.mov": {"fps": _TV},
    "h264 23.976 gop250.mkv": {"fps": _FILM, "gop": 250},
    "hevc 25 gop250.mp4": {"codec": "libx265", "gop": 250},
    "vp9 29.97 gop128.webm": {"codec": "libvpx-vp9", "fps": _TV, "gop": 128},
    "h264 uneven.mp4": {"variable_frame_rate": True},
    "h264 uneven gop250.mkv": {"variable_frame_rate": True, "gop": 250},
    "h264 25.ts": {},
}
COST: Final[dict[str, dict[str, Any]]] = {
    "h264 gop12.mp4": {},
    "h264 gop60.mp4": {"gop": 60},
    "h264 gop250.mp4": {"gop": 250},
    "vp9 gop128.webm": {"codec": "libvpx-vp9", "gop": 128},
}


def clip(name: str, seconds: float, options: dict[str, Any]) -> Path:
    """The video of that name and length at 640 × 360, made if it is not there."""
    path = OUT / f"{seconds:g}s {name}"
    if not path.exists():
        OUT.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(f"unfinished{path.suffix}")
        video(unfinished, seconds=seconds, size=(640, 360), **options)
        unfinished.rename(path)
    return path


def spread_targets(times_ms: list[float]) -> list[float]:
    """Moments evenly over a video, none of them at its very ends."""
    return [times_ms[-1] * (number + 0.5) / SAMPLES for number in range(SAMPLES)]


def _capture(source: str | BinaryIO) -> cv2.VideoCapture:
    if not isinstance(source, str):
        source.seek(0)
    return cv2.VideoCapture(source, cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])


def _number(rgb: Pixels) -> int | None:
    try:
        return read_frame_number(rgb)
    except ValueError:
        return None


def _retrieved(capture: cv2.VideoCapture, time_ms: float) -> Shown:
    _, bgr = capture.retrieve()
    return _number(bgr[:, :, ::-1]), time_ms


def naive(path: Path, targets: list[float]) -> list[Shown]:
    """OpenCV: set the time, read, believe."""
    capture = _capture(str(path))
    shown: list[Shown] = []
    for target in targets:
        capture.set(cv2.CAP_PROP_POS_MSEC, target)
        is_there = capture.grab()
        shown.append(_retrieved(capture, capture.get(cv2.CAP_PROP_POS_MSEC)) if is_there else (None, None))
    return shown


def _stepped(source: str | BinaryIO, targets: list[float], near_ms: float) -> Iterator[Shown]:
    """Grabs on where the target is near; else seeks two frames short of it, checks, and steps."""
    capture = _capture(source)
    frame_ms = 1000 / capture.get(cv2.CAP_PROP_FPS)

    def grab() -> float | None:
        return capture.get(cv2.CAP_PROP_POS_MSEC) if capture.grab() else None

    here = grab()
    for target in targets:
        back = 2 * frame_ms
        while here is None or here > target or target - here > near_ms:
            if back > target:  # opened anew: in MPEG-TS no seek reaches the first key frame again
                capture = _capture(source)
                here = grab()
                break
            capture.set(cv2.CAP_PROP_POS_MSEC, target - back)
            here = grab()
            if here is not None and here <= target:
                break
            back *= 8
        while here is not None and here < target:
            here = grab()
        yield _retrieved(capture, here) if here is not None else (None, None)


def verified(path: Path, targets: list[float]) -> list[Shown]:
    """OpenCV: seek for each target, check, step."""
    return list(_stepped(str(path), targets, near_ms=0))


def sequential(path: Path, targets: list[float]) -> list[Shown]:
    """OpenCV: grab every frame, convert those wanted."""
    return list(_stepped(str(path), targets, near_ms=float("inf")))


def hybrid(path: Path, targets: list[float]) -> list[Shown]:
    """OpenCV: step up to two seconds, seek further."""
    return list(_stepped(str(path), targets, near_ms=NEAR_MS))


def hybrid_stream(path: Path, targets: list[float]) -> list[Shown]:
    """The same through a Python stream object."""
    with io.BufferedReader(io.FileIO(path)) as stream:
        return list(_stepped(stream, targets, near_ms=NEAR_MS))


def pyav_seek(path: Path, targets: list[float]) -> list[Shown]:
    """PyAV: seek to the key frame before each target, decode on."""
    return list(_pyav(path, targets, is_seeking=True))


def pyav_sequential(path: Path, targets: list[float]) -> list[Shown]:
    """PyAV: decode every frame, convert those wanted."""
    return list(_pyav(path, targets, is_seeking=False))


def _pyav(path: Path, targets: list[float], *, is_seeking: bool) -> Iterator[Shown]:
    with av.open(path) as container:
        track = container.streams.video[0]
        track.thread_count = 1
        start = track.start_time or 0
        frames = container.decode(track)
        frame = next(frames, None)
        for target in targets:
            if is_seeking:
                container.seek(int(target / 1000 / track.time_base) + start, stream=track)
                frames = container.decode(track)
                frame = next(frames, None)
            while frame is not None and float((frame.pts - start) * track.time_base * 1000) < target - 1e-6:
                frame = next(frames, None)
            if frame is None:
                yield None, None
            else:
                rgb = frame.to_ndarray(format="rgb24")
                yield _number(rgb), float((frame.pts - start) * track.time_base * 1000)


STRATEGIES: Final[tuple[Callable[[Path, list[float]], list[Shown]], ...]] = (
    naive,
    verified,
    sequential,
    hybrid,
    hybrid_stream,
    pyav_seek,
    pyav_sequential,
)


def as_built(path: Path) -> list[Shown]:
    """The project's own sampler, which also looks for the last frame; its moments are its own."""
    with path.open("rb", buffering=0) as file:
        media_type = sniff(file.read(SNIFF_BYTES))
        opened = open_video(file, media_type or "", Limits())
        return [(_number(frame.rgb), frame.timestamp_ms) for frame in sample_video(opened, Sampling(SAMPLES))]


def right(shown: list[Shown], targets: list[float], times_ms: list[float]) -> int:
    """How many answers are the first frame not before their moment, with its true time."""
    wanted = [next(number for number, at in enumerate(times_ms) if at >= target - 1e-6) for target in targets]
    return sum(
        number == want and at is not None and abs(at - times_ms[want]) < 0.01
        for (number, at), want in zip(shown, wanted, strict=True)
    )


def right_as_built(path: Path, times_ms: list[float]) -> int:
    """The same for the project's sampler, whose moments are spread from the first frame to the last."""
    moments = [times_ms[-1] * number / (SAMPLES - 1) for number in range(SAMPLES)]
    wanted = {next(number for number, at in enumerate(times_ms) if at >= moment - 1e-6) for moment in moments}
    return sum(
        number in wanted and at is not None and abs(at - times_ms[number]) < 0.01 for number, at in as_built(path)
    )


def report_codecs() -> None:
    """Which codecs OpenCV's wheel decodes: every frame in order, with its time."""
    for name, options in CODECS.items():
        path = clip(name, 6, options)
        times_ms = presentation_times_ms(path)
        print(f"| {name:12} | {right(sequential(path, times_ms), times_ms, times_ms):4} of {len(times_ms)} |")


def report_accuracy() -> None:
    """How many of 16 targets each strategy hits."""
    print("| video | " + " | ".join(strategy.__name__ for strategy in STRATEGIES) + " | as built |")
    for name, options in ACCURACY.items():
        path = clip(name, 6, options)
        times_ms = presentation_times_ms(path)
        targets = spread_targets(times_ms)
        hits = [right(strategy(path, targets), targets, times_ms) for strategy in STRATEGIES]
        hits.append(right_as_built(path, times_ms))
        print(f"| {name} | " + " | ".join(f"{hit}" for hit in hits) + " |", flush=True)


def report_cost() -> None:
    """Processor time a sampled frame, the better of two runs, one thread."""
    strategies = [strategy for strategy in STRATEGIES if strategy is not naive]
    print("| video | " + " | ".join(strategy.__name__ for strategy in strategies) + " | as built |")
    for seconds in (2, 20, 120):
        for name, options in COST.items():
            path = clip(name, seconds, options)
            targets = spread_targets(presentation_times_ms(path))
            costs = [_cpu_ms(lambda run=strategy: run(path, targets)) for strategy in strategies]  # noqa: B023
            costs.append(_cpu_ms(lambda: as_built(path)))  # noqa: B023 - called before the next turn
            print(f"| {path.stem} | " + " | ".join(f"{cost / SAMPLES:.1f}" for cost in costs) + " |", flush=True)


def _cpu_ms(run: Callable[[], object]) -> float:
    best = float("inf")
    for _ in range(2):
        start = time.process_time()
        run()
        best = min(best, (time.process_time() - start) * 1000)
    return best


def main() -> None:
    """Prints the tables asked for."""
    reports = {"codecs": report_codecs, "accuracy": report_accuracy, "cost": report_cost, "traps": report_traps}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tables", nargs="*", default=list(reports), metavar="TABLE", help=f"of {', '.join(reports)}")
    asked = parser.parse_args()
    os.environ.pop("OPENCV_FFMPEG_CAPTURE_OPTIONS", None)  # set by the examiner's import; read at each opening
    print(f"OpenCV {cv2.__version__}, PyAV {av.__version__}, one thread, 640 × 360")
    for word in asked.tables:
        print(f"\n## {word}")
        reports[word]()


if __name__ == "__main__":
    main()
