"""The training loop: seeded by epoch, so that a resumed run ends with the weights of an undisturbed one."""

import hashlib
import json
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional

from pipelines.detector.augment import training_view
from pipelines.detector.computed_on import told
from pipelines.detector.data import draw_shares, load_rgb
from pipelines.detector.settings import FINAL, Descent, Tick
from transforms.detect.device import CPU, device_name
from transforms.detect.network import build
from transforms.detect.package import DetectorError

Batch = tuple[NDArray[np.uint8], NDArray[np.float32]]


@dataclass(frozen=True)
class DescentFamily:
    """Networks trained from scratch; each has its checkpoint in `work`."""

    settings: Descent
    work: Path
    tick: Tick
    device: torch.device = CPU

    def fit(self, rows: pd.DataFrame, run: str) -> nn.Module:
        """See `families.Family`; the run `final` has more epochs than the others."""
        settings = self.settings if run == FINAL else replace(self.settings, epochs=self.settings.fold_epochs)
        return fit(rows, settings, self.work / f"{run}.safetensors", self.tick, self.device)

    def describe(self) -> str:
        """See `families.Family`."""
        settings = self.settings
        checkpoints = [*self.work.glob(f"{FINAL}.safetensors"), *sorted(self.work.glob("fold-*.safetensors"))]
        devices = [name for path in checkpoints for name in _state(path)["devices"]] + [device_name(self.device)]
        return (
            f"From scratch, {settings.epochs} epochs of {settings.samples} views, seed {settings.seed}, "
            f"{torch.get_num_threads()} thread(s), torch {torch.__version__.split('+')[0]}. "
            f"The networks of the folds had {settings.fold_epochs} epochs each.{told(devices)}"
        )


def fit(rows: pd.DataFrame, settings: Descent, checkpoint: Path, tick: Tick, device: torch.device = CPU) -> nn.Module:
    """Train a network, or go on where a killed run stopped.

    Args:
        rows: The pictures to train on, of both classes.
        settings: Everything else that decides the weights.
        checkpoint: A safetensors file, replaced whole after each epoch.
        tick: Called as (what, epochs done, epochs in all) after each epoch has been saved.
        device: Where the network is trained. A checkpoint of another device is gone on with and names both.

    Returns:
        The network in eval mode, on the processor.

    Raises:
        DetectorError: `checkpoint_mismatch` when the checkpoint belongs to another run, `training_diverged`.
    """
    torch.manual_seed(settings.seed)
    # Weights are drawn on the processor, whose generator draws the same for every device.
    network = build(settings.architecture, **settings.params).to(device)
    optimizer = torch.optim.AdamW(network.parameters(), lr=settings.rate, weight_decay=settings.decay)
    run = _fingerprint(rows, settings)
    first, devices = _restore(network, optimizer, checkpoint, run) if checkpoint.exists() else (0, [])
    devices = list(dict.fromkeys([*devices, device_name(device)])) if first < settings.epochs else devices
    with ThreadPoolExecutor(1) as loader:
        for epoch in range(first, settings.epochs):
            # Each epoch has its own seeds, so no generator's state has to survive a kill.
            torch.manual_seed(settings.seed * 1_000_003 + epoch)
            _run_epoch(network, optimizer, _batches(rows, settings, epoch, loader), settings, epoch)
            _save(network, optimizer, checkpoint, {"run": run, "epochs": epoch + 1, "devices": devices})
            tick(checkpoint.stem, epoch + 1, settings.epochs)
    return network.to(CPU).eval()


def _run_epoch(
    network: nn.Module,
    optimizer: torch.optim.Optimizer,
    batches: Iterator[Batch],
    settings: Descent,
    epoch: int,
) -> None:
    network.train()
    steps = settings.samples // settings.batch
    for i, batch in enumerate(batches):
        for group in optimizer.param_groups:
            group["lr"] = _rate(settings, (epoch * steps + i) / (settings.epochs * steps))
        loss = _loss(network, batch, settings)
        if not torch.isfinite(loss):
            raise DetectorError("training_diverged", f"the loss is {loss.item()} in epoch {epoch}; lower the rate")
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        optimizer.step()


