"""Running a checked program: each instruction calls one operator on real tensors."""

import operator
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from transforms.detect.errors import DetectorError
from transforms.detect.exported.operators import FIXED_ARGUMENTS, IN_PLACE
from transforms.detect.exported.program import Instruction, Program, Ref, TensorSpec, TorchConstant


class Interpreter(nn.Module):
    """A program as a module: one tensor in, one tensor out.

    Its weights are buffers without gradients, numbered, since a program's names need not be valid ones.

    Raises:
        DetectorError: `unsafe_program` when a call does not fit its operator, writes where it must not, or depends on
            chance; `tensor_mismatch` when a record does not hold its tensor.
    """

    def __init__(self, program: Program) -> None:
        super().__init__()
        self._path = program.archive.path
        self._input, self._output = program.input, program.output
        self._weights = list(program.weights)
        records = program.archive.read(spec.record for spec in program.weights.values())
        for number, spec in enumerate(program.weights.values()):
            try:
                self.register_buffer(f"weight_{number}", _tensor(spec, records[spec.record]))
            except (RuntimeError, TypeError, ValueError) as e:
                name = self._weights[number]
                raise DetectorError(
                    "tensor_mismatch", f"{self._path}: the tensor of '{name}' cannot be made; export it again"
                ) from e
        self._calls = [self._call(instruction) for instruction in program.instructions]
        self._drops = _last_uses(program)

    def forward(self, pictures: Tensor) -> Tensor:
        """Run the program; what it returns is the caller's to check.

        Raises:
            RuntimeError: An operator refused its arguments.
        """
        values: dict[str, Any] = {self._input: pictures}
        values |= {name: getattr(self, f"weight_{i}") for i, name in enumerate(self._weights)}
        for (function, args, kwargs, results), drops in zip(self._calls, self._drops, strict=True):
            found = function(*[_fill(a, values) for a in args], **{k: _fill(a, values) for k, a in kwargs.items()})
            for name, value in _named(results, found):
                values[name] = value
            for name in drops:
                values.pop(name, None)
        output = values[self._output]
        if not isinstance(output, Tensor):
            raise TypeError("the program's output is no tensor")
        return output

    def versions(self) -> list[int]:
        """How often each weight was written to: it must not change."""
        return [buffer._version for buffer in self.buffers()]  # noqa: SLF001 - torch has no public name for it

    def _call(self, step: Instruction) -> tuple[Callable[..., Any], list[Any], dict[str, Any], Any]:
        namespace, name, *overload = step.operator.split(".")
        args = [_constant(value) for key, value in step.arguments if not key]
        kwargs = {key: _constant(value) for key, value in step.arguments if key}
        if namespace == "_operator":
            return getattr(operator, name), args, kwargs, step.results
        packet = getattr(torch.ops.aten, name, None)
        if packet is None or overload[0] not in packet.overloads():
            self._refuse(step, "is not an operator of this torch")
        function = getattr(packet, overload[0])
        schema = function._schema  # noqa: SLF001 - the only way to an operator's schema
        if schema.is_mutable and (name not in IN_PLACE or any(a.is_out for a in schema.arguments)):
            self._refuse(step, "writes to a tensor that is given to it")
        named = {a.name: value for a, value in zip(schema.arguments, args, strict=False)} | kwargs
        for fixed, wanted in FIXED_ARGUMENTS.items():
            if named.get(fixed, wanted) != wanted:
                self._refuse(step, f"has {fixed}={named[fixed]}, so that a score depends on chance or on its batch")
        return function, args, kwargs, step.results

    def _refuse(self, step: Instruction, words: str) -> None:
        raise DetectorError(
            "unsafe_program",
            f"{self._path}: a call of '{step.operator}' {words}; call network.eval() before you export it",
        )


def _tensor(spec: TensorSpec, record: bytearray) -> Tensor:
    dtype: torch.dtype = getattr(torch, spec.dtype)
    # Weights that were made under inference mode would not count writes, and those are checked.
    with torch.inference_mode(mode=False):
        if 0 in spec.sizes:
            return torch.zeros(spec.sizes, dtype=dtype)
        if spec.dtype == "bool":
            return torch.frombuffer(record, dtype=torch.uint8).ne(0).as_strided(spec.sizes, spec.strides, spec.offset)
        whole = torch.frombuffer(record, dtype=dtype, count=len(record) // dtype.itemsize)
        return whole.as_strided(spec.sizes, spec.strides, spec.offset)


def _constant(value: object) -> object:
    if isinstance(value, list):
        return [_constant(part) for part in value]
    if isinstance(value, TorchConstant):
        return torch.device(value.name) if value.kind == "device" else getattr(torch, value.name)
    return value


def _fill(value: Any, values: dict[str, Any]) -> Any:
    if isinstance(value, Ref):
        return values[value.name]
    if isinstance(value, list):
        return [_fill(part, values) for part in value]
    return value


def _named(results: tuple[str | tuple[str, ...], ...], found: Any) -> list[tuple[str, Any]]:
    if not results:
        return []
    values = [found] if len(results) == 1 else list(found)
    pairs: list[tuple[str, Any]] = []
    for names, value in zip(results, values, strict=True):
        pairs += [(names, value)] if isinstance(names, str) else list(zip(names, value, strict=True))
    return pairs


def _last_uses(program: Program) -> list[list[str]]:
    """After which instruction each value can go, so that a large network keeps few activations at a time."""
    last: dict[str, int] = {}
    for number, step in enumerate(program.instructions):
        for name in _names([value for _, value in step.arguments]):
            last[name] = number
    last.pop(program.output, None)
    drops: list[list[str]] = [[] for _ in program.instructions]
    for name, number in last.items():
        drops[number].append(name)
    return drops


def _names(values: list[Any]) -> list[str]:
    found = [value.name for value in values if isinstance(value, Ref)]
    return found + [name for value in values if isinstance(value, list) for name in _names(value)]
