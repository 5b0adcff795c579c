"""From a labelled folder to a manifest: what lies in it, with a split that depends on the bytes alone."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from pipelines.detector.data import VIDEO_SUFFIXES, load_rgb
from pipelines.detector.settings import Tick
from transforms.detect.package import DetectorError, sha256_file

LABELS = ("ai", "real")
CALIBRATE, TEST = "calibrate", "test"
COLUMNS = ("path", "label", "source", "split", "sha256")


@dataclass(frozen=True)
class Listing:
    """What was found.

    Attributes:
        rows: `COLUMNS`, one row a picture; `path` is absolute.
        skipped: `path` and `reason` of every file that is not among the rows.
    """

    rows: pd.DataFrame
    skipped: pd.DataFrame


def list_folder(folder: Path, share: float, tick: Tick) -> Listing:
    """List FOLDER/ai/<source>/… and FOLDER/real/<source>/…, decoding every picture once.

    The split of a picture follows from its SHA-256, so it is the same on every machine and stays when pictures are
    added. Of files with the same bytes one is listed, the first by name: copies in two splits, or counted twice, would
    make every figure look better than it is.

    Args:
        folder: The labelled folder.
        share: Share of pictures for the split `calibrate`; the others are `test`. 0 to 1.
        tick: Called as (what, files done, files in all).

    Raises:
        DetectorError: `invalid_folder` when a class is missing or has no picture that can be read.
    """
    for label in LABELS:
        if not (folder / label).is_dir():
            raise DetectorError(
                "invalid_folder", f"{folder} has no folder '{label}'; put pictures into {folder}/{label}/<source>/"
            )
    files = sorted(_files(folder), key=lambda path: os.fsencode(path.relative_to(folder)))
    found: dict[str, list[Path]] = {}
    skipped: list[tuple[str, str]] = []
    for number, path in enumerate(files, 1):
        reason, digest = _examine(path, folder)
        if reason:
            skipped.append((_shown(path), reason))
        else:
            found.setdefault(digest, []).append(path)
        tick("reading pictures", number, len(files))
    rows: list[tuple[str, str, str, str, str]] = []
    for digest, copies in found.items():
        labels = {path.relative_to(folder).parts[0] for path in copies}
        if len(labels) > 1:
            skipped += [(str(path), "the same bytes lie under 'ai' and under 'real'") for path in copies]
            continue
        skipped += [(str(path), f"the same bytes as {copies[0]}") for path in copies[1:]]
        label, source = copies[0].relative_to(folder).parts[:2]
        rows.append((str(copies[0]), label, source, split_of(digest, share), digest))
    empty = [label for label in LABELS if not any(row[1] == label for row in rows)]
    if empty:
        raise DetectorError(
            "invalid_folder", f"{folder}/{empty[0]}/ holds no picture that can be read ({len(skipped)} files skipped)"
        )
    return Listing(pd.DataFrame(rows, columns=list(COLUMNS)), pd.DataFrame(skipped, columns=["path", "reason"]))


def split_of(digest: str, share: float) -> str:
    """The split of a picture with this SHA-256 (hexadecimal)."""
    # Hashed again with a word of its own: other tools split by the first digits, too.
    drawn = hashlib.sha256(f"aiqyn calibrate {digest}".encode()).digest()
    return CALIBRATE if int.from_bytes(drawn[:8], "big") < share * 2.0**64 else TEST


def write_listing(listing: Listing, out: Path) -> Path:
    """Write the manifest, its paths relative to its folder, and beside it what was skipped.

    Returns:
        The file that lists what was skipped, `<out>.skipped.csv`.

    Raises:
        DetectorError: `cannot_write`.
    """
    skipped = out.with_name(out.name + ".skipped.csv")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        base = out.parent.resolve()
        # Folders are resolved, since '..' after a link leads elsewhere; a file that is a link keeps its own name.
        paths = [os.path.relpath(Path(p).parent.resolve() / Path(p).name, base) for p in listing.rows["path"]]
        listing.rows.assign(path=paths).to_csv(out, index=False)
        listing.skipped.to_csv(skipped, index=False)
    except OSError as e:
        raise DetectorError("cannot_write", f"{out} cannot be written: {e.strerror or e}; name another file") from e
    return skipped


def _files(folder: Path) -> list[Path]:
    found = []
    for label in LABELS:
        for place, _, names in os.walk(folder / label):
            found += [Path(place) / name for name in names]
    return found


def _examine(path: Path, folder: Path) -> tuple[str, str]:
    """Why a file cannot be listed, or nothing, and its SHA-256."""
    if len(path.relative_to(folder).parts) < 3:
        return "it lies in no source folder", ""
    if path.name.lower().endswith(VIDEO_SUFFIXES):
        return "a video: only pictures are calibrated on", ""
    if _shown(path) != str(path):
        return "its name is not UTF-8, so a manifest cannot hold it", ""
    try:
        digest = sha256_file(path)
        load_rgb(str(path))
    except OSError as e:
        return f"it cannot be read: {e.strerror or e}", ""
    except DetectorError:
        return "it cannot be decoded as a picture", ""
    return "", digest


def _shown(path: Path) -> str:
    return os.fsencode(path).decode("utf-8", "replace")
