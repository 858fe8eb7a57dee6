"""The original notebook's demo: a sketchpad, a Submit button, and the probabilities of the ten digits."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar

import anyio

from core.catalogues import ENGLISH
from core.environment import prepare_gradio
from core.errors import BundleError, TrazoError
from core.language import in_language, tr
from dashboard.api.routes import NO_MODEL_ERROR
from dashboard.embeds.gradio_page import patch_page_template
from dashboard.embeds.gradio_result import (
    STYLE,
    Result,
    no_sketch,
    page_texts,
    pending,
    result_of,
    script_showing,
)
from dashboard.embeds.gradio_routes import FAILED_REQUEST_HANDLERS, GradioRoutes
from dashboard.embeds.gradio_sketchpad import limited_sketchpad
from dashboard.embeds.gradio_theme import dashboard_theme
from dashboard.embeds.gradio_uploads import PARTIAL_UPLOAD_PREFIX, UPLOAD_LIFETIME_SECONDS, upload_folder
from dashboard.server import metrics
from dashboard.server.language import request_language
from dashboard.server.library_internals import set_queue_poll_interval, set_upload_prefix
from dashboard.server.pictures import MAX_WAITING, PicturePool
from dashboard.server.rate_limits import client_of

if TYPE_CHECKING:
    import gradio as gr

    from core.classifier.number_reader import NumberReading
    from core.classifier.predictor import Reading
    from core.ink.drawing import Pixels
    from core.ink.picture_ink import PictureInk
    from core.runs.active import ActivePredictor

DRAW_FIRST = "Draw a digit first"
"""The label that `/predict` returns for an empty sketch."""

_SELECT_BRUSH = """
() => setInterval(() => {
  const pad = document.getElementById("sketchpad");
  if (pad && !pad.querySelector("button.highlight")) pad.querySelector("button.quite-round")?.click();
}, 200)
"""
"""Script that selects the brush: Gradio's sketchpad has no tool selected initially or after Clear."""

_QUEUE_SIZE = 64
"""Maximum number of predictions in Gradio's queue; further requests fail immediately."""

_QUEUE_POLL_SECONDS = 0.05
"""Seconds between checks of an empty queue; more frequent checks would load the shared event loop."""

_AnyReading = TypeVar("_AnyReading", "Reading", "NumberReading")
_Read = Callable[[bytes | None, "gr.Request"], Awaitable[_AnyReading]]


def build_gradio_app(predictor: Callable[[], ActivePredictor], pool: PicturePool) -> Any:
    """Return the demo as a FastAPI app that can be mounted at any path. Importing Gradio takes several seconds.

    The API has two endpoints. Both take a sketch in the format of Gradio's ImageEditor (`background`, `layers`,
    `composite`). `/predict` responds like the original demo: `{"label", "confidences"}`; `/verdict` returns the
    fields of `NumberReading.to_json`: those of one digit, whose verdict may be "not_a_digit", and those of a number.
    """
    prepare_gradio(upload_folder())
    import gradio as gr
    from fastapi import FastAPI

    patch_page_template()
    set_upload_prefix(PARTIAL_UPLOAD_PREFIX)
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(GradioRoutes)
    return gr.mount_gradio_app(
        app,
        _demo(
            sketch_reader(lambda ink: predictor().read(ink), pool),
            sketch_reader(lambda ink: predictor().read_number(ink), pool),
        ),
        path="",
        theme=dashboard_theme(),
        css=STYLE,
        js=_SELECT_BRUSH,
        footer_links=["api"],
        run_history=False,
        show_error=False,
        ssr_mode=False,
        max_file_size="10mb",
        app_kwargs={"exception_handlers": FAILED_REQUEST_HANDLERS},
    )


