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


async def echo_websocket(websocket: WebSocket) -> None:
    await websocket.accept()
    with suppress(WebSocketDisconnect):
        while True:
            await websocket.send_bytes(await websocket.receive_bytes())


WEBSOCKET_PATH = "/_stcore/stream"
WEBSOCKET_URL = f"ws://trazo.example{WEBSOCKET_PATH}"
ROUTES = [
    Route("/{path:path}", echo, methods=["GET", "POST", "PUT", "DELETE"]),
    WebSocketRoute(WEBSOCKET_PATH, echo_websocket),
]


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> Starlette:
    # Rate limits count per clock minute, so start a new minute with the test.
    started = time.monotonic()
    minute = time.time() // 60 * 60
    monkeypatch.setattr(time, "time", lambda: minute + time.monotonic() - started)
    monkeypatch.setenv("TRAZO_PREDICTIONS_PER_MINUTE", "3")
    return Starlette(routes=ROUTES, middleware=[Middleware(Gate)])


@pytest.fixture
def client(app: Starlette) -> TestClient:
    return TestClient(app, base_url="http://trazo.example")


CROSS_SITE_HEADERS = [
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
@pytest.mark.parametrize("headers", CROSS_SITE_HEADERS)
def test_cross_site_writes_are_forbidden(client: TestClient, method: str, headers: dict[str, str]) -> None:
    response = client.request(method, "/anything", headers=headers)

    assert response.status_code == 403
    assert response.json()["error"].endswith(".")


@pytest.mark.parametrize("headers", CROSS_SITE_HEADERS)
def test_cross_site_page_cannot_open_a_websocket(client: TestClient, headers: dict[str, str]) -> None:
    with pytest.raises(WebSocketDisconnect) as error, client.websocket_connect(WEBSOCKET_URL, headers=headers):
        pass

    assert error.value.code == 1008


@pytest.mark.parametrize("origin", ["http://[", "["])
def test_malformed_origin_is_refused_even_without_cors(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, origin: str
) -> None:
    monkeypatch.setattr(st, "get_option", {"server.enableCORS": False}.__getitem__)

    with pytest.raises(WebSocketDisconnect), client.websocket_connect(WEBSOCKET_URL, headers={"Origin": origin}):
        pass


SAME_ORIGIN_HEADERS = [{}, {"Origin": "http://trazo.example"}, {"Sec-Fetch-Site": "same-origin"}]


@pytest.mark.parametrize("headers", SAME_ORIGIN_HEADERS)
def test_own_pages_and_programs_can_write(client: TestClient, headers: dict[str, str]) -> None:
    assert client.post("/anything", content=b"abc", headers=headers).text == "3"


@pytest.mark.parametrize("headers", SAME_ORIGIN_HEADERS)
def test_own_pages_and_programs_can_open_a_websocket(client: TestClient, headers: dict[str, str]) -> None:
    with client.websocket_connect(WEBSOCKET_URL, headers=headers) as page:
        page.send_bytes(b"hello")
        assert page.receive_bytes() == b"hello"


def test_allowed_host_can_open_a_websocket(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAZO_ALLOWED_HOSTS", "trazo.example")
    allowed = {"Origin": "http://trazo.example"}
    other = {"Origin": "http://other.example", "Host": "other.example"}

    with client.websocket_connect(WEBSOCKET_URL, headers=allowed):
        pass
    with pytest.raises(WebSocketDisconnect), client.websocket_connect(WEBSOCKET_URL, headers=other):
        pass


@pytest.mark.parametrize("path", ["/", "/netron/a", "/gradio/static/a", "/api/predict"])
def test_websockets_are_refused_on_other_paths(client: TestClient, path: str) -> None:
    with pytest.raises(WebSocketDisconnect) as error, client.websocket_connect(f"ws://trazo.example{path}"):
        pass

    assert error.value.code == 1008


@pytest.mark.parametrize("path", ["/" + "a" * 201, "/a/" + "é" * 101 + "/b", "/" + "a/" * 600])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_overlong_path_is_not_found(client: TestClient, method: str, path: str) -> None:
    response = client.request(method, path)

    assert response.status_code == 404
    assert response.json()["error"].endswith(".")


@pytest.mark.parametrize("path", ["/" + "a" * 200, "/" + "a/" * 500])
def test_path_at_the_length_limit_is_accepted(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 200


def test_links_from_other_sites_work(client: TestClient) -> None:
    assert client.get("/anything", headers={"Origin": "http://evil.example"}).status_code == 200


def test_site_in_cors_allowed_origins_is_accepted(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    options = {"server.enableCORS": True, "server.corsAllowedOrigins": ["http://friend.example"]}
    monkeypatch.setattr(st, "get_option", options.__getitem__)

    allowed_site = {"Origin": "http://friend.example"}
    assert client.post("/anything", headers=allowed_site).status_code == 200
    with client.websocket_connect(WEBSOCKET_URL, headers=allowed_site):
        pass


GRADIO = "/gradio/gradio_api"


@pytest.mark.parametrize(
    "path", ["/api/predict", f"{GRADIO}/queue/join", f"{GRADIO}/queue/join/", f"{GRADIO}/call/predict"]
)
def test_predictions_over_the_rate_limit_get_429(client: TestClient, path: str) -> None:
    responses = [client.post(path) for _ in range(5)]

    assert [response.status_code for response in responses] == [200] * 3 + [429] * 2
    assert 1 <= int(responses[-1].headers["Retry-After"]) <= 60
    assert "try again in" in responses[-1].json()["error"]


def test_parts_of_a_sketch_do_not_count_as_predictions(client: TestClient) -> None:
    one_sketch = [f"{GRADIO}/component_server"] * 3 + [f"{GRADIO}/queue/join"]

    responses = [client.post(path).status_code for path in one_sketch * 4]

    assert responses == [200] * 15 + [429]


@pytest.mark.parametrize("path", [f"{GRADIO}/upload", f"{GRADIO}/reset", "/_stcore/upload_file/session/file"])
def test_uploads_have_their_own_rate_limit(client: TestClient, path: str) -> None:
    responses = [client.post(path).status_code for _ in range(14)]

    assert responses == [200] * 12 + [429] * 2
    assert client.post("/api/predict").status_code == 200


def test_each_client_has_its_own_rate_limit(app: Starlette) -> None:
    one, other = (TestClient(app, client=(address, 1)) for address in ("192.0.2.1", "192.0.2.2"))
    for _ in range(3):
        one.post("/api/predict")

    assert one.post("/api/predict").status_code == 429
    assert other.post("/api/predict").status_code == 200


def test_forged_forwarded_header_does_not_bypass_the_limit(client: TestClient) -> None:
    responses = [client.post("/api/predict", headers={"X-Forwarded-For": f"192.0.2.{number}"}) for number in range(4)]

    assert [response.status_code for response in responses] == [200, 200, 200, 429]


def scope_of(host: str, *headers: tuple[bytes, bytes]) -> Scope:
    return {"type": "http", "client": (host, 0), "headers": list(headers)}


def test_clients_are_identified_by_address_or_ipv6_network(monkeypatch: pytest.MonkeyPatch) -> None:
    assert client_of(scope_of("2001:db8::1")) == client_of(scope_of("2001:db8::ffff")) == "2001:db8::/64"
    assert client_of(scope_of("192.0.2.1")) != client_of(scope_of("192.0.2.2"))
    assert client_of({"type": "http", "client": None, "headers": []}) == ""
    # If the proxy is trusted, uvicorn has replaced the proxy's address with its client's.
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "127.0.0.1")
    assert client_of(scope_of("192.0.2.1", (b"x-forwarded-for", b"192.0.2.1"))) == "192.0.2.1"


def test_rate_limit_of_zero_means_unlimited() -> None:
    limit = RateLimit(0)

    assert [limit.seconds_to_wait("a") for _ in range(100)] == [0.0] * 100


@pytest.fixture
def storage(monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[str, SimpleNamespace]]:
    """The files that were uploaded to the pages, by session."""
    files: dict[str, dict[str, SimpleNamespace]] = {}
    manager = SimpleNamespace(uploaded_file_mgr=SimpleNamespace(file_storage=files))
    monkeypatch.setattr(runtime, "exists", lambda: True)
    monkeypatch.setattr(runtime, "get_instance", lambda: manager)
    return files


def test_uploads_over_the_memory_limit_get_503(
    client: TestClient, storage: dict[str, dict[str, SimpleNamespace]], monkeypatch: pytest.MonkeyPatch
) -> None:
    storage["session"] = {"file": SimpleNamespace(data=bytes(1000))}

    assert client.put("/_stcore/upload_file/session/other").status_code == 200
    monkeypatch.setattr(gate, "MAX_UPLOADED_BYTES", 999)
    assert client.put("/_stcore/upload_file/session/other").status_code == 503


def test_one_clients_uploads_leave_room_for_others(
    monkeypatch: pytest.MonkeyPatch, storage: dict[str, dict[str, SimpleNamespace]]
) -> None:
    monkeypatch.setattr(gate, "MAX_UPLOADED_BYTES", 2000)
    monkeypatch.setattr(gate, "MAX_UPLOADED_BYTES_PER_CLIENT", 1000)

    async def store(request: Request) -> PlainTextResponse:
        files = storage.setdefault(request.path_params["session"], {})
        files[request.path_params["file"]] = SimpleNamespace(data=await request.body())
        return PlainTextResponse("")

    route = Route("/_stcore/upload_file/{session}/{file}", store, methods=["PUT"])
    app = Starlette(routes=[route], middleware=[Middleware(Gate)])
    one, other = (TestClient(app, client=(address, 1)) for address in ("192.0.2.1", "192.0.2.2"))

    def put(client: TestClient, path: str) -> int:
        return client.put(f"/_stcore/upload_file/{path}", content=bytes(600)).status_code

    assert [put(one, path) for path in ("a/1", "b/1", "b/2", "c/1")] == [200, 200, 503, 503]
    assert put(other, "d/1") == 200
    storage["a"].clear()
    assert [put(one, path) for path in ("b/2", "b/3")] == [200, 503]


def test_page_over_the_quota_is_refused(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "MAX_PAGES", 1)
    with client.websocket_connect(WEBSOCKET_URL) as page:
        with pytest.raises(WebSocketDisconnect) as error, client.websocket_connect(WEBSOCKET_URL):
            pass
        page.send_bytes(b"still here")
        assert page.receive_bytes() == b"still here"

    assert error.value.code == 1013
    with client.websocket_connect(WEBSOCKET_URL):
        pass


def test_client_at_its_quota_of_pages_does_not_block_others(app: Starlette, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAZO_PAGES_PER_CLIENT", "2")
    one, other = (TestClient(app, client=(address, 1)) for address in ("192.0.2.1", "192.0.2.2"))
    with one, one.websocket_connect(WEBSOCKET_URL), one.websocket_connect(WEBSOCKET_URL):
        with pytest.raises(WebSocketDisconnect) as error, one.websocket_connect(WEBSOCKET_URL):
            pass
        with other.websocket_connect(WEBSOCKET_URL):
            pass

    assert error.value.code == 1013


def test_concurrent_requests_over_the_quota_get_429(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "MAX_REQUESTS", 3)
    statuses: dict[str, list[int]] = {"192.0.2.1": [], "192.0.2.2": []}

    async def main() -> None:
        finish = anyio.Event()

        async def wait(request: Request) -> PlainTextResponse:
            await finish.wait()
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
            finish.set()
        await ask("192.0.2.1")

    anyio.run(main)

    assert statuses == {"192.0.2.1": [429, 429, 200, 200, 200, 200], "192.0.2.2": [200]}


@pytest.fixture
def delays(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Message delays in seconds, recorded instead of waited for."""
    recorded: list[float] = []

    async def fake_sleep(seconds: float) -> None:
        recorded.append(seconds)

    monkeypatch.setattr(gate.anyio, "sleep", fake_sleep)
    return recorded


def test_more_pages_do_not_raise_the_message_rate(app: Starlette, delays: list[float]) -> None:
    one, other = (TestClient(app, client=(address, 1)) for address in ("192.0.2.1", "192.0.2.2"))
    with one, ExitStack() as stack:
        pages = [stack.enter_context(one.websocket_connect(WEBSOCKET_URL)) for _ in range(10)]
        for page in pages * 2:
            page.send_bytes(b"a")
            page.receive_bytes()
        with other.websocket_connect(WEBSOCKET_URL) as other_page:
            other_page.send_bytes(b"a")
            other_page.receive_bytes()

    # A page may send 3 messages a minute, and all pages together 15 (those of 5 busy pages), so 5 of 20 are delayed.
    # The maximum delay is 1 s for every 5 open pages: 2 s for 10.
    assert delays == [2.0] * 5


def test_larger_page_quota_raises_the_message_rate(
    app: Starlette, delays: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAZO_PAGES_PER_CLIENT", "200")
    with TestClient(app) as client, ExitStack() as stack:
        for page in [stack.enter_context(client.websocket_connect(WEBSOCKET_URL)) for _ in range(10)] * 3:
            page.send_bytes(b"a")
            page.receive_bytes()

    # With a quota of 200 pages, a twentieth may be busy: the 10 pages here.
    assert delays == []


def test_no_message_waits_longer_than_three_seconds(app: Starlette, delays: list[float]) -> None:
    with TestClient(app) as client, ExitStack() as stack:
        for page in [stack.enter_context(client.websocket_connect(WEBSOCKET_URL)) for _ in range(30)]:
            page.send_bytes(b"a")
            page.receive_bytes()

    assert delays == [3.0] * 15


def test_throttled_page_loses_no_messages(client: TestClient, delays: list[float]) -> None:
    with client.websocket_connect(WEBSOCKET_URL) as page:
        for number in range(5):
            page.send_bytes(bytes([number]))
        responses = [page.receive_bytes() for _ in range(5)]

    assert responses == [bytes([number]) for number in range(5)]
    assert len(delays) == 2
