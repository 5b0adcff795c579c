"""Reads the certificates of those whose C2PA signatures count as trusted."""

from collections.abc import Sequence
from pathlib import Path

from transforms.marks.settings import Trust


def load_trust(trust_list: Path | None, organisation: Sequence[Path] = ()) -> Trust:
    """Reads a trust list and further anchors of the user's organisation, PEM files all of them."""
    anchors = trust_list.read_text("utf-8") if trust_list else ""
    return Trust(anchors, "".join(file.read_text("utf-8") for file in organisation), trust_list.name if trust_list else "none")
