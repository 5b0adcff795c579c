"""Nothing in a hostile program runs; for each way in, torch's own loader shows that the attack is a real one."""

import contextlib
import pickle
import shutil
import struct
import zipfile
from pathlib import Path

import pytest
import torch

from tests.transforms.detect.programs import (
    CONSTANTS,
    MODEL,
    SAMPLES,
    WEIGHTS,
    export,
    graph,
    package,
    records,
    small,
    tamper,
    write,
)
from transforms.detect.package import DetectorError, load_package
from transforms.detect.scoring import load_network


class Attack:
    """Unpickling it makes a file."""

    def __init__(self, canary):
        self.canary = canary

    def __reduce__(self):
        return Path.touch, (self.canary,)


@pytest.fixture
def canary(tmp_path):
    return tmp_path / "canary"


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    return export(small(), tmp_path_factory.mktemp("original") / "program.pt2")


@pytest.fixture
def program(tmp_path, original):
    return Path(shutil.copy(original, tmp_path))


def opened(program):
    return load_network(load_package(str(package(program.parent))))


def refused(program):
    with pytest.raises(DetectorError) as caught:
        opened(program)
    assert "\n" not in str(caught.value)
    return caught.value.code


def torch_loads(program):
    with contextlib.suppress(Exception):
        torch.export.load(program)


def test_the_pickle_of_sample_inputs_is_never_opened(program, canary):
    write(program, records(program) | {SAMPLES: pickle.dumps(Attack(canary), protocol=2)})
    opened(program)
    assert not canary.exists()
    torch_loads(program)
    assert canary.exists()


def test_symbolic_sizes_are_never_evaluated(program, canary):
    code = f"__import__('pathlib').Path({str(canary)!r}).touch()"

    def change(data):
        graph(data)["tensor_values"]["pictures"]["sizes"][0]["as_expr"]["expr_str"] = code
        data["guards_code"] = [code]
        data["range_constraints"] = {code: {"min_val": 1, "max_val": None}}

    tamper(program, MODEL, change)
    opened(program)
    assert not canary.exists()
    torch_loads(program)
    assert canary.exists()


@pytest.mark.parametrize("config", [WEIGHTS, CONSTANTS])
@pytest.mark.parametrize("name", ["weight_0", "tensor_0", "custom_obj_0", "opaque_obj_0", "../../../outside"])
def test_pickled_weights_and_objects_are_refused(program, canary, config, name):
    folder = config.rsplit("/", 1)[0]

    def change(data):
        data["config"]["evil"] = {"path_name": name, "is_param": False, "use_pickle": True, "tensor_meta": None}

    tamper(program, config, change)
    if not name.startswith(".."):
        write(program, records(program) | {f"{folder}/{name}": pickle.dumps(Attack(canary))})
    assert refused(program) in {"pickle_refused", "unsafe_program"}
    assert not canary.exists()


@pytest.mark.parametrize("name", ["data/weights/model.pt", "data/constants/model.pt"])
def test_pickles_of_the_old_format_are_refused(program, name):
    write(program, records(program) | {name: pickle.dumps({})})
    assert refused(program) == "pickle_refused"


@pytest.mark.parametrize("kind", ["pickle", "torch.save", "old torch.export", "text", "empty"])
def test_other_files_under_the_suffix_are_refused(tmp_path, canary, kind):
    program = tmp_path / "program.pt2"
    if kind == "torch.save":
        torch.save({"a": Attack(canary)}, program)
    elif kind == "old torch.export":
        with zipfile.ZipFile(program, "w") as file:
            file.writestr("version", "8.20")
            file.writestr("serialized_state_dict.pt", pickle.dumps(Attack(canary)))
    else:
        program.write_bytes({"pickle": pickle.dumps(Attack(canary)), "text": b"hello", "empty": b""}[kind])
    assert refused(program) == "pickle_refused"
    assert not canary.exists()


