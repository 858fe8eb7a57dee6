"""The checks on requests and WebSockets: origin, path, rate limits and quotas."""

from __future__ import annotations

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
from streamlit import runtime

from dashboard.server import gate
from dashboard.server.gate import Gate
from dashboard.server.rate_limits import RateLimit, client_of


async def echo(request: Request) -> PlainTextResponse:
    return PlainTextResponse(str(len(await request.body())))


async def talk(websocket: WebSocket) -> None:
    await websocket.accept()
    with suppress(WebSocketDisconnect):
        while True:
            await websocket.send_bytes(await websocket.receive_bytes())


PAGE_PATH = "/_stcore/stream"
PAGE = f"ws://trazo.example{PAGE_PATH}"
ROUTES = [
    Route("/{path:path}", echo, methods=["GET", "POST", "PUT", "DELETE"]),
    WebSocketRoute(PAGE_PATH, talk),
]


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> Starlette:
    # Rate limits count by the minutes of the clock: let one begin with the test.
    started, minute = time.monotonic(), time.time() // 60 * 60
    monkeypatch.setattr(time, "time", lambda: minute + time.monotonic() - started)
    monkeypatch.setenv("TRAZO_PREDICTIONS_PER_MINUTE", "3")
    return Starlette(routes=ROUTES, middleware=[Middleware(Gate)])


@pytest.fixture
def client(app: Starlette) -> TestClient:
    return TestClient(app, base_url="http://trazo.example")


FOREIGN = [
    {"Origin": "http://evil.example"},
    {"Origin": "http://trazo.example.evil.example"},
    {"Origin": "http://trazo.example:8080"},
    {"Origin": "http://localhost:3000"},
    {"Origin": "http://127.0.0.1"},
    {"Origin": "null"},
    {"Origin": "http://"},
    {"Origin": "http://["},
    {"Origin": "["},
    {"Sec-Fetch-Site": "cross-site"},
]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
@pytest.mark.parametrize("headers", FOREIGN)
def test_page_of_another_site_can_send_nothing(client: TestClient, method: str, headers: dict[str, str]) -> None:
    answer = client.request(method, "/anything", headers=headers)

    assert answer.status_code == 403
    assert answer.json()["error"].endswith(".")


@pytest.mark.parametrize("headers", FOREIGN)
def test_page_of_another_site_opens_no_websocket(client: TestClient, headers: dict[str, str]) -> None:
    with pytest.raises(WebSocketDisconnect) as refused, client.websocket_connect(PAGE, headers=headers):
        pass

    assert refused.value.code == 1008


@pytest.mark.parametrize("origin", ["http://[", "["])
def test_malformed_origin_opens_no_websocket_even_without_cors(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, origin: str
) -> None:
    monkeypatch.setattr(st, "get_option", {"server.enableCORS": False}.__getitem__)

    with pytest.raises(WebSocketDisconnect), client.websocket_connect(PAGE, headers={"Origin": origin}):
        pass


OWN = [{}, {"Origin": "http://trazo.example"}, {"Sec-Fetch-Site": "same-origin"}]


@pytest.mark.parametrize("headers", OWN)
def test_own_pages_and_programs_can_send(client: TestClient, headers: dict[str, str]) -> None:
    assert client.post("/anything", content=b"abc", headers=headers).text == "3"


@pytest.mark.parametrize("headers", OWN)
def test_own_pages_and_programs_open_a_websocket(client: TestClient, headers: dict[str, str]) -> None:
    with client.websocket_connect(PAGE, headers=headers) as page:
        page.send_bytes(b"hello")
        assert page.receive_bytes() == b"hello"


