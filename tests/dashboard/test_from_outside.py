"""The real dashboard, asked what nobody with good intentions asks: it answers, tells nothing, and goes on."""

from __future__ import annotations

import http.client
import socket
import tomllib
from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import psutil
import pytest

from core.workspace import PROJECT
from tests.e2e.dashboard_process import DashboardProcess
from tests.fuzzing import SEEDS, TOTAL
from tests.waiting import wait_until

ROOTS = (
    "/",
    "/train/",
    "/api/",
    "/gradio/",
    "/gradio/gradio_api/file=",
    "/gradio/static/",
    "/gradio/assets/",
    "/netron/",
    "/models/",
    "/models/shipped/",
    "/media/",
    "/component/",
    "/static/",
    "/app/static/",
    "/_stcore/",
    "/_stcore/bidi-components/",
    "/_stcore/upload_file/a/",
)
UPWARDS = (
    "../../../../../../etc/passwd",
    "..%2f..%2f..%2f..%2f..%2f..%2fetc%2fpasswd",
    "%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
    "..%252f..%252f..%252fetc%252fpasswd",
    "..\\..\\..\\etc\\passwd",
    "//etc/passwd",
    "%2fetc%2fpasswd",
    "a%00b",
    "../pyproject.toml",
    "..%2fpyproject.toml",
    "../core/errors.py",
)
SECRETS = ("root:", "[project]", "TrazoError", "Traceback (most recent call last)")


@pytest.fixture(scope="module")
def dashboard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DashboardProcess]:
    process = DashboardProcess(tmp_path_factory.mktemp("dashboard"), TRAZO_PREDICTIONS_PER_MINUTE="0")
    ready = [f"{process.url}/api/health", f"{process.url}/gradio/"]
    wait_until(lambda: all(httpx.get(url).status_code == 200 for url in ready), 90, "Gradio")
    yield process
    process.stop()


def answer(dashboard: DashboardProcess, method: str, path: str) -> tuple[int, str]:
    """Status and body; unlike other clients this one sends the path as it is."""
    connection = http.client.HTTPConnection("127.0.0.1", dashboard.port, timeout=10)
    try:
        connection.request(method, path)
        response = connection.getresponse()
        return response.status, response.read(200_000).decode(errors="replace")
    finally:
        connection.close()


@pytest.mark.parametrize("root", ROOTS)
def test_no_path_leads_out_of_what_is_served(dashboard: DashboardProcess, root: str) -> None:
    for path in UPWARDS:
        status, body = answer(dashboard, "GET", root + path)

        assert status < 500, root + path
        assert not [secret for secret in SECRETS if secret in body], root + path


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "BREW"])
def test_no_method_upsets_a_route(dashboard: DashboardProcess, method: str) -> None:
    for path in (*ROOTS, "/api/predict", "/api/health", "/api/metrics", "/gradio/config", "/auth/login"):
        status, body = answer(dashboard, method, path)

        assert status < 500, path
        assert not [secret for secret in SECRETS if secret in body], path


@pytest.mark.parametrize("query", ["run=../../etc", "run=%00", "model=/etc/passwd", "runs=" + "a," * 2000, "%ff=%ff"])
def test_page_opens_whatever_its_address_says(dashboard: DashboardProcess, query: str) -> None:
    assert answer(dashboard, "GET", f"/runs?{query}")[0] == 200


def test_slow_clients_keep_nobody_else_waiting(dashboard: DashboardProcess) -> None:
    beginnings = (
        b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ",
        b"POST /api/predict HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nabc",
        b"POST /gradio/gradio_api/upload HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nabc",
        b"",
    )
    with ExitStack() as open_ones:
        for beginning in beginnings * 25:
            client = open_ones.enter_context(socket.create_connection(("127.0.0.1", dashboard.port), timeout=10))
            client.sendall(beginning)

        assert httpx.get(f"{dashboard.url}/api/health", timeout=5).status_code == 200
        assert httpx.post(f"{dashboard.url}/api/predict", content=SEEDS[0], timeout=5).status_code == 200


def test_page_of_another_site_gets_no_word_in(dashboard: DashboardProcess) -> None:
    foreign = {"Origin": "http://evil.example"}
    handshake = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }

    assert httpx.post(f"{dashboard.url}/api/predict", content=SEEDS[0], headers=foreign).status_code == 403
    assert httpx.post(f"{dashboard.url}/gradio/gradio_api/queue/join", json={}, headers=foreign).status_code == 403
    assert httpx.get(f"{dashboard.url}/_stcore/stream", headers={**foreign, **handshake}).status_code == 403


def test_upload_needs_the_token_of_a_page(dashboard: DashboardProcess) -> None:
    files = {"file": ("a.png", SEEDS[0])}

    refused = httpx.put(f"{dashboard.url}/_stcore/upload_file/session/file", files=files)

    assert refused.status_code in (400, 403)


def test_only_this_machine_is_served_and_tokens_are_asked_for_unless_somebody_says_otherwise() -> None:
    settings = tomllib.loads((PROJECT / ".streamlit" / "config.toml").read_text())["server"]

    assert settings["address"] == "127.0.0.1"
    assert settings["enableXsrfProtection"] is True
    assert settings["maxUploadSize"] <= 10


def test_process_forgets_what_was_sent_to_it(dashboard: DashboardProcess) -> None:
    process = psutil.Process(dashboard.process.pid)

    def memory_after(pictures: int) -> int:
        with httpx.Client() as client:
            for number in range(pictures):
                client.post(f"{dashboard.url}/api/predict", content=SEEDS[number % len(SEEDS)] + bytes(2**20))
        return process.memory_info().rss

    before = memory_after(30)

    assert memory_after(max(60, TOTAL // 10)) - before < 30 * 2**20


def test_after_all_that_the_log_has_no_traceback(dashboard: DashboardProcess) -> None:
    assert "Traceback" not in dashboard.output()
