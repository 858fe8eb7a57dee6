"""What a request has to pass: where it comes from, how often, how fast, how much."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from contextlib import ExitStack, suppress
from types import SimpleNamespace

import anyio
import httpx
import pytest
import streamlit as st
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.types import Scope
from starlette.websockets import WebSocket, WebSocketDisconnect

from core.workspace import PROJECT
from dashboard.server import gate
from dashboard.server.gate import Gate
from dashboard.server.rate_limits import Rate, client_of


async def echo(request: Request) -> PlainTextResponse:
    return PlainTextResponse(str(len(await request.body())))


async def talk(websocket: WebSocket) -> None:
    await websocket.accept()
    with suppress(WebSocketDisconnect):
        while True:
            await websocket.send_bytes(await websocket.receive_bytes())


PAGE = "/_stcore/stream"
ROUTES = [
    Route("/{path:path}", echo, methods=["GET", "POST", "PUT", "DELETE"]),
    WebSocketRoute(PAGE, talk),
]


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> Starlette:
    # A minute begins with the test, for what may be said in a minute is counted in those of the clock.
    started, minute = time.monotonic(), time.time() // 60 * 60
    monkeypatch.setattr(time, "time", lambda: minute + time.monotonic() - started)
    monkeypatch.setenv("TRAZO_PREDICTIONS_PER_MINUTE", "3")
    return Starlette(routes=ROUTES, middleware=[Middleware(Gate)])


@pytest.fixture
def client(app: Starlette) -> TestClient:
    return TestClient(app, base_url="http://trazo.example")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "http://trazo.example.evil.example"},
        {"Origin": "http://trazo.example:8080"},
        {"Origin": "null"},
        {"Origin": "http://"},
        {"Origin": "http://["},
        {"Origin": "["},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)
def test_page_of_another_site_can_send_nothing(client: TestClient, method: str, headers: dict[str, str]) -> None:
    answer = client.request(method, "/anything", headers=headers)

    assert answer.status_code == 403
    assert answer.json()["error"].endswith(".")


@pytest.mark.parametrize("headers", [{}, {"Origin": "http://trazo.example"}, {"Sec-Fetch-Site": "same-origin"}])
def test_our_own_pages_and_programs_can_send(client: TestClient, headers: dict[str, str]) -> None:
    assert client.post("/anything", content=b"abc", headers=headers).text == "3"


def test_looking_is_free_wherever_the_link_stands(client: TestClient) -> None:
    assert client.get("/anything", headers={"Origin": "http://evil.example"}).status_code == 200


def test_site_that_is_trusted_by_name_can_send(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    options = {"server.enableCORS": True, "server.corsAllowedOrigins": ["http://friend.example"]}
    monkeypatch.setattr(st, "get_option", options.__getitem__)

    assert client.post("/anything", headers={"Origin": "http://friend.example"}).status_code == 200


GRADIO = "/gradio/gradio_api"


@pytest.mark.parametrize(
    "path", ["/api/predict", f"{GRADIO}/queue/join", f"{GRADIO}/queue/join/", f"{GRADIO}/call/predict"]
)
def test_predictions_beyond_the_rate_are_told_when_to_come_back(client: TestClient, path: str) -> None:
    answers = [client.post(path) for _ in range(5)]

    assert [answer.status_code for answer in answers] == [200] * 3 + [429] * 2
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 60
    assert "try again in" in answers[-1].json()["error"]


def test_what_a_sketch_is_sent_in_counts_as_no_prediction(client: TestClient) -> None:
    submit = [f"{GRADIO}/component_server"] * 3 + [f"{GRADIO}/queue/join"]

    answers = [client.post(path).status_code for path in submit * 4]

    assert answers == [200] * 15 + [429]


@pytest.mark.parametrize("path", [f"{GRADIO}/upload", f"{GRADIO}/reset", "/_stcore/upload_file/session/file"])
def test_uploads_have_a_rate_of_their_own(client: TestClient, path: str) -> None:
    answers = [client.post(path).status_code for _ in range(14)]

    assert answers == [200] * 12 + [429] * 2
    assert client.post("/api/predict").status_code == 200


def test_each_client_has_a_rate_of_its_own(app: Starlette) -> None:
    one, other = (TestClient(app, client=(address, 1)) for address in ("192.0.2.1", "192.0.2.2"))
    for _ in range(3):
        one.post("/api/predict")

    assert one.post("/api/predict").status_code == 429
    assert other.post("/api/predict").status_code == 200


def test_calling_oneself_somebody_else_does_not_help(client: TestClient) -> None:
    answers = [client.post("/api/predict", headers={"X-Forwarded-For": f"192.0.2.{number}"}) for number in range(4)]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]


def scope_of(host: str, *headers: tuple[bytes, bytes]) -> Scope:
    return {"type": "http", "client": (host, 0), "headers": list(headers)}


def test_clients_are_told_apart_by_address_and_ipv6_network(monkeypatch: pytest.MonkeyPatch) -> None:
    assert client_of(scope_of("2001:db8::1")) == client_of(scope_of("2001:db8::ffff")) == "2001:db8::/64"
    assert client_of(scope_of("192.0.2.1")) != client_of(scope_of("192.0.2.2"))
    assert client_of({"type": "http", "client": None, "headers": []}) == ""
    # With a trusted proxy, uvicorn has put its client in the place of the proxy.
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "127.0.0.1")
    assert client_of(scope_of("192.0.2.1", (b"x-forwarded-for", b"192.0.2.1"))) == "192.0.2.1"


def test_rate_of_nought_is_no_limit() -> None:
    rate = Rate(0)

    assert [rate.seconds_to_wait("a") for _ in range(100)] == [0.0] * 100


def test_uploads_to_the_pages_end_where_the_memory_set_aside_is_full(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = {"session": {"file": SimpleNamespace(data=bytes(1000))}}
    manager = SimpleNamespace(uploaded_file_mgr=SimpleNamespace(file_storage=held))
    monkeypatch.setattr(gate.runtime, "exists", lambda: True)
    monkeypatch.setattr(gate.runtime, "get_instance", lambda: manager)

    assert client.put("/_stcore/upload_file/session/other").status_code == 200
    monkeypatch.setattr(gate, "MAX_UPLOADED_BYTES", 999)
    assert client.put("/_stcore/upload_file/session/other").status_code == 503


def test_pages_beyond_the_limit_do_not_open_and_those_that_are_open_go_on(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "MAX_PAGES", 1)
    with client.websocket_connect(PAGE) as page:
        with pytest.raises(WebSocketDisconnect) as refused, client.websocket_connect(PAGE):
            pass
        page.send_bytes(b"still here")
        assert page.receive_bytes() == b"still here"

    assert refused.value.code == 1013
    with client.websocket_connect(PAGE):
        pass


@pytest.mark.parametrize("origin", ["http://[", "["])
def test_page_that_comes_from_no_address_does_not_open(client: TestClient, origin: str) -> None:
    with (
        pytest.raises(WebSocketDisconnect) as refused,
        client.websocket_connect(PAGE, headers={"Origin": origin}),
    ):
        pass

    assert refused.value.code == 1008


def test_client_with_its_share_of_pages_leaves_room_for_others(app: Starlette, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAZO_PAGES_PER_CLIENT", "2")
    one, other = (TestClient(app, client=(address, 1)) for address in ("192.0.2.1", "192.0.2.2"))
    with one, one.websocket_connect(PAGE), one.websocket_connect(PAGE):
        with pytest.raises(WebSocketDisconnect) as refused, one.websocket_connect(PAGE):
            pass
        with other.websocket_connect(PAGE):
            pass

    assert refused.value.code == 1013


def test_client_has_only_so_many_requests_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "MAX_REQUESTS", 3)
    statuses: dict[str, list[int]] = {"192.0.2.1": [], "192.0.2.2": []}

    async def main() -> None:
        over = anyio.Event()

        async def wait(request: Request) -> PlainTextResponse:
            await over.wait()
            return PlainTextResponse("")

        app = Starlette(routes=[Route("/", wait)], middleware=[Middleware(Gate)])

        async def ask(host: str) -> None:
            transport = httpx.ASGITransport(app, client=(host, 1))
            async with httpx.AsyncClient(transport=transport, base_url="http://trazo.example") as client:
                statuses[host].append((await client.get("/")).status_code)

        async with anyio.create_task_group() as tasks:
            for host in ["192.0.2.1"] * 5 + ["192.0.2.2"]:
                tasks.start_soon(ask, host)
            with anyio.fail_after(10):
                while len(statuses["192.0.2.1"]) < 2:
                    await anyio.sleep(0)
            over.set()
        await ask("192.0.2.1")

    anyio.run(main)

    assert statuses == {"192.0.2.1": [429, 429, 200, 200, 200, 200], "192.0.2.2": [200]}


@pytest.fixture
def naps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long messages were kept waiting; nobody really waits."""
    taken: list[float] = []

    async def nap(seconds: float) -> None:
        taken.append(seconds)

    monkeypatch.setattr(gate.anyio, "sleep", nap)
    return taken


