"""The photographs on which weights that ship may be trained."""

import csv
from collections.abc import Iterable
from pathlib import Path


def shippable(manifests: Iterable[Path]) -> list[Path]:
    """The training pictures of manifests whose licences let trained weights ship."""
    found = []
    for manifest in manifests:
        with manifest.open(encoding="utf-8", newline="") as file:
            rows = [row for row in csv.DictReader(file) if row["split"] == "train" and row["may_ship_weights"] == "yes"]
        found += [manifest.parent / row["path"] for row in rows if row["path"].endswith(".jpg")]
    return sorted(found)
