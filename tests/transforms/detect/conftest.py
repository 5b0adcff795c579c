import pytest
import torch
import yaml
from safetensors.torch import save_file

from transforms.detect.network import build
from transforms.detect.package import CONFIG_NAME, sha256_file
from transforms.detect.preprocess import InputSpec, synthetic_views
from transforms.detect.scoring import score_views


@pytest.fixture(autouse=True)
def _one_thread():
    torch.set_num_threads(1)


@pytest.fixture
def tiny_package(tmp_path):
    """A valid package with an untrained tiny network; returns its folder."""
    torch.manual_seed(3)
    params = {"widths": [4, 8], "dropout": 0.0}
    spec = InputSpec(size=32, views=2, short_side=48)
    network = build("compact", **params).eval()
    save_file(network.state_dict(), tmp_path / "weights.safetensors")
    point = {"target_false_alarm_rate": 0.05, "false_alarm_rate": 0.0, "interval": [0.0, 1.0], "n": 1}
    config = {
        "name": "tiny",
        "version": "1",
        "licence": "CC0-1.0",
        "description": "for tests",
        "architecture": {"name": "compact", "params": params},
        "input": {"size": 32, "views": 2, "short_side": 48},
        "rollup": {"rule": "mean"},
        "calibration": {"method": "platt", "scale": 2.0, "bias": -1.0, "fitted_on": "nothing"},
        "operating_points": [
            {"level": "elevated", "threshold": 0.5, "measured_on": "nothing", **point},
            {"level": "suspected", "threshold": 0.9, "measured_on": "nothing", **point},
        ],
        "training": "none",
        "training_data": [],
        "skill": [],
        "blind_spots": [],
        "weights": {"file": "weights.safetensors", "sha256": sha256_file(tmp_path / "weights.safetensors")},
        "self_test": {
            "raw": float(score_views(network, synthetic_views(spec)[None], 1)[0]),
            "tolerance": 1e-4,
        },
    }
    (tmp_path / CONFIG_NAME).write_text(yaml.safe_dump(config), "utf-8")
    return tmp_path


@pytest.fixture
def edit():
    """Change one field of a package's `detector.yaml`, named by its dotted path."""

    def change(folder, path, value):
        config = yaml.safe_load((folder / CONFIG_NAME).read_text("utf-8"))
        at = config
        *parents, last = path.split(".")
        for key in parents:
            at = at[int(key) if isinstance(at, list) else key]
        at[last] = value
        (folder / CONFIG_NAME).write_text(yaml.safe_dump(config), "utf-8")

    return change