@pytest.mark.parametrize(
    "target",
    [
        "torch.ops.foreign.evil.default",
        "torch.ops.aten.from_file.default",
        "torch.ops.aten.rand.default",
        "torch.ops.aten.empty.memory_format",
        "torch.ops.aten.add.out",
        "torch.ops.aten.linear.__class__",
        "torch.ops.aten.linear.nothing",
        "torch.ops.aten.linear",
        "torch.ops.load_library",
        "torch.ops.higher_order.cond",
        "torch.hub.load",
        "torch.load",
        "_operator.attrgetter",
        "_operator.pow",
        "math.factorial",
        "builtins.exec",
        "aten.linear.default",
        "#extension:evil",
    ],
)
def test_other_operators_are_refused(program, target):
    def change(data):
        graph(data)["nodes"][-1]["target"] = target

    tamper(program, MODEL, change)
    assert refused(program) == "unsafe_program"


def argument(name, value):
    def change(data):
        node = next(n for n in graph(data)["nodes"] if n["target"].endswith("dropout.default"))
        node["inputs"][["input", "p", "train"].index(name)]["arg"] = value

    return change


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (argument("train", {"as_bool": True}), "unsafe_program"),
        (argument("p", {"as_custom_obj": {"name": "a", "class_fqn": "b"}}), "unsafe_program"),
        (argument("p", {"as_operator": "torch.load"}), "unsafe_program"),
        (argument("p", {"as_device": {"type": "cuda", "index": 0}}), "unsafe_program"),
        (argument("p", {"as_scalar_type": 6}), "wrong_dtype"),
        (argument("p", {"as_int": "1"}), "unsafe_program"),
        (argument("p", {"as_float": "__import__('os')"}), "corrupt_program"),
        (argument("input", {"as_tensor": {"name": "nowhere"}}), "corrupt_program"),
        (argument("input", {"as_string": "text"}), "program_failed"),
        (lambda d: d["schema_version"].update(major=7), "corrupt_program"),
        (lambda d: graph(d).pop("nodes"), "corrupt_program"),
        (lambda d: graph(d)["nodes"].append(graph(d)["nodes"][-1]), "corrupt_program"),
        (lambda d: graph(d)["nodes"][-1].update(outputs=[]), "corrupt_program"),
        (lambda d: d.update(graph_module=[]), "corrupt_program"),
    ],
)
def test_arguments_and_structure_are_checked(program, change, code):
    tamper(program, MODEL, change)
    assert refused(program) == code


def test_a_name_cannot_be_taken_twice_from_within_a_block(program):
    def change(data):
        node = next(n for n in graph(data)["nodes"] if "higher_order" in n["target"])
        node["outputs"][0]["as_tensor"]["name"] = "p_head_3_weight"

    tamper(program, MODEL, change)
    assert refused(program) == "corrupt_program"


def test_weights_that_a_program_writes_to_are_refused(program):
    def change(data):
        node = next(n for n in graph(data)["nodes"] if n["target"].endswith("flatten.using_ints"))
        call = {"target": "torch.ops.aten.relu_.default", "metadata": {}, "outputs": [{"as_tensor": {"name": "own"}}]}
        call["inputs"] = [{"name": "self", "arg": {"as_tensor": {"name": "p_head_3_bias"}}, "kind": 1}]
        graph(data)["nodes"].insert(graph(data)["nodes"].index(node), call)

    tamper(program, MODEL, change)
    assert refused(program) == "unsafe_program"


@pytest.mark.parametrize(
    "meta",
    [
        {"sizes": [{"as_int": 1 << 40}]},
        {"storage_offset": {"as_int": 1 << 20}},
        {"storage_offset": {"as_int": -4}},
        {"strides": [{"as_int": 1 << 20}]},
        {"sizes": [{"as_int": 1}], "strides": [{"as_int": 1 << 70}]},
        {"sizes": [{"as_int": 0}] + [{"as_int": 1 << 31}] * 4, "strides": [{"as_int": 1}] * 5},
        {"sizes": [{"as_expr": {"expr_str": "exec('1')"}}]},
        {"sizes": [{"as_int": True}]},
        {"layout": 1},
        {"dtype": 6},
    ],
)
def test_tensors_stay_within_their_records(program, meta):
    tamper(program, WEIGHTS, lambda d: d["config"]["backbone.0.bias"]["tensor_meta"].update(meta))
    assert refused(program) in {"tensor_mismatch", "corrupt_program", "wrong_dtype"}


