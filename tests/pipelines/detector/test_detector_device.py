import json

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from pipelines.detector import features, fit
from pipelines.detector.computed_on import told
from pipelines.detector.data import trainable
from pipelines.detector.evaluate import predict
from pipelines.detector.families import open_family
from pipelines.detector.fit import DescentFamily
from pipelines.detector.settings import FINAL, Descent, Head
from transforms.detect.device import CPU, OnDevice, choose_device, device_name, on_device
from transforms.detect.errors import DetectorError
from transforms.detect.network import build
from transforms.detect.preprocess import InputSpec

TINY = Descent(
    epochs=2,
    fold_epochs=1,
    samples=16,
    batch=8,
    params={"widths": [4, 8], "dropout": 0.2},
    input=InputSpec(size=32, views=2, short_side=48),
)
SMALL = Head(
    params={"depth": 3, "pooled": 2}, input=InputSpec(size=32, views=2, short_side=48), views_drawn=2, penalty=0.01
)
# Computes shapes only, and refuses tensors that were left on the processor, as a graphics card does.
META = torch.device("meta")


def quiet(what, done, total):
    pass


@pytest.fixture
def _settings_of_torch_are_put_back(monkeypatch):
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", "")
    kept = torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32
    yield
    torch.use_deterministic_algorithms(False)
    torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32 = kept


@pytest.mark.usefixtures("_settings_of_torch_are_put_back")
@pytest.mark.parametrize(
    ("asked", "has_cuda", "chosen"),
    [
        ("auto", False, "cpu"),
        ("auto", True, "cuda:0"),
        ("cpu", True, "cpu"),
        ("cpu", False, "cpu"),
        ("cuda", True, "cuda:0"),
    ],
)
def test_cuda_is_taken_where_torch_sees_it_and_nobody_asks_for_the_processor(asked, has_cuda, chosen, monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: has_cuda)
    assert choose_device(asked) == torch.device(chosen)
    # A score is stated in FP32: no card may round to less, and what can be reproducible is.
    assert torch.are_deterministic_algorithms_enabled() is (chosen != "cpu")
    if chosen != "cpu":
        assert not torch.backends.cudnn.allow_tf32
        assert not torch.backends.cuda.matmul.allow_tf32


