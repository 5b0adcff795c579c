"""Measuring a detector: scores after the same treatment of both classes, and figures with intervals."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from torch import nn

from pipelines.detector import metrics
from pipelines.detector.augment import TREATMENTS
from pipelines.detector.data import load_rgb
from pipelines.detector.fit import Tick
from transforms.detect.calibration import calibrate
from transforms.detect.package import DetectorConfig, Skill
from transforms.detect.preprocess import InputSpec, prepare
from transforms.detect.scoring import score_views

FRAMES_PER_BATCH = 8
SUMMARY: dict[str, metrics.Metric] = {
    "auc": metrics.auc,
    "average_precision": metrics.average_precision,
    "recall_at_1pct_fpr": metrics.recall_at(0.01),
    "recall_at_5pct_fpr": metrics.recall_at(0.05),
}


def predict(
    network: nn.Module, spec: InputSpec, rows: pd.DataFrame, treatments: tuple[str, ...], tick: Tick
) -> pd.DataFrame:
    """Score pictures after each treatment.

    Args:
        network: In eval mode.
        spec: What the network wants to see.
        rows: Pictures, as `data.read_manifest` gives them.
        treatments: Keys of `augment.TREATMENTS`; every picture of both classes gets all of them.
        tick: Called as (what, pictures done, pictures in all).

    Returns:
        One row a picture and treatment: `path`, `label`, `source`, `treatment`, `raw`.
    """
    paths = rows["path"].tolist()
    raws: dict[str, list[float]] = {name: [] for name in treatments}
    for batch in _batches(paths, spec, treatments):
        for i, name in enumerate(treatments):
            raws[name] += score_views(network, batch[:, i], FRAMES_PER_BATCH).astype(float).tolist()
        tick("scoring", len(raws[treatments[0]]), len(paths))
    columns = rows[["path", "label", "source"]]
    return pd.concat([columns.assign(treatment=name, raw=raws[name]) for name in treatments], ignore_index=True)


def figures(predictions: pd.DataFrame, config: DetectorConfig | None, measured_on: str) -> list[Skill]:
    """All figures of a set of predictions.

    Args:
        predictions: As `predict` gives them; with a column `fold`, an AI source is compared with the
            real pictures of its own fold only, since raw scores of different networks do not compare.
        config: For the false alarms and recall at its operating points; None leaves them out.
        measured_on: What stands on the card.

    Returns:
        Per treatment: the summary over all, per AI source AUC and recall, per real source false alarms.
    """
    found: list[Skill] = []
    for treatment, part in predictions.groupby("treatment", sort=False):
        where = (measured_on, str(treatment))
        found += [_skill("all", name, metric, part, where) for name, metric in SUMMARY.items()]
        folds = part["fold"] if "fold" in part else pd.Series(0, index=part.index)
        for source in part.loc[part["label"] == 1, "source"].unique():
            own = folds[part["source"] == source].iloc[0]
            reals = part[(part["label"] == 0) & (folds == own)]
            ai = part[part["source"] == source]
            found += _against(str(source), ai, reals, where)
        if config is not None:
            found += _at_operating_points(part, config, where)
    return found


def _against(source: str, ai: pd.DataFrame, reals: pd.DataFrame, where: tuple[str, str]) -> list[Skill]:
    found = [_skill(source, "auc", metrics.auc, pd.concat([ai, reals]), where)] if len(reals) else []
    sizes = reals.groupby("source").size()
    if len(sizes) > 1:
        for real in sizes[sizes >= 20].index:
            both = pd.concat([ai, reals[reals["source"] == real]])
            found.append(_skill(f"{source} against {real}", "auc", metrics.auc, both, where))
    return found


def _at_operating_points(part: pd.DataFrame, config: DetectorConfig, where: tuple[str, str]) -> list[Skill]:
    calibrated = np.array([calibrate(raw, config) for raw in part["raw"]])
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


def _skill(source: str, name: str, metric: metrics.Metric, part: pd.DataFrame, where: tuple[str, str]) -> Skill:
    scores, labels = part["raw"].to_numpy(np.float64), part["label"].to_numpy(np.int64)
    return Skill(
        source=source,
        measured_on=where[0],
        treatment=where[1],
        metric=name,
        value=round(metric(scores, labels), 4),
        interval=_rounded(metrics.bootstrap(metric, scores, labels)),
        n_ai=int(labels.sum()),
        n_real=int((1 - labels).sum()),
    )


def _rounded(interval: tuple[float, float]) -> tuple[float, float]:
    return round(interval[0], 4), round(interval[1], 4)


def _batches(paths: list[str], spec: InputSpec, treatments: tuple[str, ...]) -> Iterator[NDArray[np.uint8]]:
    def load(start: int) -> NDArray[np.uint8]:
        pictures = map(load_rgb, paths[start : start + FRAMES_PER_BATCH])
        return np.stack([np.stack([prepare(TREATMENTS[t](rgb), spec) for t in treatments]) for rgb in pictures])

    starts = range(0, len(paths), FRAMES_PER_BATCH)
    with ThreadPoolExecutor(1) as loader:
        waiting = [loader.submit(load, start) for start in starts[:1]]
        for start in starts[1:]:
            waiting.append(loader.submit(load, start))
            yield waiting.pop(0).result()
        for future in waiting:
            yield future.result()
