"""What a frozen trunk sees in random views of the training pictures: computed once, kept, shared by all folds."""

import copy
import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from pipelines.detector.augment import training_view
from pipelines.detector.data import load_rgb
from pipelines.detector.settings import Head, Tick
from transforms.detect.device import CPU, device_name
from transforms.detect.headed import Headed
from transforms.detect.package import sha256_file

Features = NDArray[np.float32]
_PICTURES_PER_PART = 32


def view_features(
    network: Headed, rows: pd.DataFrame, settings: Head, work: Path, tick: Tick, device: torch.device = CPU
) -> Features:
    """Features of `settings.views_drawn` random views of each picture.

    A view's chance comes from the seed and the picture's own bytes, so that it is the same in whichever manifest,
    order or fold the picture stands. Parts that a killed run finished are read back.

    Args:
        network: The trunk, in eval mode, on the processor; its head is not asked.
        rows: Pictures, as `data.read_manifest` gives them.
        settings: Seed, number of views and input.
        work: Folder for finished parts.
        tick: Called as (what, pictures done, pictures in all).
        device: Where the trunk computes; what one device has computed is not read back for another.

    Returns:
        float32 (N, views_drawn, D).

    Raises:
        DetectorError: `unreadable_picture`.
    """
    paths = rows["path"].tolist()
    trunk = _fingerprint(network, settings, device)
    if device != CPU:
        network = copy.deepcopy(network).to(device)
    found: list[Features] = []
    with ThreadPoolExecutor(1) as loader:
        starts = range(0, len(paths), _PICTURES_PER_PART)
        for start in starts:
            part = paths[start : start + _PICTURES_PER_PART]
            found.append(_part(network, part, settings, work / "features", trunk, loader))
            tick("features", min(start + _PICTURES_PER_PART, len(paths)), len(paths))
    return np.concatenate(found)


def _part(
    network: Headed, paths: list[str], settings: Head, folder: Path, trunk: str, loader: ThreadPoolExecutor
) -> Features:
    digests = [sha256_file(Path(path)) for path in paths]
    name = hashlib.sha256("\n".join([trunk, *digests]).encode()).hexdigest()[:32]
    file = folder / f"{name}.safetensors"
    if file.exists():
        return load_file(file)["features"]

    def views(path: str, digest: str) -> NDArray[np.uint8]:
        rgb, picture = load_rgb(path), int(digest[:15], 16)
        chances = [np.random.default_rng([settings.seed, picture, i]) for i in range(settings.views_drawn)]
        return np.stack([training_view(rgb, settings.input, chance) for chance in chances])

    features = np.stack([_ask(network, loaded) for loaded in loader.map(views, paths, digests)])
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_suffix(".part")
    save_file({"features": features}, unfinished)
    unfinished.replace(file)
    return features


def _ask(network: Headed, views: NDArray[np.uint8]) -> Features:
    with torch.inference_mode():
        placed = torch.from_numpy(views).to(network.head.weight.device)
        return network.features(placed).cpu().numpy()


def _fingerprint(network: Headed, settings: Head, device: torch.device) -> str:
    """Changes with everything but the pictures that decides a feature."""
    total = hashlib.sha256()
    for name, tensor in sorted(network.state_dict().items()):
        if not name.startswith("head."):
            total.update(name.encode() + tensor.contiguous().numpy().tobytes())
    basis = [settings.seed, settings.views_drawn, asdict(settings.input), network.pooled, torch.__version__]
    # The processor is not named, so that what was computed before there was a choice is still found.
    basis += [] if device == CPU else [device_name(device)]
    total.update(json.dumps(basis).encode())
    return total.hexdigest()
