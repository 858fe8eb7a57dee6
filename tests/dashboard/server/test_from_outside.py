"""Attacks on the real dashboard: it refuses them, reveals nothing and keeps working."""

from __future__ import annotations

import http.client
import json
import random
import select
import socket
import tomllib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress

import httpx
import psutil
import pytest
from websockets.exceptions import InvalidStatus
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from core.data.uploads import MAX_UPLOAD_MB
from core.workspace import PROJECT
from dashboard.server.bodies import MAX_BYTES_PER_CLIENT
from dashboard.server.connections import MAX_MESSAGE_BYTES
from tests.support.dashboard_process import DashboardProcess
from tests.support.fuzzing import SEEDS, TOTAL
from tests.support.waiting import wait_until

ROOTS = (
    "/",
    "/train/",
    "/api/",
    "/gradio/",
    "/gradio/gradio_api/file=",
    "/gradio/static/",
    "/gradio/assets/",
    "/gradio/gradio_api/",
    "/gradio/gradio_api/call/predict/",
    "/netron/",
    "/models/",
    "/models/shipped/",
    "/media/",
    "/component/",
    "/component/streamlit_drawable_canvas.canvas/",
    "/static/",
    "/app/static/",
    "/_stcore/",
    "/_stcore/bidi-components/",
    "/_stcore/bidi-components/trazo_bare_canvas/",
    "/_stcore/upload_file/a/",
)
TRAVERSALS = (
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
    settings = {"TRAZO_PREDICTIONS_PER_MINUTE": "0", "FORWARDED_ALLOW_IPS": "127.0.0.1"}
    process = DashboardProcess(tmp_path_factory.mktemp("dashboard"), **settings)
    urls = [f"{process.url}/api/health", f"{process.url}/gradio/"]
    wait_until(lambda: all(httpx.get(url, timeout=300).status_code == 200 for url in urls), what="Gradio")
    yield process
    process.stop()


@pytest.fixture(scope="module")
def client(dashboard: DashboardProcess) -> Iterator[httpx.Client]:
    """A client with a new connection for each request, and a timeout long enough for a busy machine."""
    no_keepalive = httpx.Limits(max_keepalive_connections=0)
    with httpx.Client(base_url=dashboard.url, timeout=300, limits=no_keepalive) as client:
        yield client


def send_request(dashboard: DashboardProcess, method: str, path: str) -> tuple[int, str]:
    """Return status and body; unlike other HTTP clients, this one sends the path unchanged."""
    connection = http.client.HTTPConnection("127.0.0.1", dashboard.port, timeout=300)
    try:
        connection.request(method, path)
        response = connection.getresponse()
        return response.status, response.read(200_000).decode(errors="replace")
    finally:
        connection.close()


@pytest.mark.parametrize("root", ROOTS)
def test_paths_cannot_escape_the_served_folders(dashboard: DashboardProcess, root: str) -> None:
    for path in TRAVERSALS:
        status, body = send_request(dashboard, "GET", root + path)

        assert status < 500, root + path
        assert not [secret for secret in SECRETS if secret in body], root + path


LENGTHS = (199, 200, 201, 250, 252, 255, 256, 300, 1000, 3000, 4096, 30_000)


@pytest.mark.parametrize("root", ROOTS)
def test_path_of_any_length_causes_no_server_error(dashboard: DashboardProcess, root: str) -> None:
    for length in LENGTHS:
        for name in ("a" * length, "a" * length + ".js", "a/" * (length // 2), "%C3%A9" * (length // 6)):
            status, body = send_request(dashboard, "GET", root + name)

            assert status < 500, (root, length, name[:6], status)
            assert status == 404 or length < 3000, (root, length, name[:6], status)
            assert not [secret for secret in SECRETS if secret in body], (root, length)


@pytest.mark.parametrize("length", [255, 3000, 60_000])
def test_file_name_of_any_length_causes_no_server_error(client: httpx.Client, length: int) -> None:
    name = "a" * length + ".png"

    responses = [
        client.post("/gradio/gradio_api/upload", files={"files": (name, SEEDS[0])}),
        client.post("/api/predict", files={"file": (name, SEEDS[0])}),
        client.put("/_stcore/upload_file/a/b", files={"file": (name, SEEDS[0])}),
    ]

    assert [response.status_code for response in responses if response.status_code >= 500] == []


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "BREW"])
def test_unusual_methods_cause_no_server_error(dashboard: DashboardProcess, method: str) -> None:
    for path in (*ROOTS, "/api/predict", "/api/health", "/api/metrics", "/gradio/config", "/auth/login"):
        status, body = send_request(dashboard, method, path)

        assert status < 500, path
        assert not [secret for secret in SECRETS if secret in body], path


@pytest.mark.parametrize("query", ["run=../../etc", "run=%00", "model=/etc/passwd", "runs=" + "a," * 2000, "%ff=%ff"])
def test_page_opens_with_malformed_parameters(dashboard: DashboardProcess, query: str) -> None:
    assert send_request(dashboard, "GET", f"/runs?{query}")[0] == 200


def post_head(path: str, length: int) -> bytes:
    """Return the head of a request with a body."""
    return f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {length}\r\n\r\n".encode()


@pytest.fixture(scope="module")
def slow_clients(dashboard: DashboardProcess) -> Iterator[list[socket.socket]]:
    """A hundred clients that start a request and never finish it."""
    starts = (
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ",
        post_head("/api/predict", 1_000_000) + b"abc",
        post_head("/gradio/gradio_api/upload", 1_000_000) + b"abc",
        b"",
    )
    with ExitStack() as stack:
        clients = [
            stack.enter_context(socket.create_connection(("127.0.0.1", dashboard.port), timeout=300))
            for _ in range(100)
        ]
        for number, client in enumerate(clients):
            client.sendall(starts[number % len(starts)])
        yield clients


def test_slow_clients_do_not_delay_others(client: httpx.Client, slow_clients: list[socket.socket]) -> None:
    assert client.get("/api/health").status_code == 200
    # The response came before clients with an incomplete head were disconnected; incomplete bodies may be rejected.
    assert select.select(slow_clients[::4], [], [], 0)[0] == []
    assert client.post("/api/predict", content=SEEDS[0]).status_code == 200


def test_incomplete_bodies_stay_within_their_memory_limit(dashboard: DashboardProcess, client: httpx.Client) -> None:
    process = psutil.Process(dashboard.process.pid)
    before = process.memory_info().rss
    with ExitStack() as stack:
        greedy_clients = [
            stack.enter_context(socket.create_connection(("127.0.0.1", dashboard.port), timeout=300)) for _ in range(30)
        ]
        for client_socket in greedy_clients:
            with suppress(ConnectionError):
                client_socket.sendall(post_head("/api/predict", 10 * 2**20) + bytes(10 * 2**20 - 1))
        wait_until(lambda: bool(select.select(greedy_clients, [], [], 0)[0]))
        held_bytes = process.memory_info().rss - before
        other_client = {"X-Forwarded-For": "192.0.2.9"}
        response = client.post("/api/predict", content=SEEDS[0], headers=other_client)
        assert response.status_code == 200

    assert held_bytes < 1.5 * MAX_BYTES_PER_CLIENT
    wait_until(lambda: client.post("/api/predict", content=SEEDS[0]).status_code == 200)


def test_cross_site_page_cannot_post(client: httpx.Client) -> None:
    cross_site = {"Origin": "http://evil.example"}

    assert client.post("/api/predict", content=SEEDS[0], headers=cross_site).status_code == 403
    assert client.post("/gradio/gradio_api/queue/join", json={}, headers=cross_site).status_code == 403


PROXIED = {"X-Forwarded-For": "192.0.2.1"}


def websocket(
    dashboard: DashboardProcess, host: str, origin: str | None = None, path: str = "/_stcore/stream", **headers: str
) -> ClientConnection:
    """Open a WebSocket to `host` over loopback, as a page from `origin` would; the default is the dashboard itself."""
    return connect(
        f"ws://{host}{path}",
        sock=socket.create_connection(("127.0.0.1", dashboard.port)),
        origin=Origin(origin or f"http://{host}"),
        subprotocols=[Subprotocol("streamlit")],
        additional_headers=headers,
    )


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "http://localhost:3000",
        "http://localhost",
        "http://127.0.0.1:3000",
        "http://127.0.0.1",
        "http://0.0.0.0:8501",
        "null",
        "http://[",
    ],
)
@pytest.mark.parametrize(("host", "headers"), [("127.0.0.1:{port}", {}), ("trazo.example", PROXIED)])
def test_cross_site_page_cannot_open_a_websocket(
    dashboard: DashboardProcess, host: str, headers: dict[str, str], origin: str
) -> None:
    host = host.format(port=dashboard.port)

    with pytest.raises(InvalidStatus) as error, websocket(dashboard, host, origin, **headers):
        pass

    assert error.value.response.status_code == 403


