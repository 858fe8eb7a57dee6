"""Responses of the API when the picture pool or the active model fails, or a client is hostile."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from core.ink import photo
from core.runs import active
from core.runs.active import ActivePredictor, promote
from core.runs.run import Run
from core.workspace import Workspace
from dashboard.api.routes import build_api
from dashboard.server import pictures
from dashboard.server.pictures import PicturePool
from tests.support.fuzzing import drawn_one, encoded
from tests.support.hostile_pictures import jpeg2000_in_small_tiles, jpeg_with_scans

Send = Callable[[bytes], Awaitable[httpx.Response]]


@asynccontextmanager
async def api(workspace: Workspace, *addresses: str) -> AsyncIterator[list[Send]]:
    """Serve the API; for each client's IP address, yield a function that sends a picture."""
    predictor = ActivePredictor(workspace)
    app = build_api(lambda: predictor, lambda: True, PicturePool())
    clients = [
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app, client=(address, 1)), base_url="http://trazo", timeout=None
        )
        for address in addresses or ["198.51.100.7"]
    ]
    yield [lambda picture, client=client: client.post("/predict", content=picture) for client in clients]
    for client in clients:
        await client.aclose()


def test_picture_over_the_queue_limit_gets_503(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "MAX_WAITING_PER_CLIENT", 1)

    async def ask() -> list[httpx.Response]:
        async with api(workspace) as (send,):
            return await asyncio.gather(send(encoded(drawn_one())), send(encoded(drawn_one())))

    accepted, rejected = asyncio.run(ask())

    assert accepted.status_code == 200
    assert (rejected.status_code, rejected.headers["Retry-After"]) == (503, "1")
    assert rejected.json() == {"error": "Too many pictures are being read; try again in a second."}


def test_health_and_predictions_report_that_no_worker_starts(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    predictor = ActivePredictor(workspace)
    app = build_api(lambda: predictor, lambda: True, PicturePool())

    async def ask() -> list[httpx.Response]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://trazo") as client:
            with monkeypatch.context() as patch:
                patch.setattr(sys, "executable", "/bin/false")
                responses = [await client.post("/predict", content=encoded(drawn_one())), await client.get("/health")]
            return [
                *responses,
                await client.get("/health"),
                await client.post("/predict", content=encoded(drawn_one())),
            ]

    rejected, unhealthy, healthy, accepted = asyncio.run(ask())

    assert (rejected.status_code, rejected.headers["Retry-After"]) == (503, "5")
    assert rejected.json()["error"] == unhealthy.json()["error"]
    assert "cannot read pictures at the moment" in unhealthy.json()["error"]
    assert (unhealthy.status_code, unhealthy.json()["alive"], unhealthy.json()["ready"]) == (503, True, False)
    assert (healthy.status_code, healthy.json()["ready"], accepted.status_code) == (200, True, 200)


def test_missing_model_is_reported_without_its_path(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(active, "SHIPPED_BUNDLE", Path("/srv/secret/place"))

    async def ask() -> httpx.Response:
        async with api(workspace) as (send,):
            return await send(encoded(drawn_one()))

    response = asyncio.run(ask())

    assert response.status_code == 503
    assert "No model can be loaded" in response.json()["error"]
    assert "secret" not in response.text


def test_promotion_never_mixes_two_models_in_one_response(run: Run, workspace: Workspace) -> None:
    async def ask() -> tuple[dict[str, object], list[httpx.Response]]:
        async with api(workspace) as (send,):
            expected = {}
            for model in (None, run):
                promote(workspace, model)
                response = (await send(encoded(drawn_one()))).json()
                expected[response["model"]] = response
            promoting = asyncio.create_task(asyncio.to_thread(promote_back_and_forth))
            responses = []
            while not promoting.done():
                responses += await asyncio.gather(*[send(encoded(drawn_one())) for _ in range(8)])
            await promoting
            return expected, responses

    def promote_back_and_forth() -> None:
        for number in range(50):
            promote(workspace, run if number % 2 else None)

    expected, responses = asyncio.run(ask())

    assert {response.status_code for response in responses} == {200}
    assert set(expected) == {response.json()["model"] for response in responses} == {"shipped", run.id}
    assert all(response.json() == expected[response.json()["model"]] for response in responses)


def test_jpeg_with_many_scans_is_rejected(workspace: Workspace) -> None:
    async def ask() -> httpx.Response:
        async with api(workspace) as (send,):
            return await send(jpeg_with_scans(3000))

    response = asyncio.run(ask())

    assert response.status_code == 422
    assert "more than 100 scans" in response.json()["error"]
    assert response.json()["verdict"] == "error"


def test_picture_over_the_time_limit_is_rejected(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "DECODING_TIMEOUT_SECONDS", 0.1)

    async def ask() -> httpx.Response:
        async with api(workspace) as (send,):
            return await send(jpeg2000_in_small_tiles())

    response = asyncio.run(ask())

    assert response.status_code == 422
    assert "takes too long to read" in response.json()["error"]


def test_hostile_pictures_do_not_delay_another_client(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_data: bytes) -> None:
        raise AssertionError("A picture was decoded in the dashboard's process.")

    monkeypatch.setattr(photo, "decode_frames", fail)

    async def ask() -> tuple[httpx.Response, list[bool]]:
        async with api(workspace, "203.0.113.9", "198.51.100.7") as (attack, send):
            attacks = [asyncio.ensure_future(attack(jpeg2000_in_small_tiles())) for _ in range(8)]
            await asyncio.sleep(0)  # so that the attacks are sent first
            response, done = await send(encoded(drawn_one())), [task.done() for task in attacks]
            for task in attacks:
                task.cancel()
            await asyncio.gather(*attacks, return_exceptions=True)
            return response, done

    response, done = asyncio.run(ask())

    assert (response.status_code, response.json()["digit"]) == (200, 1)
    assert done.count(False) >= 4
