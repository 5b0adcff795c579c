"""The browser for pages."""

from tests.browser import browser, context, window

__all__ = ["browser", "context", "window"]
