"""The first blocks of CLIP's ViT-B/16 image tower (Radford et al. 2021), and a linear head over what they see."""

from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from transforms.detect.headed import Headed

# ViT-B/16 (Dosovitskiy et al. 2021) as CLIP has it; the positions fix the side of a view.
WIDTH = 768
HEADS = 12
PATCH = 16
SIDE = 224
DEPTH = 12
"""Number of blocks in the whole tower."""

_TOKENS = (SIDE // PATCH) ** 2 + 1
_MEAN = (0.48145466, 0.4578275, 0.40821073)
_STD = (0.26862954, 0.26130258, 0.27577711)
_EPSILON = 1e-5


class Attention(nn.Module):
    """Multi-head self-attention (Vaswani et al. 2017), without mask or dropout."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)
        self.out = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        """Float (N, T, width) to the same shape."""
        query, key, value = (self._split(part(x)) for part in (self.query, self.key, self.value))
        mixed = functional.scaled_dot_product_attention(query, key, value)
        merged: Tensor = self.out(mixed.transpose(1, 2).flatten(2))
        return merged

    def _split(self, x: Tensor) -> Tensor:
        return x.view(len(x), x.shape[1], self.heads, -1).transpose(1, 2)


class Block(nn.Module):
    """A pre-norm transformer block, with the sigmoid approximation of GELU that CLIP was trained with."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width, _EPSILON)
        self.attention = Attention(width, heads)
        self.norm2 = nn.LayerNorm(width, _EPSILON)
        self.widen = nn.Linear(width, 4 * width)
        self.narrow = nn.Linear(4 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        """Float (N, T, width) to the same shape."""
        x = x + self.attention(self.norm1(x))
        hidden = self.widen(self.norm2(x))
        return x + self.narrow(hidden * torch.sigmoid(1.702 * hidden))


class ClipNet(Headed):
    """The tower up to one of its blocks; what the last blocks' tokens hold; a linear head.

    Early blocks see texture, where generation leaves its traces; the tower's output sees what a picture is about.
    """

    ORIGIN: ClassVar[str] = "the image tower of CLIP ViT-B/16, pretrained by OpenAI on pictures with captions"
    STATISTICS: ClassVar[str] = "the class token, and the mean and spread of each channel over the patches,"

    def __init__(self, depth: int, pooled: int) -> None:
        super().__init__()
        self.pooled = pooled
        self.patch = nn.Conv2d(3, WIDTH, PATCH, PATCH, bias=False)
        self.token = nn.Parameter(torch.zeros(WIDTH))
        self.position = nn.Parameter(torch.zeros(_TOKENS, WIDTH))
        self.norm = nn.LayerNorm(WIDTH, _EPSILON)
        self.blocks = nn.ModuleList([Block(WIDTH, HEADS) for _ in range(depth)])
        self.head = nn.Linear(3 * WIDTH * pooled, 1)

    def statistics(self, pixels: Tensor) -> Tensor:
        """Of each pooled block the class token, and every channel's mean and standard deviation over the patches.

        Args:
            pixels: uint8 (N, 3, 224, 224).

        Returns:
            float32 (N, 3 * 768 * pooled).
        """
        mean, std = (pixels.new_tensor(of, dtype=torch.float32).view(1, 3, 1, 1) for of in (_MEAN, _STD))
        patches = self.patch((pixels.to(torch.float32) / 255.0 - mean) / std).flatten(2).transpose(1, 2)
        x = torch.cat([self.token.expand(len(patches), 1, -1), patches], dim=1) + self.position
        x = self.norm(x)
        found = []
        for number, block in enumerate(self.blocks):
            x = block(x)
            if number >= len(self.blocks) - self.pooled:
                found += [x[:, 0], x[:, 1:].mean(dim=1), x[:, 1:].std(dim=1, correction=0)]
        return torch.cat(found, dim=1)
