"""Detector packages that tests make: tiny untrained networks, each with its own name, input and scope."""

from pathlib import Path
from typing import Any

import torch
import yaml
from safetensors.torch import save_file

from transforms.detect.network import build
from transforms.detect.package import CONFIG_NAME, load_package, sha256_file
from transforms.detect.preprocess import InputSpec, synthetic_views
from transforms.detect.scoring import score_views

_POINT = {"target_false_alarm_rate": 0.05, "false_alarm_rate": 0.0, "interval": [0.0, 1.0], "n": 1}


def make_detector(folder: Path, name: str, size: int = 32, views: int = 2, seed: int = 3, **fields: Any) -> str:
    """Writes a package and returns its folder; ``fields`` replace or join those of its ``detector.yaml``."""
    folder.mkdir(parents=True)
    torch.manual_seed(seed)
    params = {"widths": [4, 8], "dropout": 0.0}
    spec = InputSpec(size, views, short_side=2 * size)
    network = build("compact", **params).eval()
    save_file(network.state_dict(), folder / "weights.safetensors")
    config = {
        "name": name,
        "version": "1",
        "licence": "CC0-1.0",
        "description": "for tests",
        "architecture": {"name": "compact", "params": params},
        "input": {"size": size, "views": views, "short_side": 2 * size},
        "rollup": {"rule": "mean"},
        "calibration": {"method": "platt", "scale": 2.0, "bias": -1.0, "fitted_on": "nothing"},
        "operating_points": [{"level": "suspected", "threshold": 0.9, "measured_on": "nothing", **_POINT}],
        "training": "none",
        "training_data": [],
        "skill": [],
        "blind_spots": [],
        "weights": {"file": "weights.safetensors", "sha256": sha256_file(folder / "weights.safetensors")},
        "self_test": {"raw": float(score_views(network, synthetic_views(spec)[None], 1)[0]), "tolerance": 1e-4},
    }
    (folder / CONFIG_NAME).write_text(yaml.safe_dump(config | fields), "utf-8")
    return str(folder)


def make_fusion(folder: Path, name: str, weights: dict[str, float], **fields: Any) -> str:
    """Writes the package of a fusion of the packages in those folders and returns its folder."""
    folder.mkdir(parents=True)
    members = [load_package(place) for place in weights]
    fuses = [
        {"name": package.config.name, "digest": package.digest, "weight": weight}
        for package, weight in zip(members, weights.values(), strict=True)
    ]
    own = {"architecture", "input", "scope", "weights", "self_test"}
    config = members[0].config.model_dump(mode="json", exclude=own)
    (folder / CONFIG_NAME).write_text(yaml.safe_dump(config | {"name": name, "fuses": fuses} | fields), "utf-8")
    return str(folder)
