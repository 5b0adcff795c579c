"""Ways to run a detector's network on a processor, for ``detector_speed.py``: each a function from views to logits."""

import copy
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn
from torch.ao.quantization import QConfigMapping, get_default_qconfig, quantize_dynamic
from torch.ao.quantization.quantize_fx import convert_fx, prepare_fx

from transforms.detect.trunk import TrunkNet

AT_ONCE: Final = 4
"""Views in one pass of what was compiled, traced or quantised: as many as ``TrunkNet`` takes."""
Run = Callable[[Tensor], Tensor]
"""Uint8 views (N, S, S, 3) to float32 logits (N,)."""


class NotAvailableError(Exception):
    """A variant cannot be made here; the message says why."""


@dataclass(frozen=True)
class Variant:
    """One way to run the network; ``note`` is what its figures do not say."""

    name: str
    run: Run
    note: str = ""


class Straight(nn.Module):
    """``TrunkNet``'s features written without branches on its input, as tracers and quantisers want it."""

    def __init__(self, network: TrunkNet) -> None:
        super().__init__()
        copied = copy.deepcopy(network)
        self.stem, self.blocks, self.pooled = copied.stem, copied.blocks, copied.pooled
        self.act = nn.ReLU6()

    def forward(self, x: Tensor) -> Tensor:
        """Float (N, 3, S, S), 0 to 255, to the features that the head weighs, float32 (N, D)."""
        x = self.act(self.stem((x - 127.0) / 128.0))
        found = []
        for number, block in enumerate(self.blocks):
            y = x if block.expand is None else self.act(block.expand(x))
            y = block.project(self.act(block.depthwise(y)))
            x = x + y if block.skips else y
            if number >= len(self.blocks) - self.pooled:
                spread, mean = torch.std_mean(x, dim=(2, 3), correction=0)
                found += [mean, spread]
        return torch.cat(found, dim=1)


def variants(network: nn.Module, calibration: Tensor) -> tuple[list[Variant], dict[str, str]]:
    """Every variant that can be made here, FP32 as shipped first, and why the others cannot.

    Args:
        network: In eval mode, FP32.
        calibration: uint8 (N, S, S, 3), views that static quantisation learns its ranges from.
    """
    made = [Variant("FP32, as shipped", network)]
    missing: dict[str, str] = {}
    for name, make in _MAKERS.items():
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                made.append(make(name, network, calibration))
        except Exception as error:  # noqa: BLE001  (whatever a compiler raises is the answer to be reported)
            missing[name] = " ".join(f"{type(error).__name__}: {error}".split())[:200]
    return made, missing


def in_parts(features: Callable[[Tensor], Tensor], head: nn.Module, at_once: int, layout: torch.memory_format) -> Run:
    """Runs ``features`` on ``at_once`` views at a time, all parts of one size, and the head in FP32 row by row.

    Args:
        features: Float (at_once, 3, S, S), 0 to 255, to (at_once, D).
        head: From D features to one logit.
        at_once: Views in one part; the last part is filled up with black ones. 0: all views in one.
        layout: Of the pixels.
    """

    def run(views: Tensor) -> Tensor:
        size = at_once or len(views)
        filled = nn.functional.pad(views, (0, 0, 0, 0, 0, 0, 0, -len(views) % size))
        pixels = filled.permute(0, 3, 1, 2)
        found = torch.cat([features(part.to(torch.float32, memory_format=layout)) for part in pixels.split(size)])
        return torch.cat([head(row) for row in found[: len(views)].float().split(1)]).squeeze(1)

    return run


def _straight(network: nn.Module) -> tuple[TrunkNet, Straight]:
    if not isinstance(network, TrunkNet):
        raise NotAvailableError(f"it was written for the architecture 'trunk', and this is {type(network).__name__}")
    return network, Straight(network).eval()


def _part(size: int) -> Tensor:
    return torch.zeros(AT_ONCE, 3, size, size).contiguous(memory_format=torch.channels_last)


def _whole_batch(name: str, network: nn.Module, _: Tensor) -> Variant:
    trunk, straight = _straight(network)
    return Variant(name, in_parts(straight, trunk.head, 0, torch.channels_last), "its maps leave the caches")


def _contiguous(name: str, network: nn.Module, _: Tensor) -> Variant:
    trunk, straight = _straight(network)
    planes = straight.to(memory_format=torch.contiguous_format)
    return Variant(name, in_parts(planes, trunk.head, AT_ONCE, torch.contiguous_format), "pixels plane by plane")


def _bf16(name: str, network: nn.Module, _: Tensor) -> Variant:
    def run(views: Tensor) -> Tensor:
        with torch.autocast("cpu", torch.bfloat16):
            logits: Tensor = network(views)
        return logits.float()

    return Variant(name, run, "head in bf16, too")


def _frozen(name: str, network: nn.Module, calibration: Tensor) -> Variant:
    trunk, straight = _straight(network)
    traced = torch.jit.trace(straight, _part(calibration.shape[1]))
    frozen = torch.jit.optimize_for_inference(torch.jit.freeze(traced))
    return Variant(name, in_parts(frozen, trunk.head, AT_ONCE, torch.channels_last), "oneDNN fuses activations")


def _compiled(name: str, network: nn.Module, calibration: Tensor) -> Variant:
    trunk, straight = _straight(network)
    compiled, started = torch.compile(straight, dynamic=False), time.monotonic()
    with torch.inference_mode():
        compiled(_part(calibration.shape[1]))
    note = f"needs a C++ compiler; {time.monotonic() - started:.0f} s of compiling first"
    return Variant(name, in_parts(compiled, trunk.head, AT_ONCE, torch.channels_last), note)


def _static_int8(name: str, network: nn.Module, calibration: Tensor) -> Variant:
    trunk, straight = _straight(network)
    # The network's own arithmetic around the convolutions stays in FP32.
    mapping = QConfigMapping().set_global(get_default_qconfig("x86")).set_object_type(torch.std_mean, None)
    prepared = prepare_fx(straight, mapping, (_part(calibration.shape[1]),))
    with torch.inference_mode():
        for views in calibration.split(AT_ONCE):
            prepared(views.permute(0, 3, 1, 2).to(torch.float32, memory_format=torch.channels_last))
    note = f"ranges from {len(calibration)} views; head in FP32"
    return Variant(name, in_parts(convert_fx(prepared), trunk.head, AT_ONCE, torch.channels_last), note)


def _dynamic_int8(name: str, network: nn.Module, _: Tensor) -> Variant:
    quantised = quantize_dynamic(copy.deepcopy(network), {nn.Linear, nn.Conv2d}, dtype=torch.qint8)
    kinds = [type(module) for module in quantised.modules()]
    left, all_of_it = kinds.count(nn.Conv2d), sum(isinstance(m, nn.Conv2d) for m in network.modules())
    if left == all_of_it:
        raise NotAvailableError(
            f"torch has no dynamically quantised convolution: all {left} stay FP32, only the linear head changes"
        )
    return Variant(name, quantised)


_MAKERS: Final[dict[str, Callable[[str, nn.Module, Tensor], Variant]]] = {
    "FP32, whole batch at once": _whole_batch,
    "FP32, contiguous": _contiguous,
    "FP32, torch.jit frozen": _frozen,
    "FP32, torch.compile": _compiled,
    "bf16 autocast": _bf16,
    "static INT8": _static_int8,
    "dynamic INT8": _dynamic_int8,
}
