"""Answers of /api/ when something fails: a process that decodes, the model in use, or a hostile client."""

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
    """Serve the API; yield a function for each client's address that sends a picture."""
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


def test_picture_without_room_is_sent_away(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "MAX_WAITING_PER_CLIENT", 1)

    async def ask() -> list[httpx.Response]:
        async with api(workspace) as (send,):
            return await asyncio.gather(send(encoded(drawn_one())), send(encoded(drawn_one())))

    read, refused = asyncio.run(ask())

    assert read.status_code == 200
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "1")
    assert refused.json() == {"error": "Too many pictures are being read; try again in a second."}


def test_health_and_pictures_tell_that_no_worker_starts(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    predictor = ActivePredictor(workspace)
    app = build_api(lambda: predictor, lambda: True, PicturePool())

    async def ask() -> list[httpx.Response]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://trazo") as client:
            with monkeypatch.context() as patch:
                patch.setattr(sys, "executable", "/bin/false")
                answers = [await client.post("/predict", content=encoded(drawn_one())), await client.get("/health")]
            return [*answers, await client.get("/health"), await client.post("/predict", content=encoded(drawn_one()))]

    refused, sick, well, read = asyncio.run(ask())

    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "5")
    assert refused.json()["error"] == sick.json()["error"]
    assert "cannot read pictures at the moment" in sick.json()["error"]
    assert (sick.status_code, sick.json()["alive"], sick.json()["ready"]) == (503, True, False)
    assert (well.status_code, well.json()["ready"], read.status_code) == (200, True, 200)


def test_missing_model_is_named_without_its_folder(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(active, "SHIPPED_BUNDLE", Path("/srv/secret/place"))

    async def ask() -> httpx.Response:
        async with api(workspace) as (send,):
            return await send(encoded(drawn_one()))

    answer = asyncio.run(ask())

    assert answer.status_code == 503
    assert "No model can be loaded" in answer.json()["error"]
    assert "secret" not in answer.text


def test_every_answer_is_of_one_model_while_models_are_promoted(run: Run, workspace: Workspace) -> None:
    async def ask() -> tuple[dict[str, object], list[httpx.Response]]:
        async with api(workspace) as (send,):
            expected = {}
            for model in (None, run):
                promote(workspace, model)
                answer = (await send(encoded(drawn_one()))).json()
                expected[answer["model"]] = answer
            promoting = asyncio.create_task(asyncio.to_thread(promote_back_and_forth))
            answers = []
            while not promoting.done():
                answers += await asyncio.gather(*[send(encoded(drawn_one())) for _ in range(8)])
            await promoting
            return expected, answers

    def promote_back_and_forth() -> None:
        for number in range(50):
            promote(workspace, run if number % 2 else None)

    expected, answers = asyncio.run(ask())

    assert {answer.status_code for answer in answers} == {200}
    assert set(expected) == {answer.json()["model"] for answer in answers} == {"shipped", run.id}
    assert all(answer.json() == expected[answer.json()["model"]] for answer in answers)


def test_jpeg_of_many_scans_is_refused(workspace: Workspace) -> None:
    async def ask() -> httpx.Response:
        async with api(workspace) as (send,):
            return await send(jpeg_with_scans(3000))

    answer = asyncio.run(ask())

    assert answer.status_code == 422
    assert "more than 100 scans" in answer.json()["error"]
    assert answer.json()["verdict"] == "error"


def test_picture_over_its_time_is_refused(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "DECODING_SECONDS", 0.1)

    async def ask() -> httpx.Response:
        async with api(workspace) as (send,):
            return await send(jpeg2000_in_small_tiles())

    answer = asyncio.run(ask())

    assert answer.status_code == 422
    assert "takes too long to read" in answer.json()["error"]


def test_other_client_is_answered_before_hostile_pictures_end(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def decoded_here(_data: bytes) -> None:
        raise AssertionError("A picture was decoded in the process of the dashboard.")

    monkeypatch.setattr(photo, "decode_frames", decoded_here)

    async def ask() -> tuple[httpx.Response, list[bool]]:
        async with api(workspace, "203.0.113.9", "198.51.100.7") as (attack, send):
            attacks = [asyncio.ensure_future(attack(jpeg2000_in_small_tiles())) for _ in range(8)]
            await asyncio.sleep(0)  # they are sent first
            answer, done = await send(encoded(drawn_one())), [task.done() for task in attacks]
            for task in attacks:
                task.cancel()
            await asyncio.gather(*attacks, return_exceptions=True)
            return answer, done

    answer, done = asyncio.run(ask())

    assert (answer.status_code, answer.json()["digit"]) == (200, 1)
    assert done.count(False) >= 4
