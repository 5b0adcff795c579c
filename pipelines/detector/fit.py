"""The training loop: seeded by epoch, so that a resumed run ends with the weights of an undisturbed one."""

import hashlib
import json
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional

from pipelines.detector.augment import training_view
from pipelines.detector.data import draw_shares, load_rgb
from pipelines.detector.settings import FINAL, Descent, Tick
from transforms.detect.network import build
from transforms.detect.package import DetectorError

Batch = tuple[NDArray[np.uint8], NDArray[np.float32]]


@dataclass(frozen=True)
class DescentFamily:
    """Networks trained from scratch; each has its checkpoint in `work`."""

    settings: Descent
    work: Path
    tick: Tick

    def fit(self, rows: pd.DataFrame, run: str) -> nn.Module:
        """See `families.Family`; the run `final` has more epochs than the others."""
        settings = self.settings if run == FINAL else replace(self.settings, epochs=self.settings.fold_epochs)
        return fit(rows, settings, self.work / f"{run}.safetensors", self.tick)

    def describe(self) -> str:
        """See `families.Family`."""
        settings = self.settings
        return (
            f"From scratch, {settings.epochs} epochs of {settings.samples} views, seed {settings.seed}, "
            f"{torch.get_num_threads()} thread(s), torch {torch.__version__.split('+')[0]}. "
            f"The networks of the folds had {settings.fold_epochs} epochs each."
        )


def fit(rows: pd.DataFrame, settings: Descent, checkpoint: Path, tick: Tick) -> nn.Module:
    """Train a network, or go on where a killed run stopped.

    Args:
        rows: The pictures to train on, of both classes.
        settings: Everything else that decides the weights.
        checkpoint: A safetensors file, replaced whole after each epoch.
        tick: Called as (what, epochs done, epochs in all) after each epoch has been saved.

    Returns:
        The network in eval mode.

    Raises:
        DetectorError: `checkpoint_mismatch` when the checkpoint belongs to another run, `training_diverged`.
    """
    torch.manual_seed(settings.seed)
    network = build(settings.architecture, **settings.params)
    optimizer = torch.optim.AdamW(network.parameters(), lr=settings.rate, weight_decay=settings.decay)
    run = _fingerprint(rows, settings)
    first = _restore(network, optimizer, checkpoint, run) if checkpoint.exists() else 0
    with ThreadPoolExecutor(1) as loader:
        for epoch in range(first, settings.epochs):
            # Each epoch has its own seeds, so no generator's state has to survive a kill.
            torch.manual_seed(settings.seed * 1_000_003 + epoch)
            _run_epoch(network, optimizer, _batches(rows, settings, epoch, loader), settings, epoch)
            _save(network, optimizer, checkpoint, run, epoch + 1)
            tick(checkpoint.stem, epoch + 1, settings.epochs)
    return network.eval()


def _run_epoch(
    network: nn.Module,
    optimizer: torch.optim.Optimizer,
    batches: Iterator[Batch],
    settings: Descent,
    epoch: int,
) -> None:
    network.train()
    steps = settings.samples // settings.batch
    for i, (views, labels) in enumerate(batches):
        for group in optimizer.param_groups:
            group["lr"] = _rate(settings, (epoch * steps + i) / (settings.epochs * steps))
        target = torch.from_numpy(labels) * (1.0 - settings.smoothing) + settings.smoothing / 2.0
        loss = functional.binary_cross_entropy_with_logits(network(torch.from_numpy(views)), target)
        if not torch.isfinite(loss):
            raise DetectorError("training_diverged", f"the loss is {loss.item()} in epoch {epoch}; lower the rate")
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        optimizer.step()


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


def _save(network: nn.Module, optimizer: torch.optim.Optimizer, path: Path, run: str, epochs: int) -> None:
    tensors = {f"network.{name}": tensor for name, tensor in network.state_dict().items()}
    for index, state in optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{index}.{name}": tensor for name, tensor in state.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    # State and tensors in one file and one rename: a kill leaves the old checkpoint or the new, no mixture.
    part = path.with_suffix(".part")
    save_file(tensors, part, metadata={"state": json.dumps({"run": run, "epochs": epochs})})
    part.replace(path)


def _restore(network: nn.Module, optimizer: torch.optim.Optimizer, path: Path, run: str) -> int:
    try:
        with safe_open(path, framework="pt") as file:
            state = json.loads((file.metadata() or {})["state"])
        tensors = load_file(path)
    except (SafetensorError, KeyError, ValueError) as e:
        raise DetectorError("checkpoint_mismatch", f"{path} is no checkpoint of this trainer: {e}; remove it") from e
    if state["run"] != run:
        raise DetectorError(
            "checkpoint_mismatch",
            f"{path} was made with other pictures, settings or another torch; remove it or repeat them",
        )
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
    return int(state["epochs"])
