"""The original notebook's demo: a sketchpad, Submit, and the probabilities of the ten digits."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import anyio
from starlette.responses import HTMLResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from core.environment import prepare_gradio
from core.errors import BundleError, TrazoError
from dashboard.api.routes import NO_MODEL
from dashboard.embeds.gradio_guard import FAILED_REQUESTS, GradioRoutes, guard_sketchpad, upload_folder
from dashboard.embeds.gradio_page import use_own_address
from dashboard.server import metrics
from dashboard.server.library_internals import set_queue_pause
from dashboard.server.pictures import MAX_WAITING, PicturePool
from dashboard.server.rate_limits import client_of

if TYPE_CHECKING:
    import gradio as gr

    from core.classifier.predictor import Reading
    from core.runs.active import ActivePredictor

_logger = logging.getLogger(__name__)

DRAW_FIRST = "Draw a digit first"
"""What an empty sketch gets instead of a digit."""

_SIDE = 280
_BRUSH = 10
"""Half the width of a stroke, in pixels of the 280: about as wide as MNIST's, once the drawing is 28 wide."""

_PICK_BRUSH = """
() => setInterval(() => {
  const pad = document.getElementById("sketchpad");
  if (pad && !pad.querySelector("button.highlight")) pad.querySelector("button.quite-round")?.click();
}, 200)
"""
"""Gradio's sketchpad starts, and starts again after Clear, with no tool in hand; this picks up the brush."""

_KEEP_FILES = 600
"""Seconds after which Gradio may delete the pictures that were uploaded."""

FIRST_COME_PAGES = 30.0
"""Seconds for which Gradio is not loaded unless somebody asks for it: while it is, a page takes seconds more."""

_MAX_WAITING = 64
"""Predictions that may wait in Gradio's queue."""

_QUEUE_LOOKS = 0.05
"""Seconds between two looks into an empty queue, on the event loop that serves everyone."""

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Gradio demo</title>{refresh}
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>:root {{ color-scheme: light dark; font: 1rem system-ui, sans-serif }}
body {{ display: grid; place-items: center; min-height: 80vh; margin: 1rem; text-align: center }}</style></head>
<body><p role="status">{sentence}</p></body></html>
"""
_LOADING = _PAGE.format(
    refresh='<meta http-equiv="refresh" content="1">',
    sentence="The Gradio demo is loading; this page opens it as soon as it is ready.",
)
_BROKEN = _PAGE.format(
    refresh="", sentence="The Gradio demo could not be loaded; the log of the dashboard says why. All other pages work."
)


_STYLE = """
#verdict { min-height: 5.5rem; text-align: center }
#verdict h1 { margin: 0; font-size: 2.25rem; line-height: 1.3 }
#verdict p { margin: 0.25rem 0 0 }
#bars { min-height: 23.75rem }
#bars .confidence-set { margin-bottom: 0.25rem }
"""
"""Verdict and bars take the same room whatever they are, and all fits a laptop's screen below the page's heading."""


class _Said(NamedTuple):
    """What the page says of a sketch, in Markdown, and what it calls the bars below."""

    words: str
    bars: str = "Probability of each digit"


_NOTHING = _Said("# Draw a digit\nThe answer comes when you press Submit.")
_NO_ANSWER = _Said("# No answer yet\nPress Submit again if none comes.")
"""From Submit to the answer, and for as long as none comes: the sketch is another one than the last answer's."""


def _said(reading: Reading) -> _Said:
    if reading.verdict == "not_a_digit":
        return _Said(f"# Not a digit\n{reading.sentence}.", "If it were a digit")
    first, second = reading.candidates
    heading = f"{first} or {second}?" if reading.verdict == "unsure" else str(first)
    return _Said(f"# {heading}\n{reading.sentence}.")


def _without_bars(said: _Said) -> str:
    """JavaScript that shows these words and no bars: done by the browser alone, whatever the server is at."""
    bars = {"__type__": "update", "label": said.bars, "value": {}}
    return f"() => {json.dumps([said.words, bars])}"


