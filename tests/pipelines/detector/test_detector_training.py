import json
from dataclasses import replace

import pytest
import torch
from typer.testing import CliRunner

from pipelines.detector.augment import TREATMENTS
from pipelines.detector.cli import Treatment, app
from pipelines.detector.data import trainable
from pipelines.detector.fit import fit
from pipelines.detector.settings import Descent
from pipelines.detector.train import Run, train
from transforms.detect.package import DetectorError, load_package
from transforms.detect.preprocess import InputSpec
from transforms.detect.scoring import load_network

TINY = Descent(
    fold_epochs=1,
    seed=3,
    epochs=3,
    samples=32,
    batch=8,
    params={"widths": [4, 8], "dropout": 0.2},
    input=InputSpec(size=32, views=2, short_side=48),
)


class KilledError(Exception):
    """Stands in for a kill between two epochs."""


def quiet(what, done, total):
    pass


def killed_after(name, epochs):
    def tick(what, done, total):
        if (what, done) == (name, epochs):
            raise KilledError

    return tick


def test_a_killed_run_goes_on_to_the_same_weights(rows, tmp_path):
    chosen = trainable(rows)
    whole = fit(chosen, TINY, tmp_path / "whole.safetensors", quiet)
    with pytest.raises(KilledError):
        fit(chosen, TINY, tmp_path / "cut.safetensors", killed_after("cut", 1))
    resumed_epochs = []
    resumed = fit(chosen, TINY, tmp_path / "cut.safetensors", lambda what, done, total: resumed_epochs.append(done))
    assert resumed_epochs == [2, 3]
    wanted = whole.state_dict()
    for name, tensor in resumed.state_dict().items():
        assert torch.equal(tensor, wanted[name]), name


def test_another_run_does_not_take_over_a_checkpoint(rows, tmp_path):
    chosen = trainable(rows)
    fit(chosen, replace(TINY, epochs=1), tmp_path / "a.safetensors", quiet)
    for other, settings in ((chosen, TINY), (chosen[1:].reset_index(drop=True), replace(TINY, epochs=1))):
        with pytest.raises(DetectorError) as caught:
            fit(other, settings, tmp_path / "a.safetensors", quiet)
        assert caught.value.code == "checkpoint_mismatch"


def test_training_writes_a_package_that_loads_and_tells_what_it_learnt(rows, tmp_path):
    settings = replace(TINY, epochs=8, fold_epochs=6, rate=1e-2)
    run = Run(rows, tmp_path / "tiny", tmp_path / "work", settings, quiet)
    with pytest.raises(KilledError):
        train(replace(run, tick=killed_after("final", 2)))
    train(run)
    package = load_package(str(tmp_path / "tiny"))
    load_network(package)
    config = package.config
    assert config.name == "tiny"
    assert {t.source for t in config.training_data} == {"smooth", "soft", "grainy", "noisy"}
    assert {s.measured_on for s in config.skill} == {
        "leave one source out",
        "dev, final network",
        "never trained on (licence), final network",
    }
    held_out = [s for s in config.skill if s.measured_on == "leave one source out" and s.metric == "auc"]
    assert {s.source for s in held_out} == {"all", "smooth", "soft"}
    dev = {(s.source, s.treatment): s for s in config.skill if s.measured_on.startswith("dev") and s.metric == "auc"}
    # Grain against smoothness is easy: a network that learns anything finds it.
    assert dev["other", "as_is"].value > 0.9
    assert dev["other", "as_is"].n_ai == 5
    card = (tmp_path / "tiny" / "CARD.md").read_text("utf-8")
    assert "smooth" in card
    assert "Who should not use it" in card
    first = package.digest
    train(replace(run, work=tmp_path / "again"))
    assert load_package(str(tmp_path / "tiny")).digest == first


def test_a_file_that_is_no_checkpoint_is_refused(rows, tmp_path):
    (tmp_path / "a.safetensors").write_bytes(b"nothing of ours")
    with pytest.raises(DetectorError) as caught:
        fit(trainable(rows), TINY, tmp_path / "a.safetensors", quiet)
    assert caught.value.code == "checkpoint_mismatch"


def test_a_folder_that_cannot_name_a_detector_is_refused_before_training(rows, tmp_path):
    with pytest.raises(DetectorError) as caught:
        train(Run(rows, tmp_path / "My Detector", tmp_path / "work", TINY, quiet))
    assert caught.value.code == "invalid_name"


def test_the_commands_train_measure_and_refuse(media, trunk, tmp_path):
    runner = CliRunner()
    out = tmp_path / "small"
    common = ["--data", str(media), "--device", "cpu"]
    done = runner.invoke(app, ["train", *common, "--out", str(out), "--trunk", str(trunk)])
    assert done.exit_code == 0, done.output
    assert "3 videos of the manifest left out: networks are trained" in done.stderr
    report = tmp_path / "report.json"
    page = tmp_path / "new" / "report.html"
    done = runner.invoke(app, ["evaluate", str(out), *common, "--output", str(report), "--html", str(page)])
    assert done.exit_code == 0, done.output
    assert "<h1><bdi>small 0.1.0</bdi></h1>" in page.read_text("utf-8")
    found = json.loads(report.read_text("utf-8"))
    assert (found["pictures"], found["skipped_videos"], found["device"]) == (10, 0, "cpu")
    assert [(s["source"], s["n"]) for s in found["videos"]["sample"]] == [("real-clips", 1), ("ai-clips", 1)]
    assert "10 pictures and 2 videos measured on cpu" in done.stderr
    stated = [s.model_dump(mode="json") for s in load_package(str(out)).config.skill]
    assert found["skill"] == [s for s in stated if s["measured_on"] == "dev, final network"]
    folds = ["--leave-one-source-out", "--work", str(tmp_path / "small.work")]
    done = runner.invoke(app, ["evaluate", str(out), *common, *folds, "--output", str(report)])
    assert done.exit_code == 0, done.output
    found = json.loads(report.read_text("utf-8"))
    stated = [s.model_dump(mode="json") for s in load_package(str(out)).config.skill]
    assert found["skill"] == [s for s in stated if s["measured_on"] == "leave one source out"]
    assert (found["skipped_videos"], found["videos"]) == (1, None)
    assert "1 videos left out: networks are trained" in done.stderr
    refused = runner.invoke(app, ["evaluate", "no-such-detector", *common])
    assert refused.exit_code == 2
    assert "missing_package" in refused.stderr
    refused = runner.invoke(app, ["evaluate", str(out), *common, "--html", str(tmp_path)])
    assert refused.exit_code == 2
    assert "cannot_write" in refused.stderr
    refused = runner.invoke(app, ["evaluate", str(out), *common, "--split", "none"])
    assert refused.exit_code == 2
    assert "empty_split" in refused.stderr


def test_fewer_treatments_are_measured_where_asked(media, trunk, tmp_path):
    runner, out, report = CliRunner(), tmp_path / "small", tmp_path / "report.json"
    common = ["--data", str(media), "--treatment", "as_is", "--treatment", "half"]
    done = runner.invoke(app, ["train", *common, "--out", str(out), "--trunk", str(trunk)])
    assert done.exit_code == 0, done.output
    assert {s.treatment for s in load_package(str(out)).config.skill} == {"as_is", "half"}
    done = runner.invoke(app, ["evaluate", str(out), *common, "--output", str(report)])
    assert done.exit_code == 0, done.output
    assert json.loads(report.read_text("utf-8"))["treatments"] == ["as_is", "half"]


def test_the_names_of_the_treatments_are_those_that_there_are():
    assert tuple(Treatment) == tuple(TREATMENTS)
