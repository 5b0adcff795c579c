from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from pipelines.detector.data import trainable
from pipelines.detector.evaluate import predict
from pipelines.detector.families import open_family
from pipelines.detector.head import ridge_logistic
from pipelines.detector.metrics import auc
from pipelines.detector.settings import FINAL, Head
from transforms.detect.package import DetectorError
from transforms.detect.preprocess import InputSpec

TINY = Head(
    params={"depth": 3, "pooled": 2}, input=InputSpec(size=32, views=2, short_side=48), views_drawn=4, penalty=0.01
)


class KilledError(Exception):
    """Stands in for a kill between two parts."""


def quiet(what, done, total):
    pass


def test_the_head_finds_grain_and_leaves_the_trunk_alone(rows, trunk, tmp_path):
    network = open_family(TINY, trainable(rows), tmp_path, quiet, trunk).fit(trainable(rows), FINAL)
    given = load_file(trunk)
    for name, tensor in network.state_dict().items():
        assert name.startswith("head.") or torch.equal(tensor, given[name]), name
    dev = rows[(rows["split"] == "dev") & ~rows["is_video"]]
    found = predict(network, TINY.input, dev, ("as_is",), quiet)
    assert auc(found["raw"].to_numpy(), found["label"].to_numpy()) > 0.9


def test_the_order_of_the_manifest_changes_nothing(rows, trunk, tmp_path):
    chosen = trainable(rows)
    turned = chosen[::-1].reset_index(drop=True)
    heads = [
        open_family(TINY, pictures, tmp_path / name, quiet, trunk).fit(pictures, FINAL).head.weight
        for name, pictures in (("a", chosen), ("b", turned))
    ]
    torch.testing.assert_close(*heads, rtol=1e-4, atol=1e-6)


def test_a_killed_run_reads_back_what_it_had_computed(rows, trunk, tmp_path, monkeypatch):
    monkeypatch.setattr("pipelines.detector.features._PICTURES_PER_PART", 10)
    chosen = trainable(rows)

    def killed(what, done, total):
        raise KilledError

    with pytest.raises(KilledError):
        open_family(TINY, chosen, tmp_path / "cut", killed, trunk).fit(chosen, FINAL)
    (part,) = (tmp_path / "cut" / "features").glob("*.safetensors")
    written = part.stat().st_mtime_ns
    resumed = open_family(TINY, chosen, tmp_path / "cut", quiet, trunk).fit(chosen, FINAL)
    assert part.stat().st_mtime_ns == written
    whole = open_family(TINY, chosen, tmp_path / "whole", quiet, trunk).fit(chosen, FINAL)
    assert torch.equal(resumed.head.weight, whole.head.weight)


@pytest.mark.parametrize(
    "change", [{"seed": 8}, {"views_drawn": 3}, {"input": InputSpec(size=30, views=1, short_side=48)}]
)
def test_other_settings_read_nothing_back(rows, trunk, tmp_path, change):
    chosen = trainable(rows)
    for settings in (TINY, replace(TINY, **change)):
        open_family(settings, chosen, tmp_path, quiet, trunk).fit(chosen, FINAL)
    assert len(list((tmp_path / "features").iterdir())) == 2


def test_a_trunk_that_lacks_a_tensor_or_is_none_is_refused(rows, trunk, tmp_path):
    tensors = load_file(trunk)
    del tensors["blocks.1.project.weight"]
    lacking, text = tmp_path / "lacking.safetensors", tmp_path / "text.safetensors"
    save_file(tensors, lacking)
    text.write_text("no tensors")
    for file, told in ((lacking, "blocks.1.project.weight"), (text, "text"), (tmp_path / "absent", "absent")):
        with pytest.raises(DetectorError, match=told) as caught:
            open_family(TINY, trainable(rows), tmp_path, quiet, file).fit(trainable(rows), FINAL)
        assert caught.value.code == "tensor_mismatch"


def test_the_optimum_has_no_slope():
    rng = np.random.default_rng(1)
    features, labels = rng.normal(size=(40, 3)), (rng.random(40) < 0.5).astype(float)
    share = np.full(40, 1 / 40)
    weights, bias = ridge_logistic(features, labels, share, 0.1)
    error = 1 / (1 + np.exp(-(features @ weights + bias))) - labels
    np.testing.assert_allclose(features.T @ (share * error) + 0.2 * weights, 0, atol=1e-6)
    assert abs(share @ error) < 1e-6


def test_a_higher_penalty_gives_smaller_weights():
    features, labels = np.array([[-1.0], [1.0]]), np.array([0.0, 1.0])
    share = np.array([0.5, 0.5])
    sizes = [abs(ridge_logistic(features, labels, share, penalty)[0][0]) for penalty in (0.1, 1.0, 10.0)]
    assert sizes == sorted(sizes, reverse=True)
