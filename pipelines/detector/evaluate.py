"""Measuring a detector: scores after the same treatment of both classes, and figures with intervals."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import nn

from pipelines.detector import metrics
from pipelines.detector.augment import TREATMENTS
from pipelines.detector.data import load_rgb
from pipelines.detector.ranking import METRICS, ranking
from pipelines.detector.settings import Tick
from transforms.detect.calibration import calibrate
from transforms.detect.device import CPU, on_device
from transforms.detect.package import AnswerConfig, Skill
from transforms.detect.preprocess import InputSpec, prepare
from transforms.detect.scope import ScopeRules, assess
from transforms.detect.scoring import score_views

FRAMES_PER_BATCH = 8


def predict(
    network: nn.Module,
    spec: InputSpec,
    rows: pd.DataFrame,
    treatments: tuple[str, ...],
    tick: Tick,
    scope: ScopeRules | None = None,
    device: torch.device = CPU,
) -> pd.DataFrame:
    """Score pictures after each treatment.

    Args:
        network: In eval mode, on the processor.
        spec: What the network wants to see.
        rows: Pictures, as `data.read_manifest` gives them.
        treatments: Keys of `augment.TREATMENTS`; every picture of both classes gets all of them.
        tick: Called as (what, pictures done, pictures in all).
        scope: What the detector will not assess; None: it assesses everything.
        device: Where scores are computed.

    Returns:
        One row a picture and treatment: `path`, `label`, `source`, `generator`, `treatment`, `raw`; `raw`
        is NaN where the treated picture is out of scope.
    """
    paths = rows["path"].tolist()
    placed = on_device(network, device)
    raws: dict[str, list[float]] = {name: [] for name in treatments}
    for views, in_scope in _batches(paths, spec, treatments, scope):
        for i, name in enumerate(treatments):
            scores = score_views(placed, views[:, i], FRAMES_PER_BATCH).astype(float)
            raws[name] += np.where(in_scope[:, i], scores, np.nan).tolist()
        tick("scoring", len(raws[treatments[0]]), len(paths))
    columns = rows[["path", "label", "source", "generator"]]
    return pd.concat([columns.assign(treatment=name, raw=raws[name]) for name in treatments], ignore_index=True)


def figures(predictions: pd.DataFrame, config: AnswerConfig | None, measured_on: str) -> list[Skill]:
    """The figures that stand on a card.

    Args:
        predictions: As `predict` gives them; with a column `fold`, an AI source is compared with the
            real pictures of its own fold only, since raw scores of different networks do not compare.
            Rows without a raw score are left out: `report.measure` counts them.
        config: For the false alarms and recall at its operating points; None leaves them out.
        measured_on: What stands on the card.

    Returns:
        Per treatment: the summary over all, per AI source AUC and recall, per real source false alarms.
        Figures that need pictures of a class which is not there are left out.
    """
    found: list[Skill] = []
    for treatment, part in assessed(predictions).groupby("treatment", sort=False):
        where = (measured_on, str(treatment))
        found += _ranked("all", part, tuple(METRICS), where)
        folds = fold_of(part)
        for source in part.loc[part["label"] == 1, "source"].unique():
            ai = part[(part["source"] == source) & (part["label"] == 1)]
            reals = part[(part["label"] == 0) & (folds == folds[ai.index[0]])]
            found += _against(str(source), ai, reals, where)
        if config is not None:
            found += _at_operating_points(part, config, where)
    return found


def assessed(predictions: pd.DataFrame) -> pd.DataFrame:
    """The rows for which the detector gave a score."""
    return predictions[predictions["raw"].notna()]


def fold_of(predictions: pd.DataFrame) -> "pd.Series[int]":
    """Which network scored each row; 0 for all where there is only one."""
    return predictions["fold"] if "fold" in predictions else pd.Series(0, index=predictions.index)


def calibrated_scores(predictions: pd.DataFrame, config: AnswerConfig) -> NDArray[np.float64]:
    """The calibrated score of each row, float64 (N,), in [0, 1].

    Raises:
        ValueError: A row has no finite raw score; `assessed` drops those.
    """
    return np.array([calibrate(raw, config) for raw in predictions["raw"]], np.float64)


def _against(source: str, ai: pd.DataFrame, reals: pd.DataFrame, where: tuple[str, str]) -> list[Skill]:
    found = _ranked(source, pd.concat([ai, reals]), ("auc",), where)
    sizes = reals.groupby("source").size()
    if len(sizes) > 1:
        for real in sizes[sizes >= 20].index:
            both = pd.concat([ai, reals[reals["source"] == real]])
            found += _ranked(f"{source} against {real}", both, ("auc",), where)
    return found


def _at_operating_points(part: pd.DataFrame, config: AnswerConfig, where: tuple[str, str]) -> list[Skill]:
    calibrated = calibrated_scores(part, config)
    labels = part["label"].to_numpy()
    groups = [("all", np.ones(len(part), np.bool_))]
    groups += [(str(name), (part["source"] == name).to_numpy()) for name in part["source"].unique()]
    found = []
    for point in config.operating_points:
        for name, chosen in groups:
            for label, metric in ((1, f"recall_{point.level}"), (0, f"false_alarms_{point.level}")):
                scores = calibrated[chosen & (labels == label)]
                if len(scores):
                    hits = int((scores >= point.threshold).sum())
                    found.append(
                        Skill(
                            source=name,
                            measured_on=where[0],
                            treatment=where[1],
                            metric=metric,
                            value=round(hits / len(scores), 4),
                            interval=_rounded(metrics.wilson(hits, len(scores))),
                            n_ai=len(scores) * label,
                            n_real=len(scores) * (1 - label),
                        )
                    )
    return found


def _ranked(source: str, part: pd.DataFrame, names: tuple[str, ...], where: tuple[str, str]) -> list[Skill]:
    scores, labels = part["raw"].to_numpy(np.float64), part["label"].to_numpy(np.int64)
    ai = int(labels.sum())
    if not 0 < ai < len(labels):
        return []
    return [
        Skill(
            source=source,
            measured_on=where[0],
            treatment=where[1],
            metric=name,
            value=round(estimate.value, 4),
            interval=_rounded(estimate.interval),
            n_ai=ai,
            n_real=len(labels) - ai,
        )
        for name, estimate in ranking(scores, labels, names).items()
    ]


def _rounded(interval: tuple[float, float]) -> tuple[float, float]:
    return round(interval[0], 4), round(interval[1], 4)


def _batches(
    paths: list[str], spec: InputSpec, treatments: tuple[str, ...], scope: ScopeRules | None
) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.bool_]]]:
    """Views of each picture after each treatment, uint8 (N, T, V, S, S, 3), and whether it is in scope, bool (N, T)."""

    def load(start: int) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
        views, in_scope = [], []
        for path in paths[start : start + FRAMES_PER_BATCH]:
            rgb = load_rgb(path)
            treated = [TREATMENTS[name](rgb) for name in treatments]
            views.append(np.stack([prepare(picture, spec) for picture in treated]))
            in_scope.append([scope is None or assess(picture, scope) is None for picture in treated])
        return np.stack(views), np.array(in_scope, np.bool_)

    starts = range(0, len(paths), FRAMES_PER_BATCH)
    with ThreadPoolExecutor(1) as loader:
        waiting = [loader.submit(load, start) for start in starts[:1]]
        for start in starts[1:]:
            waiting.append(loader.submit(load, start))
            yield waiting.pop(0).result()
        for future in waiting:
            yield future.result()
