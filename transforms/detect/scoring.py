"""Scoring frames with a detector's network; only this module and `network` import torch."""

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from transforms.detect.exported.wrapper import load_exported
from transforms.detect.network import build
from transforms.detect.package import EXPORTED, DetectorError, DetectorPackage
from transforms.detect.preprocess import synthetic_views


def load_network(package: DetectorPackage) -> nn.Module:
    """Build a package's network, fill in its weights and ask it the question whose answer is known.

    Args:
        package: A package from `load_package`.

    Returns:
        The network in eval mode, FP32, without gradients.

    Raises:
        DetectorError: `self_test_failed`; `unknown_architecture` or `tensor_mismatch` for a built-in network; for a
            program what `wrapper.load_exported` raises.
    """
    exported = package.config.architecture.name == EXPORTED
    network = load_exported(package) if exported else _built_in(package)
    check_answer(network, package)
    return network


def check_answer(network: nn.Module, package: DetectorPackage) -> None:
    """Refuse a network that answers the package's question otherwise than the one that was measured.

    Raises:
        DetectorError: `self_test_failed`.
    """
    off = self_test(network, package)
    if not off <= package.config.self_test.tolerance:
        raise DetectorError(
            "self_test_failed",
            f"{package.directory} answers its self test {off:.2g} off "
            f"(allowed {package.config.self_test.tolerance}); "
            "weights, code and torch do not fit together, so its thresholds would not hold: reinstall",
        )


def score_views(network: nn.Module, frames: NDArray[np.uint8], batch_size: int) -> NDArray[np.float32]:
    """The raw logit of each frame: the mean over its views.

    Every batch is filled up to `batch_size` frames, so that the same kernels run and a frame's score does not
    depend on how many frames came with it.

    Args:
        network: From `load_network`.
        frames: uint8 (N, V, S, S, 3), as `preprocess.prepare` cuts them; N may be 0.
        batch_size: Frames in one forward pass, at least 1.

    Returns:
        float32 (N,), in the order of the frames.

    Raises:
        ValueError: The array has another dtype or number of axes, or `batch_size` is below 1.
    """
    if frames.dtype != np.uint8 or frames.ndim != 5:
        raise ValueError(f"frames must be uint8 (N, V, S, S, 3); these are {frames.dtype} {frames.shape}")
    if batch_size < 1:
        raise ValueError(f"batch_size is {batch_size}; it must be at least 1")
    count, views = frames.shape[:2]
    raws = np.empty(count, np.float32)
    batch = np.zeros((batch_size, *frames.shape[1:]), np.uint8)
    with torch.inference_mode():
        for start in range(0, count, batch_size):
            part = frames[start : start + batch_size]
            batch[: len(part)] = part
            batch[len(part) :] = 0
            logits: Tensor = network(torch.from_numpy(batch.reshape(batch_size * views, *frames.shape[2:])))
            raws[start : start + len(part)] = logits.reshape(batch_size, views).mean(dim=1).numpy()[: len(part)]
    return raws


def self_test(network: nn.Module, package: DetectorPackage) -> float:
    """How far the network's answer to the synthetic picture lies from the known one, in logits."""
    raw = float(score_views(network, synthetic_views(package.config.input)[None], 1)[0])
    return abs(raw - package.config.self_test.raw)


def _built_in(package: DetectorPackage) -> nn.Module:
    architecture = package.config.architecture
    network = build(architecture.name, **architecture.params)
    try:
        tensors = load_file(package.weights_path)
    except (SafetensorError, OSError) as e:
        raise DetectorError("tensor_mismatch", f"{package.weights_path} cannot be read: {e}; restore it") from e
    _check_tensors(network.state_dict(), tensors, str(package.weights_path))
    network.load_state_dict(tensors)
    return network.float().eval().requires_grad_(False)


def _check_tensors(wanted: dict[str, Tensor], found: dict[str, Tensor], where: str) -> None:
    for name in sorted(wanted.keys() | found.keys()):
        shapes = [str(tuple(t[name].shape)) if name in t else "absent" for t in (wanted, found)]
        if shapes[0] != shapes[1]:
            raise DetectorError(
                "tensor_mismatch",
                f"{where}: tensor '{name}' is {shapes[1]}, the architecture wants {shapes[0]}; "
                "name the architecture and params that these weights were trained with",
            )
        if wanted[name].dtype != found[name].dtype:
            raise DetectorError(
                "tensor_mismatch",
                f"{where}: tensor '{name}' is {found[name].dtype}, not {wanted[name].dtype}; convert it",
            )