class GradioDemo:
    """An ASGI app that is there at once and becomes the demo when Gradio, which takes seconds to import, is loaded.

    Until then it answers 503 with a page that refreshes itself.
    """

    def __init__(self, predictor: Callable[[], ActivePredictor], pool: PicturePool) -> None:
        self._predictor, self._pool = predictor, pool
        self._app: ASGIApp | None = None
        self._broken = False
        self._wanted = asyncio.Event()

    async def serve(self, loaded: Callable[[], None]) -> None:
        """Load Gradio in a thread, call `loaded`, then keep it running until this task is cancelled.

        What the first visitors ask for comes first: it is loaded when somebody wants it, or after a while.
        """
        with anyio.move_on_after(FIRST_COME_PAGES):
            await self._wanted.wait()
        try:
            app = await anyio.to_thread.run_sync(build_gradio_app, self._predictor, self._pool)
        except Exception:
            _logger.exception("The Gradio demo could not be loaded.")
            self._broken = True
            return
        # Gradio's queue runs in its lifespan, which a server enters only for the outermost app.
        async with app.router.lifespan_context(app):
            loaded()
            self._app = app
            await anyio.sleep_forever()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self._app or self._wait
        await app(scope, receive, send)

    async def _wait(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._wanted.set()
        headers = {"Cache-Control": "no-store"} if self._broken else {"Cache-Control": "no-store", "Retry-After": "1"}
        await HTMLResponse(_BROKEN if self._broken else _LOADING, 503, headers)(scope, receive, send)


def build_gradio_app(predictor: Callable[[], ActivePredictor], pool: PicturePool) -> Any:
    """The demo as a FastAPI app that lies at the root of wherever it is mounted. Takes seconds: it imports Gradio.

    The API has two endpoints. Both take a sketch as Gradio's ImageEditor sends it (`background`, `layers`,
    `composite`). `/predict` answers as the original demo did, `{"label", "confidences"}`; `/verdict` with the fields of
    `Reading.to_json`, which tell a scribble from a digit.
    """
    prepare_gradio(upload_folder())
    import gradio as gr
    from fastapi import FastAPI

    use_own_address()
    read = _reader(predictor, pool)

    @_with_request
    async def read_sketch(picture: bytes | None, request: gr.Request) -> tuple[dict[str, float] | str, _Said]:
        reading = await read(picture, request)
        if reading.probabilities is None:
            return DRAW_FIRST, _NOTHING
        return {str(digit): float(share) for digit, share in enumerate(reading.probabilities)}, _said(reading)

    def show(said: _Said) -> tuple[str, Any]:
        return said.words, gr.Label(label=said.bars)

    with gr.Blocks(
        title="Handwritten digits", analytics_enabled=False, delete_cache=(_KEEP_FILES, _KEEP_FILES)
    ) as demo:
        # A state is the visitor's own: programs get the label and the confidences alone.
        said = gr.State(_NOTHING)
        with gr.Row():
            with gr.Column():
                sketchpad = _sketchpad()
                with gr.Row():
                    clear, submit = gr.ClearButton(), gr.Button("Submit", variant="primary")
            with gr.Column():
                verdict = gr.Markdown(_NOTHING.words, elem_id="verdict")
                # Without its heading, which is the likeliest digit in large, of scribbles, too.
                prediction = gr.Label(label=_NOTHING.bars, num_top_classes=10, show_heading=False, elem_id="bars")
        answer: dict[str, Any] = {"outputs": [verdict, prediction], "api_visibility": "private"}
        # First: what is clicked for is done one after the other, and the rest may fail.
        submit.click(None, js=_without_bars(_NO_ANSWER), **answer)
        read_it = submit.click(read_sketch, sketchpad, [prediction, said], api_name="predict")
        read_it.success(show, said, show_progress="hidden", **answer)
        _verdict_for_programs(sketchpad, read)
        clear.add([sketchpad, prediction])
        clear.click(None, js=_without_bars(_NOTHING), **answer)
    # The pool, not Gradio, limits the sketches that are read at a time: it keeps room for every visitor.
    demo.max_threads = MAX_WAITING
    demo.queue(max_size=_MAX_WAITING, default_concurrency_limit=None)
    set_queue_pause(demo, _QUEUE_LOOKS)
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(GradioRoutes)
    # Fonts of the visitor's own machine: nothing is fetched for them.
    theme = gr.themes.Default(
        primary_hue="teal", font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"]
    )
    return gr.mount_gradio_app(
        app,
        demo,
        path="",
        # Gradio's own shade of the button is too pale for the white on it (2.5:1).
        theme=theme.set(button_primary_background_fill="*primary_700"),
        css=_STYLE,
        js=_PICK_BRUSH,
        footer_links=["api"],
        run_history=False,
        show_error=False,
        ssr_mode=False,
        max_file_size="10mb",
        app_kwargs={"exception_handlers": FAILED_REQUESTS},
    )


def _reader(
    predictor: Callable[[], ActivePredictor], pool: PicturePool
) -> Callable[[bytes | None, gr.Request], Awaitable[Reading]]:
    """Return the function that reads a visitor's sketch, an encoded picture, and raises gr.Error."""
    import gradio as gr
    import numpy as np

    blank = np.zeros((1, 1), np.uint8)

    async def read(picture: bytes | None, request: gr.Request) -> Reading:
        try:
            ink = blank
            if picture is not None:
                assert request.request is not None
                ink = await pool.ink(picture, client_of(request.request.scope))
            return await anyio.to_thread.run_sync(metrics.counted, "gradio", lambda: predictor().read(ink))
        except BundleError as error:  # its own sentence names a folder of this machine
            raise gr.Error(NO_MODEL, print_exception=False) from error
        except TrazoError as error:
            raise gr.Error(str(error), print_exception=False) from error

    return read


def _with_request(function: Callable[..., Any]) -> Callable[..., Any]:
    """Let Gradio pass its request: it looks for this annotation, and cannot resolve the names of the others."""
    import gradio as gr

    function.__annotations__ = {"request": gr.Request}
    return function


def _verdict_for_programs(sketchpad: gr.Sketchpad, read: Callable[..., Awaitable[Reading]]) -> None:
    """Add the endpoint `/verdict`, which the page does not show."""
    import gradio as gr

    @_with_request
    async def verdict(picture: bytes | None, request: gr.Request) -> dict[str, Any]:
        return (await read(picture, request)).to_json()

    with gr.Row(visible=False):
        ask, fields = gr.Button(), gr.JSON()
    ask.click(verdict, sketchpad, fields, api_name="verdict")


def _sketchpad() -> gr.Sketchpad:
    import gradio as gr

    sketchpad = gr.Sketchpad(
        label="Draw a digit",
        elem_id="sketchpad",
        type="numpy",
        canvas_size=(_SIDE, _SIDE),
        fixed_canvas=True,
        brush=gr.Brush(default_size=_BRUSH, colors=["#000000"], color_mode="fixed"),
        layers=False,
        transforms=(),
        buttons=[],
    )
    guard_sketchpad(sketchpad)
    return sketchpad
