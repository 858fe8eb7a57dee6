"""Ways to run the active model that only the dashboard offers: Gradio's function and the HTTP API."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import numpy as np

from core.environment import prepare_gradio
from core.exports.parity import Answers
from core.runs.active import ActivePredictor
from dashboard.embeds.gradio_uploads import upload_folder
from dashboard.server.pictures import PicturePool

_CLIENT = ("127.0.0.1", 0)

Reader = Callable[[bytes], Awaitable[dict[str, Any]]]
"""Returns the fields `probabilities` and `verdict` for an encoded picture."""


def gradio_answers(predictor: Callable[[], ActivePredictor], pool: PicturePool, pictures: Sequence[bytes]) -> Answers:
    """Read pictures with the function behind Gradio's Submit button."""
    prepare_gradio(upload_folder())
    # Imported here, because importing Gradio takes seconds.
    import gradio as gr
    from starlette.requests import Request

    from dashboard.embeds.gradio_app import sketch_reader

    request = gr.Request(Request({"type": "http", "path": "/", "client": _CLIENT, "headers": []}))

    async def read_all(pool: PicturePool) -> Answers:
        read = sketch_reader(lambda ink: predictor().read(ink), pool)

        async def read_picture(picture: bytes) -> dict[str, Any]:
            return (await read(picture, request)).to_json()

        return await _answers(read_picture, pictures)

    return pool.call_from_thread(read_all)


def api_answers(predictor: Callable[[], ActivePredictor], pool: PicturePool, pictures: Sequence[bytes]) -> Answers:
    """Send pictures to the API's `/predict` endpoint without going over the network."""
    import httpx

    from dashboard.api.routes import build_api

    async def read_all(pool: PicturePool) -> Answers:
        transport = httpx.ASGITransport(build_api(predictor, lambda: True, pool), client=_CLIENT)
        async with httpx.AsyncClient(transport=transport, base_url="http://trazo") as client:

            async def read_picture(picture: bytes) -> dict[str, Any]:
                response = await client.post("/predict", content=picture, headers={"content-type": "image/png"})
                response.raise_for_status()
                body: dict[str, Any] = response.json()
                return body

            return await _answers(read_picture, pictures)

    return pool.call_from_thread(read_all)


async def _answers(read: Reader, pictures: Sequence[bytes]) -> Answers:
    await read(pictures[0])  # a warm-up, because the first call may start a process
    start = time.perf_counter()
    results = [await read(picture) for picture in pictures]
    seconds = time.perf_counter() - start
    probabilities = np.array([result["probabilities"] for result in results])
    return Answers(probabilities, [result["verdict"] for result in results], 1000 * seconds / len(results))
