import cv2
import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import save_file

from pipelines.detector.data import read_manifest
from pipelines.detector.settings import Head
from transforms.detect.network import build


@pytest.fixture(autouse=True)
def _one_thread():
    torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def _small_pictures_are_in_scope(monkeypatch):
    monkeypatch.setattr("pipelines.detector.packaging.SCOPE", None)


def write_video(path, frames):
    """Motion JPEG of uint8 (N, H, W, 3), RGB, at 12 frames a second."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 12, frames.shape[2:0:-1])
    for rgb in frames:
        writer.write(np.ascontiguousarray(rgb[..., ::-1]))
    writer.release()


@pytest.fixture
def media(tmp_path):
    """Generated pictures of two AI and two real sources, `dev`, videos, and rows that may not ship."""
    rng = np.random.default_rng(0)
    rows = []

    def add(split, label, source, count, *, ships="yes"):
        for i in range(count):
            grain = rng.normal(0, 28 if label == "real" else 2, (72, 80, 3))
            picture = np.clip(rng.integers(60, 190, 3) + grain, 0, 255).astype(np.uint8)
            name = f"{split}-{source}-{i}.png"
            cv2.imwrite(str(tmp_path / name), picture)
            rows.append((name, split, label, source, "generated", "CC0-1.0", ships))

    for source in ("smooth", "soft"):
        add("train", "ai", source, 6)
    for source in ("grainy", "noisy"):
        add("train", "real", source, 6)
    add("train", "real", "unshippable", 2, ships="no")
    add("train", "ai", "terms", 2, ships="no")
    add("dev", "ai", "other", 5, ships="no")
    add("dev", "real", "camera", 5, ships="no")
    rows.append(("not-there.mp4", "train", "ai", "clips", "", "MIT", "yes"))
    for label, grain in (("ai", 2), ("real", 28)):
        noise = rng.normal(0, grain, (12, 72, 80, 3))
        write_video(tmp_path / f"{label}.avi", np.clip(120 + noise, 0, 255).astype(np.uint8))
        rows.append((f"{label}.avi", "dev", label, f"{label}-clips", "", "MIT", "no"))
    columns = ["path", "split", "label", "source", "generator", "licence", "may_ship_weights"]
    pd.DataFrame(rows, columns=columns).to_csv(tmp_path / "manifest.csv", index=False)
    return tmp_path / "manifest.csv"


@pytest.fixture
def rows(media):
    return read_manifest(media)


@pytest.fixture
def trunk(tmp_path):
    """A trunk with weights of chance: grain and smoothness look different even to that."""
    torch.manual_seed(5)
    file = tmp_path / "trunk.safetensors"
    save_file(build("trunk", **Head().params).state_dict(), file)
    return file
