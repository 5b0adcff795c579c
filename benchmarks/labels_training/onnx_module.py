"""A feed-forward ONNX graph as a torch module: it is trained further and written back into the very same graph."""

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn
from torch.nn import functional

Operator = Callable[[list[Any], dict[str, Any]], Tensor]


class OnnxModule(nn.Module):
    """Computes the graph of an ONNX file with its own weights, which are parameters.

    Batch normalisation keeps its stored statistics. Only the operators that the text networks of PaddleOCR need are
    known.

    Args:
        model: The graph; it is not changed.

    Raises:
        ValueError: The graph has an operator that is not known here.
    """

    def __init__(self, model: onnx.ModelProto) -> None:
        super().__init__()
        self._model = model
        self._nodes = [
            (node.op_type, list(node.input), list(node.output), _attributes(node)) for node in model.graph.node
        ]
        unknown = sorted({kind for kind, *_ in self._nodes} - set(_OPERATORS))
        if unknown:
            raise ValueError(f"the network has operators that cannot be trained here: {', '.join(unknown)}")
        self.names: dict[str, str] = {}
        self._constants: dict[str, Tensor] = {}
        statistics = {name for kind, inputs, *_ in self._nodes if kind == "BatchNormalization" for name in inputs[3:5]}
        statistics |= {name for kind, inputs, *_ in self._nodes if kind == "Resize" for name in inputs[1:]}
        for index, initial in enumerate(model.graph.initializer):
            value = torch.from_numpy(numpy_helper.to_array(initial).copy())
            if value.is_floating_point() and value.numel() > 1 and initial.name not in statistics:
                self.names[initial.name] = f"weight{index}"
                self.register_parameter(f"weight{index}", nn.Parameter(value))
            else:
                self._constants[initial.name] = value
        scales = {inputs[2] for kind, inputs, *_ in self._nodes if kind == "Resize"}
        self._factors = {name: float(self._constants[name][-1]) for name in scales}

    def forward(self, pixels: Tensor, until: str | None = None) -> Tensor:
        """The value named ``until``, or the graph's output, for float32 (N, 3, H, W)."""
        values: dict[str, Any] = dict(self._constants) | self._factors
        values |= {name: getattr(self, attribute) for name, attribute in self.names.items()}
        values[self._model.graph.input[0].name] = pixels
        wanted = until or self._model.graph.output[0].name
        for kind, inputs, outputs, attributes in self._nodes:
            values[outputs[0]] = _OPERATORS[kind]([values[name] if name else None for name in inputs], attributes)
            if outputs[0] == wanted:
                break
        return values[wanted]

    def to_onnx(self) -> onnx.ModelProto:
        """The graph with the weights as they are now."""
        model = onnx.ModelProto()
        model.CopyFrom(self._model)
        for initial in model.graph.initializer:
            if initial.name in self.names:
                value = getattr(self, self.names[initial.name]).detach().numpy()
                initial.CopyFrom(numpy_helper.from_array(np.ascontiguousarray(value), initial.name))
        return model


def _attributes(node: Any) -> dict[str, Any]:
    return {attribute.name: onnx.helper.get_attribute_value(attribute) for attribute in node.attribute}


def _conv(inputs: list[Any], attributes: dict[str, Any]) -> Tensor:
    pixels, weight, bias = (*inputs, None)[:3]
    pads, strides = attributes.get("pads", [0, 0, 0, 0]), attributes.get("strides", [1, 1])
    if attributes.get("auto_pad", b"NOTSET") == b"SAME_UPPER":
        pads = _same_pads(pixels, weight.shape[2:], strides)
    if pads[:2] != pads[2:]:
        pixels, pads = functional.pad(pixels, (pads[1], pads[3], pads[0], pads[2])), [0, 0, 0, 0]
    dilations, groups = attributes.get("dilations", [1, 1]), attributes.get("group", 1)
    return functional.conv2d(pixels, weight, bias, strides, pads[:2], dilations, groups)


def _same_pads(pixels: Tensor, kernel: Any, strides: list[int]) -> list[int]:
    total = [
        max(0, (-(-size // stride) - 1) * stride + side - size)
        for size, side, stride in zip(pixels.shape[2:], kernel, strides, strict=True)
    ]
    return [total[0] // 2, total[1] // 2, total[0] - total[0] // 2, total[1] - total[1] // 2]


def _max_pool(inputs: list[Any], attributes: dict[str, Any]) -> Tensor:
    kernel, strides = attributes["kernel_shape"], attributes["strides"]
    top, left, bottom, right = _same_pads(inputs[0], kernel, strides)
    padded = functional.pad(inputs[0], (left, right, top, bottom), value=-torch.inf)
    return functional.max_pool2d(padded, kernel, strides)


def _batch_norm(inputs: list[Any], attributes: dict[str, Any]) -> Tensor:
    values, weight, bias, mean, variance = inputs
    return functional.batch_norm(values, mean, variance, weight, bias, eps=attributes.get("epsilon", 1e-5))


def _hard_sigmoid(inputs: list[Any], attributes: dict[str, Any]) -> Tensor:
    return (inputs[0] * attributes.get("alpha", 0.2) + attributes.get("beta", 0.5)).clamp(0, 1)


def _mean(inputs: list[Any], attributes: dict[str, Any]) -> Tensor:
    return inputs[0].mean(tuple(attributes["axes"]), keepdim=bool(attributes.get("keepdims", 1)))


_OPERATORS: dict[str, Operator] = {
    "Add": lambda inputs, _: inputs[0] + inputs[1],
    "AveragePool": lambda inputs, attributes: functional.avg_pool2d(
        inputs[0], attributes["kernel_shape"], attributes["strides"]
    ),
    "BatchNormalization": _batch_norm,
    "Concat": lambda inputs, attributes: torch.cat(inputs, attributes["axis"]),
    "Conv": _conv,
    "ConvTranspose": lambda inputs, attributes: functional.conv_transpose2d(*inputs, stride=attributes["strides"]),
    "Div": lambda inputs, _: inputs[0] / inputs[1],
    "Erf": lambda inputs, _: torch.erf(inputs[0]),
    "GlobalAveragePool": lambda inputs, _: inputs[0].mean((2, 3), keepdim=True),
    "HardSigmoid": _hard_sigmoid,
    "Identity": lambda inputs, _: inputs[0],
    "MatMul": lambda inputs, _: inputs[0] @ inputs[1],
    "MaxPool": _max_pool,
    "Mul": lambda inputs, _: inputs[0] * inputs[1],
    "ReduceMean": _mean,
    "Relu": lambda inputs, _: functional.relu(inputs[0]),
    "Resize": lambda inputs, _: functional.interpolate(inputs[0], scale_factor=inputs[2], mode="nearest"),
    "Sigmoid": lambda inputs, _: torch.sigmoid(inputs[0]),
    "Softmax": lambda inputs, attributes: torch.softmax(inputs[0], attributes.get("axis", -1)),
    "Squeeze": lambda inputs, attributes: inputs[0].squeeze(tuple(attributes["axes"])),
    "Transpose": lambda inputs, attributes: inputs[0].permute(attributes["perm"]),
    "Unsqueeze": lambda inputs, attributes: inputs[0].unsqueeze(attributes["axes"][0]),
}
