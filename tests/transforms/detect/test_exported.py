import numpy as np
import pytest
import torch
from torch import nn

from tests.transforms.detect.programs import Then, export, package, small, tamper
from transforms.detect.exported.interpreter import Interpreter
from transforms.detect.exported.reader import read_program
from transforms.detect.package import DetectorError, load_package
from transforms.detect.preprocess import InputSpec, synthetic_views
from transforms.detect.scoring import load_network, score_views

FRAMES = np.random.default_rng(2).integers(0, 256, (5, 2, 32, 32, 3), np.uint8)


def opened(folder):
    return load_network(load_package(str(folder)))


def refused(folder):
    with pytest.raises(DetectorError) as caught:
        opened(folder)
    message = str(caught.value)
    assert "\n" not in message
    return caught.value.code, message


def normalised(frames):
    pixels = torch.from_numpy(frames).reshape(-1, 32, 32, 3).permute(0, 3, 1, 2).float() / 255
    return (pixels - 0.5) / 0.25


class Attention(nn.Module):
    """Layers that a transformer has: patches, a class token, attention, sizes that follow the batch."""

    def __init__(self):
        super().__init__()
        self.patch = nn.Conv2d(3, 16, 8, 8)
        self.token = nn.Parameter(torch.randn(1, 1, 16))
        self.layer = nn.TransformerEncoderLayer(16, 2, 32, batch_first=True, norm_first=True, activation="gelu")
        self.head = nn.Linear(16, 1)

    def forward(self, pictures):
        patches = self.patch(nn.functional.interpolate(pictures, (24, 24), mode="bicubic")).flatten(2).transpose(1, 2)
        tokens = torch.cat([self.token.expand(pictures.shape[0], -1, -1), patches], 1)
        first, _ = self.layer(tokens).split([1, 9], dim=1)
        weights = torch.softmax(torch.tensor([1.0, -float("inf")]), 0)
        return self.head(first[:, 0]) * weights[0]


@pytest.mark.parametrize("make", [small, Attention])
def test_a_program_gives_what_the_network_gives(tmp_path, make):
    torch.manual_seed(1)
    network = make().eval()
    export(network, tmp_path / "program.pt2")
    pictures = torch.rand(3, 3, 32, 32)
    with torch.inference_mode():
        found = Interpreter(read_program(tmp_path / "program.pt2"))(pictures.clone())
        assert torch.allclose(found, network(pictures), atol=1e-6)
    raws = score_views(opened(package(tmp_path)), FRAMES, 4)
    with torch.inference_mode():
        wanted = network(normalised(FRAMES)).reshape(5, 2).mean(1).numpy()
    assert np.abs(raws - wanted).max() < 1e-5


@pytest.mark.parametrize("batch", [1, 3, 64])
def test_a_fixed_batch_serves_every_batch(tmp_path, batch):
    free, fixed = tmp_path / "free", tmp_path / "fixed"
    for folder, size in ((free, None), (fixed, batch)):
        folder.mkdir()
        export(small(), folder / "program.pt2", batch=size)
        package(folder)
    wanted = score_views(opened(free), FRAMES, 5)
    for batch_size in (1, 2, 5):
        assert np.abs(score_views(opened(fixed), FRAMES, batch_size) - wanted).max() < 1e-5


def test_scores_do_not_depend_on_batch_or_order(tmp_path):
    export(small(), tmp_path / "program.pt2")
    network = opened(package(tmp_path))
    together = score_views(network, FRAMES, 4)
    apart = np.concatenate([score_views(network, frame[None], 4) for frame in FRAMES])
    assert np.array_equal(together, apart)
    assert np.array_equal(score_views(network, FRAMES[::-1].copy(), 4), together[::-1])


def test_a_program_may_take_bytes(tmp_path):
    network = Then(small(), before=lambda x: (x.permute(0, 3, 1, 2).float() / 255 - 0.5) / 0.25)
    export(network, tmp_path / "program.pt2", example=torch.zeros(2, 32, 32, 3, dtype=torch.uint8))
    raws = score_views(opened(package(tmp_path, input="uint8", mean=None, std=None)), FRAMES, 4)
    with torch.inference_mode():
        assert np.abs(raws - small()(normalised(FRAMES)).reshape(5, 2).mean(1).numpy()).max() < 1e-5


