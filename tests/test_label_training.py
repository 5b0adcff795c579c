"""What the training of the label networks rests on: which fonts it may see, and how weights are mixed."""

import random
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from benchmarks.labels_media import fonts
from benchmarks.labels_media.fonts import Font
from benchmarks.labels_training.mix import mixed


def network(weight: float) -> onnx.ModelProto:
    value = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 2])
    initials = [
        numpy_helper.from_array(np.full((1, 2), weight, np.float32), "weight"),
        numpy_helper.from_array(np.asarray([int(weight), 1], np.int64), "shape"),
    ]
    node = helper.make_node("Add", ["x", "weight"], ["y"])
    return helper.make_model(helper.make_graph([node], "one", [value], [value], initials))


def test_weights_are_mixed_and_whole_numbers_stay() -> None:
    found = {one.name: numpy_helper.to_array(one) for one in mixed(network(1), network(3), 0.75).graph.initializer}
    assert found["weight"].tolist() == [[2.5, 2.5]]
    assert found["shape"].tolist() == [1, 1]


def test_no_test_font_is_trained_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named = {"a.ttf": "Montserrat", "b.ttf": "PT Serif", "c.ttf": "Inter Tight", "d.ttf": "Smiley Sans Oblique"}
    for name in [*named, "e.txt"]:
        (tmp_path / name).touch()
    monkeypatch.setattr(fonts, "installed", lambda: (Font("Roboto", "Regular"), Font("Lato", "Regular")))
    monkeypatch.setattr(fonts, "faces", lambda path: [Font(named[path.name], one) for one in ("Regular", "Thin")])
    found = [(font.family, font.style) for font in fonts.training_fonts(tmp_path)]
    assert found == [("Roboto", "Regular"), ("Montserrat", "Regular")]


def test_a_family_of_many_faces_weighs_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Font, "covers", lambda self, _: self.family != "without")
    many = [Font("many", str(number)) for number in range(9)]
    chosen = [fonts.faces_for("ЖИ", [*many, Font("one", "")], random.Random(seed)) for seed in range(200)]
    assert 70 < sum(found[0].family == "one" for found in chosen) < 130
    assert fonts.faces_for("ЖИ", [Font("without", "")], random.Random(0)) == []