@pytest.mark.parametrize(
    ("host", "origin", "headers"),
    [
        ("127.0.0.1:{port}", "http://127.0.0.1:{port}", {}),
        ("localhost:{port}", "http://localhost:{port}", {}),
        ("[::1]:{port}", "http://[::1]:{port}", {}),
        ("trazo.example", "http://trazo.example", PROXIED),
        ("trazo.example", "https://trazo.example", {**PROXIED, "X-Forwarded-Proto": "https"}),
        ("trazo.example:8443", "https://trazo.example:8443", PROXIED),
    ],
)
def test_own_page_can_open_a_websocket(
    dashboard: DashboardProcess, host: str, origin: str, headers: dict[str, str]
) -> None:
    host, origin = host.format(port=dashboard.port), origin.format(port=dashboard.port)

    with websocket(dashboard, host, origin, **headers) as page:
        assert page.ping().wait(300)


def test_program_without_origin_can_open_a_websocket(dashboard: DashboardProcess) -> None:
    with connect(f"ws://127.0.0.1:{dashboard.port}/_stcore/stream") as page:
        assert page.ping().wait(300)


@pytest.mark.parametrize("root", ROOTS)
def test_websockets_are_refused_on_other_paths(dashboard: DashboardProcess, root: str) -> None:
    for name in ("a", "a" * 3000):
        with (
            pytest.raises(InvalidStatus) as error,
            websocket(dashboard, f"127.0.0.1:{dashboard.port}", path=f"{root}{name}"),
        ):
            pass

        assert error.value.response.status_code == 403


