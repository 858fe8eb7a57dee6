"""A visitor whose browser has opened the dashboard before, so that pages open quickly."""

from __future__ import annotations

from playwright.sync_api import Browser, Page

from tests.support.waiting import PATIENCE_SECONDS

PATIENCE_MS = PATIENCE_SECONDS * 1000


class Visitor:
    """One browser context for all tests of a dashboard's URL; each test has its own tab and its own stored data.

    A first tab stays open on a page without scripts: its process keeps the compiled scripts of the dashboard, which
    take Chromium a second of CPU time to compile in a new context.
    """

    def __init__(self, chromium: Browser, url: str) -> None:
        self.context = chromium.new_context(base_url=url, viewport={"width": 1280, "height": 900})
        self.context.set_default_timeout(PATIENCE_MS)
        self._first_tab = self.context.new_page()
        self._first_tab.goto("./_stcore/health")

    @property
    def tabs(self) -> list[Page]:
        """The tabs that a test has open."""
        return [tab for tab in self.context.pages if tab is not self._first_tab]

    def leave(self) -> None:
        """Close the tabs; delete cookies and all other data that they stored."""
        for tab in self.tabs:
            tab.close()
        self.context.clear_cookies()
        session = self.context.new_cdp_session(self._first_tab)
        origin = self._first_tab.evaluate("location.origin")
        session.send("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": "all"})
        session.detach()
