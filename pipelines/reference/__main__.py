"""Writes the pages that are made from the code: ``python -m pipelines.reference docs``."""

import sys
from pathlib import Path

from pipelines.reference.pages import PAGES

folder = Path(sys.argv[1])
# All are made before one is written: what stops halfway leaves the old ones.
made = {name: page() for name, page in PAGES.items()}
for name, text in made.items():
    (folder / name).write_text(text, "utf-8")
