"""What a checked program is: plain instructions, without torch.

Only names of known operators, numbers, and references to earlier values stand in it. Symbolic sizes are never
evaluated: the program runs on real tensors, whose sizes are numbers.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from transforms.detect.exported.archive import Archive


@dataclass(frozen=True)
class Ref:
    """A value of an earlier instruction, or an input."""

    name: str


@dataclass(frozen=True)
class TorchConstant:
    """A constant that has a name in torch."""

    kind: Literal["dtype", "memory_format", "device", "layout"]
    name: str


@dataclass(frozen=True)
class Instruction:
    """One call: operator (`aten.conv2d.default` or `_operator.mul`), arguments, names of its results.

    An argument without a name is positional. Results in one inner tuple are the parts of one list.
    """

    operator: str
    arguments: tuple[tuple[str, object], ...]
    results: tuple[str | tuple[str, ...], ...]


@dataclass(frozen=True)
class TensorSpec:
    """Where a tensor's elements lie: record, dtype name, sizes, strides and offset in elements."""

    record: str
    dtype: str
    sizes: tuple[int, ...]
    strides: tuple[int, ...]
    offset: int


@dataclass(frozen=True)
class Program:
    """A checked program of one input and one output.

    Attributes:
        archive: Where the tensors' bytes are.
        weights: For each input that is a weight, buffer or constant, its tensor.
        input: Name of the picture input.
        dtype: Its dtype.
        sizes: Its sizes; None where any will do.
        batch: Fewest and most rows that the program takes; None for no limit.
        instructions: In order.
        output: Name of the output.
    """

    archive: Archive
    weights: Mapping[str, TensorSpec]
    input: str
    dtype: str
    sizes: tuple[int | None, ...]
    batch: tuple[int, int | None]
    instructions: tuple[Instruction, ...]
    output: str