def test_dns_rebinding_is_refused(dashboard: DashboardProcess, client: httpx.Client) -> None:
    host = f"evil.example:{dashboard.port}"
    headers = {"Host": host, "Origin": f"http://{host}", **PROXIED}

    assert client.post("/api/predict", content=SEEDS[0], headers=headers).status_code == 403
    assert client.post("/gradio/gradio_api/queue/join", json={}, headers=headers).status_code == 403
    with pytest.raises(InvalidStatus) as error, websocket(dashboard, host):
        pass
    assert error.value.response.status_code == 403


def test_proxy_on_this_machine_may_use_its_own_name(client: httpx.Client) -> None:
    headers = {"Host": "trazo.example", "Origin": "http://trazo.example", **PROXIED}

    assert client.get("/", headers=headers).status_code == 200
    assert client.post("/api/predict", content=SEEDS[0], headers=headers).status_code == 200


def test_endless_head_is_not_kept_in_memory(dashboard: DashboardProcess) -> None:
    process = psutil.Process(dashboard.process.pid)
    limit = 64 * 2**20
    sent = 0
    before = process.memory_info().rss
    with socket.create_connection(("127.0.0.1", dashboard.port), timeout=300) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Long: ")
        with suppress(ConnectionError):
            while sent < limit:
                client.sendall(b"a" * 2**20)
                sent += 2**20

    assert sent < limit
    assert process.memory_info().rss - before < limit / 2


