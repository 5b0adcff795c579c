"""Which rule makes one score of a clip's frames: real clips, and clips made from labelled pictures.

    python benchmarks/rollup.py --data MANIFEST [--detector NAME] [--clips 24] [--json OUT]

Every clip goes the way it goes in a scan: decoded by the examiner, 16 frames, views cut, scored, rolled up. The
manifest's videos are taken as they are and encoded again; its pictures become short clips with a slow zoom and pan.
Real and generated media are treated alike. One thread; PyAV (extra ``samples``) encodes.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import av
import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import configs  # noqa: E402
from benchmarks.samples import spread_over_sources  # noqa: E402
from pipelines.detector.data import load_rgb, read_manifest  # noqa: E402
from pipelines.detector.metrics import auc, wilson  # noqa: E402
from pipelines.profile import load_profile  # noqa: E402
from transforms.detect.calibration import calibrate, roll_up  # noqa: E402
from transforms.detect.package import DetectorConfig, RollUp, load_package  # noqa: E402
from transforms.detect.scoring import load_network, score_views  # noqa: E402
from transforms.examine.content import examine_content  # noqa: E402
from transforms.examine.frames import Pixels  # noqa: E402
from transforms.examine.settings import DetectorNeeds, ExamineSettings, FaceSearch  # noqa: E402
from transforms.examine.views import FrameViews  # noqa: E402

FPS: Final = 12
SCENE_FRAMES: Final = 24
LONGEST: Final = 96
"""Frames of a real clip that are encoded again."""
WINDOW: Final = 4
DRAWS: Final = 500

Rule = Callable[[Sequence[float], DetectorConfig], float]
Score = Callable[[Path], list[float]]


class Clip(NamedTuple):
    """One scored clip; clips of one ``group`` and ``number`` show the same content in every condition."""

    group: str
    condition: str
    label: int
    number: int
    raws: list[float]


def shipped(rule: str, share: float = 0.0) -> Rule:
    """A rule that a package can name."""
    rollup = RollUp.model_validate({"rule": rule, "share": share})
    return lambda raws, config: roll_up(raws, config.model_copy(update={"rollup": rollup}))


def steadiest(raws: Sequence[float], config: DetectorConfig) -> float:
    """Temporal consistency: the highest mean of ``WINDOW`` frames in a row, so that one frame alone says little."""
    del config
    width = min(WINDOW, len(raws))
    return max(sum(raws[start : start + width]) / width for start in range(len(raws) - width + 1))


ROBUST: Final = "trimmed_mean 0.2"
SHIPPABLE: Final[dict[str, Rule]] = {
    "mean": shipped("mean"),
    "trimmed_mean 0.1": shipped("trimmed_mean", 0.1),
    ROBUST: shipped("trimmed_mean", 0.2),
    "median (trimmed_mean 0.45)": shipped("trimmed_mean", 0.45),
    "top 0.5": shipped("top", 0.5),
    "top 0.25": shipped("top", 0.25),
}
RULES: Final[dict[str, Rule]] = {**SHIPPABLE, f"best {WINDOW} in a row": steadiest}


def ken_burns(rgb: Pixels, frames: int = SCENE_FRAMES, seed: int = 0) -> Iterator[Pixels]:
    """A slow zoom and pan over a picture, which is never enlarged: interpolation looks like generation.

    Args:
        rgb: uint8 (H, W, 3).
        frames: How many.
        seed: Of start and direction.

    Yields:
        uint8 (H', W', 3), all of one even size, about 3/4 of the picture's.
    """
    chance = np.random.default_rng(seed)
    height, width = rgb.shape[:2]
    size = (max(2, int(width * 0.75) // 2 * 2), max(2, int(height * 0.75) // 2 * 2))
    begin, end = chance.permutation([0.96, 0.78])
    places = chance.uniform(0, 1, (2, 2))
    for step in np.linspace(0, 1, frames):
        scale = begin + (end - begin) * step
        w, h = width * scale, height * scale
        x, y = (places[0] + (places[1] - places[0]) * step) * (width - w, height - h)
        # Exact to fractions of a pixel, as a video editor moves a still.
        matrix = np.array([[w / size[0], 0, x], [0, h / size[1], y]], np.float32)
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        yield np.asarray(cv2.warpAffine(rgb, matrix, size, flags=flags, borderMode=cv2.BORDER_REFLECT), np.uint8)


def with_title(frames: Sequence[Pixels]) -> list[Pixels]:
    """The same clip after a title on black and a fade from it: together a fifth of the whole."""
    dark, count = np.zeros_like(frames[0]), max(1, len(frames) // 8)
    title = cv2.putText(dark.copy(), "Untitled", (20, len(dark) // 2), cv2.FONT_HERSHEY_DUPLEX, 1.5, (255,) * 3, 2)
    faded = [(frames[0] * ((step + 1) / (count + 2))).astype(np.uint8) for step in range(count)]
    return [np.asarray(title, np.uint8)] * count + faded + list(frames)


def encode(frames: Sequence[Pixels], path: Path, crf: int, fps: int = FPS) -> None:
    """Writes frames of one even size as H.264, 4:2:0."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=fps)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt, stream.options = "yuv420p", {"crf": str(crf), "preset": "veryfast", "threads": "1"}
        for rgb in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(rgb), format="rgb24")))
        container.mux(stream.encode())


