"""A server that delays its responses for as long as a test requires."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, WebSocketRoute


class SlowServer:
    """Holds back all messages from Streamlit to the page while `holding`. Create it before the page is opened."""

    def __init__(self, page: Page) -> None:
        self.holding = False
        self._held_messages: list[Callable[[], None]] = []
        page.route_web_socket(re.compile("/_stcore/stream"), self._connect)

    def _connect(self, browser: WebSocketRoute) -> None:
        server = browser.connect_to_server()

        def deliver(message: str | bytes) -> None:
            if self.holding:
                self._held_messages.append(lambda: browser.send(message))
            else:
                browser.send(message)

        server.on_message(deliver)

    def release(self) -> None:
        self.holding = False
        for deliver in self._held_messages:
            deliver()
        self._held_messages.clear()
