"""``aiqyn doctor``: every decoder and the detector, tried on files made for it, in a real examiner child."""

import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image
from rich.console import Console
from rich.table import Table

import configs
from pipelines.errors import ExitCode
from pipelines.profile import load_profile
from transforms.detect.package import DetectorError, load_package
from transforms.detect.preprocess import prepare
from transforms.examine.frames import Pixels
from transforms.examine.pool import Child, ChildDiedError
from transforms.examine.settings import ExamineSettings
from transforms.outcomes import Outcome, Reason

_SIZE = (160, 96)
_PICTURES = {
    "JPEG": "jpg",
    "PNG": "png",
    "WEBP": "webp",
    "GIF": "gif",
    "TIFF": "tiff",
    "BMP": "bmp",
    "AVIF": "avif",
    "JPEG2000": "jp2",
}
_VIDEOS = {"MJPG": "avi", "mp4v": "mp4"}
_FRAMES = 12


@dataclass(frozen=True, slots=True)
class Check:
    """One self-test: ``passed`` is None where an optional part is not installed."""

    name: str
    passed: bool | None
    detail: str


def run_doctor(detector: str) -> ExitCode:
    """Runs all self-tests and prints them; ``SELF_TEST_FAILED`` when one failed."""
    checks = list(_checks(detector))
    table = Table(title="aiqyn doctor")
    for column in ("check", "result", "detail"):
        table.add_column(column)
    words = {True: "ok", False: "FAILED", None: "absent"}
    for check in checks:
        table.add_row(check.name, words[check.passed], check.detail)
    Console().print(table)
    return ExitCode.SELF_TEST_FAILED if any(check.passed is False for check in checks) else ExitCode.COMPLETE


def _checks(detector: str) -> Iterator[Check]:
    try:
        package = load_package(detector)
    except DetectorError as error:
        yield Check("detector", passed=False, detail=str(error))
        return
    profile = load_profile("default")
    child = Child(ExamineSettings(profile.sampling, profile.limits, package.config.input))
    try:
        for lock, holds in child.door.items():
            detail = "closed by the kernel" if holds else "this kernel cannot; decoders' own whitelists stand"
            yield Check(f"sandbox: {lock}", passed=True if holds else None, detail=detail)
        with tempfile.TemporaryDirectory(prefix="aiqyn-doctor-") as folder:
            for path in [*_made(Path(folder)), *sorted((configs.ROOT / "selftest").iterdir())]:
                yield _decode(child, path)
    finally:
        child.close()
    yield _score(detector)


def _made(folder: Path) -> Iterator[Path]:
    """A sample of each format that the core itself can write; the others are shipped (``configs/selftest``)."""
    for form, suffix in _PICTURES.items():
        path = folder / f"{form.lower()}.{suffix}"
        Image.fromarray(_pattern(0)).save(path, form)
        yield path
    for codec, suffix in _VIDEOS.items():
        path = folder / f"{codec.lower()}.{suffix}"
        writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*codec), 12, _SIZE)
        for shift in range(_FRAMES):
            writer.write(_pattern(shift))
        writer.release()
        yield path


def _pattern(shift: int) -> Pixels:
    rows, columns = np.indices(_SIZE[::-1])
    channels = [(rows * 2 + shift) % 256, (columns + shift * 3) % 256, (rows + columns) % 256]
    return np.stack(channels, -1).astype(np.uint8)


def _decode(child: Child, path: Path) -> Check:
    name = f"decoder: {path.name}"
    descriptor = os.open(path, os.O_RDONLY)
    try:
        found = child.examine(descriptor, path.name).examination
    except ChildDiedError as error:
        return Check(name, passed=False, detail=error.detail)
    finally:
        os.close(descriptor)
    if found.reason is Reason.DECODER_MISSING:
        return Check(name, passed=None, detail=found.detail or "")
    is_right = found.outcome is Outcome.EXAMINED and (found.width, found.height) == _SIZE
    return Check(name, passed=is_right, detail=found.detail or f"{found.media_type}, {found.frames_examined} frames")


def _score(detector: str) -> Check:
    from transforms.detect.scoring import load_network, score_views

    try:
        package = load_package(detector)
        network = load_network(package)  # asks the known-answer question
    except DetectorError as error:
        return Check("detector", passed=False, detail=str(error))
    views = np.stack([prepare(_pattern(shift), package.config.input) for shift in range(5)])
    together, alone = score_views(network, views, 8), [score_views(network, one[None], 8)[0] for one in views]
    off = float(np.abs(together - alone).max())
    detail = f"{package.config.name} {package.config.version}, self-test passed, batch moves scores by {off:.1e}"
    return Check("detector", passed=off < 1e-5, detail=detail)
