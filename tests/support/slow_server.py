"""A server that delays requests and responses for as long as a test requires."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, WebSocketRoute
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from tests.support.waiting import wait_until


class SlowServer:
    """Holds back all messages from Streamlit to the page while `holding`, and to Streamlit while `holding_requests`.

    Create it before the page is opened.
    """

    def __init__(self, page: Page) -> None:
        self.holding = False
        self.holding_requests = False
        self._held_messages: list[Callable[[], None]] = []
        self._run_has_ended = False
        self._held_requests: list[Callable[[], None]] = []
        self._page = page
        page.route_web_socket(re.compile("/_stcore/stream"), self._connect)

    def _connect(self, browser: WebSocketRoute) -> None:
        server = browser.connect_to_server()

        def deliver(message: str | bytes) -> None:
            if self.holding:
                self._held_messages.append(lambda: browser.send(message))
                assert isinstance(message, bytes)
                self._run_has_ended |= ForwardMsg.FromString(message).WhichOneof("type") == "script_finished"
            else:
                browser.send(message)

        def forward(message: str | bytes) -> None:
            if self.holding_requests:
                self._held_requests.append(lambda: server.send(message))
            else:
                server.send(message)

        server.on_message(deliver)
        browser.on_message(forward)

    def wait_for_requests(self, count: int) -> None:
        """Wait until the browser has sent this many requests that the server has not received."""
        self._wait_until(lambda: len(self._held_requests) >= count, what=f"{count} requests")

    def wait_for_the_end_of_a_run(self) -> None:
        """Wait until Streamlit has finished a script run that the browser does not know of yet."""
        self._wait_until(lambda: self._run_has_ended, what="the end of a script run")

    def _wait_until(self, condition: Callable[[], bool], what: str) -> None:
        # Playwright handles messages only while it waits for the browser.
        wait_until(lambda: self._page.evaluate("true") and condition(), what=what)

    def release(self, *, latest_request_first: bool = False) -> None:
        self.holding = self.holding_requests = self._run_has_ended = False
        for deliver in self._held_messages:
            deliver()
        for deliver in reversed(self._held_requests) if latest_request_first else self._held_requests:
            deliver()
        self._held_messages.clear()
        self._held_requests.clear()
