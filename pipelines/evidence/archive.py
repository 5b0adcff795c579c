"""The package as a file: a zip with a list of SHA-256, and what is wrong with one."""

import hashlib
import shutil
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from pipelines.errors import UsageError

SUMS = "SHA256SUMS"
"""As ``sha256sum --check`` reads it; it lists every other file."""
_TIME = (2026, 1, 1, 0, 0, 0)
"""Of every entry: the same rows give the same bytes. When the package was made stands in it."""
_MOST_LISTED_BYTES = 1 << 20
_PIECE = 1 << 20


def write_archive(output: Path, files: Mapping[str, bytes], originals: Mapping[str, Path]) -> str:
    """Writes a package whole, or not at all.

    Args:
        output: A file that is not there yet.
        files: Contents by path within the package.
        originals: Files that are copied into it, likewise.

    Returns:
        SHA-256 of the list of sums, which stands for all of it.

    Raises:
        UsageError: It cannot be written.
    """
    if output.exists():
        raise UsageError(f"{output} is there already. Name another file: evidence is not overwritten.")
    sums = {path: hashlib.sha256(data).hexdigest() for path, data in files.items()}
    unfinished = output.with_name(f".{output.name}.unfinished")
    try:
        with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED) as package:
            for path, data in sorted(files.items()):
                package.writestr(_entry(path), data)
            for path, original in sorted(originals.items()):
                sums[path] = _copied(original, package, path)
            listed = "".join(f"{digest}  {path}\n" for path, digest in sorted(sums.items())).encode()
            package.writestr(_entry(SUMS), listed)
        unfinished.replace(output)
    except OSError as error:
        raise UsageError(f"{output} cannot be written: {error.strerror}.") from error
    finally:
        unfinished.unlink(missing_ok=True)
    return hashlib.sha256(listed).hexdigest()


def _entry(path: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(path, _TIME)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    return entry


def _copied(original: Path, package: zipfile.ZipFile, path: str) -> str:
    with original.open("rb") as source:
        digest = hashlib.file_digest(source, "sha256").hexdigest()
        source.seek(0)
        with package.open(_entry(path), "w", force_zip64=True) as target:
            shutil.copyfileobj(source, target, _PIECE)
    return digest


@contextmanager
def opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """A package to read from; nothing of it is ever unpacked.

    Raises:
        UsageError: It is none.
    """
    try:
        with zipfile.ZipFile(path) as package:
            yield package
    except FileNotFoundError as error:
        raise UsageError(f"There is no file {path}.") from error
    except (OSError, zipfile.BadZipFile) as error:
        raise UsageError(f"{path} is no package of evidence, or a broken one: {error}") from error


def check_sums(package: zipfile.ZipFile) -> tuple[str, list[str]]:
    """Whether the package holds what its list of sums says, and nothing else.

    Returns:
        SHA-256 of the list, empty where there is none, and a line for each thing that is wrong.
    """
    names = package.namelist()
    problems = [f"{name} is in it {names.count(name)} times" for name in sorted(set(names)) if names.count(name) > 1]
    if SUMS not in names or package.getinfo(SUMS).file_size > _MOST_LISTED_BYTES:
        return "", [*problems, f"{SUMS}, the list of its files, is missing or absurdly long"]
    text = package.read(SUMS)
    listed = dict(_listed(text))
    problems += [f"{name} is not in {SUMS}: it was added" for name in sorted(set(names) - set(listed) - {SUMS})]
    problems += [f"{name} is missing" for name in sorted(set(listed) - set(names))]
    for name in sorted(set(listed) & set(names)):
        try:
            with package.open(name) as file:
                found = _digest(file)
        except (OSError, zipfile.BadZipFile, EOFError) as error:
            problems.append(f"{name} cannot be read: {error}")
            continue
        if found != listed[name]:
            problems.append(f"{name} was changed: its SHA-256 is {found}, and {SUMS} says {listed[name]}")
    return hashlib.sha256(text).hexdigest(), problems


def _listed(text: bytes) -> Iterator[tuple[str, str]]:
    for line in text.decode(errors="replace").splitlines():
        digest, _, name = line.partition("  ")
        yield name, digest


def _digest(file: IO[bytes]) -> str:
    found = hashlib.sha256()
    while piece := file.read(_PIECE):
        found.update(piece)
    return found.hexdigest()
