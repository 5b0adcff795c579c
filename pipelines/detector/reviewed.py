"""People's decisions as a manifest to calibrate on: whether AI made a picture, not whether that was disclosed."""

import csv
import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2

from pipelines.detector.data import COLUMNS, VIDEO_SUFFIXES
from pipelines.errors import UsageError
from pipelines.store import Store
from pipelines.tables import connect

UNSURE = "nobody was sure"
DISPUTED = "reviewers disputed whether it is AI"
NOT_LOCAL = "no file of its own on this machine: a member of an archive, or on other storage"
CHANGED = "gone, or changed since it was scanned"
UNREADABLE = "a format that calibration does not read"

# Whoever says that a disclosure is there, or is missing, says that AI made or altered the item.
_SAID = """
WITH said AS (
    SELECT content_sha256,
           list(DISTINCT if(decision = 'not_ai', 'real', 'ai')) FILTER (decision <> 'unsure') AS labels
    FROM reviews_latest GROUP BY ALL
)
SELECT said.content_sha256, coalesce(any_value(labels), []) AS labels,
       list({'uri': uri, 'member_path': member_path, 'source': source} ORDER BY uri, member_path NULLS FIRST)
       FILTER (outcome <> 'gone') AS places
FROM said LEFT JOIN items_latest AS item USING (content_sha256)
GROUP BY said.content_sha256 ORDER BY said.content_sha256
"""


@dataclass(slots=True)
class Reviewed:
    """What decisions make of the contents that they are about.

    Attributes:
        rows: Of a manifest, with its columns.
        left_out: How many contents gave no row, by reason.
    """

    rows: list[dict[str, str]] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)


def reviewed(store: Store, split: str) -> Reviewed:
    """The labels that the decisions in a store come to, one a content, under whatever policy it was reviewed.

    Args:
        store: To read.
        split: What stands in that column.
    """
    found = Reviewed()
    with connect(store) as tables:
        said = tables.execute(_SAID).fetchall()
    for content, labels, places in said:
        file = _file(content, places or []) if len(labels) == 1 else DISPUTED if labels else UNSURE
        if isinstance(file, str):
            found.left_out[file] += 1
            continue
        path, source = file
        # Nobody said that weights trained on an archive may be shipped.
        facts = {"path": str(path), "split": split, "label": labels[0], "source": source, "may_ship_weights": "no"}
        found.rows.append(facts | {"generator": "", "licence": "not stated"})
    return found


def _file(content: str, places: Sequence[Mapping[str, Any]]) -> tuple[Path, str] | str:
    """A file that still is the content, with its source; or why there is none."""
    if not places:
        return CHANGED
    local = [place for place in places if place["member_path"] is None and "://" not in place["uri"]]
    for place in local:
        path = Path(place["uri"])
        if _is_still(path, content):
            return (path, place["source"] or "reviewed") if _is_read(path) else UNREADABLE
    return CHANGED if local else NOT_LOCAL


def _is_still(path: Path, content: str) -> bool:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == content
    except OSError:
        return False


def _is_read(path: Path) -> bool:
    return str(path).lower().endswith(VIDEO_SUFFIXES) or cv2.haveImageReader(str(path))


def write_manifest(rows: Sequence[Mapping[str, str]], output: Path) -> None:
    """Writes a manifest, CSV.

    Raises:
        UsageError: It cannot be written.
    """
    try:
        with output.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS)
            writer.writeheader()
            writer.writerows(rows)
    except OSError as error:
        raise UsageError(f"{output} cannot be written: {error.strerror}. Name another file.") from error