def test_incomplete_messages_stay_within_their_memory_limit(dashboard: DashboardProcess) -> None:
    process, host = psutil.Process(dashboard.process.pid), f"127.0.0.1:{dashboard.port}"
    incomplete = Frame(Opcode.BINARY, bytes(MAX_MESSAGE_BYTES - 2**10)).serialize(mask=True)[:-1]
    too_long = Frame(Opcode.BINARY, bytes(4 * MAX_MESSAGE_BYTES)).serialize(mask=True)[:-1]
    with ExitStack() as stack:
        pages, greedy_pages = (
            [stack.enter_context(websocket(dashboard, host)) for _ in range(number)] for number in (10, 20)
        )
        before = process.memory_info().rss
        for page in (*pages, *greedy_pages):
            with suppress(OSError):
                page.socket.sendall(incomplete if page in pages else too_long)
        wait_until(lambda: all(page.state is not State.OPEN for page in greedy_pages), what="the greedy pages to close")
        held_bytes = process.memory_info().rss - before
        with websocket(dashboard, host, **{"X-Forwarded-For": "192.0.2.9"}) as other_client:
            assert other_client.ping().wait(300)
        for page in (*pages, *greedy_pages):
            page.socket.close()

    assert held_bytes < 2 * len(pages) * MAX_MESSAGE_BYTES


def test_upload_requires_a_page_token(client: httpx.Client) -> None:
    files = {"file": ("a.png", SEEDS[0])}

    response = client.put("/_stcore/upload_file/session/file", files=files)

    assert response.status_code == 403


def test_defaults_serve_only_this_machine_and_check_tokens() -> None:
    settings = tomllib.loads((PROJECT / ".streamlit" / "config.toml").read_text())["server"]

    assert settings["address"] == "127.0.0.1"
    assert settings["enableXsrfProtection"] is True
    assert settings["maxUploadSize"] == MAX_UPLOAD_MB


def mutate_picture(number: int) -> bytes:
    """Return a picture with some bytes changed and many appended; it may or may not be readable."""
    rng, picture = random.Random(number), bytearray(SEEDS[number % len(SEEDS)])
    for _ in range(rng.randrange(4)):
        picture[rng.randrange(len(picture))] = rng.randrange(256)
    return bytes(picture) + bytes(2**17)


def send_to_api(client: httpx.Client, picture: bytes) -> None:
    assert client.post("/api/predict", content=picture).status_code in (200, 422)


def send_to_gradio(client: httpx.Client, picture: bytes) -> None:
    api = "/gradio/gradio_api"
    path = client.post(f"{api}/upload", files={"files": ("a.png", picture)}).json()[0]
    sketch = {"composite": {"path": path, "meta": {"_type": "gradio.FileData"}}}
    call = client.post(f"{api}/call/predict", json={"data": [sketch]})
    result = client.get(f"{api}/call/predict/{call.json()['event_id']}").text
    assert result.startswith(("event: complete", "event: error"))


@pytest.mark.extended
@pytest.mark.parametrize("send", [send_to_api, send_to_gradio])
def test_processes_release_the_memory_used_for_pictures(
    dashboard: DashboardProcess, send: Callable[[httpx.Client, bytes], None]
) -> None:
    process = psutil.Process(dashboard.process.pid)

    def memory_after(pictures: int) -> dict[int, int]:
        """Send pictures; return the memory of the dashboard and of each of its children by process id."""
        with httpx.Client(base_url=dashboard.url, timeout=300) as client:
            for number in range(pictures):
                send(client, mutate_picture(number))
        return {each.pid: each.memory_info().rss for each in (process, *process.children())}

    before = memory_after(60)
    after = memory_after(max(120, TOTAL // 5))

    assert len(before) > 1
    assert before.keys() == after.keys()
    assert {pid: after[pid] - before[pid] for pid in after if after[pid] - before[pid] > 30 * 2**20} == {}


@pytest.mark.extended
def test_slow_clients_are_disconnected(slow_clients: list[socket.socket]) -> None:
    for client in slow_clients:
        with suppress(ConnectionResetError):
            while client.recv(65536):
                pass


def test_log_has_no_traceback_after_all_attacks(dashboard: DashboardProcess) -> None:
    events = [json.loads(line) for line in dashboard.log.read_text(encoding="utf-8").splitlines()]

    assert [event for event in events if "exc_info" in event or "Traceback" in event["event"]] == []
