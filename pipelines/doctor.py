"""``aiqyn doctor``: every decoder and the detector, tried on files made for it, through a real examiner child."""

import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image
from rich.console import Console
from rich.table import Table

from pipelines.errors import ExitCode
from pipelines.profile import load_profile
from transforms.detect.package import DetectorError, load_package
from transforms.detect.preprocess import prepare
from transforms.examine.pictures import HEIC_AVAILABLE
from transforms.examine.pool import Child, ChildDiedError
from transforms.examine.settings import ExamineSettings
from transforms.examine.videos import AV1_AVAILABLE
from transforms.outcomes import Outcome

_SIZE = (160, 96)
_PICTURES = {
    "JPEG": "jpg",
    "PNG": "png",
    "WEBP": "webp",
    "GIF": "gif",
    "TIFF": "tiff",
    "BMP": "bmp",
    "AVIF": "avif",
}
_VIDEOS = {"MJPG": "avi", "mp4v": "mp4", "VP80": "webm", "VP90": "webm"}
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
    settings = ExamineSettings(profile.sampling, profile.limits, package.config.input)
    child = Child(settings)
    try:
        for lock, holds in child.door.items():
            detail = "closed by the kernel" if holds else "this kernel cannot; decoders' own whitelists stand"
            yield Check(f"sandbox: {lock}", passed=True if holds else None, detail=detail)
        with tempfile.TemporaryDirectory(prefix="aiqyn-doctor-") as folder:
            for name, write in _samples():
                path = Path(folder) / name
                yield _decode(child, path, write)
    finally:
        child.close()
    yield Check("decoder: HEIC", passed=HEIC_AVAILABLE or None, detail="pi-heif, extra heic")
    yield Check("decoder: AV1 video", passed=AV1_AVAILABLE or None, detail="PyAV, extra av1")
    yield _score(detector)


def _samples() -> Iterator[tuple[str, Callable[[Path], None]]]:
    picture = Image.fromarray(_pattern(0))
    for form, suffix in _PICTURES.items():
        yield f"{form.lower()}.{suffix}", lambda path, form=form: picture.save(path, form)  # type: ignore[misc]
    for codec, suffix in _VIDEOS.items():
        yield f"{codec.lower()}.{suffix}", lambda path, codec=codec: _write_video(path, codec)  # type: ignore[misc]


def _pattern(shift: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    rows, columns = np.indices(_SIZE[::-1])
    return np.stack([(rows * 2 + shift) % 256, (columns + shift * 3) % 256, (rows + columns) % 256], -1).astype(
        np.uint8
    )


def _write_video(path: Path, codec: str) -> None:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*codec), 12, _SIZE)
    for shift in range(_FRAMES):
        writer.write(_pattern(shift))
    writer.release()


def _decode(child: Child, path: Path, write: Callable[[Path], None]) -> Check:
    name = f"decoder: {path.name}"
    write(path)
    descriptor = os.open(path, os.O_RDONLY)
    try:
        found = child.examine(descriptor, path.name).examination
    except ChildDiedError as error:
        return Check(name, passed=False, detail=error.detail)
    finally:
        os.close(descriptor)
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
