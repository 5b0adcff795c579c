"""A linear head on a frozen trunk: ridge logistic regression, whose one optimum no chance of training can move."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from torch import nn
from torch.nn import functional

from pipelines.detector.computed_on import told
from pipelines.detector.data import draw_shares
from pipelines.detector.features import Features, view_features
from pipelines.detector.settings import Head, Tick
from transforms.detect.device import CPU, device_name
from transforms.detect.headed import Headed
from transforms.detect.network import build
from transforms.detect.package import DetectorError

_GRADIENT_TOLERANCE = 1e-7


@dataclass(frozen=True)
class HeadFamily:
    """Heads on one frozen trunk; what the trunk sees is computed once for all runs and kept in `work`.

    Attributes:
        settings: See `settings.Head`.
        trunk: A safetensors file with the trunk's tensors: a detector package's weights, or a deeper trunk's.
        pictures: All pictures that any run will train on.
        work: Folder for what was computed.
        tick: Progress.
        device: Where the trunk computes; the head is found on the processor, in double precision.
    """

    settings: Head
    trunk: Path
    pictures: pd.DataFrame
    work: Path
    tick: Tick
    device: torch.device = CPU
    _known: dict[str, Features] = field(default_factory=dict)

    def fit(self, rows: pd.DataFrame, run: str) -> nn.Module:
        """See `families.Family`; the run's name changes nothing."""
        del run
        network = self._network()
        if not self._known:
            seen = view_features(network, self.pictures, self.settings, self.work, self.tick, self.device)
            self._known.update(zip(self.pictures["path"], seen, strict=True))
        fit_head(network, rows, np.stack([self._known[path] for path in rows["path"]]), self.settings.penalty)
        return network

    def describe(self) -> str:
        """See `families.Family`."""
        settings, depth = self.settings, int(str(self.settings.params["depth"]))
        with torch.device("meta"):
            network = _build(settings)
        return (
            f"A linear head (ridge logistic regression, penalty {settings.penalty:g}) on {network.STATISTICS} "
            f"of blocks {depth - network.pooled} to {depth - 1} of {network.ORIGIN} and frozen; "
            f"{settings.views_drawn} random views of each picture, seed {settings.seed}."
            f"{told([device_name(self.device)])}"
        )

    def _network(self) -> Headed:
        network = _build(self.settings)
        load_trunk(network, self.trunk)
        return network.eval().requires_grad_(False)


def _build(settings: Head) -> Headed:
    network = build(settings.architecture, **settings.params)
    if not isinstance(network, Headed):
        raise DetectorError(
            "unknown_architecture", f"'{settings.architecture}' has no frozen trunk; use 'trunk' or 'clip'"
        )
    return network


def load_trunk(network: Headed, file: Path) -> None:
    """Fill a network's trunk from a file; its head, and what is deeper than the network, stay unread.

    Raises:
        DetectorError: `tensor_mismatch` when the file cannot be read or lacks a tensor of the trunk.
    """
    wanted = {name for name in network.state_dict() if not name.startswith("head.")}
    try:
        with safe_open(file, framework="pt") as tensors:
            found = {name: tensors.get_tensor(name) for name in sorted(wanted & set(tensors.keys()))}
        missing = sorted(wanted - found.keys())
        if missing:
            raise DetectorError("tensor_mismatch", f"{file} lacks '{missing[0]}'; give a trunk of this architecture")
        network.load_state_dict(found, strict=False)
    except (SafetensorError, OSError, RuntimeError) as e:
        raise DetectorError("tensor_mismatch", f"{file} does not hold this trunk: {e}; give another --trunk") from e


def fit_head(network: Headed, rows: pd.DataFrame, features: Features, penalty: float) -> None:
    """Fill in a network's head.

    Each feature is standardised first, by the same weights, and the standardisation is folded into the head.

    Args:
        network: Its `head` is overwritten.
        rows: Pictures of both classes, for their labels and their shares (`data.draw_shares`).
        features: float32 (N, views, D), of the rows' pictures in their order.
        penalty: Of the squared weights of the standardised features.
    """
    _, views, size = features.shape
    flat = features.reshape(-1, size).astype(np.float64)
    share = np.repeat(draw_shares(rows) / views, views)
    labels = np.repeat(rows["label"].to_numpy(np.float64), views)
    mean = share @ flat
    spread = np.sqrt(share @ np.square(flat - mean)) + 1e-6
    weights, bias = ridge_logistic((flat - mean) / spread, labels, share, penalty)
    weights /= spread
    with torch.no_grad():
        network.head.weight.copy_(torch.from_numpy(weights)[None])
        network.head.bias.copy_(torch.tensor([bias - float(weights @ mean)]))


def ridge_logistic(
    features: NDArray[np.float64], labels: NDArray[np.float64], share: NDArray[np.float64], penalty: float
) -> tuple[NDArray[np.float64], float]:
    """Minimise the weighted logistic loss plus `penalty` times the squared weights; the bias is free.

    Args:
        features: float64 (N, D), standardised.
        labels: float64 (N,), 1 for AI.
        share: float64 (N,), summing to 1.
        penalty: Above 0.

    Returns:
        Weights, float64 (D,), and the bias.
    """
    x, y, w = (torch.from_numpy(array) for array in (features, labels, share))
    theta = torch.zeros(features.shape[1] + 1, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS(
        [theta], max_iter=500, tolerance_grad=_GRADIENT_TOLERANCE, tolerance_change=0.0, line_search_fn="strong_wolfe"
    )

    def loss() -> torch.Tensor:
        optimizer.zero_grad()
        logits = x @ theta[:-1] + theta[-1]
        value = (w * functional.binary_cross_entropy_with_logits(logits, y, reduction="none")).sum()
        value = value + penalty * theta[:-1].square().sum()
        value.backward()  # type: ignore[no-untyped-call]
        return value

    optimizer.step(loss)  # type: ignore[no-untyped-call]
    found = theta.detach().numpy()
    return found[:-1].copy(), float(found[-1])