def real_clips(paths: Sequence[str], labels: Sequence[int], score: Score, folder: Path) -> Iterator[Clip]:
    """A manifest's videos as they are and encoded again."""
    for number, (path, label) in enumerate(zip(paths, labels, strict=True)):
        yield Clip("videos", "as they are", label, number, score(Path(path)))
        frames = _decode(Path(path))
        halves = [_even(cv2.resize(rgb, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)) for rgb in frames]
        for condition, shown, crf in (("CRF 23", frames, 23), ("CRF 35", frames, 35), ("half size", halves, 23)):
            encode(shown, folder / "clip.mp4", crf, 24)
            yield Clip("videos", condition, label, number, score(folder / "clip.mp4"))


def made_clips(ai: Sequence[Pixels], real: Sequence[Pixels], score: Score, folder: Path) -> Iterator[Clip]:
    """Clips from pictures, as many of either class."""
    for number in range(len(ai)):
        cut_in = [real[(number + other) % len(real)] for other in (1, 2, 3)]
        for label, pictures in ((1, ai), (0, real)):
            scene = list(ken_burns(pictures[number], seed=number))
            scenes = [pictures[(number + other) % len(pictures)] for other in range(4)]
            conditions = {
                "one picture, CRF 23": (scene, 23),
                "one picture, CRF 35": (scene, 35),
                "with a title, CRF 23": (with_title(scene), 23),
                "four pictures, CRF 23": (_montage(scenes, number), 23),
                "one of four is AI, CRF 23": (_montage([pictures[number], *cut_in], number), 23),
            }
            for condition, (frames, crf) in conditions.items():
                encode(frames, folder / "clip.mp4", crf)
                yield Clip("made from pictures", condition, label, number, score(folder / "clip.mp4"))


def rolled(clips: Sequence[Clip], config: DetectorConfig) -> dict[str, NDArray[np.float64]]:
    """Each rule's raw score of every clip, float64 (N,)."""
    return {name: np.array([rule(clip.raws, config) for clip in clips], np.float64) for name, rule in RULES.items()}


def resampled_aucs(
    scores: Mapping[str, NDArray[np.float64]], clips: Sequence[Clip], draws: int, seed: int = 0
) -> dict[str, dict[str, NDArray[np.float64]]]:
    """Each rule's AUC in each condition: of all clips first, then of ``draws`` resamples (Efron 1979).

    All rules and all conditions see the same resamples, class by class, so that their differences can be told.

    Returns:
        By rule and condition float64 (1 + draws,).
    """
    rng = np.random.default_rng(seed)
    conditions = dict.fromkeys(clip.condition for clip in clips)
    numbers = {label: sorted({clip.number for clip in clips if clip.label == label}) for label in (0, 1)}
    picks = [numbers] + [
        {label: rng.choice(found, len(found)) for label, found in numbers.items()} for _ in range(draws)
    ]
    places = {(clip.condition, clip.label, clip.number): place for place, clip in enumerate(clips)}
    found: dict[str, dict[str, NDArray[np.float64]]] = {name: {} for name in scores}
    for condition in conditions:
        chosen = [[places[condition, label, n] for label in (0, 1) for n in pick[label]] for pick in picks]
        labels = np.repeat([0, 1], [len(numbers[0]), len(numbers[1])])
        for name, values in scores.items():
            found[name][condition] = np.array([auc(values[places_of], labels) for places_of in chosen])
    return found


