"""A server that answers a page late, for as long as a test wants."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, WebSocketRoute


class SlowServer:
    """Holds back everything that Streamlit sends to the page while `holding`. Make it before the page is opened."""

    def __init__(self, page: Page) -> None:
        self.holding = False
        self._held: list[Callable[[], None]] = []
        page.route_web_socket(re.compile("/_stcore/stream"), self._connect)

    def _connect(self, browser: WebSocketRoute) -> None:
        server = browser.connect_to_server()

        def deliver(message: str | bytes) -> None:
            if self.holding:
                self._held.append(lambda: browser.send(message))
            else:
                browser.send(message)

        server.on_message(deliver)

    def release(self) -> None:
        self.holding = False
        for deliver in self._held:
            deliver()
        self._held.clear()
