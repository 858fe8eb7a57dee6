"""The host names that the dashboard accepts, and the sites that may frame it."""

from __future__ import annotations

import re

import pytest
import yaml
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect

from core.workspace import PROJECT
from dashboard.server.gate import Gate
from dashboard.server.headers import SecurityHeaders
from dashboard.server.hosts import is_unknown_host

PROXIED = {"X-Forwarded-For": "192.0.2.1"}


def is_unknown(
    host: str | None, headers: dict[str, str] | None = None, server: str = "127.0.0.1", port: int = 8501
) -> bool:
    """Return True if a request to this IP address and port with this Host header is refused."""
    fields = {**({"Host": host} if host is not None else {}), **(headers or {})}
    raw = [(name.lower().encode(), value.encode()) for name, value in fields.items()]
    return is_unknown_host({"type": "http", "server": (server, port), "headers": raw})


@pytest.mark.parametrize(
    "host", ["127.0.0.1:8501", "localhost:8501", "LOCALHOST", "[::1]:8501", "trazo.localhost", "127.0.0.2", None]
)
@pytest.mark.parametrize("server", ["127.0.0.1", "::1", "::ffff:127.0.0.1"])
def test_names_of_this_machine_are_accepted(host: str | None, server: str) -> None:
    assert not is_unknown(host, server=server)


@pytest.mark.parametrize("host", ["evil.example:8501", "evil.example", "127.0.0.1.evil.example", "", "[::1", "a:b:c"])
@pytest.mark.parametrize("server", ["127.0.0.1", "::1", "::ffff:127.0.0.1"])
def test_unknown_name_over_loopback_is_refused(host: str, server: str) -> None:
    assert is_unknown(host, server=server)


def test_page_cannot_impersonate_a_proxy() -> None:
    # A page can forge this header, but not the port in the Host header, which the browser takes from the URL.
    assert is_unknown("evil.example:8501", PROXIED)
    assert is_unknown("evil.example", PROXIED, port=80)


@pytest.mark.parametrize("host", ["trazo.example", "trazo.example:8443"])
def test_proxy_on_this_machine_may_use_its_own_name(host: str) -> None:
    assert not is_unknown(host, PROXIED)


def test_any_name_is_accepted_over_the_network() -> None:
    assert not is_unknown("lab.example:8501", server="192.0.2.7")


def test_only_allowed_hosts_and_this_machine_are_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAZO_ALLOWED_HOSTS", "Trazo.example, lab.example")

    assert not is_unknown("trazo.example:8501")
    assert not is_unknown("lab.example", server="192.0.2.7")
    assert not is_unknown("localhost:8501")
    assert is_unknown("evil.example", PROXIED)
    assert is_unknown("evil.example", server="192.0.2.7")
    monkeypatch.setenv("TRAZO_ALLOWED_HOSTS", "*")
    assert not is_unknown("evil.example")


@pytest.mark.parametrize("allowed_hosts", ["", "localhost,127.0.0.1,trazo.example"])
def test_container_refuses_unknown_names(monkeypatch: pytest.MonkeyPatch, allowed_hosts: str) -> None:
    service = yaml.safe_load((PROJECT / "compose.yaml").read_text())["services"]["trazo"]
    default = re.fullmatch(r"\$\{TRAZO_ALLOWED_HOSTS:-(.*)\}", service["environment"]["TRAZO_ALLOWED_HOSTS"])
    assert default
    monkeypatch.setenv("TRAZO_ALLOWED_HOSTS", allowed_hosts or default[1])
    address = "172.17.0.2"

    assert is_unknown("evil.example:8501", server=address)
    assert is_unknown("evil.example", PROXIED, server=address)
    assert not is_unknown("127.0.0.1:8501", server=address)
    assert not is_unknown("localhost:8501", server=address)
    assert is_unknown("trazo.example", PROXIED, server=address) == (not allowed_hosts)
    # The container's health check connects over loopback.
    assert not is_unknown("127.0.0.1:8501", server="127.0.0.1")


async def respond(_request: Request) -> PlainTextResponse:
    return PlainTextResponse("")


async def accept_websocket(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.close()


@pytest.fixture
def client() -> TestClient:
    routes = [Route("/", respond, methods=["GET", "POST"]), WebSocketRoute("/_stcore/stream", accept_websocket)]
    app = Starlette(routes=routes, middleware=[Middleware(SecurityHeaders), Middleware(Gate)])
    return TestClient(app, base_url="http://127.0.0.1:8501")


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_page_from_an_unknown_host_is_refused(client: TestClient, method: str) -> None:
    unknown_host = {"Host": "evil.example:8501", "Origin": "http://evil.example:8501"}

    assert client.request(method, "/", headers=unknown_host).status_code == 403
    assert client.request(method, "/").status_code == 200


def test_page_from_an_unknown_host_cannot_open_a_websocket(client: TestClient) -> None:
    unknown_host = {"Host": "evil.example:8501", "Origin": "http://evil.example:8501"}
    url = "ws://127.0.0.1:8501/_stcore/stream"

    with pytest.raises(WebSocketDisconnect) as error, client.websocket_connect(url, headers=unknown_host):
        pass
    with client.websocket_connect(url):
        pass

    assert error.value.code == 1008


def frame_ancestors(client: TestClient) -> str:
    parts = client.get("/").headers["Content-Security-Policy"].split("; ")
    return next(part for part in parts if part.startswith("frame-ancestors"))


def test_no_other_site_may_frame_the_dashboard(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SPACE_ID", "TRAZO_FRAMED_BY"):
        monkeypatch.delenv(name, raising=False)

    assert frame_ancestors(client) == "frame-ancestors 'self'"


def test_hosting_sites_may_frame_the_dashboard(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPACE_ID", "ada/trazo")
    assert frame_ancestors(client) == "frame-ancestors 'self' https://huggingface.co"

    monkeypatch.setenv("TRAZO_FRAMED_BY", "https://share.streamlit.io https://*.streamlit.app")
    assert frame_ancestors(client) == "frame-ancestors 'self' https://share.streamlit.io https://*.streamlit.app"
