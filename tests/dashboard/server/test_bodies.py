"""Limits on the time and memory of request bodies."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import anyio
import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.types import Message

from dashboard.server import bodies
from dashboard.server.gate import Gate


async def echo(request: Request) -> PlainTextResponse:
    return PlainTextResponse(str(len(await request.body())))


@pytest.fixture
def app() -> Starlette:
    return Starlette(routes=[Route("/", echo, methods=["POST"])], middleware=[Middleware(Gate)])


def client_at(app: Starlette, host: str = "192.0.2.1") -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app, client=(host, 1)), base_url="http://trazo.example")


def test_body_that_stops_arriving_gets_408(monkeypatch: pytest.MonkeyPatch, app: Starlette) -> None:
    monkeypatch.setattr(bodies, "IDLE_TIMEOUT_SECONDS", 0.05)
    sent: list[Message] = []

    async def receive() -> Message:
        if not started:
            started.append(True)
            return {"type": "http.request", "body": b"a", "more_body": True}
        await anyio.sleep_forever()
        raise AssertionError

    async def send(message: Message) -> None:
        sent.append(message)

    started: list[bool] = []
    scope = {"type": "http", "method": "POST", "path": "/", "headers": [], "query_string": b"", "client": ("a", 1)}
    anyio.run(app, scope, receive, send)

    assert sent[0]["status"] == 408
    assert json.loads(sent[1]["body"])["error"].startswith("The upload was too slow")


def test_client_that_leaves_during_its_body_causes_no_error(app: Starlette) -> None:
    messages = iter([{"type": "http.request", "body": b"a", "more_body": True}, {"type": "http.disconnect"}])

    async def receive() -> Message:
        return next(messages)

    async def send(message: Message) -> None:
        """The client has gone."""

    scope = {"type": "http", "method": "POST", "path": "/", "headers": [], "query_string": b"", "client": ("a", 1)}
    anyio.run(app, scope, receive, send)

    assert list(messages) == []


def test_body_that_arrives_byte_by_byte_gets_408(monkeypatch: pytest.MonkeyPatch, app: Starlette) -> None:
    monkeypatch.setattr(bodies, "BODY_TIMEOUT_SECONDS", 0.1)

    async def drip() -> httpx.Response:
        async def bytes_one_by_one() -> AsyncIterator[bytes]:
            while True:
                await anyio.sleep(0.01)
                yield b"a"

        async with client_at(app) as client:
            return await client.post("/", content=bytes_one_by_one())

    assert anyio.run(drip).status_code == 408


@pytest.mark.parametrize(("limit", "others_pass"), [("MAX_BYTES_PER_CLIENT", True), ("MAX_BYTES", False)])
def test_incomplete_bodies_count_towards_the_quota(
    monkeypatch: pytest.MonkeyPatch, app: Starlette, limit: str, others_pass: bool
) -> None:
    monkeypatch.setattr(bodies, limit, 1000)

    async def main() -> list[int]:
        first_part_sent, send_second_part = anyio.Event(), anyio.Event()

        async def incomplete_body() -> AsyncIterator[bytes]:
            yield bytes(600)
            first_part_sent.set()
            await send_second_part.wait()
            yield bytes(300)

        async def post(host: str, content: bytes | AsyncIterator[bytes]) -> None:
            async with client_at(app, host) as client:
                response = await client.post("/", content=content)
                statuses.append(response.status_code)

        statuses: list[int] = []
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(post, "192.0.2.1", incomplete_body())
            await first_part_sent.wait()
            await post("192.0.2.1", bytes(500))
            await post("192.0.2.2", bytes(500))
            send_second_part.set()
        await post("192.0.2.1", bytes(900))
        return statuses

    assert anyio.run(main) == [503, 200 if others_pass else 503, 200, 200]
