"""Templates with autoescape on, and a policy that lets a page run and load nothing but what it carries itself."""

import base64
import hashlib
from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pipelines.pages.texts import shown, shown_path

STYLE = Path(__file__).with_name("style.css")
"""The look that all our pages share."""


def environment(folder: Path) -> Environment:
    """Templates of a folder. Every value is escaped; names that are missing are errors.

    Args:
        folder: Where they lie.
    """
    templates = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters["shown"] = shown
    templates.filters["shown_path"] = shown_path
    return templates


def self_contained(styles: Sequence[str], scripts: Sequence[str]) -> str:
    """A Content-Security-Policy under which nothing is loaded, and only these texts of ``style`` and ``script`` hold.

    Args:
        styles: Texts of ``style`` elements, to the letter.
        scripts: Texts of ``script`` elements.
    """
    sources = {"style-src": _hashes(styles), "script-src": _hashes(scripts)}
    allowed = [f"{name} {given}" for name, given in sources.items() if given]
    return "; ".join(["default-src 'none'", "img-src data:", *allowed, "base-uri 'none'", "form-action 'none'"])


def _hashes(texts: Sequence[str]) -> str:
    digests = (base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in texts)
    return " ".join(f"'sha256-{digest}'" for digest in digests)
