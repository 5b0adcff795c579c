"""The manifest of training media: what may be used, how often it is drawn, what is held out."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from numpy.typing import NDArray

from transforms.detect.package import DetectorError

REQUIRED = ("path", "split", "label", "source")
# What stands where a manifest has no such column. Whoever names no terms has reserved nothing, so weights may be
# trained; the card then says that no licence was stated.
OPTIONAL = {"generator": "", "licence": "not stated", "may_ship_weights": "yes"}
COLUMNS = (*REQUIRED, *OPTIONAL)
VIDEO_SUFFIXES = (".mp4", ".webm", ".mov", ".mkv", ".avi", ".gif")
MAX_FOLDS = 4
MIN_FOLD_PICTURES = 20

# Painterly sheets, and one prompt for all: drawn often they would teach content, which is not generation.
LOW_WEIGHT = {"sd15_studies": 0.15, "swarmui_models": 0.25}


@dataclass(frozen=True)
class Fold:
    """Sources that one network does not see in training and is measured on."""

    ai: tuple[str, ...]
    real: tuple[str, ...]

    @property
    def sources(self) -> frozenset[str]:
        """All that is held out."""
        return frozenset(self.ai) | frozenset(self.real)


def read_manifest(path: Path) -> pd.DataFrame:
    """Read a manifest, CSV or Parquet; paths in it are relative to its folder.

    Returns:
        One row a file: `COLUMNS`, with `path` absolute, `label` 1 for AI and 0 for real, and `is_video`. Columns
        of `OPTIONAL` that it lacks are filled in; other columns are left out.

    Raises:
        DetectorError: `invalid_manifest` when it cannot be read, lacks a required column or value, or holds
            another label.
    """
    try:
        rows = _read_table(path)
    except (OSError, ValueError) as e:  # pyarrow's errors are of these two kinds
        raise DetectorError("invalid_manifest", f"{path} cannot be read as CSV or Parquet: {e}; give a manifest") from e
    missing = [name for name in REQUIRED if name not in rows.columns]
    if missing:
        raise DetectorError("invalid_manifest", f"{path} lacks the columns {', '.join(missing)}; add them")
    empty = [name for name in REQUIRED if (rows[name] == "").any()]
    if empty:
        raise DetectorError("invalid_manifest", f"{path} has rows without {', '.join(empty)}; fill them in")
    odd = sorted(set(rows["label"]) - {"ai", "real"})
    if odd:
        raise DetectorError("invalid_manifest", f"{path} has the labels {odd}; only 'ai' and 'real' are known")
    rows = rows.assign(**{name: value for name, value in OPTIONAL.items() if name not in rows.columns})
    rows = rows[list(COLUMNS)].copy()
    rows["label"] = (rows["label"] == "ai").astype(int)
    rows["is_video"] = rows["path"].str.lower().str.endswith(VIDEO_SUFFIXES)
    rows["path"] = [str(path.parent / name) for name in rows["path"]]
    return rows


def _read_table(path: Path) -> pd.DataFrame:
    with path.open("rb") as file:
        is_parquet = file.read(4) == b"PAR1"
    if not is_parquet:
        return pd.read_csv(path, dtype=str, keep_default_na=False)
    # A column that pandas kept as its index is a column here.
    rows = pq.read_table(path).to_pandas(ignore_metadata=True)
    return rows.astype(object).where(rows.notna(), "").astype(str)


def read_manifests(paths: list[Path]) -> pd.DataFrame:
    """The rows of several manifests, one after another; see `read_manifest`."""
    return pd.concat([read_manifest(path) for path in paths], ignore_index=True)


def trainable(rows: pd.DataFrame) -> pd.DataFrame:
    """The pictures that shipped weights may be trained on: split `train`, `may_ship_weights` yes.

    Raises:
        DetectorError: `too_few_sources` unless both classes have two sources or more: one is held out.
    """
    chosen = rows[(rows["split"] == "train") & (rows["may_ship_weights"] == "yes") & ~rows["is_video"]]
    sources = chosen.groupby("label")["source"].nunique()
    if any(sources.get(label, 0) < 2 for label in (0, 1)):
        raise DetectorError(
            "too_few_sources",
            "the manifest's trainable rows need two AI and two real sources at least, so that one of "
            "each can be held out; add sources",
        )
    return chosen.reset_index(drop=True)


def draw_shares(rows: pd.DataFrame) -> NDArray[np.float64]:
    """How often each picture is drawn: half of the draws per class, a source by the root of its size.

    Args:
        rows: Pictures of both classes.

    Returns:
        float64 (N,), summing to 1.
    """
    size = rows.groupby(["label", "source"])["path"].transform("size").to_numpy(np.float64)
    factor = rows["source"].map(lambda name: LOW_WEIGHT.get(name, 1.0)).to_numpy(np.float64)
    weight = factor / np.sqrt(size)
    labels = rows["label"].to_numpy()
    for label in (0, 1):
        weight[labels == label] *= 0.5 / weight[labels == label].sum()
    return np.asarray(weight, np.float64)


def held_out_folds(rows: pd.DataFrame) -> list[Fold]:
    """Pair AI sources with real sources, so that each source is held out exactly once.

    Each of the largest AI sources opens a fold, and never one of `LOW_WEIGHT` alone; the rest joins from the
    smallest fold on. Real sources go, the largest first, where the fewest real pictures are.

    Args:
        rows: From `trainable`.
    """
    ai = _by_size(rows[rows["label"] == 1])
    real = _by_size(rows[rows["label"] == 0])
    leading = [name for name, n in ai if n >= MIN_FOLD_PICTURES and name not in LOW_WEIGHT][:MAX_FOLDS]
    leading = (leading if len(leading) >= 2 else [name for name, _ in ai])[: min(MAX_FOLDS, len(real))]
    held_ai = [[name] for name in leading]
    for i, (name, _) in enumerate(pair for pair in ai if pair[0] not in leading):
        held_ai[-1 - i % len(held_ai)].append(name)
    held_real: list[list[str]] = [[] for _ in held_ai]
    counts = [0] * len(held_ai)
    for name, n in real:
        fewest = counts.index(min(counts))
        held_real[fewest].append(name)
        counts[fewest] += n
    return [Fold(tuple(a), tuple(r)) for a, r in zip(held_ai, held_real, strict=True)]


def load_rgb(path: str) -> NDArray[np.uint8]:
    """Decode a picture to uint8 (H, W, 3), RGB.

    Raises:
        DetectorError: `unreadable_picture`: training and measuring must not silently lose pictures.
    """
    picture = cv2.imread(path, cv2.IMREAD_COLOR_RGB)
    if picture is None:
        raise DetectorError("unreadable_picture", f"{path} cannot be decoded; repair it or drop its manifest row")
    return np.asarray(picture, np.uint8)


def _by_size(rows: pd.DataFrame) -> list[tuple[str, int]]:
    counts = rows.groupby("source").size()
    return sorted(((str(name), int(n)) for name, n in counts.items()), key=lambda pair: (-pair[1], pair[0]))