def _demo(read_digit: _Read[Reading], read_number: _Read[NumberReading]) -> gr.Blocks:
    import gradio as gr

    texts = page_texts(ENGLISH)  # the page translates them
    with gr.Blocks(title=texts.title, analytics_enabled=False, delete_cache=(UPLOAD_LIFETIME_SECONDS,) * 2) as demo:
        with gr.Row():
            with gr.Column():
                sketchpad = limited_sketchpad(texts.sketchpad)
                with gr.Row():
                    clear, submit = gr.ClearButton(value=texts.clear), gr.Button(texts.submit, variant="primary")
            with gr.Column():
                verdict = gr.Markdown(texts.verdict, elem_id="verdict")
                bars = gr.HTML(texts.bars, elem_id="bars", apply_default_css=False, container=True, padding=True)
                # For programs only: the response of `/predict`.
                label = gr.Label(num_top_classes=10, visible=False)
        private_listener: dict[str, Any] = {"outputs": [verdict, bars], "api_visibility": "private"}
        # Register this before the prediction: a click's listeners run in order, so the old result is cleared even if
        # the prediction fails.
        submit.click(None, js=script_showing(pending), **private_listener)
        _connect_submit(submit, read_digit, sketchpad, label, private_listener)
        _add_verdict_endpoint(sketchpad, read_number)
        clear.add(sketchpad)
        clear.click(None, js=script_showing(no_sketch), **private_listener)
    # The picture pool, not Gradio, limits concurrency, because it has a quota for each client.
    demo.max_threads = MAX_WAITING
    demo.queue(max_size=_QUEUE_SIZE, default_concurrency_limit=None)
    set_queue_poll_interval(demo, _QUEUE_POLL_SECONDS)
    return demo


def _connect_submit(
    submit: gr.Button,
    read: _Read[Reading],
    sketchpad: gr.Sketchpad,
    label: gr.Label,
    private_listener: dict[str, Any],
) -> None:
    """Make Submit run a prediction and show the verdict; the same handler serves the `/predict` endpoint."""
    import gradio as gr

    # A gr.State belongs to one visitor and is not part of the API's response.
    shown_result = gr.State(no_sketch())

    @_with_request
    async def predict(picture: bytes | None, request: gr.Request) -> tuple[dict[str, float] | str, Result]:
        reading = await read(picture, request)
        with in_language(_language_of(request)):
            if reading.probabilities is None:
                return DRAW_FIRST, no_sketch()
            probabilities = {str(digit): float(probability) for digit, probability in enumerate(reading.probabilities)}
            return probabilities, result_of(reading)

    def show(result: Result) -> tuple[str, str]:
        return result.verdict, result.bars

    prediction = submit.click(
        predict,
        sketchpad,
        [label, shown_result],
        api_name="predict",
        show_progress_on=private_listener["outputs"],
    )
    prediction.success(show, shown_result, show_progress="hidden", **private_listener)


def sketch_reader(read_ink: Callable[[Pixels | PictureInk], _AnyReading], pool: PicturePool) -> _Read[_AnyReading]:
    """Return a function that reads a sketch (an encoded picture, or None if empty).

    The function raises gr.Error on failure.
    """
    import numpy as np

    blank = np.zeros((1, 1), np.uint8)

    async def read(picture: bytes | None, request: gr.Request) -> _AnyReading:
        try:
            ink: Pixels | PictureInk = blank
            if picture is not None:
                assert request.request is not None
                ink = await pool.ink(picture, client_of(request.request.scope))
            return await anyio.to_thread.run_sync(metrics.track_prediction, "gradio", lambda: read_ink(ink))
        except BundleError as error:  # its message contains a local path
            raise _shown_error(NO_MODEL_ERROR, request) from error
        except TrazoError as error:
            raise _shown_error(error, request) from error

    return read


def _shown_error(error: str | TrazoError, request: gr.Request) -> gr.Error:
    import gradio as gr

    with in_language(_language_of(request)):
        return gr.Error(tr(error), print_exception=False)


def _language_of(request: gr.Request) -> str:
    assert request.request is not None
    return request_language(request.request.scope)


def _with_request(function: Callable[..., Any]) -> Callable[..., Any]:
    """Keep only the `gr.Request` annotation.

    Gradio needs it in order to pass the request, and cannot resolve the other annotations.
    """
    import gradio as gr

    function.__annotations__ = {"request": gr.Request}
    return function


def _add_verdict_endpoint(sketchpad: gr.Sketchpad, read: _Read[NumberReading]) -> None:
    """Add the endpoint `/verdict`, which is meant for programs and has no visible controls."""
    import gradio as gr

    @_with_request
    async def verdict(picture: bytes | None, request: gr.Request) -> dict[str, Any]:
        return (await read(picture, request)).to_json()

    with gr.Row(visible=False):
        button, fields = gr.Button(), gr.JSON()
    button.click(verdict, sketchpad, fields, api_name="verdict")
