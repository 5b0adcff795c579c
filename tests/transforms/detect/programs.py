"""Exported programs, whole and tampered with, made at run time."""

import json
import zipfile

import torch
import yaml
from torch import nn

from transforms.detect.package import CONFIG_NAME, sha256_file

SIDE = 32
MODEL = "models/model.json"
WEIGHTS = "data/weights/model_weights_config.json"
CONSTANTS = "data/constants/model_constants_config.json"
SAMPLES = "data/sample_inputs/model.pt"


class Small(nn.Module):
    """A usual small network: batch norm, ReLU in place, dropout, a backbone without gradients."""

    def __init__(self, outputs=1):
        super().__init__()
        self.backbone = nn.Sequential(nn.Conv2d(3, 4, 3, 2, 1), nn.BatchNorm2d(4), nn.ReLU(inplace=True))
        self.head = nn.Sequential(nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Dropout(0.2), nn.Linear(16, outputs))

    def forward(self, pictures):
        with torch.no_grad():
            found = self.backbone(pictures)
        return self.head(found)


class Then(nn.Module):
    """A network and what is done with its output or before its input."""

    def __init__(self, network, after=lambda out: out, before=lambda pictures: pictures):
        super().__init__()
        self.network, self.after, self.before = network, after, before

    def forward(self, pictures):
        return self.after(self.network(self.before(pictures)))


def small(outputs=1):
    torch.manual_seed(5)
    return Small(outputs).eval()


def export(network, path, *, side=SIDE, example=None, batch=None):
    """Write a program with a free batch dimension, or with a fixed one."""
    example = torch.rand(batch or 2, 3, side, side) if example is None else example
    shapes = None if batch else ({0: torch.export.Dim("batch", min=1)},)
    torch.export.save(torch.export.export(network, (example,), dynamic_shapes=shapes), path)
    return path


def records(path):
    with zipfile.ZipFile(path) as file:
        return {name.split("/", 1)[1]: file.read(name) for name in file.namelist()}


def write(path, contents, *, root="p", compression=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", compression) as file:
        for name, data in contents.items():
            file.writestr(f"{root}/{name}", data)
    return path


def tamper(path, record, change):
    """Change a JSON record by a function that works in place."""
    contents = records(path)
    data = json.loads(contents[record])
    change(data)
    contents[record] = json.dumps(data).encode()
    return write(path, contents)


def graph(data):
    return data["graph_module"]["graph"]


def package(folder, raw=0.0, side=SIDE, tolerance=1e9, **params):
    """Write `detector.yaml` beside `folder/program.pt2`; by default the self test accepts every finite answer."""
    contract = {"input": "float32", "mean": [0.5, 0.5, 0.5], "std": [0.25, 0.25, 0.25], "output": "logit"} | params
    point = {"target_false_alarm_rate": 0.05, "false_alarm_rate": 0.0, "interval": [0.0, 1.0], "n": 1}
    config = {
        "name": "own",
        "version": "1",
        "licence": "CC0-1.0",
        "description": "for tests",
        "architecture": {"name": "exported", "params": {k: v for k, v in contract.items() if v is not None}},
        "input": {"size": side, "views": 2, "short_side": 48},
        "rollup": {"rule": "mean"},
        "calibration": {"method": "platt", "scale": 1.0, "bias": 0.0, "fitted_on": "nothing"},
        "operating_points": [{"level": "elevated", "threshold": 0.5, "measured_on": "nothing", **point}],
        "training": "none",
        "training_data": [],
        "skill": [],
        "blind_spots": [],
        "weights": {"file": "program.pt2", "sha256": sha256_file(folder / "program.pt2")},
        "self_test": {"raw": raw, "tolerance": tolerance},
    }
    (folder / CONFIG_NAME).write_text(yaml.safe_dump(config), "utf-8")
    return folder
