"""Configuration that travels in the wheel as data: detectors, scan profiles and views."""

import re
from pathlib import Path

ROOT = Path(__file__).parent
DEFAULT_DETECTOR = "aiqyn-lite"
"""The shipped detector that scans use where none is named."""


def view_names() -> list[str]:
    """Every view that analysts see, in the order in which each stands on those before it."""
    texts = (file.read_text("utf-8") for file in sorted((ROOT / "views").glob("*.sql")))
    return [name for text in texts for name in re.findall(r"^CREATE VIEW (\w+)", text, re.MULTILINE)]