def summary(clips: Sequence[Clip], config: DetectorConfig) -> dict[str, dict[str, Any]]:
    """By rule: AUC by condition, their mean, its difference to ``mean``'s, and the levels reached; with intervals."""
    scores = rolled(clips, config)
    aucs = resampled_aucs(scores, clips, DRAWS)
    means = {name: np.mean(list(found.values()), axis=0) for name, found in aucs.items()}
    labels = np.array([clip.label for clip in clips])
    contents = {label: len({clip.number for clip in clips if clip.label == label}) for label in (0, 1)}
    found: dict[str, dict[str, Any]] = {}
    for name, values in scores.items():
        calibrated = np.array([calibrate(raw, config) for raw in values])
        reached = {
            f"{what}_{point.level}": _share(calibrated[labels == label] >= point.threshold, contents[label])
            for point in config.operating_points
            for label, what in ((0, "false_alarms"), (1, "recall"))
        }
        found[name] = {
            "auc": {condition: _estimate(drawn) for condition, drawn in aucs[name].items()},
            "mean_auc": _estimate(means[name]),
            "gain_over_mean": _estimate(means[name] - means["mean"]),
            **reached,
        }
    return found


def choose(summaries: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> str:
    """The rule that a package should name.

    One that in every group of clips has a better AUC than ``mean`` beyond chance and no more false alarms; of several
    the one that gains most. If there is none, the trimmed mean of 0.2: three broken frames of 16 cannot move it. But
    ``mean``, which leaves nothing out, where trimming loses beyond chance in some group.

    Args:
        summaries: ``summary`` by group of clips.
    """

    def gains(name: str) -> list[tuple[float, float, float]]:
        return [rules[name]["gain_over_mean"] for rules in summaries.values()]

    def is_safe(name: str) -> bool:
        pairs = ((rules[name], rules["mean"]) for rules in summaries.values())
        return all(one[key][0] <= mean[key][0] for one, mean in pairs for key in mean if key.startswith("false_alarms"))

    better = [name for name in SHIPPABLE if all(low > 0 for _, low, _ in gains(name)) and is_safe(name)]
    if better:
        return max(better, key=lambda name: sum(value for value, _, _ in gains(name)))
    return "mean" if any(high < 0 for _, _, high in gains(ROBUST)) else ROBUST


def report(summaries: Mapping[str, Mapping[str, Mapping[str, Any]]], counts: Mapping[str, str]) -> str:
    """A table for each group of clips, as Markdown."""
    parts = []
    for group, rules in summaries.items():
        first = next(iter(rules.values()))
        header = ["rule", *first["auc"], "mean AUC", "gain over mean", *(k.replace("_", " ") for k in list(first)[3:])]
        lines = [header, ["---"] * len(header)]
        for name, row in rules.items():
            by_condition = [f"{value:.3f}" for value, _, _ in row["auc"].values()]
            levels = [f"{value:.1%} ({low:.1%}…{high:.1%})" for value, low, high in list(row.values())[3:]]
            mean, gain = (_with_interval(row[key], sign) for key, sign in (("mean_auc", ""), ("gain_over_mean", "+")))
            lines.append([name, *by_condition, mean, gain, *levels])
        text = "\n".join(f"| {' | '.join(line)} |" for line in lines)
        parts.append(f"Group: {group} ({counts[group]})\n\n{text}")
    return "\n\n".join([*parts, f"Chosen: {choose(summaries)}"])


def scorer(network: nn.Module, config: DetectorConfig) -> Score:
    """Raw logits of a file's sampled frames, in order, as a scan gets them; frames out of scope have none."""
    profile = load_profile("default")
    needs = DetectorNeeds(config.input, config.scope)
    settings = ExamineSettings(profile.sampling, profile.limits, (needs,), FaceSearch(enabled=False))

    def score(path: Path) -> list[float]:
        views: list[Pixels] = []

        def keep(frame: FrameViews) -> None:
            views.extend(frame.views.values())

        with path.open("rb") as file:
            examine_content(file, path.name, settings, keep)
        return [float(raw) for raw in score_views(network, np.stack(views), 16)] if views else []

    return score


def _montage(pictures: Sequence[Pixels], seed: int) -> list[Pixels]:
    """One scene after another, all in the first one's frame, the largest part of each that fits its shape."""
    frames = [list(ken_burns(rgb, SCENE_FRAMES // 3, seed + place)) for place, rgb in enumerate(pictures)]
    # The smallest frame of all: nothing is enlarged.
    height, width = (min(scene[0].shape[axis] for scene in frames) for axis in (0, 1))
    return [rgb[:height, :width] for scene in frames for rgb in scene]


def _decode(path: Path) -> list[Pixels]:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_count = 1
        decoded = container.decode(stream)
        return [_even(frame.to_ndarray(format="rgb24")) for frame, _ in zip(decoded, range(LONGEST), strict=False)]


def _even(rgb: Any) -> Pixels:
    return np.ascontiguousarray(rgb[: rgb.shape[0] // 2 * 2, : rgb.shape[1] // 2 * 2])


def _estimate(drawn: NDArray[np.float64]) -> tuple[float, float, float]:
    """The figure and its 95 % interval: the first value is of all clips, the others of resamples."""
    low, high = np.quantile(drawn[1:], [0.025, 0.975])
    return round(float(drawn[0]), 4), round(float(low), 4), round(float(high), 4)


def _share(hits: NDArray[np.bool_], contents: int) -> tuple[float, float, float]:
    """A share and its interval for as many clips as there are contents: encoding one again is no new evidence."""
    return (float(hits.mean()), *wilson(round(float(hits.mean()) * contents), contents))


def _with_interval(estimate: tuple[float, float, float], sign: str) -> str:
    value, low, high = (f"{number:{sign}.3f}" for number in estimate)
    return f"{value} ({low}…{high})"


def main() -> None:
    """Makes, scores and compares the clips."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="manifest of labelled pictures and videos")
    parser.add_argument("--detector", default=configs.DEFAULT_DETECTOR, help="name or folder")
    parser.add_argument("--clips", type=int, default=24, help="clips of each class made in each way")
    parser.add_argument("--json", type=Path, help="write all figures and every frame's raw score there, too")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    package = load_package(arguments.detector)
    score = scorer(load_network(package), package.config)
    rows = read_manifest(arguments.data)
    pictures, videos = spread_over_sources(rows, 2 * arguments.clips), rows[rows["is_video"]]
    ai, real = ([load_rgb(path) for path in pictures.loc[pictures["label"] == label, "path"]] for label in (1, 0))
    count = min(len(ai), len(real))
    with tempfile.TemporaryDirectory() as name:
        clips = [*real_clips(videos["path"].tolist(), videos["label"].tolist(), score, Path(name))]
        clips += made_clips(ai[:count], real[:count], score, Path(name))
    # A clip no frame of which can be assessed is left out in every condition, or the conditions would not compare.
    unseen = {(clip.group, clip.label, clip.number) for clip in clips if not clip.raws}
    clips = [clip for clip in clips if (clip.group, clip.label, clip.number) not in unseen]
    groups = {group: [clip for clip in clips if clip.group == group] for group in dict.fromkeys(c.group for c in clips)}
    summaries = {group: summary(found, package.config) for group, found in groups.items()}
    counts = {
        group: " and ".join(
            f"{len({clip.number for clip in found if clip.label == label})} {what}"
            for label, what in ((1, "generated"), (0, "real"))
        )
        for group, found in groups.items()
    }
    print(report(summaries, counts))
    if unseen:
        print(f"{len(unseen)} clips left out: the detector assesses no frame of them in some condition")
    if arguments.json:
        result = {"summaries": summaries, "chosen": choose(summaries), "clips": [clip._asdict() for clip in clips]}
        arguments.json.write_text(json.dumps(result, indent=1), "utf-8")


if __name__ == "__main__":
    main()