def test_missing_tensors_are_named(program):
    contents = records(program)
    write(program, {k: v for k, v in contents.items() if k != "data/weights/weight_0"})
    assert refused(program) == "tensor_mismatch"
    write(program, contents)
    tamper(program, WEIGHTS, lambda d: d["config"].pop("head.3.bias"))
    with pytest.raises(DetectorError, match=r"head\.3\.bias") as caught:
        opened(program)
    assert caught.value.code == "tensor_mismatch"


@pytest.mark.parametrize("name", ["data/aotinductor/model/evil.so", "models/second.json", "data/executorch/a", "evil"])
def test_records_of_other_kinds_are_refused(program, name):
    write(program, records(program) | {name: b"\x7fELF"})
    assert refused(program) == "unsafe_program"


def test_the_tricks_of_zip_are_refused(program):
    contents = records(program)
    write(program, contents, compression=zipfile.ZIP_DEFLATED)
    assert refused(program) == "pickle_refused"
    write(program, contents)
    with zipfile.ZipFile(program, "a", zipfile.ZIP_DEFLATED) as file:
        file.writestr("p/extra/bomb", bytes(1 << 20))
    assert refused(program) == "unsafe_program"
    for name in ("other/extra/a", "p/extra/../../a", "p/extra\\a", "/p/extra/a"):
        write(program, contents)
        with zipfile.ZipFile(program, "a") as file:
            file.writestr(name, b"")
        assert refused(program) == "unsafe_program", name
    write(program, contents)
    with zipfile.ZipFile(program, "a") as file, pytest.warns(UserWarning, match="Duplicate"):
        file.writestr(f"p/{MODEL}", b"{}")
    assert refused(program) == "unsafe_program"


def test_records_that_share_their_bytes_are_refused(program):
    write(program, records(program) | {"extra/a": bytes(50_000), "extra/b": bytes(50_000)})
    data = bytearray(program.read_bytes())
    first, second = data.index(b"p/extra/a") - 30, data.index(b"p/extra/b") - 30
    entry = data.index(b"p/extra/b", second + 60) - 46
    assert data[entry : entry + 4] == b"PK\x01\x02"
    # The second name now points to the first record, whose bytes count twice; its own are cut out of the file.
    data[entry + 42 : entry + 46] = struct.pack("<I", first)
    end = data.rindex(b"PK\x05\x06")
    start = struct.unpack("<I", data[end + 16 : end + 20])[0]
    data[end + 16 : end + 20] = struct.pack("<I", start - 50_039)
    del data[second : second + 50_039]
    program.write_bytes(data)
    assert refused(program) in {"unsafe_program", "corrupt_program"}


def test_large_archives_are_refused(program, monkeypatch):
    for limit in ("MAX_BYTES", "MAX_RECORDS", "MAX_JSON_BYTES"):
        with monkeypatch.context() as patch:
            patch.setattr(f"transforms.detect.exported.archive.{limit}", 3)
            assert refused(program) == "program_too_large"
    monkeypatch.setattr("transforms.detect.exported.reader.MAX_NODES", 3)
    assert refused(program) == "program_too_large"


@pytest.mark.parametrize("kept", [0.1, 0.5, 0.9, 0.99])
def test_damaged_archives_are_refused(program, kept):
    data = program.read_bytes()
    program.write_bytes(data[: int(len(data) * kept)])
    assert refused(program) in {"pickle_refused", "corrupt_program"}


def test_flipped_bytes_never_pass_unnoticed(program):
    folder = package(program.parent)
    data = bytearray(program.read_bytes())
    for at in range(100, len(data), len(data) // 23):
        program.write_bytes(bytes([*data[:at], data[at] ^ 0xFF, *data[at + 1 :]]))
        with pytest.raises(DetectorError):
            load_package(str(folder))


def test_nested_json_is_refused(program):
    contents = records(program)
    write(program, contents | {MODEL: b"[" * 200_000})
    assert refused(program) == "corrupt_program"
    write(program, {k: v for k, v in contents.items() if k != "byteorder"})
    assert refused(program) == "corrupt_program"
