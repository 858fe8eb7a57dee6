"""Pages without a browser: a WebSocket client that speaks Streamlit's protocol."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Self

import numpy as np
from PIL import Image
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import connect

CANVAS = "streamlit_drawable_canvas"
"""Part of the name of the canvas component."""
PREDICTION = "trazo_answer"
"""Name of the component that shows the prediction."""

_STROKE = {"type": "path", "path": [["M", 140, 70], ["L", 140, 210]], "strokeWidth": 20}
"""The stroke that is sent with every picture. The page treats one stroke as one digit, whatever the picture shows."""


class PageError(Exception):
    """The page showed an error, or lacks a canvas or a prediction."""


class PageSession:
    """One visitor to one page: `async with PageSession(port, "inside", "image=test-3") as page: ...`."""

    def __init__(
        self,
        port: int,
        name: str = "",
        query: str = "",
        timeout: float = 10.0,
        cookies: Mapping[str, str] | None = None,
    ) -> None:
        """`name` and `query`: path and parameters of the page's URL. `timeout`: seconds for one run of its script."""
        cookie = "; ".join(f"{key}={value}" for key, value in (cookies or {}).items())
        self._headers = {"Cookie": cookie} if cookie else {}
        self._url = f"ws://127.0.0.1:{port}/_stcore/stream"
        self._name, self._query, self._timeout = name, query, timeout
        self._page_hash = ""
        self.session_id = ""
        """Streamlit's session id for this page, which is part of the URLs for uploads."""

    async def __aenter__(self) -> Self:
        self._socket = await connect(
            self._url,
            subprotocols=["streamlit"],  # type: ignore[list-item]
            additional_headers=self._headers,
            max_size=None,
            compression=None,
        )
        await self._run(BackMsg(rerun_script={"page_name": self._name, "query_string": self._query}))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._socket.close()

    def on_element(self, message: ForwardMsg) -> None:
        """Called for each new element on the page; subclasses override it."""

    async def change(self, widget: str, fragment: str, **value: object) -> float:
        """Change a widget's value; return how many seconds its update took. Raises PageError."""
        message = BackMsg()
        message.rerun_script.fragment_id = fragment
        message.rerun_script.widget_states.widgets.add(id=widget, **value)
        return await self.send(message)

    async def send(self, message: BackMsg) -> float:
        """Run the page's script with a message's widget states; return how many seconds that took. Raises PageError."""
        message.rerun_script.page_script_hash = self._page_hash
        message.rerun_script.query_string = self._query
        start = time.perf_counter()
        await self._run(message)
        return time.perf_counter() - start

    async def _run(self, request: BackMsg) -> None:
        """Trigger one script run and wait until it ends. Raises PageError."""
        await self._socket.send(request.SerializeToString())
        async with asyncio.timeout(self._timeout):
            while True:
                message = ForwardMsg()
                message.ParseFromString(await self._socket.recv())  # type: ignore[arg-type]
                kind = message.WhichOneof("type")
                if kind == "new_session":
                    self.session_id = message.new_session.initialize.session_id
                elif kind == "navigation":
                    self._page_hash = message.navigation.page_script_hash
                elif kind == "delta" and message.delta.WhichOneof("type") == "new_element":
                    if message.delta.new_element.WhichOneof("type") == "exception":
                        raise PageError(message.delta.new_element.exception.message)
                    self.on_element(message)
                # A script that switches pages or reruns its own page ends early and starts again.
                elif kind == "script_finished" and message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                    return


class DrawPage(PageSession):
    """One visitor's Draw page: `async with DrawPage(port) as page: await page.draw(canvas_data_url(ink))`."""

    def __init__(self, port: int, timeout: float = 10.0, cookies: Mapping[str, str] | None = None) -> None:
        super().__init__(port, timeout=timeout, cookies=cookies)
        self._canvas_id = self._fragment_id = ""
        self._has_prediction = False

    async def draw(self, picture: str) -> float:
        """Send a picture of the canvas, as returned by `canvas_data_url`; return how many seconds the update took."""
        if not self._canvas_id:
            raise PageError("The Draw page has no canvas.")
        self._has_prediction = False
        value = json.dumps({"drawing": {"raw": {"objects": [_STROKE]}, "data": picture}})
        seconds = await self.change(self._canvas_id, self._fragment_id, json_value=value)
        if not self._has_prediction:
            raise PageError("The page showed no prediction.")
        return seconds

    def on_element(self, message: ForwardMsg) -> None:
        """Note whether this is a prediction; if it is the canvas, remember its ids."""
        element = message.delta.new_element
        if element.WhichOneof("type") != "bidi_component":
            return
        component = element.bidi_component
        if CANVAS in component.component_name:
            self._canvas_id, self._fragment_id = component.id, message.delta.fragment_id
        if component.component_name == PREDICTION:
            self._has_prediction |= json.loads(component.json)["verdict"] is not None


def canvas_data_url(ink: np.ndarray) -> str:
    """Return ink (280, 280), white on black, as the data URL that the canvas sends."""
    file = io.BytesIO()
    # The page's canvas sends opaque RGBA.
    Image.fromarray(np.dstack([ink, ink, ink, np.full_like(ink, 255)])).save(file, "PNG", compress_level=1)
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
