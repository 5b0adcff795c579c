"""The trunk: a view's logit is its own, bit for bit, and no input is changed in place."""

import numpy as np
import pytest
import torch

from transforms.detect.network import build


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(5)
    return build("trunk", depth=4, pooled=2).eval().requires_grad_(False)


@pytest.fixture(scope="module")
def views():
    return torch.from_numpy(np.random.default_rng(5).integers(0, 256, (5, 64, 64, 3), np.uint8))


def test_a_view_has_one_logit_in_every_batch(network, views):
    logits = network(views)
    order = torch.tensor([3, 0, 4, 2, 1])
    assert torch.equal(network(views[order]), logits[order])
    assert torch.equal(torch.cat([network(views[i : i + 1]) for i in range(5)]), logits)
    assert network(views[:0]).shape == (0,)


def test_both_layouts_give_the_same(network, views):
    assert torch.equal(network(views.permute(0, 3, 1, 2)), network(views))


def test_float_views_stay_as_they_are(network, views):
    pixels = views.permute(0, 3, 1, 2).float().contiguous(memory_format=torch.channels_last)
    before = pixels.clone()
    assert torch.equal(network(pixels), network(views))
    assert torch.equal(pixels, before)
