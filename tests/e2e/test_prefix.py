"""The dashboard below a path prefix, behind a real nginx, in a real browser."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import httpx
import pytest
from gradio_client import Client, handle_file
from PIL import Image, ImageDraw
from playwright.sync_api import Page, expect

from core.workspace import Workspace
from tests.support.dashboard_process import DashboardProcess
from tests.support.kept_features import share_features
from tests.support.nginx import Nginx, below_prefix, find_nginx
from tests.support.requirements import skip_or_fail
from tests.support.visit import Record, at_rest, sketch_and_submit
from tests.support.waiting import wait_until

pytestmark = pytest.mark.extended


class Setup(NamedTuple):
    """A way to serve the dashboard below a prefix."""

    prefix: str
    command: tuple[str, ...] = ("-m", "dashboard")
    environment: dict[str, str] = {}  # noqa: RUF012 - never changed
    strips: bool = False
    """True if the proxy strips the prefix, so that the dashboard does not know about it."""


SETUPS = {
    "proxy strips the prefix": Setup("/user/ada/proxy/8501/", strips=True),
    "python -m dashboard": Setup("/trazo/", environment={"STREAMLIT_SERVER_BASE_URL_PATH": "trazo"}),
    "streamlit run": Setup(
        "/lab/trazo/",
        ("-m", "streamlit", "run", "dashboard/app.py", "--server.port={port}", "--server.baseUrlPath=/lab/trazo"),
    ),
}


IN_A_BROWSER = pytest.mark.parametrize(
    "setup",
    # The third setup looks the same to a browser; the tests without a browser check its URLs, too.
    ["proxy strips the prefix", "python -m dashboard", pytest.param("streamlit run", marks=pytest.mark.long)],
    indirect=True,
    scope="module",
)


@pytest.fixture(scope="module", params=SETUPS)
def setup(request: pytest.FixtureRequest) -> Setup:
    return SETUPS[request.param]


@pytest.fixture(scope="module")
def dashboard(
    setup: Setup, tmp_path_factory: pytest.TempPathFactory, shared_folder: Path
) -> Iterator[DashboardProcess]:
    """A dashboard behind nginx; its `url` is the one that visitors use."""
    executable = find_nginx()
    if executable is None:
        skip_or_fail("nginx is not installed; install it with `apt-get install nginx`.")
    folder = tmp_path_factory.mktemp("dashboard")
    share_features(shared_folder, Workspace(folder / "workspace"))
    process = DashboardProcess(folder, setup.command, **setup.environment)
    nginx = None
    try:
        target = process.url + ("/" if setup.strips else "")
        nginx = Nginx(folder / "nginx", executable, below_prefix(setup.prefix, target))
        process.url = nginx.url + setup.prefix
        wait_until(lambda: httpx.get(f"{process.url}gradio/", timeout=300).is_success, what="the Gradio demo")
        yield process
    finally:
        if nginx is not None:
            nginx.stop()
        process.stop()


@pytest.fixture
def requested_paths(page: Page) -> list[str]:
    """Paths that the tab's pages request from the server."""
    paths: list[str] = []

    def record_path(url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme in ("http", "ws"):
            paths.append(parts.path)

    page.on("request", lambda request: record_path(request.url))
    page.on("websocket", lambda websocket: record_path(websocket.url))
    return paths


def draw_one() -> bytes:
    picture = Image.new("RGB", (200, 200), "white")
    ImageDraw.Draw(picture).line([(100, 40), (100, 160)], fill="black", width=14)
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


@IN_A_BROWSER
def test_pages_uploads_and_netron_stay_below_the_prefix(
    page: Page, record: Record, setup: Setup, dashboard: DashboardProcess, requested_paths: list[str]
) -> None:
    page.goto("./")
    at_rest(page)
    page.get_by_role("radio", name="Upload a picture").click()
    page.get_by_test_id("stFileUploader").locator("input[type=file]").set_input_files(
        {"name": "one.png", "mimeType": "image/png", "buffer": draw_one()}
    )
    expect(page.locator(".trazo-answer .digit")).to_have_text("1")
    for name in ("Inside", "Data", "Evaluate", "Model", "Runs", "Train"):
        page.get_by_role("link", name=name, exact=True).click()
        expect(page).to_have_url(re.compile(f"^{re.escape(dashboard.url)}{name.lower()}\\b"))
        expect(page.get_by_role("heading", name=name).first).to_be_visible()
        at_rest(page)
        if name == "Model":
            netron = page.frame_locator("iframe[src*='/netron/']")
            expect(netron.get_by_text("Conv2D").first).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="Train")).to_be_visible()

    assert [path for path in requested_paths if not path.startswith(setup.prefix)] == []
    assert f"{setup.prefix}_stcore/stream" in requested_paths
    consent_paths = [cookie["path"] for cookie in page.context.cookies() if cookie["name"] == "consent"]
    assert consent_paths == [f"{setup.prefix}netron"]
    assert record.page_errors == []


@IN_A_BROWSER
def test_gradio_page_has_its_styles_and_works(
    page: Page, setup: Setup, dashboard: DashboardProcess, requested_paths: list[str]
) -> None:
    page.goto("./gradio_demo")
    demo = page.frame_locator("iframe[src*='/gradio/']")

    sketch_and_submit(page, demo, [(0.0, -1.0), (0.0, 1.0)])

    expect(demo.locator("#verdict h1")).to_have_text("1")
    expect(demo.locator("#verdict")).to_have_css("text-align", "center")
    expect(page.get_by_test_id("stCode")).to_contain_text(f'Client("{dashboard.url}gradio/")')
    assert [path for path in requested_paths if not path.startswith(setup.prefix)] == []
    demo.get_by_role("button", name="Use via API").click()
    expect(demo.get_by_text(f"{dashboard.url}gradio").first).to_be_visible()


def test_programs_use_the_api_and_gradio(dashboard: DashboardProcess, tmp_path: Path) -> None:
    (tmp_path / "one.png").write_bytes(draw_one())
    client = Client(f"{dashboard.url}gradio/", verbose=False, httpx_kwargs={"timeout": 60})
    sketch = {"background": None, "layers": [], "composite": handle_file(tmp_path / "one.png")}

    assert client.predict(sketch, api_name="/verdict")["digit"] == 1
    with httpx.Client(base_url=dashboard.url, timeout=300) as http:
        assert http.post("api/predict", content=draw_one()).json()["digit"] == 1
        assert http.get("api/health").json()["ready"] is True
        for page in ("", "train", "netron/", "gradio/"):
            response = http.get(page)
            assert (response.status_code, response.headers["X-Content-Type-Options"]) == (200, "nosniff")
            assert "frame-ancestors 'self'" in response.headers["Content-Security-Policy"]
        response_to_other_site = http.post("api/predict", headers={"Origin": "http://elsewhere.example"})
    assert (response_to_other_site.status_code, list(response_to_other_site.json())) == (403, ["error"])


@pytest.mark.parametrize(
    ("path", "final_path"),
    [("gradio?a=1", "gradio/?a=1"), ("netron", "netron/"), ("model/", "model"), ("api/health/", "api/health")],
)
def test_redirects_stay_below_the_prefix(dashboard: DashboardProcess, path: str, final_path: str) -> None:
    response = httpx.get(dashboard.url + path, follow_redirects=True, timeout=300)

    assert (response.status_code, str(response.url)) == (200, dashboard.url + final_path)