def test_allowed_host_opens_a_websocket(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAZO_ALLOWED_HOSTS", "trazo.example")
    own, foreign = {"Origin": "http://trazo.example"}, {"Origin": "http://other.example", "Host": "other.example"}

    with client.websocket_connect(PAGE, headers=own):
        pass
    with pytest.raises(WebSocketDisconnect), client.websocket_connect(PAGE, headers=foreign):
        pass


@pytest.mark.parametrize("path", ["/", "/netron/a", "/gradio/static/a", "/api/predict"])
def test_only_pages_open_a_websocket(client: TestClient, path: str) -> None:
    with pytest.raises(WebSocketDisconnect) as refused, client.websocket_connect(f"ws://trazo.example{path}"):
        pass

    assert refused.value.code == 1008


@pytest.mark.parametrize("path", ["/" + "a" * 201, "/a/" + "é" * 101 + "/b", "/" + "a/" * 600])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_path_longer_than_any_file_is_not_found(client: TestClient, method: str, path: str) -> None:
    answer = client.request(method, path)

    assert answer.status_code == 404
    assert answer.json()["error"].endswith(".")


@pytest.mark.parametrize("path", ["/" + "a" * 200, "/" + "a/" * 500])
def test_long_path_passes(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 200


def test_links_from_other_sites_work(client: TestClient) -> None:
    assert client.get("/anything", headers={"Origin": "http://evil.example"}).status_code == 200


def test_site_in_cors_allowed_origins_passes(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    options = {"server.enableCORS": True, "server.corsAllowedOrigins": ["http://friend.example"]}
    monkeypatch.setattr(st, "get_option", options.__getitem__)

    friend = {"Origin": "http://friend.example"}
    assert client.post("/anything", headers=friend).status_code == 200
    with client.websocket_connect(PAGE, headers=friend):
        pass


GRADIO = "/gradio/gradio_api"


@pytest.mark.parametrize(
    "path", ["/api/predict", f"{GRADIO}/queue/join", f"{GRADIO}/queue/join/", f"{GRADIO}/call/predict"]
)
def test_predictions_over_the_rate_limit_are_answered_429(client: TestClient, path: str) -> None:
    answers = [client.post(path) for _ in range(5)]

    assert [answer.status_code for answer in answers] == [200] * 3 + [429] * 2
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 60
    assert "try again in" in answers[-1].json()["error"]


def test_parts_of_a_sketch_do_not_count_as_predictions(client: TestClient) -> None:
    submit = [f"{GRADIO}/component_server"] * 3 + [f"{GRADIO}/queue/join"]

    answers = [client.post(path).status_code for path in submit * 4]

    assert answers == [200] * 15 + [429]


@pytest.mark.parametrize("path", [f"{GRADIO}/upload", f"{GRADIO}/reset", "/_stcore/upload_file/session/file"])
def test_uploads_have_their_own_rate_limit(client: TestClient, path: str) -> None:
    answers = [client.post(path).status_code for _ in range(14)]

    assert answers == [200] * 12 + [429] * 2
    assert client.post("/api/predict").status_code == 200


def test_each_client_has_its_own_rate_limit(app: Starlette) -> None:
    one, other = (TestClient(app, client=(address, 1)) for address in ("192.0.2.1", "192.0.2.2"))
    for _ in range(3):
        one.post("/api/predict")

    assert one.post("/api/predict").status_code == 429
    assert other.post("/api/predict").status_code == 200


def test_forged_forwarded_header_does_not_evade_the_limit(client: TestClient) -> None:
    answers = [client.post("/api/predict", headers={"X-Forwarded-For": f"192.0.2.{number}"}) for number in range(4)]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]


def scope_of(host: str, *headers: tuple[bytes, bytes]) -> Scope:
    return {"type": "http", "client": (host, 0), "headers": list(headers)}


def test_clients_are_told_apart_by_address_and_ipv6_network(monkeypatch: pytest.MonkeyPatch) -> None:
    assert client_of(scope_of("2001:db8::1")) == client_of(scope_of("2001:db8::ffff")) == "2001:db8::/64"
    assert client_of(scope_of("192.0.2.1")) != client_of(scope_of("192.0.2.2"))
    assert client_of({"type": "http", "client": None, "headers": []}) == ""
    # If the proxy is trusted, uvicorn has replaced its address by its client's.
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "127.0.0.1")
    assert client_of(scope_of("192.0.2.1", (b"x-forwarded-for", b"192.0.2.1"))) == "192.0.2.1"


def test_rate_limit_of_0_is_no_limit() -> None:
    limit = RateLimit(0)

    assert [limit.seconds_to_wait("a") for _ in range(100)] == [0.0] * 100


def test_uploads_over_the_memory_limit_are_answered_503(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    held = {"session": {"file": SimpleNamespace(data=bytes(1000))}}
    manager = SimpleNamespace(uploaded_file_mgr=SimpleNamespace(file_storage=held))
    monkeypatch.setattr(runtime, "exists", lambda: True)
    monkeypatch.setattr(runtime, "get_instance", lambda: manager)

    assert client.put("/_stcore/upload_file/session/other").status_code == 200
    monkeypatch.setattr(gate, "MAX_UPLOADED_BYTES", 999)
    assert client.put("/_stcore/upload_file/session/other").status_code == 503


def test_page_over_the_quota_does_not_open(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "MAX_PAGES", 1)
    with client.websocket_connect(PAGE) as page:
        with pytest.raises(WebSocketDisconnect) as refused, client.websocket_connect(PAGE):
            pass
        page.send_bytes(b"still here")
        assert page.receive_bytes() == b"still here"

    assert refused.value.code == 1013
    with client.websocket_connect(PAGE):
        pass


def test_client_at_its_quota_of_pages_does_not_block_others(app: Starlette, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAZO_PAGES_PER_CLIENT", "2")
    one, other = (TestClient(app, client=(address, 1)) for address in ("192.0.2.1", "192.0.2.2"))
    with one, one.websocket_connect(PAGE), one.websocket_connect(PAGE):
        with pytest.raises(WebSocketDisconnect) as refused, one.websocket_connect(PAGE):
            pass
        with other.websocket_connect(PAGE):
            pass

    assert refused.value.code == 1013


def test_requests_over_the_quota_are_answered_429(monkeypatch: pytest.MonkeyPatch) -> None:
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
    """The delays of messages; the test does not really wait."""
    taken: list[float] = []

    async def nap(seconds: float) -> None:
        taken.append(seconds)

    monkeypatch.setattr(gate.anyio, "sleep", nap)
    return taken


def test_more_pages_do_not_get_more_messages_through(app: Starlette, naps: list[float]) -> None:
    one, other = (TestClient(app, client=(address, 1)) for address in ("192.0.2.1", "192.0.2.2"))
    with one, ExitStack() as open_ones:
        pages = [open_ones.enter_context(one.websocket_connect(PAGE)) for _ in range(10)]
        for page in pages * 2:
            page.send_bytes(b"a")
            page.receive_bytes()
        with other.websocket_connect(PAGE) as elsewhere:
            elsewhere.send_bytes(b"a")
            elsewhere.receive_bytes()

    # Three a minute for each page and fifteen for all; with ten pages, each message over the limit waits two seconds.
    assert naps == [2.0] * 5


def test_quota_of_pages_raises_the_message_rate(
    app: Starlette, naps: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAZO_PAGES_PER_CLIENT", "200")
    with TestClient(app) as client, ExitStack() as open_ones:
        for page in [open_ones.enter_context(client.websocket_connect(PAGE)) for _ in range(10)] * 3:
            page.send_bytes(b"a")
            page.receive_bytes()

    # A twentieth of 200 pages may be busy: the ten here.
    assert naps == []


def test_no_message_waits_longer_than_three_seconds(app: Starlette, naps: list[float]) -> None:
    with TestClient(app) as client, ExitStack() as open_ones:
        for page in [open_ones.enter_context(client.websocket_connect(PAGE)) for _ in range(30)]:
            page.send_bytes(b"a")
            page.receive_bytes()

    assert naps == [3.0] * 15


def test_page_over_its_message_rate_loses_nothing(client: TestClient, naps: list[float]) -> None:
    with client.websocket_connect(PAGE) as page:
        for number in range(5):
            page.send_bytes(bytes([number]))
        answers = [page.receive_bytes() for _ in range(5)]

    assert answers == [bytes([number]) for number in range(5)]
    assert len(naps) == 2
