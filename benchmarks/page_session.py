"""A page in nobody's browser: a WebSocket session that speaks Streamlit's protocol and draws on the Draw page."""

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

CANVAS, ANSWER = "streamlit_drawable_canvas", "trazo_answer"


class PageError(Exception):
    """The page said that something went wrong, or said nothing."""


class PageSession:
    """One visitor's Draw page: `async with PageSession(port) as page: await page.draw(canvas(ink))`."""

    def __init__(self, port: int, patience: float = 10.0) -> None:
        self._address = f"ws://127.0.0.1:{port}/_stcore/stream"
        self._patience = patience
        self._canvas = ""
        self._fragment = ""
        self._page = ""

    async def __aenter__(self) -> PageSession:
        self._socket = await connect(self._address, subprotocols=["streamlit"], max_size=None, compression=None)  # type: ignore[list-item]
        await self._run(BackMsg(rerun_script={}))
        if not self._canvas:
            raise PageError("The Draw page has no canvas.")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._socket.close()

    async def draw(self, picture: str) -> float:
        """Lift the pen: what `canvas` made of some ink stands on the canvas; seconds until the page has its answer."""
        message = BackMsg()
        message.rerun_script.page_script_hash = self._page
        message.rerun_script.fragment_id = self._fragment
        state = message.rerun_script.widget_states.widgets.add()
        state.id = self._canvas
        state.json_value = json.dumps({"drawing": {"raw": {"objects": [{"type": "path"}]}, "data": picture}})
        began = time.perf_counter()
        if not await self._run(message):
            raise PageError("The page gave no answer.")
        return time.perf_counter() - began

    async def _run(self, message: BackMsg) -> bool:
        """Send what makes the script run, read to its end; whether an answer came. Raises PageError."""
        await self._socket.send(message.SerializeToString())
        answered = False
        async with asyncio.timeout(self._patience):
            while True:
                told = ForwardMsg()
                told.ParseFromString(await self._socket.recv())  # type: ignore[arg-type]
                kind = told.WhichOneof("type")
                if kind == "new_session":
                    self._page = told.new_session.page_script_hash
                elif kind == "delta" and told.delta.WhichOneof("type") == "new_element":
                    answered |= self._look_at(told)
                elif kind == "script_finished":
                    return answered

    def _look_at(self, told: ForwardMsg) -> bool:
        """Remember the canvas; whether this element is an answer."""
        element = told.delta.new_element
        kind = element.WhichOneof("type")
        if kind == "exception":
            raise PageError(element.exception.message)
        if kind != "bidi_component":
            return False
        component = element.bidi_component
        if CANVAS in component.component_name:
            self._canvas, self._fragment = component.id, told.delta.fragment_id
        return component.component_name == ANSWER and json.loads(component.json)["verdict"] is not None


def canvas(ink: np.ndarray) -> str:
    """Ink (280, 280), white on black, as the canvas sends it: a data URL."""
    file = io.BytesIO()
    # As a browser's canvas: opaque, its strokes white on black.
    Image.fromarray(np.dstack([ink, ink, ink, np.full_like(ink, 255)])).save(file, "PNG", compress_level=1)
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
