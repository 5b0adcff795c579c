"""Scores that were computed once: a killed run goes on where it stopped, and a fusion need not score again."""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import torch
from safetensors.numpy import load_file, save_file
from torch import nn

from pipelines.detector.evaluate import FRAMES_PER_BATCH, predict
from pipelines.detector.settings import Tick
from transforms.detect.device import CPU, device_name
from transforms.detect.package import sha256_file
from transforms.detect.preprocess import InputSpec
from transforms.detect.scope import ScopeRules

_PICTURES_PER_PART = 8 * FRAMES_PER_BATCH


def predict_once(
    network: nn.Module,
    spec: InputSpec,
    rows: pd.DataFrame,
    treatments: tuple[str, ...],
    tick: Tick,
    work: Path,
    *,
    scope: ScopeRules | None = None,
    device: torch.device = CPU,
) -> pd.DataFrame:
    """As `evaluate.predict`; scores that the same network gave the same pictures are read back.

    Args:
        network: In eval mode, on the processor.
        spec: What the network wants to see.
        rows: Pictures, as `data.read_manifest` gives them.
        treatments: Keys of `augment.TREATMENTS`.
        tick: Called as (what, pictures done, pictures in all).
        work: Folder for finished parts.
        scope: What the detector will not assess; None: it assesses everything.
        device: Where scores are computed.

    Returns:
        As `evaluate.predict`.
    """
    asker = _fingerprint(network, spec, treatments, scope, device)
    found = []
    for start in range(0, len(rows), _PICTURES_PER_PART):
        part = rows.iloc[start : start + _PICTURES_PER_PART]
        digests = [sha256_file(Path(path)) for path in part["path"]]
        name = hashlib.sha256("\n".join([asker, *digests]).encode()).hexdigest()[:32]
        file = work / "scores" / f"{name}.safetensors"
        if not file.exists():
            scored = predict(network, spec, part, treatments, _silent, scope, device)
            _keep(scored["raw"].to_numpy(np.float64).reshape(len(treatments), len(part)), file)
        found.append(load_file(file)["raws"])
        tick("scoring", start + len(part), len(rows))
    raws = np.concatenate([np.empty((len(treatments), 0)), *found], axis=1)
    columns = rows[["path", "label", "source", "generator"]]
    return pd.concat(
        [columns.assign(treatment=name, raw=raw) for name, raw in zip(treatments, raws, strict=True)],
        ignore_index=True,
    )


def _silent(what: str, done: int, total: int) -> None:
    """A part tells nothing of its own progress."""


def _keep(raws: "np.ndarray[tuple[int, int], np.dtype[np.float64]]", file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_suffix(".part")
    save_file({"raws": raws}, unfinished)
    unfinished.replace(file)


def _fingerprint(
    network: nn.Module,
    spec: InputSpec,
    treatments: tuple[str, ...],
    scope: ScopeRules | None,
    device: torch.device,
) -> str:
    """Changes with everything but the pictures that decides a score."""
    total = hashlib.sha256(type(network).__name__.encode())
    for name, tensor in sorted(network.state_dict().items()):
        total.update(name.encode() + tensor.contiguous().numpy().tobytes())
    asked = {"input": asdict(spec), "treatments": treatments, "scope": asdict(scope) if scope else None}
    place = [device_name(device), torch.get_num_threads(), torch.__version__, cv2.__version__]
    total.update(json.dumps([asked, place]).encode())
    return total.hexdigest()
