"""A user's actions in the browser, and a record of the errors and requests that they cause."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlparse

from playwright.sync_api import BrowserContext, FrameLocator, Locator, Page, expect

from tests.support.waiting import PATIENCE_SECONDS

LOCAL = {"127.0.0.1", "localhost", "::1"}
Points = Sequence[tuple[float, float]]


@dataclass
class Record:
    """The hosts that a visit sent requests to, and the errors on its pages."""

    hosts: set[str] = field(default_factory=set)
    page_errors: list[str] = field(default_factory=list)
    console_errors: list[str] = field(default_factory=list)

    @property
    def foreign_hosts(self) -> set[str]:
        return self.hosts - LOCAL

    @contextmanager
    def following(self, context: BrowserContext) -> Iterator[None]:
        """Record the requests and errors of all pages of this context during the with block."""
        listeners: dict[str, Callable[[Any], object]] = {
            "request": lambda request: self._note(request.url),
            "page": lambda page: page.on("websocket", lambda socket: self._note(socket.url)),
            "weberror": lambda error: self.page_errors.append(str(error.error)),
            "console": lambda message: self.console_errors.append(message.text) if message.type == "error" else None,
        }
        for event, listener in listeners.items():
            context.on(event, listener)  # type: ignore[call-overload]
        yield
        for event, listener in listeners.items():
            context.remove_listener(event, listener)

    def _note(self, url: str) -> None:
        if host := urlparse(url).hostname:
            self.hosts.add(host)


def at_rest(page: Page, seconds: float = PATIENCE_SECONDS) -> None:
    """Wait until Streamlit has run the page's script to the end.

    After a click, expect its effect first: until the click has reached the server, the page is still at rest.
    """
    rest = page.locator("[data-testid=stApp][data-test-script-state=notRunning]")
    expect(rest).to_be_attached(timeout=seconds * 1000)


def open_draw_page(page: Page) -> Locator:
    """Open the Draw page, and return the large predicted digit next to its canvas."""
    page.goto("/")
    expect(page.locator("canvas.upper-canvas")).to_be_visible()
    at_rest(page)
    return page.locator(".trazo-answer .digit")


def on_canvas(page: Page, points: Points, box: float = 500.0, margin: float = 0.15) -> list[tuple[float, float]]:
    """Convert points on the canvas to points on the page.

    `points`: in a square of `box` by `box`, with the y-axis pointing down; the square fills the canvas except for
    `margin` (a fraction of its width) on each side.
    """
    canvas = page.locator("canvas.upper-canvas")
    canvas.scroll_into_view_if_needed()
    bounds = canvas.bounding_box()
    assert bounds is not None, "the canvas is not visible"
    scale = bounds["width"] * (1 - 2 * margin) / box
    left, top = bounds["x"] + bounds["width"] * margin, bounds["y"] + bounds["height"] * margin
    return [(left + x * scale, top + y * scale) for x, y in points]


def draw(page: Page, strokes: Sequence[Points], box: float = 500.0, margin: float = 0.15) -> None:
    """Draw strokes with the mouse on the page's canvas; see `on_canvas` for the points."""
    for stroke in strokes:
        points = on_canvas(page, stroke, box, margin)
        page.mouse.move(*points[0])
        page.mouse.down()
        for point in points:
            page.mouse.move(*point)
        page.mouse.up()


def upload(page: Page, name: str, kind: str, content: bytes) -> None:
    """Upload a picture on the Draw page; `kind` is its MIME type."""
    page.get_by_role("radio", name="Upload a picture").click()
    page.get_by_test_id("stFileUploader").locator("input[type=file]").set_input_files(
        {"name": name, "mimeType": kind, "buffer": content}
    )


def sketch_and_submit(page: Page, demo: FrameLocator, *strokes: Points) -> None:
    """Sketch strokes, whose points are in a 2-by-2 square around the centre, and press Submit."""
    sketch = demo.locator("#sketchpad canvas").first
    expect(sketch).to_be_visible()
    bounds = sketch.bounding_box()
    assert bounds is not None
    centre, scale = (bounds["x"] + bounds["width"] / 2, bounds["y"] + bounds["height"] / 2), bounds["width"] * 0.3
    for (left, top), (right, bottom) in strokes:
        page.mouse.move(centre[0] + left * scale, centre[1] + top * scale)
        page.mouse.down()
        page.mouse.move(centre[0] + right * scale, centre[1] + bottom * scale, steps=4)
        page.mouse.up()
    demo.get_by_role("button", name="Submit").click()
