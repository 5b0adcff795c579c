import pickle

import pytest
import torch
from safetensors.torch import save_file

from transforms.detect.network import build
from transforms.detect.package import CONFIG_NAME, DetectorError, load_package, sha256_file
from transforms.detect.scoring import load_network


def refused(folder, *words, load=load_package):
    with pytest.raises(DetectorError) as caught:
        load(str(folder))
    message = str(caught.value)
    assert all(word in message for word in words), message
    return caught.value.code


def open_network(folder):
    return load_network(load_package(folder))


def test_a_valid_package_loads(tiny_package):
    package = load_package(str(tiny_package))
    assert package.config.input.size == 32
    assert len(package.digest) == 64
    assert package.digest == load_package(str(tiny_package)).digest


def test_every_file_and_name_is_in_the_digest(tiny_package):
    first = load_package(str(tiny_package)).digest
    (tiny_package / "CARD.md").write_text("a", "utf-8")
    second = load_package(str(tiny_package)).digest
    (tiny_package / "CARD.md").rename(tiny_package / "CARE.md")
    assert len({first, second, load_package(str(tiny_package)).digest}) == 3


def test_a_missing_package_names_the_shipped_ones(tmp_path):
    assert refused(tmp_path / "nothing", "nothing", "aiqyn-lite") == "missing_package"
    assert refused("no-such-detector", "no-such-detector") == "missing_package"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("surprise", 1),
        ("calibration.scale", -1.0),
        ("calibration.bias", float("nan")),
        ("calibration.surprise", 1),
        ("input.size", 1),
        ("input.surprise", 1),
        ("operating_points", []),
        ("operating_points.0.threshold", 1.5),
        ("weights.file", "../weights.safetensors"),
        ("weights.sha256", "abc"),
        ("rollup", {"rule": "max"}),
        ("rollup", {"rule": "top"}),
        ("rollup", {"rule": "trimmed_mean", "share": 0.5}),
        ("self_test.tolerance", 0.0),
    ],
)
def test_a_wrong_field_is_named(tiny_package, edit, field, value):
    edit(tiny_package, field, value)
    named = "input" if field == "input.size" else field
    assert refused(tiny_package, CONFIG_NAME, named) == "invalid_config"


def test_suspected_below_elevated_is_refused(tiny_package, edit):
    edit(tiny_package, "operating_points.1.threshold", 0.4)
    assert refused(tiny_package, "suspected") == "invalid_config"


@pytest.mark.parametrize("text", ["a: [1", "- 1", "", "name: !!python/object/apply:os.getcwd []", "\x00"])
def test_broken_yaml_is_refused(tiny_package, text):
    (tiny_package / CONFIG_NAME).write_text(text, "utf-8")
    assert refused(tiny_package, CONFIG_NAME) == "invalid_config"


def test_bytes_that_are_no_text_are_refused(tiny_package):
    (tiny_package / CONFIG_NAME).write_bytes(b"\xff\xfe\x00")
    assert refused(tiny_package, CONFIG_NAME) == "invalid_config"


def test_changed_weights_are_refused(tiny_package):
    path = tiny_package / "weights.safetensors"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    assert refused(tiny_package, "weights.safetensors", "SHA-256") == "digest_mismatch"


def test_missing_weights_are_refused(tiny_package):
    (tiny_package / "weights.safetensors").unlink()
    assert refused(tiny_package, "weights.safetensors") == "missing_weights"


@pytest.mark.parametrize("name", ["weights.safetensors", "weights.pt", "weights.pkl"])
@pytest.mark.parametrize("content", ["pickle", "torch", "text", "empty"])
def test_pickles_are_refused_by_content_and_by_name(tiny_package, edit, name, content):
    path = tiny_package / name
    if content == "torch":
        torch.save({"a": torch.zeros(1)}, path)
    else:
        path.write_bytes({"pickle": pickle.dumps({"a": 1}), "text": b"hello, world", "empty": b""}[content])
    edit(tiny_package, "weights.file", name)
    edit(tiny_package, "weights.sha256", sha256_file(path))
    assert refused(tiny_package, name) == "pickle_refused"


def test_safetensors_under_another_name_are_refused(tiny_package, edit):
    (tiny_package / "weights.safetensors").rename(tiny_package / "weights.bin")
    edit(tiny_package, "weights.file", "weights.bin")
    assert refused(tiny_package, "weights.bin") == "pickle_refused"


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda t: t.pop("head.bias"), "head.bias"),
        (lambda t: t.update(extra=torch.zeros(2)), "extra"),
        (lambda t: t.update({"head.weight": torch.zeros(1, 3)}), "head.weight"),
        (lambda t: t.update({"head.bias": t["head.bias"].half()}), "float16"),
    ],
)
def test_tensors_that_do_not_fit_are_named(tiny_package, edit, change, word):
    tensors = build("compact", widths=[4, 8], dropout=0.0).state_dict()
    change(tensors)
    path = tiny_package / "weights.safetensors"
    save_file(tensors, path)
    edit(tiny_package, "weights.sha256", sha256_file(path))
    assert refused(tiny_package, word, load=open_network) == "tensor_mismatch"


def test_a_truncated_tensor_file_is_refused(tiny_package, edit):
    path = tiny_package / "weights.safetensors"
    path.write_bytes(path.read_bytes()[:-100])
    edit(tiny_package, "weights.sha256", sha256_file(path))
    assert refused(tiny_package, "weights.safetensors", load=open_network) == "tensor_mismatch"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("architecture.name", "transformer"),
        ("architecture.params", {"depth": 3}),
        ("architecture.params", {"widths": [0, 1]}),
        ("architecture.params", {"widths": 3}),
        ("architecture.params", {"widths": [4, 8], "dropout": 7.0}),
    ],
)
def test_unknown_architectures_are_refused(tiny_package, edit, field, value):
    edit(tiny_package, field, value)
    assert refused(tiny_package, "architecture", load=open_network) == "unknown_architecture"


def test_another_answer_to_the_self_test_is_refused(tiny_package, edit):
    edit(tiny_package, "self_test.raw", 99.0)
    assert refused(tiny_package, "self test", load=open_network) == "self_test_failed"


def test_the_error_keeps_its_code_across_processes():
    error = pickle.loads(pickle.dumps(DetectorError("a_code", "what happened")))  # noqa: S301
    assert (error.code, str(error)) == ("a_code", "what happened")
