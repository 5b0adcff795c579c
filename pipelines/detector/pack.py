"""From a `torch.export` program to a detector package, still without calibration."""

import math
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from pipelines.detector import packaging
from transforms.detect import package
from transforms.detect.errors import DetectorError
from transforms.detect.exported.archive import is_archive
from transforms.detect.exported.wrapper import Contract, load_exported
from transforms.detect.preprocess import InputSpec, synthetic_views
from transforms.detect.scope import ScopeRules
from transforms.detect.scoring import score_views

PROGRAM_NAME = "program.pt2"
BATCH_TOLERANCE = 1e-3

_NOTHING_KNOWN = "Unknown: nobody told the package what its network was trained on."


@dataclass(frozen=True)
class Plan:
    """What is packed, and how it is to be used.

    Attributes:
        program: The `.pt2` file.
        out: The package folder; its name becomes the detector's.
        input: What the network wants to see.
        contract: How views become its input and its output a logit.
        scope: What it will not assess; None: it assesses everything.
        version: Of the network.
        licence: Of its weights.
        description: One sentence.
    """

    program: Path
    out: Path
    input: InputSpec
    contract: Contract
    scope: ScopeRules | None
    version: str
    licence: str
    description: str


def pack(plan: Plan) -> package.DetectorConfig:
    """Try a program and write it as a package that no scan takes until it is calibrated.

    Raises:
        DetectorError: `invalid_name`, `exists`, `missing_weights`, `pickle_refused`, `batch_dependent`, `cannot_write`
            and what `wrapper.load_exported` raises.
    """
    check_place(plan.out)
    if not plan.program.is_file():
        raise DetectorError("missing_weights", f"{plan.program} is missing; write it with torch.export.save")
    if not is_archive(plan.program):
        raise DetectorError(
            "pickle_refused",
            f"{plan.program} is not a torch.export program; write it with torch.export.save(torch.export.export(…), …)",
        )
    config = _config(plan, package.sha256_file(plan.program), raw=0.0)
    network = load_exported(package.DetectorPackage(config, plan.program.parent, digest=""))
    check_batches(network, plan.input, str(plan.program))
    raw = float(score_views(network, synthetic_views(plan.input)[None], 1)[0])
    config = _config(plan, config.weights.sha256, raw).model_copy(
        update={"weights": package.Weights(file=PROGRAM_NAME, sha256=config.weights.sha256)}
    )
    try:
        plan.out.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(plan.program, plan.out / PROGRAM_NAME)
        packaging.write_package(config, plan.out)
    except OSError as e:
        raise DetectorError("cannot_write", f"{plan.out} cannot be written: {e.strerror or e}; name another") from e
    return config


def check_place(out: Path) -> None:
    """Refuse a package folder before anything is computed for it.

    Raises:
        DetectorError: `invalid_name` or `exists`.
    """
    if not packaging.is_name(out.name):
        raise DetectorError(
            "invalid_name", f"'{out.name}' cannot name a detector; use small letters, digits, '.', '_', '-'"
        )
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise DetectorError("exists", f"{out} exists already and is not overwritten; remove it or name another folder")


def check_batches(network: nn.Module, spec: InputSpec, where: str) -> None:
    """Refuse a network whose answer depends on what else is in its batch.

    Raises:
        DetectorError: `batch_dependent`.
    """
    torch.manual_seed(0)
    noise = np.random.default_rng(0).integers(0, 256, (3, spec.views, spec.size, spec.size, 3), np.uint8)
    frames = np.concatenate([synthetic_views(spec)[None], noise])
    together = score_views(network, frames, len(frames))
    alone = np.concatenate([score_views(network, frame[None], 1) for frame in frames])
    off = float(np.abs(together - alone).max())
    if not off <= BATCH_TOLERANCE * max(1.0, float(np.abs(alone).max())):
        raise DetectorError(
            "batch_dependent",
            f"{where}: a picture's score changes by {off:.2g} with the pictures beside it; "
            "call network.eval() and leave out layers that mix a batch, then export it again",
        )


def _config(plan: Plan, sha256: str, raw: float) -> package.DetectorConfig:
    params = {key: value for key, value in plan.contract.model_dump(mode="json").items() if value is not None}
    return package.DetectorConfig(
        name=plan.out.name,
        version=plan.version,
        licence=plan.licence,
        description=plan.description,
        architecture=package.Architecture(name=package.EXPORTED, params=params),
        input=plan.input,
        scope=plan.scope,
        rollup=package.RollUp(),
        calibration=package.Calibration(method="none", scale=1.0, bias=0.0, fitted_on="nothing: not calibrated"),
        operating_points=[],
        training=_NOTHING_KNOWN,
        training_data=[],
        skill=[],
        blind_spots=["Unknown: nothing was measured."],
        weights=package.Weights(file=plan.program.name, sha256=sha256),
        self_test=package.SelfTest(raw=_rounded(raw), tolerance=packaging.SELF_TEST_TOLERANCE * max(1.0, abs(raw))),
    )


def _rounded(raw: float) -> float:
    return float(f"{raw:.7g}") if math.isfinite(raw) else raw
