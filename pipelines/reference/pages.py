"""Which pages are made from the code."""

from collections.abc import Callable, Mapping
from typing import Final

from pipelines import dictionary
from pipelines.reference.commands import commands_page
from pipelines.reference.reasons import reasons_page
from pipelines.reference.settings import settings_page

PAGES: Final[Mapping[str, Callable[[], str]]] = {
    "cli.md": commands_page,
    "configuration.md": settings_page,
    "reasons.md": reasons_page,
    "tables.md": dictionary.page,
}
"""By name in ``docs``."""
