"""``aiqyn doctor``: every decoder, the face finder and detectors, tried on files made for it, in a real child."""

import io
import os
import struct
import tempfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from rich.console import Console
from rich.table import Table

import configs
from pipelines.chosen import check_face_model, load_detectors, needs_of
from pipelines.errors import ExitCode, UsageError
from pipelines.marks import place_of
from pipelines.profile import load_profile
from transforms.containers.opener import Opener
from transforms.detect.package import DetectorError, DetectorPackage, FusionPackage
from transforms.detect.preprocess import prepare
from transforms.examine.frames import Pixels
from transforms.examine.pool import Child, ChildDiedError, Examined
from transforms.examine.settings import ExamineSettings, FaceSearch
from transforms.marks.mark import Says
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
# Centre, half axes and colour of the ellipses that make a face, on 320 × 320 pixels.
_FACE = (
    ((160, 150), (80, 105), (60, 40, 30)),
    ((160, 170), (66, 88), (224, 172, 140)),
    *(((x, 138), (16, 3), (70, 45, 30)) for x in (134, 186)),
    *(((x, 155), (13, 7), (250, 250, 250)) for x in (134, 186)),
    *(((x, 155), (6, 6), (50, 30, 20)) for x in (134, 186)),
    ((160, 182), (9, 6), (196, 140, 110)),
    ((160, 175), (5, 14), (210, 156, 124)),
    ((160, 212), (24, 7), (180, 80, 80)),
)
_LABELS: Final = {
    "Kazakh": "ЖИ арқылы жасалған",
    "Russian": "Создано нейросетью",
    "English": "AI-generated",
    "Chinese": "人工智能生成",
}
# A JUMBF superbox of the type c2pa with no manifest in it (C2PA specification 2.2, 11.1.4).
_DESCRIPTION: Final = b"c2pa\x00\x11\x00\x10\x80\x00\x00\xaa\x00\x38\x9b\x71\x03c2pa\x00"
_EMPTY_STORE: Final = (
    struct.pack(">I4s", 16 + len(_DESCRIPTION), b"jumb")
    + struct.pack(">I4s", 8 + len(_DESCRIPTION), b"jumd")
    + _DESCRIPTION
)


@dataclass(frozen=True, slots=True)
class Check:
    """One self-test: ``passed`` is None where an optional part is not installed."""

    name: str
    passed: bool | None
    detail: str


def run_doctor(detectors: Sequence[str]) -> ExitCode:
    """Runs all self-tests and prints them; ``SELF_TEST_FAILED`` when one failed."""
    checks = list(_checks(detectors))
    table = Table(title="aiqyn doctor")
    for column in ("check", "result", "detail"):
        table.add_column(column)
    words = {True: "ok", False: "FAILED", None: "absent"}
    for check in checks:
        table.add_row(check.name, words[check.passed], check.detail)
    Console().print(table)
    return ExitCode.SELF_TEST_FAILED if any(check.passed is False for check in checks) else ExitCode.COMPLETE


def _checks(detectors: Sequence[str]) -> Iterator[Check]:
    try:
        packages = load_detectors(detectors)
    except UsageError as error:
        yield Check("detector", passed=False, detail=str(error))
        return
    profile = load_profile("default")
    faces = FaceSearch()
    try:
        check_face_model()
    except UsageError as error:
        yield Check("faces", passed=False, detail=str(error))
        faces = FaceSearch(enabled=False)
    child = Child(ExamineSettings(profile.sampling, profile.limits, needs_of(packages), faces))
    try:
        for lock, holds in child.door.items():
            detail = "closed by the kernel" if holds else "this kernel cannot; decoders' own whitelists stand"
            yield Check(f"sandbox: {lock}", passed=True if holds else None, detail=detail)
        with tempfile.TemporaryDirectory(prefix="aiqyn-doctor-") as folder:
            for path in [*_made(Path(folder)), *sorted((configs.ROOT / "selftest").glob("*.*"))]:
                yield _decode(child, path)
            with closing(Opener(profile.limits, profile.containers)) as opener:
                for path in sorted((configs.ROOT / "selftest" / "archives").iterdir()):
                    yield _list(opener, path)
            if faces.enabled:
                yield _find_face(child, Path(folder) / "face.png")
            for name, content, kind in _declared():
                yield _read_mark(child, Path(folder) / f"{name}.png", content, kind)
            for language, label in _LABELS.items():
                yield _read_label(child, Path(folder) / f"{language}.png", label)
    finally:
        child.close()
    for package in packages.values():
        yield _fusion(package) if isinstance(package, FusionPackage) else _score(package)


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


def _examine(child: Child, path: Path) -> Examined:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return child.examine(descriptor, path.name)
    finally:
        os.close(descriptor)