def _loss(network: nn.Module, batch: Batch, settings: Descent) -> Tensor:
    """The mean loss of a batch, computed where the network lies."""
    device = next(network.parameters()).device
    views, labels = (torch.from_numpy(array).to(device) for array in batch)
    target = labels * (1.0 - settings.smoothing) + settings.smoothing / 2.0
    return functional.binary_cross_entropy_with_logits(network(views), target)


def _batches(rows: pd.DataFrame, settings: Descent, epoch: int, loader: ThreadPoolExecutor) -> Iterator[Batch]:
    rng = np.random.default_rng([settings.seed, epoch])
    order = rng.choice(len(rows), settings.samples // settings.batch * settings.batch, p=draw_shares(rows))
    paths, labels = rows["path"].tolist(), rows["label"].to_numpy(np.float32)

    def load(start: int) -> Batch:
        chosen = order[start : start + settings.batch]
        views = []
        for i, row in enumerate(chosen, start):
            chance = np.random.default_rng([settings.seed, epoch, i])
            views.append(training_view(load_rgb(paths[row]), settings.input, chance))
        return np.stack(views), labels[chosen]

    waiting: list[Future[Batch]] = []
    for start in range(0, len(order), settings.batch):
        waiting.append(loader.submit(load, start))
        if len(waiting) > 2:
            yield waiting.pop(0).result()
    for future in waiting:
        yield future.result()


def _rate(settings: Descent, progress: float) -> float:
    warm = min(1.0, progress / 0.05)
    return float(settings.rate * warm * (0.02 + 0.98 * 0.5 * (1.0 + np.cos(np.pi * progress))))


def _fingerprint(rows: pd.DataFrame, settings: Descent) -> str:
    pictures = [[Path(path).name, source] for path, source in zip(rows["path"], rows["source"], strict=True)]
    text = json.dumps([asdict(settings), pictures, torch.__version__], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _save(network: nn.Module, optimizer: torch.optim.Optimizer, path: Path, state: dict[str, Any]) -> None:
    tensors = {f"network.{name}": tensor for name, tensor in network.state_dict().items()}
    for index, moments in optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{index}.{name}": tensor for name, tensor in moments.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    # State and tensors in one file and one rename: a kill leaves the old checkpoint or the new, no mixture.
    part = path.with_suffix(".part")
    save_file(tensors, part, metadata={"state": json.dumps(state)})
    part.replace(path)


def _restore(network: nn.Module, optimizer: torch.optim.Optimizer, path: Path, run: str) -> tuple[int, list[str]]:
    """Fill in what a checkpoint holds, wherever it was made; how many epochs that are, and on which devices."""
    state = _state(path)
    if state["run"] != run:
        raise DetectorError(
            "checkpoint_mismatch",
            f"{path} was made with other pictures, settings or another torch; remove it or repeat them",
        )
    tensors = load_file(path)
    network.load_state_dict(
        {name.removeprefix("network."): t for name, t in tensors.items() if name.startswith("network.")}
    )
    moments: dict[int, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        if name.startswith("optimizer."):
            _, index, key = name.split(".", 2)
            moments.setdefault(int(index), {})[key] = tensor
    groups = optimizer.state_dict()["param_groups"]
    optimizer.load_state_dict({"state": moments, "param_groups": groups})
    return int(state["epochs"]), state["devices"]


def _state(path: Path) -> dict[str, Any]:
    try:
        with safe_open(path, framework="pt") as file:
            state = json.loads((file.metadata() or {})["state"])
        # A checkpoint from before there was a choice names no device.
        return {"run": state["run"], "epochs": state["epochs"], "devices": state.get("devices", [CPU.type])}
    except (SafetensorError, KeyError, ValueError, TypeError) as e:
        raise DetectorError("checkpoint_mismatch", f"{path} is no checkpoint of this trainer: {e}; remove it") from e
