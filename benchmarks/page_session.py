"""A Draw page without a browser: a WebSocket client that speaks Streamlit's protocol."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import time
from types import TracebackType

import numpy as np
from PIL import Image
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import connect

CANVAS = "streamlit_drawable_canvas"
"""Part of the name of the canvas component."""
PREDICTION = "trazo_answer"
"""Name of the component that shows the prediction."""


class PageError(Exception):
    """The page showed an error or no prediction."""


class PageSession:
    """One visitor's Draw page: `async with PageSession(port) as page: await page.draw(canvas(ink))`."""

    def __init__(self, port: int, timeout: float = 10.0) -> None:
        self._url = f"ws://127.0.0.1:{port}/_stcore/stream"
        self._timeout = timeout
        self._canvas = ""
        self._fragment = ""
        self._page = ""

    async def __aenter__(self) -> PageSession:
        self._socket = await connect(self._url, subprotocols=["streamlit"], max_size=None, compression=None)  # type: ignore[list-item]
        await self._run(BackMsg(rerun_script={}))
        if not self._canvas:
            raise PageError("The Draw page has no canvas.")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._socket.close()

    async def draw(self, picture: str) -> float:
        """Send a picture of the canvas, as made by `canvas`; return the seconds until the page gets the prediction."""
        message = BackMsg()
        message.rerun_script.page_script_hash = self._page
        message.rerun_script.fragment_id = self._fragment
        state = message.rerun_script.widget_states.widgets.add()
        state.id = self._canvas
        state.json_value = json.dumps({"drawing": {"raw": {"objects": [{"type": "path"}]}, "data": picture}})
        start = time.perf_counter()
        if not await self._run(message):
            raise PageError("The page showed no prediction.")
        return time.perf_counter() - start

    async def _run(self, request: BackMsg) -> bool:
        """Trigger one script run and wait for its end; return True if a prediction arrived. Raises PageError."""
        await self._socket.send(request.SerializeToString())
        has_prediction = False
        async with asyncio.timeout(self._timeout):
            while True:
                message = ForwardMsg()
                message.ParseFromString(await self._socket.recv())  # type: ignore[arg-type]
                kind = message.WhichOneof("type")
                if kind == "new_session":
                    self._page = message.new_session.page_script_hash
                elif kind == "delta" and message.delta.WhichOneof("type") == "new_element":
                    has_prediction |= self._is_prediction(message)
                elif kind == "script_finished":
                    return has_prediction

    def _is_prediction(self, message: ForwardMsg) -> bool:
        """Return True if a new element is a prediction; if it is the canvas, remember its ids."""
        element = message.delta.new_element
        kind = element.WhichOneof("type")
        if kind == "exception":
            raise PageError(element.exception.message)
        if kind != "bidi_component":
            return False
        component = element.bidi_component
        if CANVAS in component.component_name:
            self._canvas, self._fragment = component.id, message.delta.fragment_id
        return component.component_name == PREDICTION and json.loads(component.json)["verdict"] is not None


def canvas(ink: np.ndarray) -> str:
    """Return ink (280, 280), white on black, as the data URL that the canvas sends."""
    file = io.BytesIO()
    # A browser's canvas is opaque RGBA.
    Image.fromarray(np.dstack([ink, ink, ink, np.full_like(ink, 255)])).save(file, "PNG", compress_level=1)
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