def _decode(child: Child, path: Path) -> Check:
    name = f"decoder: {path.name}"
    try:
        found = _examine(child, path).examination
    except ChildDiedError as error:
        return Check(name, passed=False, detail=error.detail)
    if found.reason is Reason.DECODER_MISSING:
        return Check(name, passed=None, detail=found.detail or "")
    is_right = found.outcome is Outcome.EXAMINED and (found.width, found.height) == _SIZE
    return Check(name, passed=is_right, detail=found.detail or f"{found.media_type}, {found.frames_examined} frames")


def _list(opener: Opener, path: Path) -> Check:
    name = f"archive: {path.name}"
    listed = opener.members(place_of(path))
    if listed.ended and listed.ended[0] is Reason.DECODER_MISSING:
        return Check(name, passed=None, detail=listed.ended[1])
    members = [entry.path for entry in listed.entries]
    detail = listed.ended[1] if listed.ended else f"members: {', '.join(members)}"
    return Check(name, passed=members == ["member.txt"], detail=detail)


def _find_face(child: Child, path: Path) -> Check:
    """A face that is drawn as plainly as this one has to be found, once."""
    picture = np.full((320, 320, 3), (90, 110, 140), np.uint8)
    for centre, axes, colour in _FACE:
        cv2.ellipse(picture, centre, axes, 0, 0, 360, colour, cv2.FILLED)
    Image.fromarray(cv2.GaussianBlur(picture, (0, 0), 2.2).astype(np.uint8)).save(path)
    try:
        counts = [frame.facts.face_count for frame in _examine(child, path).frames]
    except ChildDiedError as error:
        return Check("faces", passed=False, detail=error.detail)
    return Check("faces", passed=counts == [1], detail=f"faces found in a picture of one: {counts}")


def _declared() -> Iterator[tuple[str, bytes, str]]:
    """A picture that a generator left its settings in, and one with a manifest store that holds no manifest."""
    info = PngInfo()
    info.add_text("parameters", "a garden\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1, Size: 160x96")
    for name, kind, metadata in (("metadata", "generator.automatic1111", info), ("C2PA", "c2pa.manifest", None)):
        stream = io.BytesIO()
        Image.fromarray(_pattern(0)).save(stream, "PNG", pnginfo=metadata)
        content = stream.getvalue()
        if metadata is None:
            chunk = b"caBX" + _EMPTY_STORE
            sum_ = zlib.crc32(chunk).to_bytes(4)
            content = content[:33] + len(_EMPTY_STORE).to_bytes(4) + chunk + sum_ + content[33:]
        yield name, content, kind


def _read_mark(child: Child, path: Path, content: bytes, kind: str) -> Check:
    """What was put in has to be told; of a store without a manifest, that it cannot be read."""
    name = f"marks: {path.stem}"
    path.write_bytes(content)
    try:
        marks = _examine(child, path).examination.marks
    except ChildDiedError as error:
        return Check(name, passed=False, detail=error.detail)
    detail = ", ".join(f"{mark.kind} by {mark.tool}" for mark in marks) or "nothing found"
    return Check(name, passed=[mark.kind for mark in marks] == [kind], detail=detail)


def _read_label(child: Child, path: Path, label: str) -> Check:
    """A label in large letters on an even ground has to be read, word for word."""
    name = f"labels: {path.stem}"
    picture = np.full((240, 960, 3), (90, 110, 140), np.uint8)
    cv2.putText(picture, label, (60, 140), (255, 255, 255), cv2.FontFace("sans"), 48, 500)
    Image.fromarray(picture).save(path)
    try:
        found = _examine(child, path).examination
    except ChildDiedError as error:
        return Check(name, passed=False, detail=error.detail)
    marks = [mark for mark in found.marks if mark.layer == "visible_label" and mark.says is Says.AI]
    notes = "; ".join(note.detail or note.status for note in found.layers if note.layer == "visible_label")
    detail = notes or ", ".join(f"read: {mark.value}" for mark in marks) or f"not found in a picture of «{label}»"
    return Check(name, passed=len(marks) == 1, detail=detail)


def _fusion(package: FusionPackage) -> Check:
    """It has no network of its own; that its members are those it was measured with was checked when it was loaded."""
    config = package.config
    sums = " + ".join(f"{member.weight:g} × {member.name}" for member in config.fuses)
    return Check(f"detector: {config.name}", passed=True, detail=f"{config.name} {config.version} = {sums}")


def _score(package: DetectorPackage) -> Check:
    from transforms.detect.device import choose_device, device_name
    from transforms.detect.scorer import Scorer

    name = f"detector: {package.config.name}"
    device = choose_device("auto")
    try:
        scorer = Scorer(package, 8, 1, device)  # asks the known-answer question
    except DetectorError as error:
        return Check(name, passed=False, detail=str(error))
    views = np.stack([prepare(_pattern(shift), package.config.input) for shift in range(5)])
    together, alone = scorer.score(views), [scorer.score(one[None])[0] for one in views]
    off = float(np.abs(together - alone).max())
    told = f"{package.config.name} {package.config.version}"
    detail = f"{told}, on {device_name(device)}, self-test passed, batch moves scores by {off:.1e}"
    return Check(name, passed=off < 1e-5, detail=detail)
