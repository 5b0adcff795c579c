"""The weight file of a package: its format and digest, checked without torch; no pickle is ever read."""

import hashlib
import json
from pathlib import Path

from transforms.detect.errors import DetectorError
from transforms.detect.exported.archive import SUFFIX, is_archive
from transforms.detect.exported.reader import read_program

MAX_HEADER_BYTES = 16 << 20


def sha256_file(path: Path) -> str:
    """SHA-256 of a file's bytes, as 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_weights(path: Path, sha256: str, *, exported: bool) -> None:
    """Refuse a weight file that is missing, of another format, changed, or that could do harm.

    Args:
        path: The file.
        sha256: The digest that it must have.
        exported: Whether it must be a `torch.export` program instead of safetensors.

    Raises:
        DetectorError: `missing_weights`, `pickle_refused`, `digest_mismatch`, and what `reader.read_program` raises.
    """
    if not path.is_file():
        raise DetectorError("missing_weights", f"{path} is missing; restore the package")
    kind, suffix = ("torch.export program", SUFFIX) if exported else ("safetensors file", ".safetensors")
    if path.suffix != suffix or not (is_archive(path) if exported else _is_safetensors(path)):
        raise DetectorError(
            "pickle_refused",
            f"{path} is not a {kind} ({suffix}); other formats can run code when they are read, so convert it",
        )
    found = sha256_file(path)
    if found != sha256:
        raise DetectorError(
            "digest_mismatch",
            f"{path} has SHA-256 {found}, detector.yaml states {sha256}; "
            "the file was changed or damaged, restore the package",
        )
    if exported:
        read_program(path)


def _is_safetensors(path: Path) -> bool:
    size = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if not 2 <= length <= min(size - 8, MAX_HEADER_BYTES):
            return False
        header = file.read(length)
    try:
        return isinstance(json.loads(header), dict)
    except ValueError:
        return False
