"""Where networks compute: a graphics card where torch sees one, else the processor.

Weights are handed on from the processor, and the answer to the self test is its own: a card must give it, too.
"""

import copy
import os

import torch
from torch import Tensor, nn

from transforms.detect.errors import DetectorError

CPU = torch.device("cpu")
_CUDA = torch.device("cuda:0")
_FRAMES_ON_CORES, _FRAMES_ON_CARD = 16, 64


def choose_device(name: str) -> torch.device:
    """The device that a name stands for; CUDA is set up to compute in full FP32 and, where it can, reproducibly.

    Args:
        name: `auto` (CUDA where torch sees it, else the processor), `cpu` or `cuda`. Of several graphics cards the
            first is taken; `CUDA_VISIBLE_DEVICES` says which that is.

    Raises:
        DetectorError: `no_cuda` when it is asked for and not there.
        ValueError: There is no such name.
    """
    if name not in {"auto", "cpu", "cuda"}:
        raise ValueError(f"device '{name}' is not known; use auto, cpu or cuda")
    if name == "cpu" or (name == "auto" and not torch.cuda.is_available()):
        return CPU
    if not torch.cuda.is_available():
        raise DetectorError(
            "no_cuda", f"torch {torch.__version__} sees no CUDA device; say --device cpu, or install torch for CUDA"
        )
    _compute_alike()
    return _CUDA


def frames_per_batch(name: str) -> int:
    """How many frames a device takes at a time: a graphics card is busy only with many."""
    is_card = name == "cuda" or (name == "auto" and torch.cuda.is_available())
    return _FRAMES_ON_CARD if is_card else _FRAMES_ON_CORES


def device_name(device: torch.device) -> str:
    """The device as caches and reports name it: `cpu`, or the graphics card's model, since its rounding is its own."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type


class OnDevice(nn.Module):
    """A copy of a network on a device, for callers whose pictures lie, and whose scores must lie, on the processor."""

    def __init__(self, network: nn.Module, device: torch.device) -> None:
        super().__init__()
        self.network = copy.deepcopy(network).to(device)
        self._device = device

    def forward(self, views: Tensor) -> Tensor:
        """As the network does, with views and logits on the processor."""
        # Only out of pinned memory does a card fetch by itself.
        given = views.pin_memory() if self._device.type == "cuda" else views
        logits: Tensor = self.network(given.to(self._device, non_blocking=True))
        return logits.to(CPU)


def on_device(network: nn.Module, device: torch.device) -> nn.Module:
    """The network itself on the processor, else a copy; either takes and returns tensors on the processor."""
    return network if device == CPU else OnDevice(network, device)


def _compute_alike() -> None:
    # cuBLAS reads this with its first call (cuBLAS documentation, "Results Reproducibility").
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    # By default cuDNN may round the inputs of convolutions to TF32, ten bits: scores are stated in FP32.
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.benchmark = False
    # Where an operator has no reproducible kernel torch warns and goes on.
    torch.use_deterministic_algorithms(True, warn_only=True)
