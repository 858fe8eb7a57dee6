"""The dashboard is one process on one port, whichever command starts it."""

from __future__ import annotations

import ast
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import httpx
import psutil
import pytest
from gradio_client import Client, handle_file
from PIL import Image, ImageDraw

from core.workspace import PROJECT
from dashboard.__main__ import port_problem
from tests.support.dashboard_process import free_port
from tests.support.requirements import skip_or_fail
from tests.support.waiting import wait_until

START_COMMANDS = {
    "python -m dashboard": ["-m", "dashboard", "--port", "{port}"],
    "streamlit run": ["-m", "streamlit", "run", "dashboard/app.py", "--server.port", "{port}"],
}


PAGES = [PROJECT / "dashboard" / "main.py", *sorted((PROJECT / "dashboard" / "views").glob("*.py"))]


@pytest.mark.parametrize("file", PAGES, ids=lambda file: file.stem)
def test_no_page_has_bare_expressions(file: Path) -> None:
    """Streamlit's "magic" prints them if Streamlit is started without our settings."""
    first, *others = ast.parse(file.read_text(encoding="utf-8")).body

    assert ast.get_docstring(ast.Module([first], [])), "a file must start with its docstring, which is never printed"
    assert not [
        ast.unparse(statement)
        for statement in others
        if isinstance(statement, ast.Expr) and not isinstance(statement.value, ast.Call)
    ]


class Dashboard(NamedTuple):
    url: str
    process: psutil.Popen
    log: Path
    modules: Path
    """The file to which the process writes the names of its imported packages on SIGUSR1."""
    idle: socket.socket
    """A connection that was opened before all others and sends nothing."""


SITECUSTOMIZE = """
import os, signal, sys
from dashboard.server import connections
connections.HEAD_TIMEOUT_SECONDS = 5.0
def write_modules(*_):
    with open(os.environ["MODULES_FILE"], "w") as file:
        print(*sorted({name.partition(".")[0] for name in sys.modules}), file=file)
signal.signal(signal.SIGUSR1, write_modules)
"""
"""Python imports it at startup: it shortens the timeout for request heads, and lists imported packages on SIGUSR1."""


def environment(workspace: Path) -> dict[str, str]:
    return {**os.environ, "TRAZO_WORKSPACE": str(workspace), "HOST": "127.0.0.1"}


@pytest.fixture(
    # e2e/test_prefix.py tests `streamlit run` in the same way, under a prefix.
    scope="module",
    params=["python -m dashboard", pytest.param("streamlit run", marks=pytest.mark.long)],
)
def dashboard(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    port = free_port()
    folder = tmp_path_factory.mktemp("dashboard")
    log = folder / "log"
    command = [sys.executable, *(word.format(port=port) for word in START_COMMANDS[request.param])]
    (folder / "sitecustomize.py").write_text(SITECUSTOMIZE)
    modules = folder / "modules"
    variables = environment(folder / "workspace") | {
        "PYTHONPATH": f"{folder}{os.pathsep}{PROJECT}",
        "MODULES_FILE": str(modules),
    }
    with log.open("w") as output:
        process = psutil.Popen(command, cwd=PROJECT, env=variables, stdout=output, stderr=subprocess.STDOUT)
    idle = socket.socket()
    running = Dashboard(f"http://127.0.0.1:{port}", process, log, modules, idle)
    try:
        wait_for(f"{running.url}/_stcore/health", running)
        idle.connect(("127.0.0.1", port))
        wait_for(f"{running.url}/gradio/", running)
        yield running
    finally:
        idle.close()
        process.terminate()
        process.wait(300)


def wait_for(url: str, dashboard: Dashboard) -> None:
    def responds() -> bool:
        assert dashboard.process.is_running(), dashboard.log.read_text()
        try:
            response = httpx.get(url, timeout=300)
        except httpx.TransportError:
            return False
        assert "could not be loaded" not in response.text, dashboard.log.read_text()
        return response.status_code == 200

    wait_until(responds, what=f"a response from {url}")


@pytest.mark.parametrize("path", ["/", "/train", "/api/health", "/gradio/", "/netron/", "/_stcore/health"])
def test_everything_is_on_one_port(dashboard: Dashboard, path: str) -> None:
    assert httpx.get(dashboard.url + path, timeout=300).status_code == 200


@pytest.mark.parametrize("path", ["/gradio", "/netron"])
def test_url_without_trailing_slash_is_redirected(dashboard: Dashboard, path: str) -> None:
    response = httpx.get(f"{dashboard.url}{path}?a=1", follow_redirects=True, timeout=300)

    assert response.status_code == 200
    assert str(response.url) == f"{dashboard.url}{path}/?a=1"


@pytest.mark.parametrize("path", ["/", "/api/health", "/gradio/", "/netron/", "/models/shipped/mnist_model.keras"])
def test_every_response_has_the_security_headers(dashboard: Dashboard, path: str) -> None:
    headers = httpx.get(dashboard.url + path, timeout=300).headers

    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert "frame-ancestors 'self'" in headers["Content-Security-Policy"]


def test_gradio_client_gets_the_digit_of_a_drawing(dashboard: Dashboard, tmp_path: Path) -> None:
    one = Image.new("RGB", (200, 200), "white")
    ImageDraw.Draw(one).line([(100, 40), (100, 160)], fill="black", width=14)
    one.save(tmp_path / "one.png")
    Image.new("RGB", (200, 200), "white").save(tmp_path / "blank.png")
    client = Client(f"{dashboard.url}/gradio/", verbose=False)

    def predict(name: str) -> str:
        sketch = {"background": None, "layers": [], "composite": handle_file(tmp_path / name)}
        return str(client.predict(sketch, api_name="/predict")["label"])

    assert [predict("one.png"), predict("blank.png")] == ["1", "Draw a digit first"]


def test_start_prints_the_url(dashboard: Dashboard) -> None:
    assert dashboard.url in dashboard.log.read_text()


def test_idle_memory_stays_below_350_mb(dashboard: Dashboard) -> None:
    assert dashboard.process.memory_info().rss < 350 * 2**20


def test_idle_connection_is_closed(dashboard: Dashboard) -> None:
    dashboard.idle.settimeout(300)

    assert dashboard.idle.recv(1) == b""


def test_dashboard_runs_without_tensorflow(dashboard: Dashboard) -> None:
    for path in ("/gradio/", "/netron/", "/api/health"):
        assert httpx.get(dashboard.url + path, timeout=300).status_code == 200

    dashboard.process.send_signal(signal.SIGUSR1)

    wait_until(lambda: dashboard.modules.exists() and dashboard.modules.read_text().endswith("\n"), what="the packages")
    modules = set(dashboard.modules.read_text().split())
    assert modules >= {"streamlit", "gradio"}
    assert not modules & {"tensorflow", "keras", "netron", "torch", "jax"}


def start_dashboard(*options: str, workspace: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "dashboard", *options]
    return subprocess.run(command, cwd=PROJECT, env=environment(workspace), capture_output=True, text=True)


def test_busy_port_is_reported_with_a_solution(tmp_path: Path) -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]

        result = start_dashboard("--port", str(port), workspace=tmp_path)

    assert result.returncode == 1
    advice = f"Choose another one with --port or PORT, such as {port + 1}."
    assert result.stderr == f"Port {port} is in use by another program. {advice}\n"


