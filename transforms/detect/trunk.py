"""The first blocks of EfficientNet-lite0, and a linear head over the statistics of what they see."""

import itertools
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from transforms.detect.headed import Headed

# (repeats, kernel, stride, expansion, channels) of each stage: EfficientNet-B0 (Tan and Le 2019) without
# squeeze-and-excitation, and with ReLU6, as its authors cut it down for processors ("lite0").
_STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
_STEM = 32
DEPTH = sum(stage[0] for stage in _STAGES)
"""Number of blocks in the whole trunk."""


class Block(nn.Module):
    """An inverted residual (Sandler et al. 2018); batch normalisation is folded into the convolutions."""

    def __init__(self, narrow: int, wide: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        hidden = narrow * expansion
        self.expand = nn.Conv2d(narrow, hidden, 1) if expansion > 1 else None
        self.depthwise = nn.Conv2d(hidden, hidden, kernel, stride, kernel // 2, groups=hidden)
        self.project = nn.Conv2d(hidden, wide, 1)
        self.skips = stride == 1 and narrow == wide

    def forward(self, x: Tensor) -> Tensor:
        """Float (N, narrow, H, W) to (N, wide, H / stride, W / stride)."""
        y = x if self.expand is None else functional.relu6(self.expand(x), inplace=True)
        y = self.project(functional.relu6(self.depthwise(y), inplace=True))
        return y.add_(x) if self.skips else y


class TrunkNet(Headed):
    """A pretrained trunk up to one of its blocks; mean and spread of the last blocks' channels; a linear head.

    Early blocks see texture, where generation leaves its traces; late ones see objects, which tell sources apart.
    """

    ORIGIN: ClassVar[str] = "EfficientNet-lite0, pretrained on ImageNet"
    STATISTICS: ClassVar[str] = "the mean and spread of each channel"
    # What the blocks make of so few views stays in a processor's caches; what they make of a batch does not, and takes
    # three times as long (docs/detector-speed.md). Fewer would make several threads wait for each other more often.
    VIEWS_AT_ONCE: ClassVar[int] = 4

    def __init__(self, depth: int, pooled: int) -> None:
        super().__init__()
        self.pooled = pooled
        self.stem = nn.Conv2d(3, _STEM, 3, 2, 1)
        shapes = _block_shapes()[:depth]
        self.blocks = nn.ModuleList([Block(*shape) for shape in shapes])
        self.head = nn.Linear(2 * sum(wide for _, wide, *_ in shapes[-pooled:]), 1)

    def statistics(self, pixels: Tensor) -> Tensor:
        """Of each pooled block the mean and the standard deviation of every channel.

        Args:
            pixels: uint8 or float (N, 3, S, S), values 0 to 255.

        Returns:
            float32 (N, D).
        """
        x = (pixels.to(torch.float32, memory_format=torch.channels_last) - 127.0) / 128.0
        x = functional.relu6(self.stem(x), inplace=True)
        found = []
        for number, block in enumerate(self.blocks):
            x = block(x)
            if number >= len(self.blocks) - self.pooled:
                found += [x.mean(dim=(2, 3)), x.std(dim=(2, 3), correction=0)]
        return torch.cat(found, dim=1)


def _block_shapes() -> list[tuple[int, int, int, int, int]]:
    shapes, narrow = [], _STEM
    for repeats, kernel, stride, expansion, wide in _STAGES:
        for step in itertools.chain((stride,), itertools.repeat(1, repeats - 1)):
            shapes.append((narrow, wide, kernel, step, expansion))
            narrow = wide
    return shapes