def test_more_pages_let_no_client_say_more(app: Starlette, naps: list[float]) -> None:
    one, other = (TestClient(app, client=(address, 1)) for address in ("192.0.2.1", "192.0.2.2"))
    with one, ExitStack() as open_ones:
        pages = [open_ones.enter_context(one.websocket_connect(PAGE)) for _ in range(10)]
        for page in pages * 2:
            page.send_bytes(b"a")
            page.receive_bytes()
        with other.websocket_connect(PAGE) as elsewhere:
            elsewhere.send_bytes(b"a")
            elsewhere.receive_bytes()

    # Three a minute for each page, and fifteen for all of them; ten pages wait two seconds each.
    assert naps == [2.0] * 5


def test_who_may_open_more_pages_may_say_more(
    app: Starlette, naps: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAZO_PAGES_PER_CLIENT", "200")
    with TestClient(app) as client, ExitStack() as open_ones:
        for page in [open_ones.enter_context(client.websocket_connect(PAGE)) for _ in range(10)] * 3:
            page.send_bytes(b"a")
            page.receive_bytes()

    # As much as ten pages that never pause, a twentieth of two hundred.
    assert naps == []


def test_no_message_waits_longer_than_seconds_however_many_pages_are_open(app: Starlette, naps: list[float]) -> None:
    with TestClient(app) as client, ExitStack() as open_ones:
        for page in [open_ones.enter_context(client.websocket_connect(PAGE)) for _ in range(30)]:
            page.send_bytes(b"a")
            page.receive_bytes()

    assert naps == [3.0] * 15


def test_page_that_says_too_much_is_slowed_down_and_loses_nothing(client: TestClient, naps: list[float]) -> None:
    with client.websocket_connect(PAGE) as page:
        for number in range(5):
            page.send_bytes(bytes([number]))
        answers = [page.receive_bytes() for _ in range(5)]

    assert answers == [bytes([number]) for number in range(5)]
    assert len(naps) == 2


def test_log_is_one_line_of_json_for_each_event_even_with_a_traceback() -> None:
    program = """
import logging
from dashboard import logs
logs.start()
from streamlit.logger import get_logger
get_logger("streamlit.something").warning("from Streamlit")
try:
    1 / 0
except ZeroDivisionError:
    logging.getLogger("dashboard.app").exception("broken")
logging.getLogger("dashboard.server.gate").info("refused", extra={"reason": "rate"})
logging.getLogger("dashboard.server.gate").debug("too small to tell")
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True, check=True)

    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert [(line["level"], line["logger"], line["event"]) for line in lines] == [
        ("WARNING", "streamlit.something", "from Streamlit"),
        ("ERROR", "dashboard.app", "broken"),
        ("INFO", "dashboard.server.gate", "refused"),
    ]
    assert "ZeroDivisionError" in lines[1]["exc_info"]
    assert lines[2]["reason"] == "rate"
    assert all(line["time"].endswith("+00:00") for line in lines)