def test_no_port_above_the_last_one_is_suggested(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dashboard.__main__.PORT_RELEASE_SECONDS", 0)
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 65535))
        busy.listen()

        problem = port_problem("127.0.0.1", 65535)

    assert problem is not None
    assert problem.endswith("such as 8501.")


NOT_MOUNTED = 77
REPLACE_HOSTS = f'mount --bind "$1" /etc/hosts || exit {NOT_MOUNTED}; shift; exec "$@"'


@pytest.mark.skipif(not shutil.which("unshare"), reason="Only Linux has mount namespaces.")
def test_port_is_checked_at_the_address_of_the_server(tmp_path: Path) -> None:
    """Streamlit listens on a name's IPv4 address, even if the system lists an IPv6 address first."""
    hosts = tmp_path / "hosts"
    hosts.write_text("::1 localhost\n127.0.0.1 localhost\n")
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        script = f"from dashboard.__main__ import port_problem; print(port_problem('localhost', {port}))"

        result = subprocess.run(
            ["unshare", "--mount", "sh", "-c", REPLACE_HOSTS, "sh", hosts, sys.executable, "-c", script],
            cwd=PROJECT,
            capture_output=True,
            text=True,
        )

    if result.returncode in (1, NOT_MOUNTED):  # unshare ends with 1
        skip_or_fail(f"Only root can replace /etc/hosts for one process ({result.stderr.strip()}).")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith(f"Port {port} is in use")


def test_start_waits_for_a_port_that_is_about_to_become_free(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        monkeypatch.setattr("time.sleep", lambda _: busy.close())

        assert port_problem(*busy.getsockname()) is None


def test_unknown_host_is_reported_with_a_solution(tmp_path: Path) -> None:
    result = start_dashboard("--host", "nowhere.invalid", "--port", "8501", workspace=tmp_path)

    assert result.returncode == 1
    assert result.stderr.count("\n") == 1
    assert "Choose another host with --host or HOST" in result.stderr


@pytest.mark.parametrize("host", ["a..b", ".example.com", "a" * 70])
def test_malformed_host_is_reported_with_a_solution(host: str) -> None:
    problem = port_problem(host, 8501)

    assert problem is not None
    assert problem.startswith(f"Cannot listen on {host}, port 8501 (Name or service not known).")


@pytest.mark.parametrize("port", ["eighty", "0", "65536"])
def test_invalid_port_is_rejected(tmp_path: Path, port: str) -> None:
    result = start_dashboard("--port", port, workspace=tmp_path)

    assert result.returncode == 2
    assert "must be a number from 1 to 65535" in result.stderr
