"""Built-in networks, by name; pixels in, one logit out, normalisation inside."""

from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from transforms.detect.clip import DEPTH as CLIP_DEPTH
from transforms.detect.clip import ClipNet
from transforms.detect.package import DetectorError
from transforms.detect.trunk import DEPTH, TrunkNet


class Residuals(nn.Module):
    """Two high-pass residuals, and RGB if wanted: the traces of generation lie below the content.

    The Laplacian is the simplest of the rich-model residuals (Fridrich and Kodovsky 2012) and is truncated
    like them; the neighbouring-pixel residual follows Tan et al. (CVPR 2024), who found up-sampling to leave
    its trace there.
    """

    def __init__(self, *, rgb: bool) -> None:
        super().__init__()
        self.rgb = rgb

    def forward(self, pixels: Tensor) -> Tensor:
        """Float (N, 3, H, W) in [0, 255], H and W even, to float (N, 6, H, W), or (N, 9, H, W) with RGB."""
        x = pixels / 255.0
        padded = functional.pad(x, (1, 1, 1, 1), mode="replicate")
        around = padded[..., :-2, 1:-1] + padded[..., 2:, 1:-1] + padded[..., 1:-1, :-2] + padded[..., 1:-1, 2:]
        laplacian = (4.0 * x - around).clamp(-0.25, 0.25)
        corner = x[..., ::2, ::2].repeat_interleave(2, dim=-1).repeat_interleave(2, dim=-2)
        neighbour = (x - corner).clamp(-0.25, 0.25)
        planes = [laplacian * 16.0, neighbour * 16.0] + ([(x - 0.5) * 4.0] if self.rgb else [])
        return torch.cat(planes, dim=1)


class Block(nn.Module):
    """A residual block (He et al. 2016) of two 3x3 convolutions at one resolution."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = _convolution(width, width, 1)
        self.conv = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.norm = nn.BatchNorm2d(width)

    def forward(self, x: Tensor) -> Tensor:
        """Float (N, C, H, W) to the same shape."""
        return functional.relu(x + self.norm(self.conv(self.first(x))))


class CompactNet(nn.Module):
    """A small convolutional network over RGB and residuals.

    In eval mode batch normalisation uses stored statistics, so a view's logit does not depend on its batch.
    """

    def __init__(self, widths: tuple[int, ...], dropout: float, *, rgb: bool) -> None:
        super().__init__()
        self.residuals = Residuals(rgb=rgb)
        stages: list[nn.Module] = [_convolution(9 if rgb else 6, widths[0], 2)]
        for narrow, wide in pairwise(widths):
            stages += [_convolution(narrow, wide, 2), Block(wide)]
        self.stages = nn.Sequential(*stages)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(2 * widths[-1], 1)

    def forward(self, views: Tensor) -> Tensor:
        """Score views.

        Args:
            views: uint8, (N, S, S, 3) or (N, 3, S, S), S even.

        Returns:
            float32 (N,): logits, above zero for AI.
        """
        pixels = views if views.shape[1] == 3 and views.shape[-1] != 3 else views.permute(0, 3, 1, 2)
        # Shifting pixels is quicker plane by plane, convolution with the channels side by side.
        x = self.residuals(pixels.to(torch.float32, memory_format=torch.contiguous_format))
        x = self.stages(x.contiguous(memory_format=torch.channels_last))
        # The spread over a view tells grain that is everywhere from an edge that is somewhere.
        pooled = torch.cat([x.mean(dim=(2, 3)), x.std(dim=(2, 3), correction=0)], dim=1)
        logits: Tensor = self.head(self.dropout(pooled)).squeeze(1)
        return logits


def build(architecture: str, **params: object) -> nn.Module:
    """Build a network with fresh weights.

    Args:
        architecture: A name from the registry: `clip`, `compact` or `trunk`.
        params: Its parameters; see the builder.

    Returns:
        The network, in training mode.

    Raises:
        DetectorError: `unknown_architecture` when the name or a parameter is not known.
    """
    builder = _REGISTRY.get(architecture)
    if builder is None:
        known = ", ".join(sorted(_REGISTRY))
        raise DetectorError("unknown_architecture", f"no architecture '{architecture}'; use one of: {known}")
    try:
        return builder(**params)
    except (TypeError, ValueError, RuntimeError) as e:
        raise DetectorError(
            "unknown_architecture",
            f"architecture '{architecture}' cannot be built with {params}: {e}; correct it",
        ) from e


def _convolution(narrow: int, wide: int, stride: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(narrow, wide, 3, stride, 1, bias=False), nn.BatchNorm2d(wide), nn.ReLU(inplace=True))


def _compact(
    widths: list[int] | tuple[int, ...] = (16, 48, 96, 192), dropout: float = 0.2, rgb: bool = True
) -> nn.Module:
    if not 2 <= len(widths) <= 6 or not all(1 <= width <= 1024 for width in widths):
        raise ValueError("widths must be 2 to 6 numbers from 1 to 1024")
    return CompactNet(tuple(widths), dropout, rgb=rgb)


def _trunk(depth: int = 11, pooled: int = 6) -> nn.Module:
    if not 1 <= pooled <= depth <= DEPTH:
        raise ValueError(f"depth must be 1 to {DEPTH} blocks, and pooled 1 to depth")
    return TrunkNet(depth, pooled)


def _clip(depth: int = 7, pooled: int = 4) -> nn.Module:
    if not 1 <= pooled <= depth <= CLIP_DEPTH:
        raise ValueError(f"depth must be 1 to {CLIP_DEPTH} blocks, and pooled 1 to depth")
    return ClipNet(depth, pooled)


_REGISTRY: dict[str, Callable[..., nn.Module]] = {"clip": _clip, "compact": _compact, "trunk": _trunk}
