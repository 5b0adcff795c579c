import pytest
import torch
from torch import nn

from transforms.detect.clip import Attention, Block, ClipNet
from transforms.detect.network import build
from transforms.detect.package import DetectorError


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(3)
    made = build("clip", depth=2, pooled=1).eval().requires_grad_(False)
    nn.init.normal_(made.token, std=0.02)
    nn.init.normal_(made.position, std=0.02)
    return made


@pytest.fixture(scope="module")
def views():
    return torch.randint(0, 256, (3, 224, 224, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))


def test_attention_is_that_of_torch():
    torch.manual_seed(0)
    own, theirs = Attention(12, 3), nn.MultiheadAttention(12, 3, batch_first=True)
    with torch.no_grad():
        for i, part in enumerate((own.query, own.key, own.value)):
            part.weight.copy_(theirs.in_proj_weight[12 * i : 12 * (i + 1)])
            theirs.in_proj_bias[12 * i : 12 * (i + 1)] = part.bias
        own.out.load_state_dict(theirs.out_proj.state_dict())
    x = torch.randn(2, 5, 12)
    torch.testing.assert_close(own(x), theirs(x, x, x, need_weights=False)[0])


def test_a_block_without_weights_hands_its_input_on():
    block = Block(8, 2)
    for part in (block.attention.out, block.narrow):
        nn.init.zeros_(part.weight)
        nn.init.zeros_(part.bias)
    x = torch.randn(1, 4, 8)
    torch.testing.assert_close(block(x), x)


def test_the_hidden_layer_uses_the_approximated_gelu():
    block = Block(4, 1)
    for part in (block.attention.out, block.widen, block.narrow):
        nn.init.zeros_(part.weight)
        nn.init.zeros_(part.bias)
    nn.init.ones_(block.widen.bias)
    nn.init.ones_(block.narrow.weight)
    added = block(torch.zeros(1, 1, 4))
    torch.testing.assert_close(added, 16 * torch.sigmoid(torch.full_like(added, 1.702)))


def test_a_view_has_one_logit_in_every_batch(network, views):
    logits = network(views)
    order = torch.tensor([2, 0, 1])
    assert torch.equal(network(views[order]), logits[order])
    assert torch.equal(torch.cat([network(view[None]) for view in views]), logits)
    assert torch.equal(network(views.permute(0, 3, 1, 2)), logits)


def test_features_are_token_mean_and_spread_of_the_pooled_blocks(network, views):
    seen = []
    hook = network.blocks[1].register_forward_hook(lambda block, given, answer: seen.append(answer))
    features = network.features(views[:1])
    hook.remove()
    patches = seen[0][:, 1:]
    expected = torch.cat([seen[0][:, 0], patches.mean(1), patches.std(1, correction=0)], dim=1)
    torch.testing.assert_close(features, expected)
    assert features.shape == (1, network.head.in_features)


@pytest.mark.parametrize("params", [{"depth": 13}, {"depth": 2, "pooled": 3}, {"width": 4}])
def test_a_tower_that_is_none_is_refused(params):
    with pytest.raises(DetectorError) as caught:
        build("clip", **params)
    assert caught.value.code == "unknown_architecture"


def test_the_default_is_seven_blocks():
    with torch.device("meta"):
        made = build("clip")
    assert isinstance(made, ClipNet)
    assert (len(made.blocks), made.pooled) == (7, 4)
