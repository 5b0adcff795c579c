"""Measuring on videos: each goes the way it goes in a scan, from sampled frames to one score."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import nn

from pipelines.detector.augment import TREATMENTS
from pipelines.detector.evaluate import FRAMES_PER_BATCH
from pipelines.detector.settings import Tick
from pipelines.profile import load_profile
from transforms.detect.calibration import roll_up
from transforms.detect.device import CPU, on_device
from transforms.detect.package import DetectorConfig, DetectorError
from transforms.detect.scoring import score_views
from transforms.examine import pictures, videos
from transforms.examine.frames import Frame, MediaError
from transforms.examine.settings import DetectorNeeds, ExamineSettings, FaceSearch
from transforms.examine.sniff import SNIFF_BYTES, sniff
from transforms.examine.views import look
from transforms.outcomes import Reason

WHOLE_FRAME = (0, None)
"""The key of a frame's own views where one detector looks and no face is."""


def scan_settings(config: DetectorConfig) -> ExamineSettings:
    """What a scan with the default profile and this detector samples; faces have no part in a score."""
    profile = load_profile("default")
    needs = DetectorNeeds(config.input, config.scope)
    return ExamineSettings(profile.sampling, profile.limits, (needs,), FaceSearch(enabled=False))


def predict_videos(
    network: nn.Module,
    config: DetectorConfig,
    rows: pd.DataFrame,
    treatments: tuple[str, ...],
    tick: Tick,
    device: torch.device = CPU,
) -> pd.DataFrame:
    """Score videos and animations after each treatment, which is done to every sampled frame by itself.

    Args:
        network: In eval mode, on the processor.
        config: The detector's: its input, scope and roll-up.
        rows: Videos, as `data.read_manifest` gives them.
        treatments: Keys of `augment.TREATMENTS`.
        tick: Called as (what, videos done, videos in all).
        device: Where scores are computed.

    Returns:
        As `evaluate.predict`; `raw` is the roll-up of the frames that are in scope, NaN where there is none.

    Raises:
        DetectorError: `unreadable_video`: measuring must not silently lose videos, nor score the half of one.
    """
    settings, placed = scan_settings(config), on_device(network, device)
    raws: dict[str, list[float]] = {name: [] for name in treatments}
    for done, path in enumerate(rows["path"], 1):
        for name, views in _views(path, settings, treatments).items():
            raws[name].append(_score(placed, views, config))
        tick("videos", done, len(rows))
    columns = rows[["path", "label", "source", "generator"]]
    return pd.concat([columns.assign(treatment=name, raw=raws[name]) for name in treatments], ignore_index=True)


def sampled_frames(path: Path, settings: ExamineSettings) -> Iterator[Frame]:
    """The frames that a scan would take of a video or an animation.

    Raises:
        MediaError: With the reason why there is none, or no more.
        OSError: The file cannot be opened.
    """
    with path.open("rb") as file:
        media_type = sniff(file.read(SNIFF_BYTES))
        file.seek(0)
        if media_type is None:
            raise MediaError(Reason.NOT_MEDIA, Reason.NOT_MEDIA.sentence)
        if media_type.startswith("image/"):
            image, facts = pictures.open_picture(file.read(), media_type, settings.limits)
            yield from pictures.sample_picture(image, facts, settings.sampling, settings.limits)
        else:
            video = videos.open_video(file, media_type, settings.limits)
            yield from videos.sample_video(video, settings.sampling)


def _views(path: str, settings: ExamineSettings, treatments: tuple[str, ...]) -> dict[str, list[NDArray[np.uint8]]]:
    """After each treatment the views of each frame that is in scope, uint8 (V, S, S, 3)."""
    found: dict[str, list[NDArray[np.uint8]]] = {name: [] for name in treatments}
    try:
        # Frame by frame: of a large video all treated frames together would take gigabytes.
        for frame in sampled_frames(Path(path), settings):
            for name in treatments:
                treated = Frame(frame.timestamp_ms, TREATMENTS[name](frame.rgb))
                views = look(treated, settings, None).views
                found[name] += [views[WHOLE_FRAME]] if WHOLE_FRAME in views else []
    except (MediaError, OSError) as e:
        raise DetectorError("unreadable_video", f"{path}: {e}; repair it or drop its manifest row") from e
    return found


def _score(network: nn.Module, views: list[NDArray[np.uint8]], config: DetectorConfig) -> float:
    if not views:
        return float("nan")
    raws = score_views(network, np.stack(views), FRAMES_PER_BATCH)
    return roll_up([float(raw) for raw in raws if np.isfinite(raw)] or [float("nan")], config)