def test_cuda_that_is_not_there_is_refused(monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(DetectorError, match="--device cpu") as caught:
        choose_device("cuda")
    assert caught.value.code == "no_cuda"
    with pytest.raises(ValueError, match="tpu"):
        choose_device("tpu")


def test_only_another_device_than_the_processor_is_told(monkeypatch):
    monkeypatch.setattr("torch.cuda.get_device_name", lambda device: "Some Card")
    assert device_name(torch.device("cuda:0")) == "Some Card"
    assert told(["cpu", "cpu"]) == ""
    assert "Computed on Some Card:" in told(["cpu", "Some Card", "Some Card"])


@pytest.mark.parametrize(
    ("architecture", "params", "size"),
    [
        ("compact", {"widths": [4, 8]}, 32),
        ("trunk", {"depth": 3, "pooled": 2}, 32),
        ("clip", {"depth": 2, "pooled": 1}, 224),
    ],
)
def test_networks_leave_no_tensor_behind(architecture, params, size):
    network, views = build(architecture, **params).eval(), torch.zeros(2, size, size, 3, dtype=torch.uint8)
    placed = OnDevice(network, META)
    assert placed.network(views.to(META)).device == META
    with pytest.raises(RuntimeError, match="not on the expected device"):
        placed.network(views)
    # It came as far as copying logits, of which there are only shapes, to the processor.
    with pytest.raises(NotImplementedError, match="copy out of meta tensor"):
        placed(views)
    assert {p.device for p in network.parameters()} == {CPU}


def test_on_the_processor_a_network_is_its_own_place():
    network = build("trunk", depth=3, pooled=2)
    assert on_device(network, CPU) is network
    views = torch.randint(0, 256, (2, 32, 32, 3), dtype=torch.uint8)
    assert torch.equal(OnDevice(network, CPU)(views), network(views))


def test_a_training_step_leaves_no_tensor_behind():
    network = build("compact", **TINY.params).to(META)
    optimizer = torch.optim.AdamW(network.parameters())
    batch = np.zeros((8, 32, 32, 3), np.uint8), np.zeros(8, np.float32)
    loss = fit._loss(network, batch, TINY)
    loss.backward()
    optimizer.step()
    assert loss.device == META
    assert {parameter.grad.device for parameter in network.parameters()} == {META}


def test_a_trunk_gets_its_views_where_it_lies():
    network = build("trunk", **SMALL.params).to(META)
    with pytest.raises(NotImplementedError, match="copy out of meta tensor"):
        features._ask(network, np.zeros((2, 32, 32, 3), np.uint8))


def test_a_device_that_is_named_is_handed_down_to_every_computation(rows, trunk, tmp_path, monkeypatch):
    asked = []

    def place(network, device):
        asked.append(device)
        return network

    def view_features(*args):
        asked.append(args[-1])
        return features.view_features(*args[:-1])

    monkeypatch.setattr("pipelines.detector.evaluate.on_device", place)
    monkeypatch.setattr("pipelines.detector.head.view_features", view_features)
    chosen = trainable(rows)
    family = open_family(SMALL, chosen, tmp_path, quiet, trunk, META)
    predict(family.fit(chosen, FINAL), SMALL.input, chosen[:2], ("as_is",), quiet, None, META)
    assert asked == [META, META]


@pytest.mark.parametrize("settings", [TINY, SMALL], ids=["scratch", "head"])
def test_the_processor_is_the_default(settings, rows, trunk, tmp_path):
    chosen = trainable(rows)
    families = [
        open_family(settings, chosen, tmp_path / name, quiet, trunk, *devices)
        for name, devices in (("default", ()), ("named", (CPU,)))
    ]
    weights = [family.fit(chosen, FINAL).state_dict() for family in families]
    assert families[0].describe() == families[1].describe()
    assert "omputed on" not in families[0].describe()
    for name, tensor in weights[0].items():
        assert torch.equal(tensor, weights[1][name]), name


def test_features_of_one_device_are_not_read_back_for_another(monkeypatch):
    network = build("trunk", **SMALL.params)
    monkeypatch.setattr("torch.cuda.get_device_name", lambda device: "Some Card")
    fingerprints = {features._fingerprint(network, SMALL, torch.device(name)) for name in ("cpu", "cuda:0")}
    monkeypatch.setattr("torch.cuda.get_device_name", lambda device: "Another Card")
    fingerprints.add(features._fingerprint(network, SMALL, torch.device("cuda:0")))
    assert len(fingerprints) == 3


@pytest.mark.parametrize("devices", [["Some Card"], None], ids=["a card's", "from before there was a choice"])
def test_a_checkpoint_of_another_device_is_gone_on_with_and_told(devices, rows, tmp_path):
    chosen, checkpoint = trainable(rows), tmp_path / "final.safetensors"
    whole = DescentFamily(TINY, tmp_path / "whole", quiet).fit(chosen, FINAL)

    def cut(what, done, total):
        raise InterruptedError

    with pytest.raises(InterruptedError):
        DescentFamily(TINY, tmp_path, cut).fit(chosen, FINAL)
    with safe_open(checkpoint, framework="pt") as file:
        state = json.loads(file.metadata()["state"])
    assert state.pop("devices") == ["cpu"]
    state |= {} if devices is None else {"devices": devices}
    save_file(load_file(checkpoint), checkpoint, metadata={"state": json.dumps(state)})
    family = DescentFamily(TINY, tmp_path, quiet)
    resumed = family.fit(chosen, FINAL)
    for name, tensor in resumed.state_dict().items():
        assert torch.equal(tensor, whole.state_dict()[name]), name
    assert ("Computed on Some Card:" in family.describe()) is (devices is not None)