@pytest.mark.parametrize(
    ("after", "outputs", "contract"),
    [
        (lambda out: out.squeeze(1), 1, {}),
        (torch.sigmoid, 1, {"output": "probability"}),
        (lambda out: torch.cat([out, torch.zeros_like(out)], 1), 1, {"output": "two_class", "ai_index": 0}),
        (lambda out: torch.cat([torch.zeros_like(out), out], 1), 1, {"output": "two_class"}),
        (lambda out: torch.softmax(torch.cat([torch.zeros_like(out), out], 1), 1), 1, {"output": "probability"}),
    ],
)
def test_outputs_are_adapted_to_a_logit(tmp_path, after, outputs, contract):
    export(Then(small(outputs), after), tmp_path / "program.pt2")
    raws = score_views(opened(package(tmp_path, **contract)), FRAMES, 4)
    with torch.inference_mode():
        wanted = small()(normalised(FRAMES)).reshape(5, 2).mean(1).numpy()
    assert np.abs(raws - wanted).max() < 1e-4


@pytest.mark.parametrize(
    ("after", "contract", "code"),
    [
        (lambda out: out, {"output": "two_class"}, "wrong_output"),
        (lambda out: out[:, :, None], {}, "wrong_output"),
        (lambda out: out.mean(), {}, "wrong_output"),
        (lambda out: (out, out), {}, "wrong_output"),
        (lambda out: out[:1], {}, "wrong_output"),
        (lambda out: torch.cat([out] * 3, 1), {}, "wrong_output"),
        (lambda out: out * float("nan"), {}, "not_finite"),
        (lambda out: out + 9.0, {"output": "probability"}, "not_finite"),
        (lambda out: out.double(), {}, "wrong_dtype"),
        (lambda out: out.half().float(), {}, "wrong_dtype"),
        (lambda out: out, {"mean": None}, "invalid_config"),
        (lambda out: out, {"std": [0.0, 1.0, 1.0]}, "invalid_config"),
        (lambda out: out, {"mean": [0.5, 0.5]}, "invalid_config"),
        (lambda out: out, {"output": "score"}, "invalid_config"),
        (lambda out: out, {"ai_index": 2}, "invalid_config"),
        (lambda out: out, {"surprise": 1}, "invalid_config"),
        (lambda out: out, {"input": "uint8", "mean": None, "std": None}, "wrong_dtype"),
    ],
)
def test_a_contract_that_a_program_breaks_is_refused(tmp_path, after, contract, code):
    export(Then(small(), after), tmp_path / "program.pt2")
    assert refused(package(tmp_path, **contract))[0] == code


def test_another_input_size_is_refused(tmp_path):
    export(small(), tmp_path / "program.pt2", side=48)
    code, message = refused(package(tmp_path, side=32))
    assert code == "wrong_input"
    assert "(N, 3, 48, 48)" in message
    assert "(N, 3, 32, 32)" in message


def test_a_network_in_training_mode_is_refused(tmp_path):
    export(small().train(), tmp_path / "program.pt2")
    code, message = refused(package(tmp_path))
    assert code == "unsafe_program"
    assert "eval()" in message


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_weights_of_half_precision_are_refused(tmp_path, dtype):
    network = Then(small().to(dtype), before=lambda x: x.to(dtype), after=lambda x: x.float())
    export(network, tmp_path / "program.pt2")
    assert refused(package(tmp_path))[0] == "wrong_dtype"


def test_two_inputs_are_refused(tmp_path):
    class Two(nn.Module):
        def forward(self, a, b):
            return (a + b).mean((1, 2, 3))

    pictures = torch.rand(2, 3, 32, 32)
    torch.export.save(torch.export.export(Two(), (pictures, pictures)), tmp_path / "program.pt2")
    assert refused(package(tmp_path))[0] == "wrong_input"


def test_another_answer_to_the_self_test_is_refused(tmp_path):
    export(small(), tmp_path / "program.pt2")
    views = synthetic_views(InputSpec(32, 2, 48))
    with torch.inference_mode():
        answer = float(small()(normalised(views)).mean())
    opened(package(tmp_path, raw=answer, tolerance=1e-4))
    assert refused(package(tmp_path, raw=answer + 1.0, tolerance=1e-4))[0] == "self_test_failed"


def test_a_wrong_digest_is_refused(tmp_path):
    export(small(), tmp_path / "program.pt2")
    package(tmp_path)
    with (tmp_path / "program.pt2").open("ab") as file:
        file.write(b"\0")
    assert refused(tmp_path)[0] == "digest_mismatch"


def test_the_limits_of_the_batch_are_kept(tmp_path):
    export(small(), tmp_path / "program.pt2")
    tamper(
        tmp_path / "program.pt2",
        "models/model.json",
        lambda d: d.update(range_constraints={k: {"min_val": 2, "max_val": 3} for k in d["range_constraints"]}),
    )
    program = read_program(tmp_path / "program.pt2")
    assert program.batch == (2, 3)
    assert np.isfinite(score_views(opened(package(tmp_path)), FRAMES, 4)).all()
