"""A real browser for tests of pages: Debian's Chromium, headless, which reaches nothing but what a test serves.

Tests that take the fixture ``window`` are skipped with the reason where there is no Chromium.
"""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_GRAVE = ("serious", "critical")


@dataclass
class Window:
    """A page and what was observed of it.

    Attributes:
        requests: Addresses that it asked for, in order, but for its own document's scheme ``data:`` and ``blob:``.
        errors: What its scripts threw or the console called an error.
        dialogs: Messages of dialogs that it opened: a script of an attacker would.
    """

    page: Page
    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)

    def grave_findings(self) -> list[str]:
        """What axe-core finds that is serious or critical, with the first elements that it is about."""
        found: list[dict[str, Any]] = Axe().run(self.page).response["violations"]
        return [
            f"{one['id']}: {one['help']} {[node['html'][:200] for node in one['nodes'][:3]]}"
            for one in found
            if one["impact"] in _GRAVE
        ]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    program = next(filter(None, map(shutil.which, _NAMES)), None)
    if program is None:
        pytest.skip("There is no Chromium here. Debian: apt-get install chromium")
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=program, args=arguments)
        yield opened
        opened.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    opened = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB", reduced_motion="reduce")
    yield opened
    opened.close()


@pytest.fixture
def window(context: BrowserContext) -> Window:
    page = context.new_page()
    page.set_default_timeout(20_000)
    seen = Window(page)

    def dismissed(dialog: Any) -> None:
        seen.dialogs.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", dismissed)
    page.on("request", lambda request: seen.requests.append(request.url) if _leaves(request.url) else None)
    page.on("pageerror", lambda error: seen.errors.append(str(error)))
    page.on("console", lambda told: seen.errors.append(told.text) if told.type == "error" else None)
    return seen


def _leaves(url: str) -> bool:
    return not url.startswith(("data:", "blob:"))
