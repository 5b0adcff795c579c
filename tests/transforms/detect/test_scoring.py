import gc
import weakref

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import configs
from transforms.detect.package import load_package
from transforms.detect.preprocess import synthetic_views
from transforms.detect.scoring import load_network, score_views, self_test

PACKAGE = load_package(configs.DEFAULT_DETECTOR)


@pytest.fixture(scope="module")
def network():
    torch.set_num_threads(1)
    return load_network(PACKAGE)


@pytest.fixture(scope="module")
def frames():
    spec = PACKAGE.config.input
    rng = np.random.default_rng(5)
    noise = rng.integers(0, 256, (16, spec.views, spec.size, spec.size, 3), np.uint8)
    return np.concatenate([noise, synthetic_views(spec)[None], 255 - synthetic_views(spec)[None]])


@pytest.fixture(scope="module")
def alone(network, frames):
    return np.array([score_views(network, frame[None], 1)[0] for frame in frames])


def test_the_shipped_detector_answers_its_self_test(network):
    assert self_test(network, PACKAGE) <= PACKAGE.config.self_test.tolerance
    assert PACKAGE.weights_path.stat().st_size <= 20_000_000


@pytest.mark.parametrize("batch_size", [1, 8, 16])
def test_scores_do_not_depend_on_the_batch(network, frames, alone, batch_size):
    assert np.abs(score_views(network, frames, batch_size) - alone).max() < 1e-5


@settings(max_examples=8)
@given(st.data())
def test_scores_do_not_depend_on_order_or_company(network, frames, alone, data):
    chosen = data.draw(st.lists(st.integers(0, len(frames) - 1), min_size=1, max_size=10))
    batch_size = data.draw(st.sampled_from([1, 3, 8]))
    assert np.abs(score_views(network, frames[chosen], batch_size) - alone[chosen]).max() < 1e-5


def test_the_fixed_batch_makes_scores_bitwise_equal(network, frames):
    together = score_views(network, frames, 8)
    apart = np.concatenate([score_views(network, frames[i : i + 1], 8) for i in range(3)])
    assert np.array_equal(together[:3], apart)


def test_channels_may_come_first(network, frames):
    last = torch.from_numpy(frames[0])
    with torch.inference_mode():
        assert torch.equal(network(last), network(last.permute(0, 3, 1, 2)))


def test_no_frames_give_no_scores(network, frames):
    assert score_views(network, frames[:0], 8).shape == (0,)


def test_wrong_input_is_refused(network, frames):
    with pytest.raises(ValueError, match="uint8"):
        score_views(network, frames.astype(np.float32), 8)
    with pytest.raises(ValueError, match="uint8"):
        score_views(network, frames[0], 8)
    with pytest.raises(ValueError, match="batch_size"):
        score_views(network, frames, 0)


def test_the_network_is_frozen_and_can_be_let_go(tiny_package):
    network = load_network(load_package(str(tiny_package)))
    assert not network.training
    assert not any(p.requires_grad for p in network.parameters())
    assert {p.dtype for p in network.parameters()} == {torch.float32}
    watch = weakref.ref(network)
    del network
    gc.collect()
    assert watch() is None
