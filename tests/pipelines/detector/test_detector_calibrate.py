import cv2
import numpy as np
import pandas as pd
import pytest
import torch
import yaml
from safetensors.torch import save_file
from torch import nn
from typer.testing import CliRunner

from pipelines.detector.cli import app
from tests.transforms.detect.programs import export, small
from transforms.detect.network import build
from transforms.detect.package import CONFIG_NAME, DetectorError, load_package, sha256_file
from transforms.detect.preprocess import InputSpec, synthetic_views
from transforms.detect.scoring import load_network, score_views

RUN = CliRunner()
PACK = [
    "--input-size",
    "32",
    "--views",
    "2",
    "--short-side",
    "48",
    "--mean",
    "0,0,0",
    "--std",
    "1,1,1",
    "--any-content",
]


class Grain(nn.Module):
    """Smooth pictures score high: a detector that is right on the pictures below."""

    def __init__(self, sign=1.0, *, mix=False):
        super().__init__()
        self.sign, self.mix = sign, mix

    def forward(self, pictures):
        grain = (pictures[..., 1:] - pictures[..., :-1]).abs().mean((1, 2, 3))
        return self.sign * (1.0 - 20.0 * grain) + (pictures.mean() if self.mix else 0.0)


@pytest.fixture(scope="module")
def manifest(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures")
    rng = np.random.default_rng(0)
    rows = []
    for label, source, count in (("ai", "one", 12), ("ai", "two", 12), ("real", "phone", 20), ("real", "studio", 20)):
        for i in range(count):
            grain = rng.normal(0, rng.uniform(4, 30) if label == "real" else rng.uniform(0, 8), (48, 50, 3))
            name = f"{source}-{i}.png"
            cv2.imwrite(str(folder / name), np.clip(rng.integers(70, 180, 3) + grain, 0, 255).astype(np.uint8))
            rows.append((name, label, source, "calibrate"))
    rows.append(("a.png", "real", "phone", "train"))
    rows.append(("a.mp4", "real", "phone", "calibrate"))
    pd.DataFrame(rows, columns=["path", "label", "source", "split"]).to_csv(folder / "manifest.csv", index=False)
    return folder / "manifest.csv"


def run(*arguments):
    done = RUN.invoke(app, [str(a) for a in arguments])
    return done.exit_code, done.stderr


def packed(tmp_path, network, *more):
    program = export(network.eval(), tmp_path / "network.pt2")
    assert run("pack", program, "--out", tmp_path / "packed", *PACK, *more) == (0, "")
    return tmp_path / "packed"


def calibrate(detector, manifest, out, *more):
    return run("calibrate", detector, "--data", manifest, "--out", out, *more)


def test_a_packed_program_is_refused_until_it_is_calibrated(tmp_path, manifest):
    folder = packed(tmp_path, Grain())
    with pytest.raises(DetectorError, match="aiqyn detector calibrate") as caught:
        load_package(str(folder))
    assert caught.value.code == "uncalibrated"
    assert "not calibrated" in (folder / "CARD.md").read_text("utf-8")
    status, told = run("evaluate", folder, "--data", manifest, "--split", "calibrate")
    assert status == 2
    assert "uncalibrated" in told


def test_too_few_pictures_are_refused_unless_allowed(tmp_path, manifest):
    folder, out = packed(tmp_path, Grain()), tmp_path / "own"
    status, told = calibrate(folder, manifest, out)
    assert status == 2
    assert "too_few_pictures" in told
    assert "299 real pictures are needed" in told
    assert "59 AI pictures are needed" in told
    assert not out.exists()
    status, told = calibrate(folder, manifest, out, "--allow-few")
    assert status == 0
    assert "1 videos of the split left out" in told
    package = load_package(str(out))
    load_network(package)
    config = package.config
    assert config.name == "own"
    assert "too few pictures" in config.description
    assert "299 real" in (out / "CARD.md").read_text("utf-8")
    assert config.calibration.method == "platt"
    assert config.abstention is not None
    assert {s.metric for s in config.skill} >= {"auc", "recall_elevated", "false_alarms_suspected"}
    assert {s.treatment for s in config.skill} >= {"as_is", "jpeg90", "jpeg75", "half"}
    for point in config.operating_points:
        assert point.false_alarm_rate <= point.target_false_alarm_rate
        assert point.n == 40
    assert any("phone, studio" in spot for spot in config.blind_spots)


def test_pictures_out_of_scope_are_left_out_and_counted(tmp_path, manifest):
    program = export(Grain(), tmp_path / "network.pt2")
    run("pack", program, "--out", tmp_path / "packed", *PACK[:-1])
    config = load_package(str(tmp_path / "packed"), calibrated=False).config
    assert config.scope is not None
    assert config.scope.min_short_side == 32
    status, told = calibrate(tmp_path / "packed", manifest, tmp_path / "own", "--allow-few")
    assert status == 0, told
    own = load_package(str(tmp_path / "own")).config
    assert own.scope == config.scope
    assert own.abstention.n < 24
    # Half of 48 pixels is less than the input.
    assert "half" not in {s.treatment for s in own.skill}
    assert "out of the detector's scope" in own.training


def test_the_same_pictures_give_the_same_package(tmp_path, manifest):
    folder = packed(tmp_path, Grain())
    for name in ("a", "b"):
        calibrate(folder, manifest, tmp_path / name / "own", "--allow-few")
    assert load_package(str(tmp_path / "a" / "own")).digest == load_package(str(tmp_path / "b" / "own")).digest


def built_in(template, folder, sign):
    """A package with an untrained network of our own, whose scores are turned around by `sign`."""
    torch.manual_seed(3)
    params, spec = {"widths": [4, 8], "dropout": 0.0}, InputSpec(32, 2, 48)
    network = build("compact", **params).eval()
    with torch.no_grad():
        network.head.weight.mul_(sign * 50.0)
        network.head.bias.zero_()
    folder.mkdir()
    save_file(network.state_dict(), folder / "weights.safetensors")
    config = yaml.safe_load((template / CONFIG_NAME).read_text("utf-8"))
    config["architecture"] = {"name": "compact", "params": params}
    config["weights"] = {"file": "weights.safetensors", "sha256": sha256_file(folder / "weights.safetensors")}
    config["self_test"]["raw"] = float(score_views(network, synthetic_views(spec)[None], 1)[0])
    (folder / CONFIG_NAME).write_text(yaml.safe_dump(config), "utf-8")
    return folder


def test_a_built_in_network_can_be_calibrated_again(tmp_path, manifest):
    template = packed(tmp_path, Grain())
    old = {sign: built_in(template, tmp_path / f"old{sign}", sign) for sign in (1, -1)}
    ended = {sign: calibrate(old[sign], manifest, tmp_path / f"new{sign}", "--allow-few") for sign in old}
    assert sorted(status for status, _ in ended.values()) == [0, 2]
    sign = next(sign for sign, (status, _) in ended.items() if status == 0)
    assert "no_skill" in ended[-sign][1]
    first = load_package(str(tmp_path / f"new{sign}"))
    load_network(first)
    assert first.config.weights == load_package(str(old[sign]), calibrated=False).config.weights
    assert calibrate(tmp_path / f"new{sign}", manifest, tmp_path / "again", "--allow-few")[0] == 0
    again = load_package(str(tmp_path / "again"))
    assert again.config.operating_points == first.config.operating_points
    assert again.digest != first.digest


@pytest.mark.parametrize(
    ("more", "code"),
    [
        (["--split", "nothing"], "empty_split"),
        (["--split", "train", "--allow-few"], "empty_split"),
        (["--out", "My Detector"], "invalid_name"),
    ],
)
def test_calibration_refuses(tmp_path, manifest, monkeypatch, more, code):
    monkeypatch.chdir(tmp_path)
    status, told = calibrate(packed(tmp_path, Grain()), manifest, tmp_path / "own", *more)
    assert status == 2
    assert code in told


def test_a_detector_that_is_the_wrong_way_round_is_refused(tmp_path, manifest):
    status, told = calibrate(packed(tmp_path, Grain(-1.0)), manifest, tmp_path / "own", "--allow-few")
    assert status == 2
    assert "no_skill" in told
    assert "ai_index" in told


def test_nothing_is_overwritten(tmp_path, manifest):
    folder = packed(tmp_path, Grain())
    before = (folder / CONFIG_NAME).read_bytes()
    for status, told in (
        run("pack", tmp_path / "network.pt2", "--out", folder, *PACK),
        calibrate(folder, manifest, folder, "--allow-few"),
    ):
        assert status == 2
        assert "exists" in told
    assert (folder / CONFIG_NAME).read_bytes() == before


@pytest.mark.parametrize(
    ("more", "code"),
    [
        (["--input-size", "224"], "wrong_input"),
        (["--output", "two_class"], "wrong_output"),
        (["--input", "uint8"], "wrong_dtype"),
        (["--std", "0,1,1"], "std"),
        (["--mean", "a,b,c"], "mean"),
        (["--views", "9"], "views"),
        (["--out", "B C"], "invalid_name"),
    ],
)
def test_packing_refuses_what_does_not_fit(tmp_path, more, code):
    program = export(small(), tmp_path / "network.pt2")
    status, told = run("pack", program, "--out", tmp_path / "packed", *PACK[:2], *more)
    assert status == 2
    assert code in told
    assert not (tmp_path / "packed").exists()


def test_packing_refuses_a_score_that_depends_on_its_batch(tmp_path):
    program = export(Grain(mix=True), tmp_path / "network.pt2")
    status, told = run("pack", program, "--out", tmp_path / "packed", *PACK)
    assert status == 2
    assert "batch_dependent" in told


def test_packing_refuses_other_files(tmp_path):
    torch.save({"a": 1}, tmp_path / "network.pt2")
    status, told = run("pack", tmp_path / "network.pt2", "--out", tmp_path / "packed", *PACK)
    assert status == 2
    assert "pickle_refused" in told
    status, told = run("pack", tmp_path / "nothing.pt2", "--out", tmp_path / "packed", *PACK)
    assert status == 2
    assert "missing_weights" in told


def test_an_uncalibrated_package_cannot_claim_operating_points(tmp_path, manifest):
    folder = packed(tmp_path, Grain())
    calibrate(folder, manifest, tmp_path / "own", "--allow-few")
    config = yaml.safe_load((tmp_path / "own" / CONFIG_NAME).read_text("utf-8"))
    config["calibration"]["method"] = "none"
    (tmp_path / "own" / CONFIG_NAME).write_text(yaml.safe_dump(config), "utf-8")
    with pytest.raises(DetectorError, match="operating_points") as caught:
        load_package(str(tmp_path / "own"), calibrated=False)
    assert caught.value.code == "invalid_config"
