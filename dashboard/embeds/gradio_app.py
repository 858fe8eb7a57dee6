"""The original notebook's demo: a sketchpad, Submit, and the probabilities of the ten digits."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import anyio

from core.environment import prepare_gradio
from core.errors import BundleError, TrazoError
from dashboard.api.routes import NO_MODEL_ERROR
from dashboard.embeds.gradio_answer import NO_SKETCH, PENDING, Answer, answer_to, script_without_bars
from dashboard.embeds.gradio_page import use_own_address
from dashboard.embeds.gradio_routes import FAILED_REQUESTS, GradioRoutes
from dashboard.embeds.gradio_sketchpad import limited_sketchpad
from dashboard.embeds.gradio_uploads import upload_folder
from dashboard.server import metrics
from dashboard.server.library_internals import set_queue_pause
from dashboard.server.pictures import MAX_WAITING, PicturePool
from dashboard.server.rate_limits import client_of

if TYPE_CHECKING:
    import gradio as gr

    from core.classifier.predictor import Reading
    from core.runs.active import ActivePredictor

DRAW_FIRST = "Draw a digit first"
"""The label that `/predict` answers for an empty sketch."""

_SELECT_BRUSH = """
() => setInterval(() => {
  const pad = document.getElementById("sketchpad");
  if (pad && !pad.querySelector("button.highlight")) pad.querySelector("button.quite-round")?.click();
}, 200)
"""
"""Selects the brush: Gradio's sketchpad has no tool selected at the start and after Clear."""

_KEEP_SECONDS = 600
"""Seconds after which Gradio deletes uploaded pictures, long enough to submit a sketch."""

_QUEUE_SIZE = 64
"""Predictions that may wait in Gradio's queue; more get an error at once."""

_QUEUE_PAUSE = 0.05
"""Seconds between two checks of an empty queue, which run on the event loop that serves everyone."""

_STYLE = """
#verdict { min-height: 5.5rem; text-align: center }
#verdict h1 { margin: 0; font-size: 2.25rem; line-height: 1.3 }
#verdict p { margin: 0.25rem 0 0 }
#bars { min-height: 23.75rem }
#bars .confidence-set { margin-bottom: 0.25rem }
"""
"""Fixed heights, so that nothing moves when an answer appears and the demo fits a laptop's screen."""

_Read = Callable[[bytes | None, "gr.Request"], Awaitable["Reading"]]


def build_gradio_app(predictor: Callable[[], ActivePredictor], pool: PicturePool) -> Any:
    """Return the demo as a FastAPI app to be mounted under any path. This imports Gradio, which takes seconds.

    The API has two endpoints. Both take a sketch in the format of Gradio's ImageEditor (`background`, `layers`,
    `composite`). `/predict` answers as the original demo did, `{"label", "confidences"}`; `/verdict` answers with the
    fields of `Reading.to_json`, which also reject sketches that are not digits.
    """
    prepare_gradio(upload_folder())
    import gradio as gr
    from fastapi import FastAPI

    use_own_address()
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(GradioRoutes)
    return gr.mount_gradio_app(
        app,
        _demo(_reader(predictor, pool)),
        path="",
        theme=_theme(),
        css=_STYLE,
        js=_SELECT_BRUSH,
        footer_links=["api"],
        run_history=False,
        show_error=False,
        ssr_mode=False,
        max_file_size="10mb",
        app_kwargs={"exception_handlers": FAILED_REQUESTS},
    )


def _theme() -> gr.Theme:
    import gradio as gr

    # Fonts of the visitor's own machine: no font is downloaded.
    theme = gr.themes.Default(
        primary_hue="teal", font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"]
    )
    # Gradio's own shade is too pale for the white text of a button (contrast 2.5:1).
    return theme.set(button_primary_background_fill="*primary_700")


def _demo(read: _Read) -> gr.Blocks:
    import gradio as gr

    with gr.Blocks(
        title="Handwritten digits", analytics_enabled=False, delete_cache=(_KEEP_SECONDS, _KEEP_SECONDS)
    ) as demo:
        with gr.Row():
            with gr.Column():
                sketchpad = limited_sketchpad()
                with gr.Row():
                    clear, submit = gr.ClearButton(), gr.Button("Submit", variant="primary")
            with gr.Column():
                verdict = gr.Markdown(NO_SKETCH.verdict, elem_id="verdict")
                # Without its heading, which would show the likeliest digit even for a scribble.
                bars = gr.Label(label=NO_SKETCH.title, num_top_classes=10, show_heading=False, elem_id="bars")
        shown: dict[str, Any] = {"outputs": [verdict, bars], "api_visibility": "private"}
        # Before the prediction: events of one click run in order, and a later one may fail.
        submit.click(None, js=script_without_bars(PENDING), **shown)
        _predict_on(submit, read, sketchpad, bars, shown)
        _add_verdict_endpoint(sketchpad, read)
        clear.add([sketchpad, bars])
        clear.click(None, js=script_without_bars(NO_SKETCH), **shown)
    # The picture pool limits concurrency instead of Gradio: it reserves room for every visitor.
    demo.max_threads = MAX_WAITING
    demo.queue(max_size=_QUEUE_SIZE, default_concurrency_limit=None)
    set_queue_pause(demo, _QUEUE_PAUSE)
    return demo


def _predict_on(submit: gr.Button, read: _Read, sketchpad: gr.Sketchpad, bars: gr.Label, shown: dict[str, Any]) -> None:
    """Predict on Submit: the endpoint `/predict` and, for the page, the verdict."""
    import gradio as gr

    # A state belongs to one visitor and is not part of the API's answer.
    answer = gr.State(NO_SKETCH)

    @_with_request
    async def predict(picture: bytes | None, request: gr.Request) -> tuple[dict[str, float] | str, Answer]:
        reading = await read(picture, request)
        if reading.probabilities is None:
            return DRAW_FIRST, NO_SKETCH
        return {str(digit): float(share) for digit, share in enumerate(reading.probabilities)}, answer_to(reading)

    def show(answer: Answer) -> tuple[str, Any]:
        return answer.verdict, gr.Label(label=answer.title)

    predicted = submit.click(predict, sketchpad, [bars, answer], api_name="predict")
    predicted.success(show, answer, show_progress="hidden", **shown)


def _reader(predictor: Callable[[], ActivePredictor], pool: PicturePool) -> _Read:
    """Return a function that reads a sketch, an encoded picture or None, and raises gr.Error."""
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
            raise gr.Error(NO_MODEL_ERROR, print_exception=False) from error
        except TrazoError as error:
            raise gr.Error(str(error), print_exception=False) from error

    return read


def _with_request(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make Gradio pass its request: it looks for this annotation and cannot resolve the names in the others."""
    import gradio as gr

    function.__annotations__ = {"request": gr.Request}
    return function


def _add_verdict_endpoint(sketchpad: gr.Sketchpad, read: _Read) -> None:
    """Add the endpoint `/verdict`, which the page does not show."""
    import gradio as gr

    @_with_request
    async def verdict(picture: bytes | None, request: gr.Request) -> dict[str, Any]:
        return (await read(picture, request)).to_json()

    with gr.Row(visible=False):
        button, fields = gr.Button(), gr.JSON()
    button.click(verdict, sketchpad, fields, api_name="verdict")
